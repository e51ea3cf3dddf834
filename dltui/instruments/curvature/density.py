"""From weighted points to a smooth density that can be drawn and integrated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.instruments.curvature.slq import Atoms

Vector = NDArray[np.float64]

NARROW = 1e-3  # width of a point at 0, as a share of the largest eigenvalue
WIDE = 0.03  # width of a point far from 0, as a share of its own place
REACH = 5.0  # how many widths the curve goes on beyond the outermost points
FINE = 0.5  # distance of two abscissae in widths


def density(atoms: Atoms) -> tuple[Vector, Vector, float]:
    """Smooth a spectrum with Gaussians that are narrow near 0 and wide far from it.

    A point at λ becomes a Gaussian around λ of width σ(λ) = √(a² + (0.03 λ)²), a = 0.001·max|λ|: it keeps mass and
    mean, and changes the second moment by 0.1 % and a², yet the bulk near 0 and single outliers are both resolved. The
    abscissae λ(t) = (a / 0.03) sinh(0.03 t) lie half a width apart everywhere, which the trapezoidal rule integrates
    to rounding.

    Args:
        atoms: The spectrum as weighted points.

    Returns:
        Abscissae ascending, the density there (it integrates to 1 by the trapezoidal rule), and the width a.
    """
    largest = float(np.abs(atoms.places).max(initial=0.0))
    narrow = NARROW * (largest or 1.0)
    low, high = float(atoms.places.min()), float(atoms.places.max())
    ends = np.array([low - REACH * _width(low, narrow), high + REACH * _width(high, narrow)])
    first, last = np.arcsinh(ends * WIDE / narrow) / WIDE
    grid = narrow / WIDE * np.sinh(WIDE * np.linspace(first, last, int(np.ceil((last - first) / FINE)) + 1))
    curve = np.zeros_like(grid)
    for place, weight in zip(atoms.places, atoms.weights, strict=True):
        width = _width(place, narrow)
        curve += weight / width * np.exp(-0.5 * ((grid - place) / width) ** 2)
    return grid, curve / np.trapezoid(curve, grid), narrow


def _width(place: float, narrow: float) -> float:
    """Return the standard deviation of the Gaussian around a point."""
    return float(np.hypot(narrow, WIDE * place))
