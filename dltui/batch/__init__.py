"""Batches: many command lines, with needs, limits, retries, and a memory of what is done."""
