"""How alike two maps are: rank correlation and structural similarity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SIGMA = 1.5  # of the Gaussian window of SSIM
RADIUS = 5  # cells of it on either side
K1, K2 = 0.01, 0.03


def rank_correlation(one: Floats, other: Floats) -> float:
    """Return Spearman's ρ of the values of two maps; values that are equal share their mean rank.

    Args:
        one: Any shape.
        other: The same shape.

    Returns:
        −1 … 1; NaN where one of the maps is constant.
    """
    first, second = _ranks(one.ravel()), _ranks(other.ravel())
    first, second = first - first.mean(), second - second.mean()
    size = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / size if size > 0 else math.nan


def structural_similarity(one: Floats, other: Floats) -> float:
    """Return the mean SSIM of two pictures over a Gaussian window. Wang, Bovik, Sheikh and Simoncelli, 2004.

    Both are first brought to 0 … 1. The window (σ = 1.5, 11 × 11) is smaller where the pictures are; what lies nearer
    to a border than it reaches does not count.

    Args:
        one: Shape (h, w).
        other: The same shape.

    Returns:
        −1 … 1; 1 for pictures that are the same.
    """
    x, y = _unit(one), _unit(other)
    radius = min(RADIUS, (min(x.shape) - 1) // 2)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / SIGMA) ** 2)
    weights /= weights.sum()

    def blur(picture: Floats) -> Floats:
        for axis in (0, 1):
            windows = np.lib.stride_tricks.sliding_window_view(picture, len(weights), axis=axis)
            picture = windows @ weights
        return picture

    mean_x, mean_y = blur(x), blur(y)
    var_x, var_y, both = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2, blur(x * y) - mean_x * mean_y
    c1, c2 = K1**2, K2**2
    above = (2 * mean_x * mean_y + c1) * (2 * both + c2)
    return float((above / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))).mean())


def _unit(picture: Floats) -> Floats:
    """Return a picture brought to 0 … 1."""
    low, high = float(picture.min()), float(picture.max())
    return (picture - low) / (high - low) if high > low else np.zeros_like(picture, dtype=float)


def _ranks(values: Floats) -> Floats:
    """Return the rank of each value, equal ones sharing their mean."""
    _, where, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    mean: Floats = last - (count - 1) / 2
    return mean[where.ravel()]
