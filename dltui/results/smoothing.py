"""From weighted points to a smooth density that can be drawn and integrated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

SMOOTHING = 0.03  # width of a point far from 0, as a share of its own place
NARROWER = 30  # width of a point at 0, as a share of the largest eigenvalue: so many times less
REACH = 5.0  # how many widths the curve goes on beyond the outermost points
FINE = 0.5  # distance of two abscissae in widths
LEAST, MOST = 1e-3, 0.3  # smoothing that makes sense


def smooth(places: Vector, weights: Vector, smoothing: float = SMOOTHING) -> tuple[Vector, Vector, float]:
    """Smooth a spectrum with Gaussians that are narrow near 0 and wide far from it.

    A point at λ becomes a Gaussian around λ of width σ(λ) = √(a² + (h λ)²) with h the smoothing and
    a = (h / 30)·max|λ|: it keeps mass and mean, and changes the second moment by h² of it and a², yet the bulk near 0
    and single outliers are both resolved. The abscissae λ(t) = (a / h) sinh(h t) lie half a width apart everywhere,
    which the trapezoidal rule integrates to rounding.

    Args:
        places: Points of the spectrum, shape (m,).
        weights: Their shares, shape (m,).
        smoothing: h, 0.001 to 0.3.

    Returns:
        Abscissae ascending, the density there (it integrates to 1 by the trapezoidal rule), and the width a.
    """
    largest = float(np.abs(places).max(initial=0.0))
    narrow = smoothing / NARROWER * (largest or 1.0)
    low, high = float(places.min()), float(places.max())
    ends = np.array([
        low - REACH * _width(low, narrow, smoothing),
        high + REACH * _width(high, narrow, smoothing),
    ])
    first, last = np.arcsinh(ends * smoothing / narrow) / smoothing
    steps = np.linspace(first, last, int(np.ceil((last - first) / FINE)) + 1)
    grid = narrow / smoothing * np.sinh(smoothing * steps)
    curve = np.zeros_like(grid)
    for place, weight in zip(places, weights, strict=True):
        width = _width(place, narrow, smoothing)
        curve += weight / width * np.exp(-0.5 * ((grid - place) / width) ** 2)
    return grid, curve / np.trapezoid(curve, grid), narrow


def _width(place: float, narrow: float, smoothing: float) -> float:
    """Return the standard deviation of the Gaussian around a point."""
    return float(np.hypot(narrow, smoothing * place))
