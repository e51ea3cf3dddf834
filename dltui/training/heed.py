"""What is asked of a training while it goes on, by signals and by other processes, agreed upon by all its processes."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from dltui.runs.control import Requests
from dltui.runs.folder import Run
from dltui.training.engine import Engine
from dltui.training.signals import Signals

LISTEN = 0.2  # seconds between two looks at what others ask
WORDS = ("stop", "requeue", "checkpoint", "pause", "go-on")


class Listener:
    """Hears signals in every process, and in the first one what others have written into the run's folder.

    Args:
        engine: Connects the processes.
        run: The run, or None when nothing is kept.
        signals: Takes note of signals.
    """

    def __init__(self, engine: Engine, run: Run | None, signals: Signals) -> None:
        self._engine, self.signals = engine, signals
        self._requests = Requests(run) if run is not None and engine.rank == 0 else None
        self._next = 0.0

    def words(self) -> set[str]:
        """Return what this process has been asked since the last call."""
        found = set()
        if self.signals.stop:
            found.add("stop")
        if self.signals.requeue:
            found.add("requeue")
        if self._requests is not None:
            now = time.monotonic()
            if now >= self._next:
                self._next = now + LISTEN
                found.update(self._requests.new())
        return found

    def together(self, loss: Tensor) -> Tensor:
        """Return the loss over all processes, and after it one number a word, above 0 when any process was asked.

        Args:
            loss: This process's share of it, a scalar.

        Returns:
            Shape (1 + words,), the same in every process.
        """
        said = self.words()
        flags = [1.0 if word in said else 0.0 for word in WORDS]
        return self._engine.summed(torch.cat([loss.reshape(1), loss.new_tensor(flags)]))

    def agreed(self) -> set[str]:
        """Return what any process was asked since the last call."""
        if self._engine.world == 1:
            return self.words()
        return spoken(self.together(torch.zeros((), device=self._engine.device)).tolist()[1:])


def spoken(flags: list[float]) -> set[str]:
    """Return the words whose numbers are above 0."""
    return {word for word, flag in zip(WORDS, flags, strict=True) if flag > 0}
