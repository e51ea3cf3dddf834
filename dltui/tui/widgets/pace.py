"""How fast a terminal can be drawn to, learned while drawing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from textual.app import App

from dltui.draw.look import Depth

FULL_RATE = 30.0  # frames a second
REMOTE_RATE = 10.0
CALM_FRAMES = 20  # drained frames in a row after which more is tried
BUSY_FRAMES = 3  # frames held back in a row after which less is tried


@dataclass
class Pace:
    """Frames a second and colours that the line to the terminal can take.

    Attributes:
        rate: Frames a second.
        depth: Colours that are sent; 256 take a fifth of the bytes of all.
        remote: The terminal is at the other end of a network.
        most: Frames a second that are never exceeded.
    """

    rate: float = FULL_RATE
    depth: Depth = Depth.TRUE
    remote: bool = False
    most: float = FULL_RATE
    _calm: int = 0
    _busy: int = 0

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Pace:
        """Return the pace to start with: careful where ``SSH_CONNECTION`` says that a network lies between."""
        if environ.get("SSH_CONNECTION"):
            return cls(rate=REMOTE_RATE, depth=Depth.PALETTE, remote=True)
        return cls()

    def limit(self, most: float | None) -> None:
        """Never send more frames a second than this; None for as many as pictures need."""
        self.most = most or FULL_RATE
        self.rate = min(REMOTE_RATE, self.most) if self.remote else self.most

    def drawn(self) -> None:
        """Note that a frame found the line free; after a while of this, ask for more."""
        self._busy = 0
        self._calm += 1
        if self._calm < CALM_FRAMES:
            return
        self._calm = 0
        if self.rate < self.most:
            self.rate = min(self.most, self.rate * 1.5)
        else:
            self.depth = Depth.TRUE

    def held(self) -> None:
        """Note that a frame had to wait; after a few of these, ask for less."""
        self._calm = 0
        self._busy += 1
        if self._busy >= BUSY_FRAMES and self.remote:
            self.rate, self.depth, self._busy = min(REMOTE_RATE, self.most), Depth.PALETTE, 0


def waiting(app: App[object]) -> bool:
    """Return whether the terminal has not yet taken all that was written to it.

    Textual keeps up to 30 writes; a picture that is added to them makes every key answer late.
    """
    writer = getattr(app._driver, "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return queue is not None and not queue.empty()
