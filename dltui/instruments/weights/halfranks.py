"""Quantiles and octaves of 16-bit floats, read off their sorted bits: a number is widened only where it is told."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dltui.figures import Array
from dltui.instruments.weights.halves import INFINITY, SIGN, widened
from dltui.instruments.weights.sample import BORDERS, between, ranks
from dltui.results.weights import PROBABILITIES


def read_off(codes: Array, dtype: str) -> tuple[Array, Array, int]:
    """Return what some numbers say of their tensor.

    The bits are sorted as whole numbers, digit by digit, many times faster than float32 by comparing: then come the
    positive numbers in order, +∞ and NaN, and the negative ones from the least magnitude to the greatest, and −∞.

    Args:
        codes: The bits, uint16, shape (n,).
        dtype: ``float16`` or ``bfloat16``.

    Returns:
        Quantiles and counts by octave, as ``quantiles`` and ``magnitudes`` of sample.py give them for those that are
        finite, and how many are.
    """
    keys = np.sort(codes, kind="stable")
    at = np.searchsorted(keys, _borders(dtype))
    above, sign, below = (
        int(at[0, -1]),
        int(at[1, 0]),
        int(at[1, -1]),
    )  # ends of positive and negative numbers
    least = above - at[0, 1:-1] + below - at[1, 1:-1]
    return _quantiles(keys, dtype, above, (sign, below)), between(least), above + below - sign


def _quantiles(keys: Array, dtype: str, above: int, negative: tuple[int, int]) -> Array:
    """Return the quantiles of the numbers before ``above`` and of those in a stretch, which descends."""
    start, end = negative
    count = above + end - start
    if not count:
        return np.full(len(PROBABILITIES), np.nan)
    lower, upper, share = ranks(count)
    rank = np.stack([lower, upper])
    places = np.where(rank < end - start, end - 1 - rank, rank - (end - start))
    low, high = widened(keys[places], dtype).astype(np.float64)
    found: Array = low + (high - low) * share
    return found


@lru_cache(maxsize=2)
def _borders(dtype: str) -> Array:
    """Return the bits where 0, what is not 0, the octaves from the second on, and ∞ begin, for each sign: (2, 66)."""
    octaves = np.searchsorted(widened(np.arange(INFINITY[dtype], dtype=np.uint16), dtype), BORDERS[1:])
    positive = np.concatenate([[0, 1], octaves, [INFINITY[dtype]]])
    return np.stack([positive, positive + SIGN]).astype(np.uint16)
