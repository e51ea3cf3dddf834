"""One cell of marching cubes, taken apart: what its corners say, which case that is, where edges are crossed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.cubes import CORNERS, EDGES, table

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Crossing:
    """An edge that the surface passes.

    Attributes:
        edge: Its number.
        start: Its first corner.
        stop: Its last corner.
        a: Value at the first one, less the level.
        b: Value at the last one, less the level.
    """

    edge: int
    start: int
    stop: int
    a: float
    b: float

    @property
    def share(self) -> float:
        """How far along the edge the value is 0 if it is linear: a/(a − b)."""
        return self.a / (self.a - self.b)

    @property
    def place(self) -> Doubles:
        """Where that is within the unit cell, shape (3,)."""
        one, other = (np.array(CORNERS[corner], np.float64) for corner in (self.start, self.stop))
        spot: Doubles = one + self.share * (other - one)
        return spot


@dataclass(frozen=True, eq=False)
class Cell:
    """A cell.

    Attributes:
        values: At the eight corners, less the level, shape (8,); below 0 is inside.
    """

    values: Doubles

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which corners are inside."""
        return self.values < 0

    @property
    def case(self) -> int:
        """Number of the case: the sum of 2ᶜ over the corners c that are inside."""
        return sum(1 << corner for corner in range(8) if self.inside[corner])

    @property
    def crossings(self) -> tuple[Crossing, ...]:
        """The edges that the surface passes."""
        return tuple(
            Crossing(number, a, b, float(self.values[a]), float(self.values[b]))
            for number, (a, b) in enumerate(EDGES)
            if self.inside[a] != self.inside[b]
        )

    @property
    def triangles(self) -> NDArray[np.int64]:
        """Its triangles, each by three edges, shape (t, 3)."""
        return table()[self.case]


def cell_of(values: NDArray[np.floating], place: tuple[int, int, int], level: float = 0.0) -> Cell:
    """Return a cell of a grid.

    Args:
        values: On the corners of the cells, shape (nx, ny, nz).
        place: Its least corner.
        level: Of the surface.

    Returns:
        The cell.
    """
    i, j, k = place
    return Cell(np.array([float(values[i + x, j + y, k + z]) - level for x, y, z in CORNERS]))
