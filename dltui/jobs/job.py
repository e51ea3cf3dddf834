"""A job as the application sees it: what it told, how it stands, and how it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from shlex import join
from threading import Condition
from typing import TYPE_CHECKING, Literal

from dltui.jobs.events import LAST, Cancelled, Done, Event, Failed, Note, Partial, Progress, Started

if TYPE_CHECKING:
    from dltui.results import Result

State = Literal["queued", "starting", "running", "cancelling", "done", "failed", "cancelled"]
ENDED = frozenset({"done", "failed", "cancelled"})
NOTES = 200  # remarks kept, the newest


class Job:
    """One command line that runs, ran, or waits for its turn.

    Attributes:
        name: Short and unlike the names of other jobs.
        words: What follows ``dltui`` on its command line.
        state: How it stands.
        progress: How far it is, or None.
        partial: What is known by now, or None.
        result: What it found, once done.
        path: Where its result is kept, or what was known when it stopped; None when there is nothing.
        notes: Remarks of the verb.
        failure: Why it failed, or None.
        submitted: When it was asked for, by ``time.time``.
        began: When its process began, or None.
        ended: When it ended, or None.
    """

    def __init__(self, name: str, words: tuple[str, ...], on_news: Callable[[Job], None]) -> None:
        self.name, self.words = name, words
        self.state: State = "queued"
        self.progress: Progress | None = None
        self.partial: Result | None = None
        self.result: Result | None = None
        self.path: Path | None = None
        self.notes: list[str] = []
        self.failure: Failed | None = None
        self.submitted = time.time()
        self.began: float | None = None
        self.ended: float | None = None
        self._news: list[Event] = []
        self._changed = Condition()
        self._on_news = on_news
        self._stop: Callable[[], None] = lambda: None

    @property
    def line(self) -> str:
        """The command line that a script could have run, as a shell would take it."""
        return join(["dltui", *self.words])

    @property
    def over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.state in ENDED

    def events(self) -> list[Event]:
        """Return what was told since the last call, without waiting.

        Returns:
            Events in order; of progress and of partial results the newest alone.
        """
        with self._changed:
            taken, self._news = self._news, []
        return taken

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has ended.

        Args:
            timeout: Seconds to wait at most, or None.

        Returns:
            Whether it has ended.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self.over, timeout)

    def cancel(self) -> None:
        """Ask it to stop: its state changes at once, its process ends itself or is killed a second later."""
        with self._changed:
            waiting = self.state in {"queued", "starting"}
            if self.state == "running":
                self.state = "cancelling"
            elif not waiting:
                return
        if waiting:
            self.take(Cancelled(None))
        else:
            self._on_news(self)
        self._stop()

    def stops_by(self, stop: Callable[[], None]) -> None:
        """Be told how the work is stopped once ``cancel`` is called; called by the engine."""
        self._stop = stop

    def take(self, event: Event) -> None:
        """Take note of an event; called by the engine, from any thread. After the last event nothing is taken."""
        with self._changed:
            if self.over:
                return
            if isinstance(event, Progress | Partial):
                self._news = [one for one in self._news if type(one) is not type(event)]
            self._news.append(event)
            self._note(event)
            self._changed.notify_all()
        self._on_news(self)

    def starting(self) -> bool:
        """Leave the queue; return False when it was cancelled meanwhile; called by the engine."""
        with self._changed:
            if self.state != "queued":
                return False
            self.state = "starting"
        self._on_news(self)
        return True

    def _note(self, event: Event) -> None:
        """Change what is known by an event."""
        if isinstance(event, Started):
            self.state, self.began = "running", time.time()
        elif isinstance(event, Progress):
            self.progress = event
        elif isinstance(event, Partial):
            self.partial = event.result
        elif isinstance(event, Note):
            self.notes = [*self.notes, event.text][-NOTES:]
        elif isinstance(event, LAST):
            self.ended = time.time()
            self.path = event.path
            self._end(event)

    def _end(self, event: Done | Failed | Cancelled) -> None:
        """Change the state by the last event, once all that goes with it is there: others look without waiting."""
        if isinstance(event, Done):
            self.result, self.state = event.result, "done"
        elif isinstance(event, Failed):
            self.failure, self.state = event, "failed"
        else:
            self.state = "cancelled"
