"""Lines on their way to a file: those of a moment are made and written together.

A dozen at once take half of the time that as many take one by one between the steps of a training, whose own work
fills the caches. Whoever hands over the first line of the next moment writes those of the last one, for a thread that
did so would fight with the training for the interpreter; there is one only for lines after which no other comes.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from dltui.errors import DltuiError

Item = TypeVar("Item")

MOST = 10_000  # lines that wait; whoever hands over faster than they can be written waits, too
CLOSED = -1  # in place of a file
PAUSE = 0.025  # seconds between two writes
LOOK = 0.025  # seconds between two looks of the thread


class Spool(Generic[Item]):
    """Writes whole lines to the end of a file, all that have come since the last time in one write.

    Args:
        path: The file, for what is said when it can't be written.
        handle: The file, open for appending; the spool closes it.
        line_of: Makes a line of what is handed over, with its end; called a moment later, maybe in another thread.
    """

    def __init__(self, path: Path, handle: int, line_of: Callable[[Item], bytes]) -> None:
        self.trouble: DltuiError | None = None
        self._path, self._handle = path, handle
        self._line_of = line_of
        self._items: deque[Item] = deque()
        self._rest = b""  # what the disk hasn't taken yet
        self._writing = threading.Lock()
        self._written = time.monotonic()
        self._open = (
            threading.Lock()
        )  # held as long as the thread shall go on; far cheaper to wait for than an event
        self._open.acquire()
        self._thread = threading.Thread(target=self._go_on, name=f"writing {path.name}", daemon=True)
        self._thread.start()
        _OPEN.add(self)

    def put(self, item: Item) -> None:
        """Hand over a line; it is in the file a moment later, unless the disk is full.

        Args:
            item: What the line is made of.

        Raises:
            DltuiError: If the lines before couldn't be written and still can't be.
        """
        self._items.append(item)
        if self.trouble is not None or len(self._items) > MOST:
            self.flush()
        elif time.monotonic() - self._written > PAUSE and self._writing.acquire(blocking=False):
            try:
                self._write()
            finally:
                self._writing.release()

    def flush(self) -> None:
        """Write what has been handed over.

        Raises:
            DltuiError: If it can't be written; nothing is lost, and the next call tries again.
        """
        with self._writing:
            self._write()
        if self.trouble is not None:
            raise self.trouble

    def sync(self) -> None:
        """Write what has been handed over, and make the disk keep it.

        Raises:
            DltuiError: If that can't be done.
        """
        self.flush()
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise self._told(error) from error

    def close(self) -> None:
        """Write what has been handed over and close the file; after that nothing happens.

        Raises:
            DltuiError: If something couldn't be written.
        """
        if self._handle == CLOSED:
            return
        self._open.release()
        self._thread.join()
        try:
            self.flush()
        finally:
            self._let_go()

    def forget(self) -> None:
        """Close the file in a process that was forked off: its lines and its lock are the parent's."""
        if self._handle != CLOSED:
            self._let_go()

    def _let_go(self) -> None:
        """Close the file; what is handed over from now on is refused."""
        os.close(self._handle)
        self._handle = CLOSED
        self.trouble = self.trouble or DltuiError(f"can't write {self._path}: it is closed")
        _OPEN.discard(self)

    def _go_on(self) -> None:
        """Write the lines after which no other came for a moment."""
        while not self._open.acquire(timeout=LOOK):
            if self._items and time.monotonic() - self._written > PAUSE:
                with self._writing:
                    self._write()

    def _write(self) -> None:
        """Write the lines in one go; what the disk doesn't take stays for the next time."""
        self._written = time.monotonic()
        parts = [self._rest]
        while self._items:
            parts.append(self._line_of(self._items.popleft()))
        self._rest = b"".join(parts)
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._handle, self._rest) :]
        except OSError as error:
            self.trouble = self._told(error)
        else:
            self.trouble = None

    def _told(self, error: OSError) -> DltuiError:
        """Return the sentence for a file that can't be written."""
        return DltuiError(
            f"can't write {self._path}: {error.strerror}; what was written before is whole, so make room and go on "
            "from the last checkpoint"
        )


_OPEN: weakref.WeakSet[Spool[Any]] = weakref.WeakSet()


def _forget_all() -> None:
    """Leave every file to the parent."""
    for spool in list(_OPEN):
        spool.forget()


def _flush_all() -> None:
    """Write what is left when the process ends without closing its files."""
    for spool in list(_OPEN):
        with suppress(DltuiError):
            spool.flush()


os.register_at_fork(after_in_child=_forget_all)
atexit.register(_flush_all)
