"""Metrics of a run: one JSON object a line, appended by one writer, read by anyone at any time.

What is appended is written a moment later, all rows of that moment in one ``write`` to a file opened for appending, so
a killed writer leaves at most one torn line, the last. Readers pass over lines that are not whole.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from dltui.errors import DltuiError
from dltui.runs.folder import Run
from dltui.runs.spool import Spool

Row = dict[str, Any]

BLOCK = 1 << 18  # bytes that are read at a time
PLAIN = {float, int, str, bool, type(None)}  # values that nobody can change after they were handed over
OLD_KINDS = {"epoch": "eval"}  # in files of older versions
MOST = 2**1023  # beyond it an integer is no float any more, and Python may refuse to write it
NOT_FINITE = "nonfinite_fields"  # key under which a row names its numbers that JSON can't say


class MetricsWriter:
    """Appends rows, and holds a lock by which readers see that the run is alive.

    A row is in the file at most 50 ms after ``append``; ``flush`` writes what is left, ``sync`` makes the disk keep it.

    Args:
        run: The run; its lines that an earlier writer tore are ended.

    Raises:
        DltuiError: If another process writes it, or its file can't be written.
    """

    def __init__(self, run: Run) -> None:
        try:
            handle = os.open(run.metrics, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError as error:
            raise DltuiError(f"can't write {run.metrics}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise DltuiError(
                f"another process is writing the run {run.name}: wait, or start a new run"
            ) from error
        except OSError:
            pass  # a file system without locks
        self._spool = Spool(run.metrics, handle, _line)
        if not _ends_whole(run):
            self._spool.put(b"\n")

    def append(self, row: Row) -> None:
        """Hand over one row.

        Numbers that are not finite become null, as JSON has none, and are named in ``nonfinite_fields``.

        Args:
            row: Plain values by name; numbers of numpy and torch are taken as plain ones.

        Raises:
            DltuiError: If earlier rows couldn't be written, as on a full disk.
        """
        kept = dict(row)
        self._spool.put(kept if PLAIN.issuperset(map(type, kept.values())) else _line(kept))

    def flush(self) -> None:
        """Write the rows that were handed over; after that they outlive the process.

        Raises:
            DltuiError: If they can't be written; the next call tries again.
        """
        self._spool.flush()

    def sync(self) -> None:
        """Write the rows that were handed over and make the disk keep them; after that they outlive the machine.

        Raises:
            DltuiError: If that can't be done.
        """
        self._spool.sync()

    def close(self) -> None:
        """Write what is left, close the file and give up the lock.

        Raises:
            DltuiError: If something couldn't be written.
        """
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except DltuiError:
            if error is None:
                raise


def _plain(value: object) -> object:
    """Return the plain number in a scalar of numpy or torch.

    Raises:
        TypeError: If there is none.
    """
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(
            f"a row of metrics can't hold {value!r}: expected numbers, texts, lists and dictionaries"
        )
    return item()


def _encoder() -> Callable[[Any], str]:
    """Return what makes a row JSON: the C encoder made once, which takes two thirds of the time, where there is one."""
    from json import encoder

    make = getattr(encoder, "c_make_encoder", None)
    if make is None:
        return json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_plain).encode
    text = encoder.encode_basestring_ascii
    parts = make(
        None, _plain, text, None, ":", ",", False, False, False
    )  # no marks, indent, sorting, skipping, NaN
    return lambda row: "".join(parts(row, 0))


_encode = _encoder()


def _line(row: Row | bytes) -> bytes:
    """Return a row as a line; a line as it is."""
    if isinstance(row, bytes):
        return row
    try:
        return (_encode(row) + "\n").encode("utf-8")
    except ValueError:  # a number that isn't finite: rare, so looked for only now
        lost: list[str] = []
        kept = _finite(row, "", lost)
        return (_encode(kept | {NOT_FINITE: lost}) + "\n").encode("utf-8")


def _finite(value: Any, name: str, lost: list[str]) -> Any:
    """Return ``value`` with None for numbers that aren't finite; their names go to ``lost``."""
    if isinstance(value, dict):
        return {str(key): _finite(part, f"{name}/{key}".strip("/"), lost) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part, f"{name}/{place}", lost) for place, part in enumerate(value)]
    number = _plain(value) if hasattr(value, "item") else value
    if isinstance(number, int) and abs(number) > MOST:
        lost.append(name)
        return None
    if isinstance(number, float) and not math.isfinite(number):
        lost.append(name)
        return None
    return number


def _ends_whole(run: Run) -> bool:
    """Return whether the file of metrics ends with a whole line."""
    with run.metrics.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


class MetricsReader:
    """Reads a growing file of metrics: each call returns what has come since the last one.

    Args:
        run: The run.
        place: Bytes of its file that are known already.

    Attributes:
        place: Bytes that have been read, up to the end of a line.
    """

    def __init__(self, run: Run, place: int = 0) -> None:
        self._path = run.metrics
        self.place = place

    def new_rows(self) -> list[Row]:
        """Return the rows that have been finished since the last call."""
        return [row for rows in self.blocks() for row in rows]

    def blocks(self) -> Iterator[list[Row]]:
        """Yield the same some thousand rows at a time, so that a long file needs no room of its own.

        Yields:
            Rows in order; ``place`` is already behind them.
        """
        try:
            file = self._path.open("rb")
        except OSError:  # none yet, or nobody may read them: one such run must not hide the others
            return
        with file:
            file.seek(self.place)
            rest = b""
            while data := file.read(BLOCK):
                whole, mark, rest = (rest + data).rpartition(b"\n")
                if mark:
                    self.place += len(whole) + 1
                    yield rows_of(whole)


def read_metrics(run: Run) -> list[Row]:
    """Return every whole row of a run, in order."""
    return MetricsReader(run).new_rows()


def rows_of(data: bytes) -> list[Row]:
    """Return the rows of some whole lines; lines that are no rows are passed over.

    Args:
        data: Lines, the last one without its end.

    Returns:
        Rows in order.
    """
    lines = data.split(b"\n")
    try:
        found = json.loads(b"[%s]" % b",".join(lines))  # a fifth less time than one by one
    except (ValueError, RecursionError):
        found = []
    if len(found) != len(lines):  # some are torn
        found = [row for line in lines if (row := _read(line)) is not None]
    rows = [row for row in found if isinstance(row, dict)]
    for row in rows:
        kind = row.get("kind")
        if isinstance(kind, str) and kind in OLD_KINDS:
            row["kind"] = OLD_KINDS[kind]
    return rows


def _read(line: bytes) -> Any:
    """Return what a line holds, or None where it is torn."""
    with suppress(ValueError, RecursionError):
        return json.loads(line)
    return None
