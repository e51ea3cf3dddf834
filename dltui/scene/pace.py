"""Steps of a fit, counted and timed until the work is done."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass, field

import torch

from dltui.device import clock_of, threads


@dataclass
class Progress:
    """How far a fit is.

    Attributes:
        step: Steps made.
        seconds: Time that they took, judging left out: of the processor on a CPU, on the wall elsewhere.
        loss: Of the last step.
        psnr: Of one held-out picture at each judgement: (step, seconds, dB).
    """

    step: int = 0
    seconds: float = 0.0
    loss: float = math.nan
    psnr: list[tuple[int, float, float]] = field(default_factory=list)


class Paced(ABC):
    """A fit that ends after a time, or after so many steps.

    Args:
        progress: How far it is.
        device: Where it is fitted.
        seconds: Time that steps may take, or None.
        steps: Steps that may be made, or None.
    """

    progress: Progress

    def __init__(
        self, progress: Progress, device: torch.device | None, *, seconds: float | None, steps: int | None
    ) -> None:
        self.device = device or torch.device("cpu")
        self.clock = clock_of(self.device)
        self.progress, self._seconds, self._steps = progress, seconds, steps

    @property
    def done(self) -> float:
        """Which part of the work is done, 0…1."""
        now = ((self.progress.seconds, self._seconds), (self.progress.step, self._steps))
        return min(1.0, max((made / whole for made, whole in now if whole), default=0.0))

    def timed_step(self) -> None:
        """Make one step and count its time; on a CPU with one thread, so that its seconds are those of one core."""
        began = self.clock()
        with threads(1) if self.device.type == "cpu" else nullcontext():
            self.step()
        self.progress.seconds += self.clock() - began

    @abstractmethod
    def step(self) -> None:
        """Make one step."""
