"""Following a run: what its rows come to, each look reading only what is new, long runs through their index."""

from __future__ import annotations

import math
import time

from dltui.runs.digest import Digest, is_number
from dltui.runs.folder import Run
from dltui.runs.index import RunIndex
from dltui.runs.metrics import MetricsReader, Row

LONG = 4_000_000  # bytes of metrics from which an index pays
WORTH = 2_000_000  # bytes of new metrics after which the index is brought up to date
MUCH = 50_000_000  # … while there is more to read


class Follower:
    """Looks at the metrics of a run again and again.

    Args:
        run: The run.
        patience: Seconds after which a look at a long run returns with what it has; the next one goes on.

    Attributes:
        behind: Whether the last look left something to read.
    """

    def __init__(self, run: Run, patience: float = math.inf) -> None:
        self.behind = False
        self._run, self._patience = run, patience
        self._index = RunIndex(run)
        self._reader = MetricsReader(run)
        self._digest: Digest | None = None
        self._inode = 0
        self._saved = 0

    def look(self) -> Digest:
        """Return what the rows come to by now; the same object each time, unless the file was made anew."""
        if self._digest is None or self._made_anew():
            self._open()
        assert self._digest is not None
        end = time.monotonic() + self._patience
        self.behind = False
        for rows in self._reader.blocks():
            if any(_goes_on(row) for row in rows) and any(s.floor for s in self._digest.series.values()):
                self._begin(Digest(), 0)  # what it goes back to is no longer here in detail
                return self.look()
            self._digest.take(rows)
            if time.monotonic() > end:
                self.behind = True
                break
        place = self._reader.place
        if place >= LONG and place - self._saved >= (MUCH if self.behind else WORTH):
            self._index.save(self._digest, place)
            self._saved = place
        return self._digest

    def _open(self) -> None:
        """Begin with what the index knows, or at the beginning."""
        size, self._inode = self._known()
        known = self._index.load() if size >= LONG else None
        self._begin(known or Digest(), self._index.place or 0 if known else 0)

    def _begin(self, digest: Digest, place: int) -> None:
        """Go on with what is known up to a place."""
        self._digest, self._saved = digest, place
        self._reader = MetricsReader(self._run, place)
        if not place:
            self._index.place = None

    def _made_anew(self) -> bool:
        """Return whether the file is another one than before, or shorter."""
        size, inode = self._known()
        return inode != self._inode or size < self._reader.place

    def _known(self) -> tuple[int, int]:
        """Return size and inode of the metrics."""
        try:
            known = self._run.metrics.stat()
        except OSError:
            return 0, 0
        return known.st_size, known.st_ino


def read_digest(run: Run) -> Digest:
    """Return what the rows of a run come to by now.

    Args:
        run: The run.

    Returns:
        Curves in few numbers and the rare rows.
    """
    return Follower(run).look()


def _goes_on(row: Row) -> bool:
    """Return whether a row begins an attempt that goes back to an earlier step."""
    return row.get("kind") == "start" and is_number(row.get("resumed_from"))
