"""Whether two networks are connected by a path of low loss, and what becomes of the barrier when units are aligned."""
