"""What happened in a batch: written by the one who runs it, read by anyone at any time."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from dltui.batch.folder import CONTROL, LOG, Row
from dltui.errors import DltuiError

State = Literal["waiting", "running", "retrying", "done", "kept", "pruned", "failed", "stopped", "skipped"]
OVER = frozenset({"done", "kept", "pruned", "failed", "stopped", "skipped"})
GOOD = frozenset({"done", "kept"})  # kept: it was done by an earlier run of the same batch
BAD = frozenset({"failed", "skipped"})


@dataclass
class Standing:
    """How one job stands.

    Attributes:
        name: Which job.
        state: How it is.
        reason: Why it failed, was skipped or waits; empty otherwise.
        attempt: Which try it is, from 1; 0 before the first.
        exit_code: How its process ended, or None.
        began: When the last try began, by ``time.time``, or None.
        ended: When it ended, or None.
        place: Where it runs, such as ``pid 77`` or ``slurm 12``.
        command: Its command line, everything filled in.
    """

    name: str
    state: State = "waiting"
    reason: str = ""
    attempt: int = 0
    exit_code: int | None = None
    began: float | None = None
    ended: float | None = None
    place: str = ""
    command: str = ""

    @property
    def seconds(self) -> float | None:
        """How long the last try has taken, or None before there is one."""
        return None if self.began is None else (self.ended or time.time()) - self.began


@dataclass
class Standings:
    """How a batch stands: what all rows of its log come to.

    Attributes:
        jobs: How each job stands, in the order in which they were told.
        began: When it was last begun, by ``time.time``.
        ended: When that ended, or None.
        state: ``running`` until the end is told.
    """

    jobs: dict[str, Standing] = field(default_factory=dict)
    began: float = 0.0
    ended: float | None = None
    state: str = "running"

    def take(self, row: Row) -> None:
        """Take what one row says; rows of other kinds, from a newer dltui, are passed over."""
        kind = row.get("kind")
        if kind == "begin":
            self.jobs = {name: Standing(name) for name in row.get("jobs", [])}
            self.began, self.ended, self.state = row["time"], None, "running"
        elif kind == "job":
            job = self.jobs.setdefault(row["job"], Standing(row["job"]))
            for name in ("state", "reason", "attempt", "exit_code", "began", "ended", "place", "command"):
                if name in row:
                    setattr(job, name, row[name])
        elif kind == "end":
            self.ended, self.state = row["time"], row["state"]

    def count(self, states: Iterable[str]) -> int:
        """Return how many jobs are in one of some states."""
        wanted = set(states)
        return sum(job.state in wanted for job in self.jobs.values())


class Log(Protocol):
    """Takes what happens."""

    standings: Standings

    def write(self, kind: str, **told: object) -> None:
        """Take one row, and take note of it."""


class LogWriter:
    """Appends rows, and holds a lock by which others see that the batch runs.

    Args:
        batch: The folder of the batch.

    Raises:
        DltuiError: If it can't be written, or somebody else runs the batch.
    """

    def __init__(self, batch: Path) -> None:
        path = batch / LOG
        try:
            batch.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise DltuiError(
                f"can't write {path}: {error.strerror}; name a folder that you may write to"
            ) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise DltuiError(
                f"the batch in {batch} is running already: wait for it, or open it in dltui"
            ) from error
        except OSError:
            pass  # a file system without locks
        self.standings = Standings()
        size = os.fstat(self._handle).st_size
        if size and os.pread(self._handle, 1, size - 1) != b"\n":
            os.write(self._handle, b"\n")  # a line that was torn

    def write(self, kind: str, **told: object) -> None:
        """Append one row with the time, and take note of it."""
        row = {"kind": kind, "time": time.time(), **told}
        os.write(self._handle, (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8"))
        self.standings.take(row)

    def close(self) -> None:
        """Close the file and give up the lock."""
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Lines:
    """Reads a growing file of JSON lines: each call returns what has come since the last one.

    Args:
        path: The file; it may not be there yet.
        at: Where to begin, in bytes.
    """

    def __init__(self, path: Path, at: int = 0) -> None:
        self._path, self._at = path, at

    def new(self) -> list[Row]:
        """Return the objects that have been finished since the last call."""
        try:
            if self._path.stat().st_size <= self._at:
                return []
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        rows = []
        for line in whole.splitlines():
            with suppress(ValueError):
                if isinstance(row := json.loads(line), dict):
                    rows.append(row)
        return rows


def read_log(batch: Path) -> Standings:
    """Return how a batch stands by its log."""
    standings = Standings()
    for row in Lines(batch / LOG).new():
        standings.take(row)
    return standings


def running(batch: Path) -> bool:
    """Return whether somebody holds the lock of a batch's log."""
    try:
        with (batch / LOG).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def ask(batch: Path, what: str, job: str = "") -> None:
    """Ask whoever runs a batch for something.

    Args:
        batch: The folder of the batch.
        what: ``stop`` ends one job, or all of them when none is named.
        job: Name of the job, or empty.

    Raises:
        DltuiError: If the folder can't be written.
    """
    row = json.dumps({"ask": what, "job": job, "time": time.time()}) + "\n"
    try:
        handle = os.open(batch / CONTROL, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    except OSError as error:
        raise DltuiError(f"can't write {batch / CONTROL}: {error.strerror}") from error
    try:
        os.write(handle, row.encode("utf-8"))
    finally:
        os.close(handle)
