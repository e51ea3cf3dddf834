"""What a training carries from step to step besides weights, optimiser and generators."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from dltui.training.recipe import Recipe
from dltui.training.schedules import Plateau


@dataclass
class Progress:
    """Running sums and counters.

    Attributes:
        loss: Sum of the losses since the last evaluation, each times its samples.
        samples: Samples since then.
        best: The lowest held-out loss so far.
        bad: Evaluations since then.
        plateau: What the schedule of that name counts.
    """

    loss: float = 0.0
    samples: int = 0
    best: float = math.inf
    bad: int = 0
    plateau: Plateau = field(default_factory=Plateau)

    def mean(self) -> float:
        """Return the mean loss since the last evaluation, and begin anew."""
        mean = self.loss / self.samples if self.samples else math.nan
        self.loss, self.samples = 0.0, 0
        return mean

    def judged(self, loss: float, recipe: Recipe) -> None:
        """Take note of a held-out loss."""
        if loss < self.best:
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        self.plateau.judged(loss, recipe.schedule)

    def plain(self) -> dict[str, Any]:
        """Return everything by name."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Progress:
        """Return what ``plain`` told."""
        return cls(**{**plain, "plateau": Plateau(**plain["plateau"])})
