"""The only writer to stdout, and the only writer to stderr."""

from __future__ import annotations

import math
import os
import pathlib
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

FILE = "DLTUI_PROGRESS"  # environment variable: a file that is told how far the work is
KEEP_EVERY = 0.5  # seconds between two writings of it


def write_lines(lines: Iterable[str]) -> None:
    """Write data for a person to stdout, one line each."""
    for line in lines:
        sys.stdout.write(line + "\n")


def write_json(document: dict[str, Any] | list[Any]) -> None:
    """Write one JSON document to stdout; numbers that JSON can't say (NaN, ∞) become null."""
    import json

    try:  # few have such numbers, and to look for them takes longer than to write all
        text = json.dumps(document, allow_nan=False)
    except (ValueError, TypeError):
        text = json.dumps(finite(document), allow_nan=False)
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Write a remark to stderr, where it can't disturb data."""
    sys.stderr.write(text + "\n")


def finite(value: Any) -> Any:
    """Return ``value`` with every float that JSON can't say replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


class ProgressLine:
    """A line on stderr that tells how far the work is; nothing where stderr is no terminal.

    Args:
        shown: Whether anything is told at all.
        plain: Nothing is written over: a new line every ten seconds.
    """

    def __init__(self, *, shown: bool, plain: bool = False) -> None:
        self._shown = shown and sys.stderr.isatty()
        self._plain = plain
        self._pause = 10.0 if plain else 0.1
        self._started = time.monotonic()
        self._last = -math.inf
        self._width = 0
        self._file = os.environ.get(FILE, "")
        self._kept = -math.inf

    def __call__(self, done: int, total: int, partial: object = None) -> None:  # noqa: ARG002
        """Show ``done`` of ``total``, at most ten times a second."""
        now = time.monotonic()
        if self._file and (now - self._kept >= KEEP_EVERY or done >= total):
            self._kept = now
            self._keep(done, total)
        if self._plain and self._last == -math.inf:
            self._last = now  # what takes less than a while needs no word
        if not self._shown or (now - self._last < self._pause and (done < total or self._plain)):
            return
        self._last = now
        took = now - self._started
        left = took / done * (total - done) if done else math.nan
        eta = (
            f", {left:.0f} s left" if took >= 1 and left >= 1 else ""
        )  # before that it would be a wild guess
        told = f"{100 * done // max(total, 1):3d} % ({done} of {total}{eta})"
        if self._plain:
            note(told.strip())
        else:
            self._write(told)

    def clear(self) -> None:
        """Wipe the line, so that what follows starts on a clean one."""
        if self._width:
            self._write("")
            sys.stderr.write("\r")
            sys.stderr.flush()
            self._width = 0

    def _keep(self, done: int, total: int) -> None:
        """Write how far it is where the batch that started this looks; how the work goes doesn't hang on that."""
        with suppress(OSError), pathlib.Path(self._file).open("w", encoding="ascii") as file:
            file.write(f"{done} {total}\n")

    def _write(self, text: str) -> None:
        """Write over the line that was shown last."""
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)
