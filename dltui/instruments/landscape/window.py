"""Which part of the line or plane a landscape shows, and in which order its points are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.results.lattice import Cell, cells_by_lattice

Grid = NDArray[np.float64]

SHORT = 3  # cells in the last pieces: what a piece costs besides its cells is then still little


@dataclass(frozen=True)
class Window:
    """Which part of the line or plane is scanned.

    Attributes:
        alphas: Steps along d₁, shape (w,).
        betas: Steps along d₂, shape (h,), or one 0 for a line.
        batches: The cells in the order of the scan, one list a lattice.
    """

    alphas: Grid
    betas: Grid
    batches: list[list[Cell]]

    @classmethod
    def around(cls, center: Sequence[float], steps: int, reach: Sequence[float]) -> Window:
        """Return a line around [α], or a plane around [α, β], that goes so far along each direction."""
        ticks = (np.arange(steps) - steps // 2) / (steps // 2)
        spaced = (middle + far * ticks for middle, far in zip(center, reach, strict=True))
        alphas, betas = [*spaced, np.zeros(1)][:2]
        return cls(alphas, betas, cells_by_lattice(len(betas), len(alphas)))

    @property
    def middle(self) -> Cell:
        """The cell in the middle."""
        return len(self.betas) // 2, len(self.alphas) // 2

    def points(self, cells: Sequence[Cell]) -> Grid:
        """Return α and β of cells, shape (g, 2)."""
        rows, columns = np.transpose(cells)
        return np.stack([self.alphas[columns], self.betas[rows]], 1)


def pieces(cells: Sequence[Cell], most: int, workers: int = 1, least: int = SHORT) -> list[list[Cell]]:
    """Return cells in pieces for workers: stretches of a row, the rows in the order of their first cells.

    The last pieces are ever shorter, so that no worker is left with a long one while the others are done.

    Args:
        cells: Cells, those that are wanted first in front.
        most: Cells in a piece at most; half as many more where a short rest of its row would be left.
        workers: How many share them.
        least: Cells in the last pieces.

    Returns:
        The pieces; together they hold each cell once.
    """
    by_row: dict[int, list[Cell]] = {}
    for cell in cells:
        by_row.setdefault(cell[0], []).append(cell)
    found, left = list[list[Cell]](), len(cells)
    for line in map(sorted, by_row.values()):
        start = 0
        while start < len(line):
            size = most if workers == 1 else min(most, max(least, left // (2 * workers)))
            both = len(line) - start
            if size < both < min(size + least, 1 + most * 3 // 2) and (workers == 1 or both < left):
                size = both  # the rest would be short, and is not among the last
            piece = line[start : start + size]
            found.append(piece)
            start += len(piece)
            left -= len(piece)
    return found
