"""How near a picture comes to the truth."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGMA, REACH = 1.5, 5  # of the window of SSIM (Wang et al. 2004), pixels
DARK, FLAT = 0.01**2, 0.03**2


def psnr(seen: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return 10·log₁₀(1/MSE) of two pictures in 0…1, in dB; infinite where they are the same."""
    error = float(np.mean((np.clip(seen, 0, 1).astype(np.float64) - truth) ** 2))
    return 10 * math.log10(1 / error) if error else math.inf


def ssim(seen: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the structural similarity of two pictures in 0…1, shape (height, width, 3).

    As Wang et al. 2004: a Gaussian window of σ = 1.5 pixels, population variances, the mean over all places where the
    window fits, and over channels.

    Args:
        seen: A picture of at least 11 × 11 pixels.
        truth: What it should be.

    Returns:
        1 where they are the same; NaN where a picture is smaller than the window.
    """
    if min(seen.shape[:2]) <= 2 * REACH:
        return math.nan
    a, b = np.clip(seen, 0, 1).astype(np.float64), np.asarray(truth, np.float64)
    mean_a, mean_b = _blurred(a), _blurred(b)
    var_a, var_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    both = _blurred(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + DARK) * (2 * both + FLAT)
    return float(np.mean(likeness / ((mean_a**2 + mean_b**2 + DARK) * (var_a + var_b + FLAT))))


def _blurred(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a picture blurred, where the window fits."""
    window = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
    window /= window.sum()
    height, width = (length - 2 * REACH for length in picture.shape[:2])
    rows = sum(share * picture[i : i + height] for i, share in enumerate(window))
    return np.asarray(sum(share * np.asarray(rows)[:, i : i + width] for i, share in enumerate(window)))
