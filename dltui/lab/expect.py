"""Comparing a number of an exhibit with the one that is known."""

from __future__ import annotations

from typing import Any


def near(what: str, found: Any, known: Any, tolerance: float = 1e-9) -> None:
    """Assert that ``found`` is ``known``, up to ``tolerance`` (relative above 1, absolute below).

    Args:
        what: The quantity, such as ``λ₋ at the origin``.
        found: What the exhibit computes; a number or an array.
        known: What is known from elsewhere, of the same shape.
        tolerance: Largest difference, divided by max(1, ‖known‖∞).

    Raises:
        AssertionError: If they differ, have different shapes, or are not finite.
    """
    import numpy as np

    one, other = np.asarray(found, dtype=float), np.asarray(known, dtype=float)
    if one.shape != other.shape:
        raise AssertionError(f"{what} has the shape {one.shape}, known is {other.shape}")
    scale = max(1.0, float(np.max(np.abs(other), initial=0.0)))
    finite = bool(np.isfinite(one).all() and np.isfinite(other).all())
    gap = float(np.max(np.abs(one - other), initial=0.0)) if finite else np.inf
    if not finite or gap > tolerance * scale:
        raise AssertionError(f"{what} is {_short(one)}, known is {_short(other)}: {gap:.3g} apart")


def _short(value: Any) -> str:
    """Return a number or an array in one line."""
    flat = value.reshape(-1)
    shown = ", ".join(f"{entry:.8g}" for entry in flat[:6])
    return shown if value.ndim == 0 else f"({shown}{', …' if flat.size > 6 else ''})"
