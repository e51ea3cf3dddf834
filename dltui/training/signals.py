"""What the terminal and the machine ask of a training: Ctrl-C, SIGTERM, SIGUSR1."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

REQUEUE = ("SIGTERM", "SIGUSR1")  # what a cluster sends before it takes the machine away


class Signals:
    """Takes note of signals while training goes on, so that it can end between two steps.

    The first Ctrl-C asks for a stop, the second stops at once. Outside of the main thread nothing is listened to.

    Attributes:
        stop: Whether Ctrl-C came.
        requeue: The signal that asks to make room; empty when none came.
    """

    def __init__(self) -> None:
        self.stop = False
        self.requeue = ""
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before[signal.SIGINT] = signal.signal(signal.SIGINT, self._interrupt)
            for name in REQUEUE:
                number = getattr(signal, name)
                self._before[number] = signal.signal(number, self._make_room)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Ask for a stop, or stop at once when it was asked for already."""
        if self.stop:
            raise KeyboardInterrupt
        self.stop = True

    def _make_room(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Ask for an end that is gone on from later."""
        self.requeue = signal.Signals(number).name
