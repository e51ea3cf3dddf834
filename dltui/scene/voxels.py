"""Voxels: space in cubes that are full or empty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.scene.cubes import CORNERS, FACES
from dltui.scene.sdf.nodes import Node

Doubles = NDArray[np.float64]
Filled = NDArray[np.bool_]


def occupied(node: Node, *, reach: float, side: int) -> Filled:
    """Return which cells of a cube around the origin have their middle inside, shape (N, N, N)."""
    middles = (np.arange(side) + 0.5) * (2 * reach / side) - reach
    x, y, z = np.meshgrid(middles, middles, middles, indexing="ij")
    return np.asarray(node.at(x, y, z) < 0)


def at_the_surface(filled: Filled) -> Filled:
    """Return which full cells have an empty one beside them."""
    padded = np.pad(filled, 1)
    inner = np.s_[1:-1]
    around = np.ones_like(filled)
    for axis in range(3):
        for step in (-1, 1):
            around &= np.roll(padded, step, axis)[inner, inner, inner]
    return filled & ~around


def shell(filled: Filled, *, reach: float) -> tuple[Doubles, NDArray[np.int64], NDArray[np.int64]]:
    """Return the outer faces of full cells as triangles.

    Args:
        filled: Which cells are full, shape (N, N, N).
        reach: Half the side of the cube.

    Returns:
        Vertices, four a face, shape (4f, 3), triangles, counter-clockwise seen from outside, shape (2f, 3), and the
        cell of each face, shape (f, 3).
    """
    padded = np.pad(filled, 1)
    inner = np.s_[1:-1]
    places, cells = [], []
    for face in FACES:
        corners = np.array([CORNERS[corner] for corner in face])
        axis = int(np.flatnonzero(corners.min(axis=0) == corners.max(axis=0))[0])
        outward = 1 if corners[0, axis] else -1
        bare = np.argwhere(filled & ~np.roll(padded, -outward, axis)[inner, inner, inner])
        places.append(bare[:, None] + corners)
        cells.append(bare)
    corners_of = np.concatenate(places).reshape(-1, 3)
    first = 4 * np.arange(len(corners_of) // 4)[:, None, None]
    faces = (first + np.array([(0, 1, 2), (0, 2, 3)])).reshape(-1, 3)
    return corners_of * (2 * reach / len(filled)) - reach, faces, np.concatenate(cells)
