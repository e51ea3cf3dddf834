"""Requests to a run that goes on, from any other process: one JSON object a line in ``control.jsonl``."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from typing import Literal, get_args

from dltui.errors import DltuiError, UsageError
from dltui.runs.folder import Run, open_run

Ask = Literal["stop", "pause", "go-on", "checkpoint"]

ASKS: tuple[Ask, ...] = get_args(Ask)
CONTROL = "control.jsonl"


def ask(run: Run, what: Ask) -> None:
    """Ask a run for something; it does so after the step that it is at.

    Args:
        run: The run.
        what: ``stop`` (keep the state, then end), ``pause``, ``go-on``, or ``checkpoint`` (keep the state now).

    Raises:
        UsageError: If nothing is asked that way.
        DltuiError: If the run doesn't go on, or its folder can't be written.
    """
    if what not in ASKS:
        raise UsageError(f"a run can't be asked to {what!r}: expected one of {', '.join(ASKS)}")
    state = open_run(run.folder).state_now()
    if state != "running":
        raise DltuiError(f"the run {run.name} can't {what}: it is {state}, not running")
    line = json.dumps({"ask": what, "time": round(time.time(), 3)}) + "\n"
    path = run.folder / CONTROL
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise DltuiError(f"can't write {path}: {error.strerror}") from error


class Requests:
    """What a run is asked for while it goes on; requests to its earlier attempts don't count.

    Args:
        run: The run that this process trains.
    """

    def __init__(self, run: Run) -> None:
        self._path = run.folder / CONTROL
        self._place = self._size() if run.attempt > 1 else 0

    def new(self) -> list[Ask]:
        """Return what was asked since the last call, in order; one look at the file's size when nothing was."""
        if self._size() <= self._place:
            return []
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._place += len(whole)
        return [word for line in whole.splitlines() if (word := _word(line)) is not None]

    def _size(self) -> int:
        """Return the size of the file; 0 before the first request."""
        try:
            return os.stat(self._path).st_size  # noqa: PTH116 - asked for after every step: a third of Path.stat
        except OSError:
            return 0


def _word(line: bytes) -> Ask | None:
    """Return what a line asks for, or None where it asks for nothing that is known."""
    with suppress(ValueError):
        told = json.loads(line)
        word = told.get("ask") if isinstance(told, dict) else None
        return word if word in ASKS else None
    return None
