"""Polygons as triangles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fan(counts: NDArray[np.integer], corners: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return polygons as triangles that share their first corner.

    Args:
        counts: Corners of each polygon, shape (p,); those with fewer than three give none.
        corners: The corners of all, one polygon after the other.

    Returns:
        Triangles, shape (Σ max(counts − 2, 0), 3).
    """
    counts = np.asarray(counts, np.int64)
    pieces = np.maximum(counts - 2, 0)
    first = np.repeat(np.cumsum(counts) - counts, pieces)
    step = np.arange(int(pieces.sum())) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    at = np.stack([first, first + step + 1, first + step + 2], axis=1)
    return np.asarray(corners, np.int64)[at] if at.size else np.zeros((0, 3), np.int64)
