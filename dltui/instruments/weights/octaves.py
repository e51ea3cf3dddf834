"""Numbers brought near 1 by a power of two, which is exact, where their squares would overflow or vanish."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from dltui.figures import Array
from dltui.instruments.weights.moments import Moments
from dltui.results.tensor import TensorPage

FAR = (
    100  # powers of two away from 1, up to which squares and their sums are safe even in what is then float32
)


def octaves(size: float) -> int:
    """Return by which power of two numbers are multiplied so that the largest is near 1; 0 where all is safe.

    Args:
        size: The largest magnitude; NaN without numbers.

    Returns:
        An exponent.
    """
    exponent = math.frexp(size)[1] if size > 0 else 0
    return -exponent if abs(exponent) > FAR else 0


def moved(values: Array, by: int) -> Array:
    """Return numbers times 2 to a power.

    Args:
        values: Numbers of any shape; whole ones are left as they are.
        by: The power.

    Returns:
        The same shape, in double precision where they were changed.
    """
    if not by or values.dtype.kind not in "fc":
        return values
    if values.dtype.kind == "c":
        wide = np.ascontiguousarray(values, np.complex128).reshape(-1)
        return _times(wide.view(np.float64), by).view(np.complex128).reshape(values.shape)
    return _times(values.astype(np.float64), by)


def moved_moments(moments: Moments, by: int) -> Moments:
    """Return what is known of numbers once they are times 2 to a power."""
    parts: dict[str, Any] = {
        name: math.ldexp(getattr(moments, name), by) for name in ("low", "high", "mean", "std")
    }
    return replace(moments, **parts) if by else moments


def moved_page(page: TensorPage, by: int) -> TensorPage:
    """Return what is known of a tensor once it is times 2 to a power; statistics are those of the tensor itself.

    Args:
        page: What was found in the numbers before.
        by: The power.

    Returns:
        The same with everything that grows with the numbers multiplied. A start of the power law, which grows with
        their squares, is None where no float can hold it.
    """
    if not by:
        return page
    names = ("quantiles", "edges", "heat", "singular_values", "row_norms")
    arrays: dict[str, Any] = {name: _times(getattr(page, name), by) for name in names}
    spectrum = dict(page.spectrum)
    if spectrum:
        spectrum["edge"] = float(_times(np.float64(spectrum["edge"] or 0), by))
    if spectrum.get("start"):
        start = float(_times(np.float64(spectrum["start"] or 0), 2 * by))
        spectrum["start"] = start if 0 < start < math.inf else None
    losses = [one | {"largest": float(_times(np.float64(one["largest"]), by))} for one in page.losses]
    return replace(page, spectrum=spectrum, losses=losses, **arrays)


def _times(values: Array | np.float64, by: int) -> Array:
    """Return double precision times 2 to a power; what no float can hold becomes ∞ or 0."""
    with np.errstate(over="ignore", under="ignore"):
        found: Array = np.ldexp(values, by)
    return found
