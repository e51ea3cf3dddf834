"""The formulas of the step size, against torch's own schedulers."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch.optim import lr_scheduler as theirs

from dltui.training.recipe import Schedule
from dltui.training.schedules import Plateau, factor_at

LR, TOTAL = 0.3, 40
Make = Callable[[torch.optim.Optimizer], theirs.LRScheduler]

CASES: list[tuple[Schedule, Make]] = [
    (Schedule(name="constant"), lambda o: theirs.ConstantLR(o, factor=1.0)),
    (Schedule(name="cosine"), lambda o: theirs.CosineAnnealingLR(o, T_max=TOTAL)),
    (
        Schedule(name="cosine", floor=0.1),
        lambda o: theirs.CosineAnnealingLR(o, T_max=TOTAL, eta_min=0.1 * LR),
    ),
    (Schedule(name="linear", floor=0.2), lambda o: theirs.LinearLR(o, 1.0, 0.2, TOTAL)),
    (Schedule(name="step", every=7, factor=0.5), lambda o: theirs.StepLR(o, 7, 0.5)),
    (Schedule(name="step"), lambda o: theirs.StepLR(o, TOTAL // 3, 0.1)),
    (
        Schedule(name="one-cycle"),
        lambda o: theirs.OneCycleLR(o, LR, total_steps=TOTAL, cycle_momentum=False),
    ),
    (
        Schedule(name="one-cycle", rise=0.55),
        lambda o: theirs.OneCycleLR(o, LR, total_steps=TOTAL, pct_start=0.55, cycle_momentum=False),
    ),
    (
        Schedule(name="cosine", warmup=9),
        lambda o: theirs.SequentialLR(
            o, [theirs.LinearLR(o, 1 / 10, 1.0, 9), theirs.CosineAnnealingLR(o, T_max=TOTAL - 9)], [9]
        ),
    ),
    (
        Schedule(name="linear", warmup=4),
        lambda o: theirs.SequentialLR(
            o, [theirs.LinearLR(o, 1 / 5, 1.0, 4), theirs.LinearLR(o, 1.0, 0.0, TOTAL - 4)], [4]
        ),
    ),
]


def optimizer() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)


@pytest.mark.parametrize(("schedule", "make"), CASES, ids=lambda case: getattr(case, "name", ""))
@pytest.mark.filterwarnings("ignore:The epoch parameter")  # of torch's own SequentialLR
def test_every_step_is_torchs(schedule: Schedule, make: Make) -> None:
    stepped = optimizer()
    other = make(stepped)
    for step in range(TOTAL):
        mine = LR * factor_at(step, TOTAL, schedule)
        assert math.isclose(mine, stepped.param_groups[0]["lr"], rel_tol=1e-9, abs_tol=1e-12), step
        stepped.step()
        other.step()


def test_plateau_falls_when_torchs_does() -> None:
    schedule = Schedule(name="plateau", factor=0.5, patience=2, floor=0.05)
    stepped, plateau = optimizer(), Plateau()
    other = theirs.ReduceLROnPlateau(stepped, factor=0.5, patience=2, min_lr=0.05 * LR)
    losses = [3.0, 2.0, 2.0, 1.99995, 2.1, 2.2, 1.0, *[1.0] * 20, 0.5, *[0.6] * 9]
    for step, loss in enumerate(losses):
        mine = LR * factor_at(step, 10, schedule, plateau.falls)
        assert math.isclose(mine, stepped.param_groups[0]["lr"], rel_tol=1e-9)
        other.step(loss)
        plateau.judged(loss, schedule)
    assert plateau.falls >= 5
