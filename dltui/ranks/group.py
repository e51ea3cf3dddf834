"""Processes that were started to work together, and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from dltui.ranks.environment import SUPERVISOR

LOOK = 0.05  # seconds between two looks at the processes
GRACE = 10.0  # seconds between SIGTERM and SIGKILL


class Ranks:
    """Processes, each in a group of its own, so that Ctrl-C reaches only whoever started them.

    Attributes:
        started: All of them, in the order of their start.
    """

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[bytes]] = []
        self._logs: list[Path] = []

    def start(self, line: Sequence[str], told: Mapping[str, str], log: Path) -> None:
        """Start one more; it ends when this process does.

        Args:
            line: Its command line.
            told: What its environment holds besides that of this process, and in place of it.
            log: Takes what it writes to stderr, after what is there.
        """
        with log.open("ab") as errors:
            process = subprocess.Popen(
                line,
                env=os.environ | told | {SUPERVISOR: str(os.getpid())},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        self.started.append(process)
        self._logs.append(log)

    @property
    def alive(self) -> bool:
        """Whether any is left."""
        return any(rank.poll() is None for rank in self.started)

    def codes(self) -> list[int | None]:
        """Return the exit code of each, below 0 for a signal; None where it goes on."""
        return [rank.poll() for rank in self.started]

    def last_words(self, place: int) -> str:
        """Return the last sentence that one of them, counted from 0, wrote to its log; empty where it wrote none."""
        with suppress(OSError):
            lines = self._logs[place].read_text(encoding="utf-8", errors="replace").strip().splitlines()
            if lines:
                return lines[-1].removeprefix("error: ")
        return ""

    def send(self, number: int) -> None:
        """Send a signal to every process that is left, with whatever it has started."""
        for rank in self.started:
            if rank.poll() is None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(rank.pid, number)

    def wait(self, seconds: float) -> None:
        """Wait until all have ended, but not longer."""
        until = time.monotonic() + seconds
        while self.alive and time.monotonic() < until:
            time.sleep(LOOK)

    def end(self) -> None:
        """End what is left: SIGTERM, a while, SIGKILL."""
        if self.alive:
            self.send(signal.SIGTERM)
            self.wait(GRACE)
            self.send(signal.SIGKILL)
        for rank in self.started:
            rank.wait()
