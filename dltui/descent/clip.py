"""Clipping: a gradient that is too long is shortened and keeps its direction."""

from __future__ import annotations

import numpy as np

from dltui.descent.rule import Vector

TINY = 1e-6  # added to the length, as torch.nn.utils.clip_grad_norm_ does


def clipped(g: Vector, threshold: float, *, tiny: float = 0.0) -> Vector:
    """Return g·min(1, threshold/‖g‖), row by row.

    Args:
        g: Gradients, shape (…, d).
        threshold: Longest length that is left as it is.
        tiny: Added to ‖g‖; ``TINY`` for the numbers of torch.

    Returns:
        Gradients of the same shape.
    """
    length = np.linalg.norm(g, axis=-1, keepdims=True) + tiny
    found: Vector = g * np.minimum(1.0, threshold / np.where(length > 0, length, 1.0))
    return np.where(length > 0, found, g)
