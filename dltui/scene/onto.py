"""How far places are from the nearest triangle of a mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
PAIRS = 1 << 18  # of place and triangle at once


def distances(
    places: NDArray[np.floating], vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> Doubles:
    """Return the distance of each place from the nearest triangle, exactly, by looking at all of them.

    Args:
        places: Shape (n, 3).
        vertices: Places of the mesh, shape (v, 3).
        faces: Triangles, shape (f, 3).

    Returns:
        Distances, shape (n,).
    """
    asked = np.asarray(places, np.float64)
    corners = np.asarray(vertices, np.float64)[faces]
    at_once = max(1, PAIRS // max(len(corners), 1))
    parts = [_squares(asked[i : i + at_once], corners).min(axis=1) for i in range(0, len(asked), at_once)]
    return np.asarray(np.sqrt(np.concatenate(parts or [np.zeros(0)])), np.float64)


def _squares(places: Doubles, corners: Doubles) -> Doubles:
    """Return squared distances, shape (n, f): to the plane where the foot lies inside, else to the nearest side."""
    sides = [(corners[:, i], corners[:, (i + 1) % 3] - corners[:, i]) for i in range(3)]
    across = np.cross(sides[0][1], sides[1][1])
    inside, least = np.True_, np.inf
    for start, way in sides:
        off = places[:, None] - start
        size = np.einsum("fj,fj->f", way, way)
        share = np.clip(np.einsum("nfj,fj->nf", off, way) / np.where(size > 0, size, 1), 0, 1)
        rest = off - share[:, :, None] * way
        least = np.minimum(least, np.einsum("nfj,nfj->nf", rest, rest))
        inside = inside & (np.einsum("nfj,fj->nf", off, np.cross(across, way)) >= 0)
    area = np.einsum("fj,fj->f", across, across)
    high = np.einsum("nfj,fj->nf", places[:, None] - corners[:, 0], across) ** 2 / np.where(area > 0, area, 1)
    return np.asarray(np.where(inside & (area > 0), high, least), np.float64)
