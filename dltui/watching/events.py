"""TensorBoard's event files, written by somebody else's training, as something to watch."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dltui.runs import Run
from dltui.runs.digest import Digest
from dltui.runs.metrics import Row
from dltui.runs.tensorboard import EventReader
from dltui.runs.tensorboard.reader import event_files
from dltui.watching.course import Course

QUIET = 120.0  # seconds without a new event after which a training is taken for ended
AGAIN = 1.0  # seconds between two looks for new files
HEAD = 32  # first rows that are told one by one

Stamp = tuple[int, ...]


class EventSource:
    """A folder of event files.

    Args:
        folder: The folder.
        name: How it is called.

    Attributes:
        folder: The folder.
        name: How it is called.
        title: Where it is.
        run: None: nobody began it here, so it can be asked for nothing.
    """

    def __init__(self, folder: Path, name: str = "") -> None:
        self.folder = folder
        self.name = name or folder.resolve().name
        self.title = f"event files in {folder}"
        self.run: Run | None = None
        self._reader, self._digest = EventReader(folder), Digest()
        self._head: list[Row] = []
        self._files: list[Path] = []
        self._listed = 0.0

    def stamp(self) -> Stamp:
        """Return the sizes of the event files; new ones are looked for once a second."""
        now = time.monotonic()
        if now - self._listed > AGAIN or not self._files:
            self._files, self._listed = [path for path, _ in event_files(self.folder)], now
        return tuple(_size(path) for path in self._files)

    def course(self) -> Course:
        """Read what is new, and return what is known by now."""
        for rows in self._reader.blocks():
            self._digest.take(rows)
            if len(self._head) < HEAD:
                self._head += [row for row in rows if row.get("kind") == "step"][: HEAD - len(self._head)]
        return Course(self._digest, self._head)

    def state(self) -> str:
        """Return ``running`` while something has come lately, ``quiet`` otherwise."""
        times = [path.stat().st_mtime for path in self._files if path.exists()]
        return "running" if times and time.time() - max(times) < QUIET else "quiet"

    def said(self) -> list[str]:
        """Return what was wrong with the files."""
        return self._reader.remarks

    def paused(self) -> bool:
        """Return that nobody asked it to pause."""
        return False


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - asked for twenty times a second: a third of Path.stat
    except OSError:
        return 0
