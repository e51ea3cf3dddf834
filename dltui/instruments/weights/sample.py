"""Quantiles of a tensor from a few of its numbers, drawn evenly; all of them where there are few."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.random import default_rng  # numpy brings it late, and processes that are forked each on their own

from dltui.figures import Array
from dltui.results.weights import OCTAVES, PROBABILITIES

FEW = 1 << 14  # a tensor with no more numbers is taken whole, so that its quantiles are exact
MANY = 1 << 15  # of a larger one, one in ``SHARE``, but no fewer than FEW and no more than these
SHARE = 512
BORDERS = np.ldexp(1.0, np.arange(*OCTAVES))


def sample_size(elements: int) -> int:
    """Return how many numbers of a tensor are looked at one by one."""
    return min(elements, max(FEW, min(MANY, elements // SHARE)))


@lru_cache(maxsize=4)
def _drawn(size: int) -> Array:
    """Return where in each stretch its number is taken, from 0 to 1: the same in every run."""
    return default_rng(0).random(size)


@lru_cache(maxsize=8)
def positions(elements: int) -> Array:
    """Return which numbers of a tensor are taken: one drawn at random from each of equally long stretches.

    A stretch is as long as the tensor over the size of the sample, so that neither a row nor a column of a matrix is
    met more often than another; the draw is the same for every tensor of a size.

    Args:
        elements: How many numbers there are.

    Returns:
        Indices, ascending, shape (``sample_size(elements)``,), not to be changed.
    """
    size = sample_size(elements)
    borders = np.arange(size + 1) * elements // max(1, size)
    places: Array = borders[:-1] + (_drawn(size) * np.diff(borders)).astype(np.int64)
    places.setflags(write=False)
    return places


@lru_cache(maxsize=64)
def _within(elements: int, start: int, size: int) -> Array:
    """Return which of a piece's numbers are taken; tensors of one size are cut alike."""
    places = positions(elements)
    first, end = np.searchsorted(places, (start, start + size))
    wanted: Array = places[first:end] - start
    wanted.setflags(write=False)
    return wanted


class Sample:
    """Takes its numbers from a tensor that streams by.

    Args:
        elements: How many numbers the tensor has.
        dtype: The type in which they are kept until they are asked for.
    """

    def __init__(self, elements: int, dtype: type[np.generic] = np.float32) -> None:
        self._elements = elements
        self._taken = np.zeros(sample_size(elements), dtype)
        self._filled = self._seen = 0

    def take(self, values: Array) -> None:
        """Take what is wanted from the next numbers."""
        wanted = _within(self._elements, self._seen, values.size)
        if self._taken.dtype != values.dtype:
            self._widen(values.dtype)
        end = self._filled + wanted.size
        self._taken[self._filled : end] = values[wanted]
        self._filled, self._seen = end, self._seen + values.size

    def _widen(self, dtype: np.dtype[np.generic]) -> None:
        """Keep numbers that float32 can't hold."""
        if dtype.kind != "f" or dtype.itemsize > 4:
            self._taken = self._taken.astype(np.float64)

    @property
    def taken(self) -> Array:
        """What was taken."""
        return self._taken[: self._filled]

    @property
    def values(self) -> Array:
        """What was taken and is finite."""
        taken = self.taken
        finite = np.isfinite(taken)
        return taken if finite.all() else taken[finite]


def quantiles(values: Array) -> Array:
    """Return the quantiles of ``PROBABILITIES``, interpolated as numpy does by default, shape (7,).

    Args:
        values: Finite numbers, shape (n,).

    Returns:
        NaN where there are no numbers.
    """
    if not values.size:
        return np.full(len(PROBABILITIES), np.nan)
    below, above, _ = ranks(values.size)
    return _between(np.partition(values, np.unique(np.concatenate([below, above]))))


def ordered_quantiles(ordered: Array) -> Array:
    """Return the same of numbers that ascend already."""
    return _between(ordered) if ordered.size else np.full(len(PROBABILITIES), np.nan)


def _between(ordered: Array) -> Array:
    """Return the quantiles of numbers that stand in order, at least where they are asked for."""
    below, above, share = ranks(ordered.size)
    low, high = ordered[below].astype(np.float64), ordered[above].astype(np.float64)
    found: Array = low + (high / 2 - low / 2) * (2 * share)  # their difference may be more than a float holds
    return found


@lru_cache(maxsize=8)
def ranks(size: int) -> tuple[Array, Array, Array]:
    """Return between which of so many numbers each quantile lies, and how far from the lower, each of shape (7,)."""
    exact = np.array(PROBABILITIES) * (size - 1)
    below = np.floor(exact).astype(np.int64)
    return below, np.minimum(below + 1, size - 1), exact - below


def rank_error(sampled: int, elements: int) -> float:
    """Return the standard error of the rank of a sampled median, as a share of all numbers.

    Of a sample of m out of n it is at most √(¼/m · (1 − m/n)); at a quantile p read p(1 − p) for ¼. Drawing one number
    from each stretch only makes it smaller.

    Args:
        sampled: m.
        elements: n.

    Returns:
        The error; 0 where all were taken.
    """
    if not sampled or sampled >= elements:
        return 0.0
    return float(np.sqrt(0.25 / sampled * (1 - sampled / elements)))


def magnitudes(ordered: Array) -> Array:
    """Return how many numbers lie in each octave of |w|.

    Args:
        ordered: Finite numbers, ascending, shape (n,).

    Returns:
        Counts of 2ᵏ ≤ |w| < 2ᵏ⁺¹ for k from the first to before the last of ``OCTAVES``, shape (64,); what lies outside
        is counted at the ends, and zeros not at all.
    """
    borders = BORDERS.astype(ordered.dtype)
    positive = np.searchsorted(ordered, borders)
    negative = np.searchsorted(ordered, -borders, "right")
    above = ordered.size - positive + negative  # how many are at least so large
    above[0] = ordered.size - np.searchsorted(ordered, 0.0, "right") + np.searchsorted(ordered, 0.0)
    return between(above)


def between(above: Array) -> Array:
    """Return how many lie in each octave, from how many are at least as large as where it begins."""
    counts: Array = above - np.append(above[1:], 0)
    return counts
