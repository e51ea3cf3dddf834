"""One quantity over a run, however long, in a few thousand buckets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.runs.levels import END, EPOCH, FINITE, HIGH, LAST, LOW, ROWS, SECONDS, SUM, Levels

Floats = NDArray[np.float64]
MOST = 2048  # buckets of a long run; a terminal has fewer dots in a row
PLACES = {"step": LAST, "epoch": EPOCH, "seconds": SECONDS}


class Track:
    """A quantity as it stands now; a bucket stands for one row, or in a long run for several that follow each other.

    Args:
        levels: The quantity as a reader keeps it.

    Attributes:
        count: How many rows told of it.
        rows: How many of them each bucket stands for.
        mean: The mean of each bucket, NaN where nothing was finite.
        low: The least value of each bucket.
        high: The largest value of each bucket.
    """

    def __init__(self, levels: Levels) -> None:
        self._buckets: NDArray[Any] = levels.buckets(MOST)
        self.count = levels.count
        self.rows: Floats = self._buckets[:, ROWS]
        self.low: Floats = self._buckets[:, LOW]
        self.high: Floats = self._buckets[:, HIGH]
        with np.errstate(invalid="ignore", divide="ignore"):
            self.mean: Floats = self._buckets[:, SUM] / self._buckets[:, FINITE]

    def __len__(self) -> int:
        return len(self._buckets)

    def at(self, place: str) -> Floats:
        """Return where the last row of each bucket lies: its ``step``, ``epoch`` or ``seconds``."""
        found: Floats = self._buckets[:, PLACES[place]]
        return found

    @property
    def broken(self) -> Floats:
        """How many rows of each bucket were not finite."""
        found: Floats = self.rows - self._buckets[:, FINITE]
        return found

    @property
    def last(self) -> float:
        """The newest value; NaN when there is none."""
        return float(self._buckets[-1, END]) if len(self) else float("nan")
