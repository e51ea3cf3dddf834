"""The worker's side of the pipe: what is newest goes out ten times a second, what matters goes out once."""

from __future__ import annotations

from contextlib import suppress
from threading import Event as Signal
from threading import Lock, Thread
from typing import Any

from dltui.jobs.events import Event, Partial, Progress

EACH = 0.1  # seconds between two messages that replace each other


class Outbox:
    """Sends events without ever keeping the work waiting."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe
        self._lock = Lock()
        self._progress: Progress | None = None
        self._partial: Partial | None = None
        self._wake, self._closed = Signal(), Signal()
        self._thread = Thread(target=self._post, name="dltui-outbox", daemon=True)
        self._thread.start()

    def progress(self, event: Progress) -> None:
        """Replace the progress that goes out next."""
        self._progress = event
        self._wake.set()

    def partial(self, event: Partial) -> None:
        """Replace the partial result that goes out next."""
        self._partial = event
        self._wake.set()

    def send(self, event: Event) -> None:
        """Send what is to be known at once, after what is newest."""
        with self._lock, suppress(OSError):  # nobody listens any more: the listener ends the process
            for newest in self._take():
                self._pipe.send(newest)
            self._pipe.send(event)

    def close(self, event: Event) -> None:
        """Send the last event; nothing is sent after it."""
        self._closed.set()
        self._wake.set()
        self._thread.join()
        self.send(event)

    def _post(self) -> None:
        """Send what is newest, and pause."""
        while self._wake.wait() and not self._closed.is_set():
            self._wake.clear()
            with self._lock, suppress(OSError):
                for event in self._take():
                    self._pipe.send(event)
            self._closed.wait(EACH)

    def _take(self) -> list[Event]:
        """Return what is newest and forget it."""
        progress, self._progress = self._progress, None
        partial, self._partial = self._partial, None
        return [event for event in (progress, partial) if event is not None]
