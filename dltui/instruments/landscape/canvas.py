"""A landscape that is being filled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from time import monotonic
from typing import Any

import numpy as np

from dltui.instruments.landscape.measure import Measured
from dltui.results.landscape import Landscape
from dltui.results.lattice import Cell

PICTURES_EACH = 0.1  # seconds between two partial results
FIELDS = (  # the arrays of a landscape by set of samples and column of what is measured
    ("loss", "accuracy", "error", "rise_error"),
    ("test_loss", "test_accuracy", "test_error"),
)


class Canvas:
    """A landscape that is being filled, piece by piece.

    Attributes:
        known: Which cells are.
        settled: Whether no cell is wanted any more.
        loss: Their losses; NaN elsewhere, and where they are not finite.
    """

    def __init__(self, blank: Landscape, batches: list[list[Cell]]) -> None:
        self._blank = blank
        self._arrays = {
            name: np.full_like(blank.loss, np.nan)
            for names in FIELDS
            for name in names
            if getattr(blank, name) is not None
        }
        self._level = {cell: index for index, batch in enumerate(batches) for cell in batch}
        self._left = [len(batch) for batch in batches]
        self.loss = self._arrays["loss"]
        self.known = np.zeros(blank.loss.shape, bool)
        self.settled = False

    @property
    def done(self) -> int:
        """How many cells are known."""
        return int(self.known.sum())

    def take_up(self, earlier: Landscape) -> None:
        """Take over what an earlier scan knows."""
        found = np.ones_like(self.known) if earlier.known is None else earlier.known
        for name, array in self._arrays.items():
            array[found] = getattr(earlier, name)[found]
        for row, column in np.argwhere(found & ~self.known):
            self._left[self._level[int(row), int(column)]] -= 1
        self.known |= found

    def filled(
        self, pieces: Iterable[tuple[list[Cell], Measured]], keep: Callable[[Landscape], None] | None = None
    ) -> Iterator[Landscape]:
        """Take pieces in, and yield what is worth showing: whole lattices, and about ten pictures a second.

        Args:
            pieces: Cells and what was measured there.
            keep: Takes what is known after a piece; it may refuse to be bothered so often.

        Yields:
            Pictures.
        """
        shown = monotonic()
        for cells, measured in pieces:
            self._take(cells, measured)
            if keep is not None:
                keep(self.picture())
            level = self._level[cells[0]]
            self._left[level] -= len(cells)
            whole = not any(self._left[: level + 1])
            if any(self._left) and (whole or monotonic() - shown >= PICTURES_EACH):
                yield self.picture()
                shown = monotonic()
        self.settled = True

    def picture(self, bound: float | None = None) -> Landscape:
        """Return what is known by now; of a scan that is done, with the error of what was left to interpolation."""
        known = None if self.known.all() else self.known.copy()
        arrays: dict[str, Any] = {name: array.copy() for name, array in self._arrays.items()}
        return replace(self._blank, known=known, bound=bound, **arrays)

    def _take(self, cells: list[Cell], measured: Measured) -> None:
        """Write a piece down."""
        at = tuple(np.transpose(cells))
        for part, names in enumerate(FIELDS):
            for column, name in enumerate(names):
                if name in self._arrays:
                    values = measured[:, part, column]
                    self._arrays[name][at] = np.where(np.isfinite(values), values, np.nan)
        self.known[at] = True
