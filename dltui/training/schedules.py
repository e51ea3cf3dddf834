"""How the step size goes over a training: closed formulas of the step, so that any step can be found again.

Every formula gives a factor that multiplies the step size η of the recipe. t counts the steps after the warm-up, T is
how many there are.

====================  ==============================================================================================
warm-up of w steps    (step + 1) / (w + 1)                                            (Goyal et al. 2017, section 2.2)
constant              1
cosine                floor + (1 − floor)·(1 + cos(π·t/T)) / 2        (Loshchilov and Hutter, *SGDR*, 2017, eq. 5)
linear                1 − (1 − floor)·t/T
step                  factor^⌊t / every⌋, not below the floor
one-cycle             up from 1/25 along half a cosine until ``rise``·T − 1, then down to 4·10⁻⁶ (Smith and Topin 2017)
plateau               factor^falls, not below the floor; ``Plateau`` counts the falls
====================  ==============================================================================================
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dltui.training.recipe import Schedule, ScheduleName

START, END = 1 / 25, 1e-4 / 25  # of one-cycle, as in torch
BETTER = 1e-4  # share by which a loss must fall to count as better, as in torch


def factor_at(step: int, total: int, schedule: Schedule, falls: int = 0) -> float:
    """Return what multiplies the step size at a step.

    Args:
        step: Steps made before, from 0.
        total: Steps in all.
        schedule: How it goes.
        falls: How often ``plateau`` has fallen.

    Returns:
        A factor, 1 for the full step size.
    """
    if step < schedule.warmup:
        return (step + 1) / (schedule.warmup + 1)
    t, length = step - schedule.warmup, max(total - schedule.warmup, 1)
    return _FORMULAS[schedule.name](t, length, schedule, falls)


@dataclass
class Plateau:
    """Counts how often the held-out loss stood still for too long.

    Attributes:
        best: The lowest loss so far.
        bad: Evaluations since then.
        falls: How often the step size has fallen.
    """

    best: float = math.inf
    bad: int = 0
    falls: int = 0

    def judged(self, loss: float, schedule: Schedule) -> None:
        """Take note of an evaluation."""
        if loss < self.best * (1 - BETTER):
            self.best, self.bad = loss, 0
        else:
            self.bad += 1
        if self.bad > schedule.patience:
            self.bad = 0
            self.falls += 1


def _constant(t: int, length: int, schedule: Schedule, falls: int) -> float:  # noqa: ARG001
    return 1.0


def _cosine(t: int, length: int, schedule: Schedule, falls: int) -> float:  # noqa: ARG001
    return schedule.floor + (1 - schedule.floor) * (1 + math.cos(math.pi * t / length)) / 2


def _linear(t: int, length: int, schedule: Schedule, falls: int) -> float:  # noqa: ARG001
    return 1 - (1 - schedule.floor) * t / length


def _step(t: int, length: int, schedule: Schedule, falls: int) -> float:  # noqa: ARG001
    every = schedule.every or max(length // 3, 1)
    fallen: float = schedule.factor ** (t // every)
    return max(fallen, schedule.floor)


def _one_cycle(t: int, length: int, schedule: Schedule, falls: int) -> float:  # noqa: ARG001
    top, last = schedule.rise * length - 1, length - 1
    if t <= top:
        start, end, share = START, 1.0, t / max(top, 1e-12)
    else:
        start, end, share = 1.0, END, (t - top) / max(last - top, 1e-12)
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2


def _plateau(t: int, length: int, schedule: Schedule, falls: int) -> float:  # noqa: ARG001
    fallen: float = schedule.factor**falls
    return max(fallen, schedule.floor)


_FORMULAS: dict[ScheduleName, Callable[[int, int, Schedule, int], float]] = {
    "constant": _constant,
    "cosine": _cosine,
    "linear": _linear,
    "step": _step,
    "one-cycle": _one_cycle,
    "plateau": _plateau,
}
