"""What a long run comes to, kept by its readers in the user's cache folder, so that it opens in a blink.

One SQLite file a run, never beside the run: it says up to which byte of the metrics it knows, and holds what a
``Digest`` made of them. It belongs to nobody in particular. Whoever can't read it, or finds that the metrics have
changed below it, makes it anew; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np

from dltui.figures import Array
from dltui.runs.digest import Digest, Key
from dltui.runs.folder import Run
from dltui.runs.home import cache_folder
from dltui.runs.levels import COLUMNS, Levels, best_level

VERSION = 1
PATIENCE = 2.0  # seconds to wait for another reader that writes
SAMPLE = 4096  # bytes at the beginning, and before the known end, by which a changed file is noticed
POINTS = 2000  # buckets of a curve
TROUBLES = (sqlite3.Error, ValueError, KeyError, TypeError, OSError)
TABLES = """
CREATE TABLE IF NOT EXISTS known (name TEXT PRIMARY KEY, value);
CREATE TABLE IF NOT EXISTS rare (place INTEGER PRIMARY KEY, row TEXT);
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, kind TEXT, name TEXT, sizes TEXT, tails TEXT, open BLOB, rows BLOB, UNIQUE (kind, name));
CREATE TABLE IF NOT EXISTS buckets (
    id INTEGER PRIMARY KEY, series INTEGER, level INTEGER, data BLOB);
CREATE INDEX IF NOT EXISTS by_level ON buckets (series, level);
"""


class RunIndex:
    """The index of one run.

    Args:
        run: The run.

    Attributes:
        path: Its file.
        place: Bytes of the metrics that it knows, as far as this process knows; None when there is none.
    """

    def __init__(self, run: Run) -> None:
        self.path = index_path(run)
        self.place: int | None = None
        self._metrics = run.metrics
        self._rare = 0  # rows of rare kinds that it holds
        self._cuts = 0

    def load(self) -> Digest | None:
        """Return what the index holds, or None where there is none that fits the metrics as they are now."""
        if not self.path.is_file():
            return None
        try:
            return self._load()
        except TROUBLES as error:
            self._mend(error)
            return None

    def save(self, digest: Digest, place: int) -> bool:
        """Keep what the rows up to a place come to, unless another reader has been at the index meanwhile.

        Args:
            digest: What they come to.
            place: Bytes of the metrics that are in it.

        Returns:
            Whether it was kept.
        """
        try:
            return self._save(digest, place)
        except TROUBLES as error:
            self._mend(error)
            return False

    def _load(self) -> Digest | None:
        """Read the index in one transaction."""
        with closing(_connect(self.path)) as base:
            base.execute("BEGIN")
            known = dict(base.execute("SELECT name, value FROM known"))
            if not known or known["stamp"] != stamp_of(self._metrics, known["place"]):
                return None
            found = _digest(base, known)
        self.place, self._rare, self._cuts = known["place"], len(found.rows), found.cuts
        return found

    def _save(self, digest: Digest, place: int) -> bool:
        """Write what is new in one transaction."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(_connect(self.path)) as base, base:
            base.executescript(TABLES)
            base.execute("BEGIN IMMEDIATE")
            there = base.execute("SELECT value FROM known WHERE name = 'place'").fetchone()
            if self.place is not None and there != (self.place,):
                return False
            if self.place is None or digest.cuts != self._cuts:
                self._wipe(base)
            self._write(base, digest, place)
        self.place, self._rare, self._cuts = place, len(digest.rows), digest.cuts
        for levels in digest.series.values():
            levels.fresh = [[] for _ in levels.fresh]
        return True

    def _wipe(self, base: sqlite3.Connection) -> None:
        """Take everything out."""
        for table in ("known", "rare", "series", "buckets"):
            base.execute(f"DELETE FROM {table}")
        self._rare = 0

    def _write(self, base: sqlite3.Connection, digest: Digest, place: int) -> None:
        """Add what is new."""
        known: dict[str, Any] = {
            "place": place, "stamp": stamp_of(self._metrics, place), "count": digest.count, "step": digest.step,
            "seconds": digest.seconds, "cuts": digest.cuts,
        }  # fmt: skip
        base.executemany("INSERT OR REPLACE INTO known VALUES (?, ?)", known.items())
        rare = [(at, json.dumps(row)) for at, row in enumerate(digest.rows)][self._rare :]
        base.executemany("INSERT INTO rare VALUES (?, ?)", rare)
        for key, levels in digest.series.items():
            _write_series(base, key, levels)

    def _mend(self, error: Exception) -> None:
        """Take a broken index away; one that is only locked, or has no room, may serve the next reader."""
        waits = isinstance(error, sqlite3.OperationalError) and "no such" not in str(error)
        if not waits and not isinstance(error, OSError):
            self.remove()

    def remove(self) -> None:
        """Delete the index."""
        self.place = None
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
            self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)


