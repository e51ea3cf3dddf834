"""Sweeps: the same training with many settings, and what they came to."""
