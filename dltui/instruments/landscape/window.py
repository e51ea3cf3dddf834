"""Which part of the line or plane a landscape shows, and in which order its points are taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.results.lattice import Cell, cells_by_lattice

Grid = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """Which part of the line or plane is scanned.

    Attributes:
        alphas: Steps along d₁, shape (w,).
        betas: Steps along d₂, shape (h,), or one 0 for a line.
        lattices: The cells in the order of the scan, one list a lattice.
    """

    alphas: Grid
    betas: Grid
    lattices: list[list[Cell]]

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

    def steps(self, cell: Cell) -> tuple[float, float]:
        """Return α and β of a cell."""
        return float(self.alphas[cell[1]]), float(self.betas[cell[0]])
