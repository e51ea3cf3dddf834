"""Asynchronous successive halving: a trial that is behind at a rung is given up.

A rung stands at 1/η, 1/η², 1/η³ of the way. The first measurement at or after a rung is a trial's mark there; it
goes on when it is among the best share 1/η of all marks set there so far, the first η − 1 trials in any case. Source:
Li et al., A System for Massively Parallel Hyperparameter Tuning, MLSys 2020 (the variant that stops trials, and never
pauses them).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

ETA = 3
RUNGS = 3


@dataclass
class Halving:
    """Marks of all trials at every rung.

    Attributes:
        eta: The inverse of the share that goes on.
        rungs: How many there are.
        lower: Whether less is better.
        marks: By rung, counted from the last one back, the marks in the order in which they were set.
    """

    lower: bool
    eta: int = ETA
    rungs: int = RUNGS
    marks: dict[int, list[float]] = field(default_factory=dict)
    _passed: dict[tuple[str, int], bool] = field(default_factory=dict)

    def judge(self, trial: str, share: float, value: float | None) -> bool:
        """Take a measurement and say whether the trial goes on.

        Args:
            trial: Its name.
            share: How far it is, from 0 to 1.
            value: What was measured, or None where that was no number: then it doesn't go on.

        Returns:
            Whether it goes on.
        """
        if share >= 1:
            return True
        going = True
        for rung in range(self.rungs, 0, -1):
            if share >= self.eta**-rung and (trial, rung) not in self._passed:
                self._passed[trial, rung] = going = self._mark(rung, value) and going
        return going

    def _mark(self, rung: int, value: float | None) -> bool:
        """Set a mark and say whether it is good enough."""
        if value is None or not math.isfinite(value):
            return False
        marks = self.marks.setdefault(rung, [])
        marks.append(value)
        if len(marks) < self.eta:
            return True
        best = sorted(marks, reverse=not self.lower)[: max(1, len(marks) // self.eta)]
        return value <= best[-1] if self.lower else value >= best[-1]
