"""An implicit surface by cells that are halved only where the surface passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.sdf.nodes import Node

HALVES = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)


@dataclass(frozen=True)
class Octree:
    """What halving found, level by level.

    Attributes:
        levels: How often the cube was halved.
        cells: Cells that the surface may pass through, at each level.
        evaluations: Distances that were asked for, in all.
        dense: Distances that a full grid of the finest cells would ask for.
        centers: Middles of the finest cells, shape (n, 3).
        side: Of the finest cells.
    """

    levels: int
    cells: tuple[int, ...]
    evaluations: int
    dense: int
    centers: NDArray[np.float64]
    side: float


def grow(node: Node, *, reach: float, levels: int) -> Octree:
    """Halve a cube around the origin where a surface may pass.

    Args:
        node: The surface; it never says more than the distance.
        reach: Half the side of the cube.
        levels: How often to halve.

    Returns:
        The cells in which |f| at the middle is at most half the diagonal: no other can hold a part of it.
    """
    centers, side, asked, counts = np.zeros((1, 3)), 2 * reach, 0, list[int]()
    for _ in range(levels):
        side /= 2
        centers = (centers[:, None] + HALVES * side / 2).reshape(-1, 3)
        asked += len(centers)
        centers = centers[np.abs(node(centers)) <= side * np.sqrt(3) / 2]
        counts.append(len(centers))
    return Octree(levels, tuple(counts), asked, 8**levels, centers, side)
