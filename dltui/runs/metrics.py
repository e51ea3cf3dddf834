"""Metrics of a run: one JSON object a line, appended by one writer, read by anyone at any time.

Each row is a single ``write`` to a file opened for appending, so a killed writer leaves at most one torn line, the
last. Readers pass over lines that are not whole.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from dltui.errors import DltuiError
from dltui.runs.folder import Run

Row = dict[str, Any]

OLD_KINDS = {"epoch": "eval"}  # in files of older versions


class MetricsWriter:
    """Appends rows, and holds a lock by which readers see that the run is alive."""

    def __init__(self, run: Run) -> None:
        try:
            self._handle = os.open(run.metrics, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise DltuiError(f"can't write {run.metrics}: {error.strerror}") from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise DltuiError(
                f"another process is writing the run {run.name}: wait, or start a new run"
            ) from error
        except OSError:
            pass  # a file system without locks
        self._begin_line(run)

    def append(self, row: Row) -> None:
        """Write one row at once; numbers that are not finite become null, as JSON has none."""
        plain = {key: None if isinstance(v, float) and not math.isfinite(v) else v for key, v in row.items()}
        os.write(self._handle, (json.dumps(plain, allow_nan=False) + "\n").encode("utf-8"))

    def close(self) -> None:
        """Close the file and give up the lock."""
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin_line(self, run: Run) -> None:
        """End a line that an earlier writer tore."""
        with run.metrics.open("rb") as file:
            if file.seek(0, os.SEEK_END) == 0:
                return
            file.seek(-1, os.SEEK_END)
            whole = file.read(1) == b"\n"
        if not whole:
            os.write(self._handle, b"\n")


class MetricsReader:
    """Reads a growing file of metrics: each call returns what has come since the last one."""

    def __init__(self, run: Run) -> None:
        self._path = run.metrics
        self._place = 0

    def new_rows(self) -> list[Row]:
        """Return the rows that have been finished since the last call."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._place += len(whole)
        return [row for line in whole.splitlines() if (row := _row(line)) is not None]


def read_metrics(run: Run) -> list[Row]:
    """Return every whole row of a run, in order."""
    return MetricsReader(run).new_rows()


def _row(line: bytes) -> Row | None:
    """Return a row, or None for a line that isn't one."""
    with suppress(ValueError):
        row = json.loads(line)
        if isinstance(row, dict):
            if row.get("kind") in OLD_KINDS:
                row["kind"] = OLD_KINDS[row["kind"]]
            return row
    return None
