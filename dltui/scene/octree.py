"""An implicit surface by cells that are halved only where the surface passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.sdf.interval import bounds
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


EMPTY, MIXED, FULL = 0, 1, 2


@dataclass(frozen=True)
class Level:
    """The cells of one level of a cube that is split where both sides are.

    Attributes:
        depth: How often the cube was halved.
        cells: Whole numbers of the cells along the axes, from 0 to 2ᵈ − 1, shape (n, 3).
        state: ``EMPTY``, ``MIXED`` or ``FULL``, shape (n,); mixed ones were split if there is a next level.
    """

    depth: int
    cells: NDArray[np.int64]
    state: NDArray[np.int8]

    @property
    def mixed(self) -> NDArray[np.int64]:
        """The cells that the surface may pass."""
        found: NDArray[np.int64] = self.cells[self.state == MIXED]
        return found


def split(node: Node, *, reach: float, depth: int) -> list[Level]:
    """Split a cube around the origin into eight, and again every part that is neither wholly empty nor full.

    Args:
        node: The surface, negative inside.
        reach: Half the side of the cube.
        depth: How often to halve.

    Returns:
        The levels from 1 on; what a cell is is decided by bounds that hold in all of it.
    """
    levels = list[Level]()
    parents = np.zeros((1, 3), np.int64)
    eight = (HALVES.astype(np.int64) + 1) // 2
    for level in range(1, depth + 1):
        cells = (2 * parents[:, None] + eight).reshape(-1, 3)
        side = 2 * reach / 2**level
        low, high = bounds(node, cells * side - reach, (cells + 1) * side - reach)
        state = np.where(low > 0, EMPTY, np.where(high < 0, FULL, MIXED)).astype(np.int8)
        levels.append(Level(level, cells, state))
        parents = levels[-1].mixed
    return levels


def leaves(levels: list[Level]) -> list[int]:
    """Return how many leaves there are if splitting stops at each level: settled cells so far, and mixed ones."""
    settled, found = 0, list[int]()
    for level in levels:
        settled += int((level.state != MIXED).sum())
        found.append(settled + len(level.mixed))
    return found


def spread_out(levels: list[Level]) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return state and depth of the leaf that each of the finest cells lies in, shape (2ᵈ, 2ᵈ, 2ᵈ) each."""
    state, depth = np.zeros((1, 1, 1), np.int8), np.zeros((1, 1, 1), np.int8)
    for level in levels:
        for axis in range(3):
            state, depth = (np.repeat(grid, 2, axis) for grid in (state, depth))
        state[tuple(level.cells.T)], depth[tuple(level.cells.T)] = level.state, level.depth
    return state, depth
