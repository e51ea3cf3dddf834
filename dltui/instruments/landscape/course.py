"""Which cells come next: lattice by lattice, until what lies between them can be interpolated.

A spline through the cells of one lattice is compared with the new cells of the next: the largest difference, as a share
of the range, is the error that the coarser lattice had. The finer one is several times better, so that a scan may stop
when the difference is four times the tolerance (it was 4 to 13 times better on four networks). Where
only a part of the plane bends so much, only that part goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Array
from dltui.results.lattice import Cell, Lattice, lattices
from dltui.results.refined import guessed, spans_decades

GAIN = 4  # how much smaller the error of the next lattice is, at least
PART = 0.6  # share of the plane above which a part of it is not worth the trouble


class Course:
    """The cells of a scan, batch by batch.

    Attributes:
        bound: Largest difference between interpolated and computed cells, as a share of the range, where cells were
            left to interpolation; None before the end, and when none was.
    """

    def __init__(self, batches: list[list[Cell]], shape: tuple[int, int], tolerance: float) -> None:
        """Plan a scan.

        Args:
            batches: The cells of each lattice, as ``cells_by_lattice`` gives them.
            shape: Rows and columns.
            tolerance: Error of interpolated cells, as a share of the range; 0 computes every cell.
        """
        self.bound: float | None = None
        self._batches, self._tolerance = batches, tolerance
        self._lattices = lattices(*shape)
        self._open = np.ones(shape, bool)

    def batches(self, loss: Array) -> Iterator[list[list[Cell]]]:
        """Yield what is to be computed next.

        Args:
            loss: The losses, filled by the caller before it asks on; NaN where one is not finite.

        Yields:
            Cells, those that are wanted first in front, lattice by lattice; each one once.
        """
        if not self._tolerance or min(loss.shape) == 1:
            yield self._batches
            return
        told, worst = np.full_like(loss, np.nan), 0.0
        known = np.zeros(loss.shape, bool)
        for level, batch in enumerate(self._batches):
            fresh = [cell for cell in batch if self._open[cell]]
            if not fresh:
                break
            yield [fresh]
            known[tuple(np.transpose(fresh))] = True
            log = spans_decades(loss[known])
            truth = np.where(known, np.log(np.where(known, loss, 1.0)) if log else loss, np.nan)
            if level == 0:
                told = truth
                continue
            missed, told = self._compare(told, truth, known, fresh, level)
            worst = max(worst, self._close(missed, self._lattices[level - 1]))
        self.bound = None if known.all() else worst

    def _compare(
        self, told: Array, truth: Array, known: Array, fresh: list[Cell], level: int
    ) -> tuple[Array, Array]:
        """Return how far the spline was off at the new cells, and the field as it is told by now."""
        fine = self._lattices[level]
        guess = np.full_like(told, np.nan)
        guess[np.ix_(*fine)] = guessed(np.where(known, truth, told), self._lattices[level - 1], fine)
        span = np.ptp(truth[np.isfinite(truth)]) if np.isfinite(truth).any() else 0.0
        missed, at = np.zeros_like(told), tuple(np.transpose(fresh))
        missed[at] = np.abs(guess - truth)[at] / max(span, np.finfo(float).tiny)
        missed[~np.isfinite(missed) | (known & ~np.isfinite(truth))] = np.inf
        return missed, np.where(known, truth, guess)

    def _close(self, missed: Array, coarse: Lattice) -> float:
        """Leave to interpolation what is known well enough, and return how far that was off at most."""
        rows, columns = coarse
        worst = np.array([
            [missed[r : s + 1, c : d + 1].max() for c, d in _steps(columns)] for r, s in _steps(rows)
        ])
        bends = _widened(worst > GAIN * self._tolerance)
        still = np.zeros_like(self._open)
        for (r, s), line in zip(_steps(rows), bends, strict=True):
            for (c, d), bent in zip(_steps(columns), line, strict=True):
                still[r : s + 1, c : d + 1] |= bent
        still &= self._open
        if still.mean() > PART:
            return 0.0
        self._open = still
        left = worst[~bends]
        return float(left.max()) if left.size else 0.0


def _steps(places: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Return the intervals between neighbouring places."""
    return [(int(low), int(high)) for low, high in pairwise(places)]


def _widened(squares: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return squares with all their neighbours."""
    padded = np.pad(squares, 1)
    height, width = squares.shape
    found = np.zeros_like(squares)
    for i in range(3):
        for j in range(3):
            found |= padded[i : i + height, j : j + width]
    return found
