"""What is measured at each point: the loss on one or two sets of samples, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from torch import Tensor

from dltui.instruments.landscape.plane import Evaluate, Tier, shares, tell
from dltui.instruments.landscape.window import Grid
from dltui.objective import Objective

Measured = Grid  # shape (points, sets of samples, columns)


@dataclass(frozen=True, eq=False)
class Part:
    """One set of samples.

    Attributes:
        worker: Returns an evaluator.
        weights: Share of each column of what that gives, or None where all are equal.
        reference: What it gives at θ*, shape (k,).
        here: The numbers that are told of θ*.
        seconds: How long it takes there: longer than at a point among others.
    """

    worker: Callable[[], Evaluate]
    weights: Tensor | None
    reference: Tensor
    here: Grid
    seconds: float

    @classmethod
    def of(cls, tier: Tier, objective: Objective) -> Part:
        """Measure θ* itself, so that what is told of other points can be compared with it."""
        worker = tier.on(objective)
        started = perf_counter()
        weights, found = shares(objective), worker()(np.zeros((1, 2)))
        seconds, reference = perf_counter() - started, found.losses[0]
        return cls(worker, weights, reference, tell(found, weights, reference)[0], seconds)


@dataclass(frozen=True, eq=False)
class Measure:
    """What is measured at each point.

    Attributes:
        parts: The sets of samples, the one whose landscape it is first.
        samples: How many each of them has.
    """

    parts: tuple[Part, ...]
    samples: tuple[int, ...]

    @classmethod
    def of(cls, tier: Tier, objectives: Sequence[Objective]) -> Measure:
        """Return what one way to evaluate gives on some sets of samples."""
        return cls(tuple(Part.of(tier, one) for one in objectives), tuple(one.samples for one in objectives))

    @property
    def here(self) -> Measured:
        """What is measured at θ*, shape (sets of samples, columns)."""
        return np.stack([part.here for part in self.parts])

    @property
    def alone(self) -> float:
        """Seconds for a point by itself."""
        return sum(part.seconds for part in self.parts)

    def worker(self) -> Callable[[Grid], Measured]:
        """Return the function from points, shape (g, 2), to what is measured there, with buffers of its own."""
        evaluators = [part.worker() for part in self.parts]

        def measure(points: Grid) -> Measured:
            told = [
                tell(evaluate(points), part.weights, part.reference)
                for evaluate, part in zip(evaluators, self.parts, strict=True)
            ]
            return np.stack(told, 1)

        return measure
