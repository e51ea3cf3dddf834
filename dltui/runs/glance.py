"""Where a run stands, in a few numbers, read again only when its metrics have changed: for lists of many runs."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dltui.runs.digest import Digest
from dltui.runs.folder import Run
from dltui.runs.follow import read_digest
from dltui.runs.home import cache_folder
from dltui.runs.levels import END

SHORT = 30_000  # bytes of metrics that are read faster than looked up
KINDS = ("step", "eval")  # kinds of rows whose last values are told; the later wins
FILE = "glances.v1.sqlite"


@dataclass(frozen=True)
class Glance:
    """Where a run stands.

    Attributes:
        steps: Optimiser steps made.
        total: Of how many; 0 where it isn't told.
        epochs: Evaluations so far.
        seconds: Wall time; 0 before the first row.
        metrics: The last value of each quantity; None for one that was not finite.
    """

    steps: int
    total: int
    epochs: int
    seconds: float
    metrics: dict[str, float | None]


def glances(runs: Sequence[Run]) -> list[Glance]:
    """Return where runs stand.

    Args:
        runs: The runs.

    Returns:
        One for each.
    """
    kept = _Kept(cache_folder() / FILE)
    found = []
    for run in runs:
        stamp = _stamp(run)
        glance = kept.get(run, stamp)
        if glance is None:
            glance = glance_of(read_digest(run))
            kept.put(run, stamp, glance)
        found.append(glance)
    kept.save()
    return found


def glance_of(digest: Digest) -> Glance:
    """Return where a run stands.

    Args:
        digest: What its rows come to.

    Returns:
        The last value of every quantity, and how far it is.
    """
    metrics = {
        name: _finite(levels.buckets(1)[-1, END])
        for kind in KINDS
        for (of_kind, name), levels in digest.series.items()
        if of_kind == kind and levels.count
    }
    total = digest.start.get("steps")
    return Glance(
        steps=digest.step,
        total=total if isinstance(total, int) else 0,
        epochs=len(digest.of_kind("eval")),
        seconds=digest.seconds if math.isfinite(digest.seconds) else 0.0,
        metrics=metrics,
    )


class _Kept:
    """Glances that were taken before; without a cache folder there are none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fresh: list[tuple[str, str, str]] = []
        self._known: dict[str, tuple[str, str]] = {}
        if path.is_file():
            try:
                with closing(sqlite3.connect(path, timeout=1)) as base:
                    self._known = {
                        name: (stamp, told) for name, stamp, told in base.execute("SELECT * FROM glances")
                    }
            except sqlite3.OperationalError:
                pass
            except (sqlite3.Error, ValueError):
                with suppress(OSError):
                    path.unlink()

    def get(self, run: Run, stamp: str) -> Glance | None:
        """Return what was seen of a run, unless its metrics have changed since."""
        known, told = self._known.get(str(run.folder), ("", ""))
        if not stamp or known != stamp:
            return None
        try:
            return Glance(**json.loads(told))
        except (ValueError, TypeError):
            return None

    def put(self, run: Run, stamp: str, glance: Glance) -> None:
        """Remember what was seen of a run."""
        if stamp:
            self._fresh.append((str(run.folder), stamp, json.dumps(asdict(glance))))

    def save(self) -> None:
        """Keep what is new."""
        if not self._fresh:
            return
        with suppress(sqlite3.Error, OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=1)) as base, base:
                base.execute(
                    "CREATE TABLE IF NOT EXISTS glances (run TEXT PRIMARY KEY, stamp TEXT, told TEXT)"
                )
                base.executemany("INSERT OR REPLACE INTO glances VALUES (?, ?, ?)", self._fresh)


def _stamp(run: Run) -> str:
    """Return by what one sees that the metrics of a run have changed; empty where they are short."""
    try:
        known = run.metrics.stat()
    except OSError:
        return ""
    return f"{known.st_ino} {known.st_size} {known.st_mtime_ns}" if known.st_size >= SHORT else ""


def _finite(value: float) -> float | None:
    """Return a number that JSON can say."""
    return float(value) if math.isfinite(value) else None
