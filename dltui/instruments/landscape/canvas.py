"""A landscape that is being filled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite
from time import monotonic

import numpy as np

from dltui.objective import Reading
from dltui.results.landscape import Landscape
from dltui.results.lattice import Cell

PICTURES_EACH = 0.1  # seconds between two partial results


class Canvas:
    """A landscape that is being filled, cell by cell.

    Attributes:
        done: How many cells are.
    """

    def __init__(self, blank: Landscape, lattices: list[list[Cell]]) -> None:
        self.done = 0
        self._blank, self._lattices = blank, lattices
        self._loss, self._right = np.full_like(blank.loss, np.nan), np.full_like(blank.loss, np.nan)
        self._known = np.zeros(blank.loss.shape, bool)

    def filled(self, readings: Iterator[tuple[Cell, Reading]]) -> Iterator[Landscape]:
        """Take readings in, and yield what is worth showing before the last one."""
        of = {cell: index for index, lattice in enumerate(self._lattices) for cell in lattice}
        left = [len(lattice) for lattice in self._lattices]
        shown = monotonic()
        for cell, reading in readings:
            self._take(cell, reading)
            left[of[cell]] -= 1
            whole = not any(left[: of[cell] + 1])
            if any(left) and (whole or monotonic() - shown >= PICTURES_EACH):
                yield self.picture()
                shown = monotonic()

    def picture(self) -> Landscape:
        """Return what is known by now."""
        return replace(
            self._blank,
            loss=self._loss.copy(),
            accuracy=None if self._blank.accuracy is None else self._right.copy(),
            known=None if self._known.all() else self._known.copy(),
        )

    def _take(self, cell: Cell, reading: Reading) -> None:
        """Write one reading down."""
        self._loss[cell] = reading.loss if isfinite(reading.loss) else np.nan
        self._right[cell] = np.nan if reading.accuracy is None else reading.accuracy
        self._known[cell] = True
        self.done += 1
