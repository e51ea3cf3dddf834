"""Ways through the space of weights from one network to another."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dltui.instruments.planes.statistics import Statistics
from dltui.objective import Twin


@dataclass(frozen=True, eq=False)
class Way:
    """A quadratic Bézier curve θ(t) = (1 − t)²·A + 2t(1 − t)·C + t²·B; a straight line when C is their mean.

    Attributes:
        name: What to call it.
        start: A, shape (n,).
        stop: B, shape (n,).
        control: C, shape (n,), or None for the straight line.
        statistics: Puts running statistics right; its only step is t.
    """

    name: str
    start: Tensor
    stop: Tensor
    control: Tensor | None
    statistics: Statistics

    def move(self, twin: Twin, t: float) -> None:
        """Set a copy of the model to θ(t), in place."""
        with torch.inference_mode():
            twin.flat.copy_(self.at(t))
        self.statistics.settle(twin, (t,))

    def at(self, t: float) -> Tensor:
        """Return θ(t), exactly A and B at the ends, and A all the way where both are the same."""
        if self.control is None:
            return torch.lerp(self.start, self.stop, t)
        left, right = (
            torch.lerp(*pair, t) for pair in ((self.start, self.control), (self.control, self.stop))
        )
        return torch.lerp(left, right, t)

    @property
    def length(self) -> float:
        """‖B − A‖."""
        return float((self.stop - self.start).norm())