def index_path(run: Run) -> Path:
    """Return where the index of a run is, or would be."""
    place = hashlib.sha256(str(run.folder.resolve()).encode()).hexdigest()[:12]
    return cache_folder() / "runs" / f"{run.id}-{place}.v{VERSION}.sqlite"


def stamp_of(path: Path, place: int) -> str:
    """Return by what one sees that the first ``place`` bytes of a file are those that they were.

    Args:
        path: The file.
        place: Bytes from its beginning.

    Returns:
        Its inode with a digest of some bytes at both ends; empty where the file is shorter or gone.
    """
    try:
        with path.open("rb") as file:
            head = file.read(min(SAMPLE, place))
            file.seek(max(0, place - SAMPLE))
            tail = file.read(min(SAMPLE, place))
            inode = path.stat().st_ino
    except OSError:
        return ""
    whole = len(head) == len(tail) == min(SAMPLE, place)
    return f"{inode} {hashlib.sha256(head + tail).hexdigest()}" if whole else ""


def _connect(path: Path) -> sqlite3.Connection:
    """Open an index."""
    base = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    base.execute("PRAGMA synchronous = NORMAL")
    return base


def _digest(base: sqlite3.Connection, known: dict[str, Any]) -> Digest:
    """Return what an index holds."""
    found = Digest()
    found.count, found.step, found.seconds = known["count"], known["step"], known["seconds"]
    found.seconds = float("nan") if found.seconds is None else found.seconds
    found.cuts = known["cuts"]
    found.rows = [json.loads(row) for (row,) in base.execute("SELECT row FROM rare ORDER BY place")]
    told = base.execute("SELECT id, kind, name, sizes, tails, open, rows FROM series ORDER BY id").fetchall()
    for number, kind, name, sizes, tails, rest, rows in told:
        found.series[kind, name] = _series(base, number, json.loads(sizes), json.loads(tails), rest, rows)
    return found


def _series(
    base: sqlite3.Connection,
    number: int,
    sizes: list[int],
    tails: list[int],
    rest: bytes,
    rows: bytes | None,
) -> Levels:
    """Return one series, of its levels the one that a picture is made of."""
    ends = np.cumsum(tails)
    parts = np.split(_array(rest), ends)
    exact = None if rows is None else _array(rows)
    level = 0 if exact is not None else best_level(sizes, POINTS)
    asked = "SELECT data FROM buckets WHERE series = ? AND level = ? ORDER BY id"
    whole = _array(b"".join(data for (data,) in base.execute(asked, (number, level))))
    if sizes and len(whole) != sizes[level]:
        raise ValueError("a level is not whole")
    return Levels.restored(exact, parts[-1], sizes, parts[:-1], (level, whole))


def _write_series(base: sqlite3.Connection, key: Key, levels: Levels) -> None:
    """Write what is open of a series, and add its fresh buckets."""
    told = (
        json.dumps(levels.sizes),
        json.dumps([len(tail) for tail in levels.tails]),
        np.concatenate([*levels.tails, levels.rest]).tobytes(),
        None if levels.rows is None else levels.rows.tobytes(),
    )
    base.execute(
        "INSERT INTO series (kind, name, sizes, tails, open, rows) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (kind, name) "
        "DO UPDATE SET sizes = excluded.sizes, tails = excluded.tails, open = excluded.open, rows = excluded.rows",
        (*key, *told),
    )
    (number,) = base.execute("SELECT id FROM series WHERE kind = ? AND name = ?", key).fetchone()
    for level, parts in enumerate(levels.fresh):
        if parts:
            data = np.concatenate(parts).tobytes()
            base.execute("INSERT INTO buckets (series, level, data) VALUES (?, ?, ?)", (number, level, data))


def _array(data: bytes) -> Array:
    """Return buckets that were kept as bytes."""
    return np.frombuffer(data).reshape(-1, COLUMNS)
