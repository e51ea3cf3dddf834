"""How near a picture comes to the truth."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.floating]
SIGMA, REACH = 1.5, 5  # of the window, pixels
LIGHT, CONTRAST = 0.01**2, 0.03**2


def psnr(seen: Picture, truth: Picture) -> float:
    """Return 10·log₁₀(1/MSE) of two pictures in 0…1, in dB; infinite where they are the same."""
    error = float(np.mean((np.clip(seen, 0, 1).astype(np.float64) - truth) ** 2))
    return 10 * math.log10(1 / error) if error else math.inf


def ssim(seen: Picture, truth: Picture) -> float:
    """Return the structural similarity of two pictures in 0…1 (Wang et al. 2004).

    The window is a Gaussian of σ = 1.5 pixels, 11 across; places where it does not fit are left out; the mean over
    places and colours is taken.

    Args:
        seen: A picture, shape (height, width, colours).
        truth: What it should be, of the same shape.

    Returns:
        1 where they are the same; NaN where a picture is smaller than the window.
    """
    if min(seen.shape[:2]) <= 2 * REACH:
        return math.nan
    x, y = np.clip(seen, 0, 1).astype(np.float64), np.asarray(truth, np.float64)
    mean_x, mean_y = _blurred(x), _blurred(y)
    spread_x, spread_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    both = _blurred(x * y) - mean_x * mean_y
    above = (2 * mean_x * mean_y + LIGHT) * (2 * both + CONTRAST)
    below = (mean_x**2 + mean_y**2 + LIGHT) * (spread_x + spread_y + CONTRAST)
    return float(np.mean(above / below))


def _blurred(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means under the window, where it fits."""
    window = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / SIGMA) ** 2)
    window /= window.sum()
    for axis in (0, 1):
        parts = np.lib.stride_tricks.sliding_window_view(picture, window.size, axis)
        picture = parts @ window
    return picture
