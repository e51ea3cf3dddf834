"""The schedules against torch's and the numbers of the notes; clipping and annealing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from dltui.descent import schedules
from dltui.descent.annealing import anneal, chance
from dltui.descent.clip import TINY, clipped
from dltui.descent.surfaces import rugged

RATE, STEPS = 0.1, 100
T = np.arange(STEPS)


def rates_of(name: str, settings: dict[str, Any]) -> list[float]:
    """Return the rates of a schedule of torch."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], RATE)
    one = getattr(torch.optim.lr_scheduler, name)(optimiser, **settings)
    rates = []
    for _ in range(STEPS):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        one.step()
    return rates


@pytest.mark.parametrize(
    ("found", "name", "settings"),
    [
        (schedules.constant(T, RATE), "ConstantLR", {"factor": 1.0}),
        (schedules.step_decay(T, RATE, 30), "StepLR", {"step_size": 30}),
        (schedules.milestones(T, RATE, (20, 70), 0.5), "MultiStepLR", {"milestones": [20, 70], "gamma": 0.5}),
        (schedules.exponential(T, RATE, 0.97), "ExponentialLR", {"gamma": 0.97}),
        (schedules.cosine(T, RATE, 100, 0.01), "CosineAnnealingLR", {"T_max": 100, "eta_min": 0.01}),
        (schedules.restarts(T, RATE, 30, 0.01), "CosineAnnealingWarmRestarts", {"T_0": 30, "eta_min": 0.01}),
        (schedules.polynomial(T, RATE, 80, 2), "PolynomialLR", {"total_iters": 80, "power": 2}),
        (
            schedules.warm_linear(T, RATE, 10, 90),
            "LambdaLR",
            {"lr_lambda": lambda s: s / 10 if s < 10 else max(0.0, (90 - s) / 80)},
        ),
        (
            schedules.inverse_root(T, 512, 40),
            "LambdaLR",
            {"lr_lambda": lambda s: 512**-0.5 * min(max(s, 1) ** -0.5, s * 40**-1.5) / RATE},
        ),
    ],
)
def test_schedules_are_those_of_torch(found: np.ndarray, name: str, settings: dict[str, Any]) -> None:
    np.testing.assert_allclose(found, rates_of(name, settings), atol=1e-12)


def test_numbers_of_the_notes() -> None:
    cosine = schedules.cosine([0, 25, 50, 75, 100, 120], 0.1, 100)
    np.testing.assert_allclose(cosine, (0.1, 0.085355, 0.05, 0.014645, 0, 0), atol=1e-6)
    np.testing.assert_allclose(schedules.step_decay([29, 30, 60], 0.1, 30), (0.1, 0.01, 0.001))
    steps = [0, 1, 1000, 4000, 8000, 16000, 100000]
    known = (0, 1.7469e-7, 1.74693e-4, 6.98771e-4, 4.94106e-4, 3.49386e-4, 1.39754e-4)
    np.testing.assert_allclose(schedules.inverse_root(steps, 512, 4000), known, rtol=1e-4)
    np.testing.assert_allclose(schedules.warm_linear([500, 5500], 0.001, 1000, 10000), (5e-4, 5e-4))
    found = schedules.resnet([0, 4, 5, 29, 30, 60], 0.1, 5, (30, 60))
    np.testing.assert_allclose(found, (0.01, 0.01, 0.1, 0.1, 0.01, 0.001))
    np.testing.assert_allclose(schedules.warm_cosine([0, 5, 10, 55, 100], 1.0, 10, 100), (0, 0.5, 1, 0.5, 0))


def test_clipping_is_that_of_torch() -> None:
    np.testing.assert_allclose(clipped(np.array([3.0, 4.0]), 1.0), (0.6, 0.8))
    g = np.random.default_rng(0).standard_normal(9)
    weight = torch.zeros(9, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.from_numpy(g.copy())
    torch.nn.utils.clip_grad_norm_([weight], 0.7)
    np.testing.assert_allclose(clipped(g, 0.7, tiny=TINY), weight.grad.numpy(), atol=1e-12)
    assert (clipped(np.array([[0.0, 0.0], [0.1, 0.0]]), 1.0) == [[0, 0], [0.1, 0]]).all()


def test_annealing_only_descends_without_heat_and_finds_the_deepest_hole_with_it() -> None:
    surface, starts = rugged(1), np.full((200, 1), 4.0)
    cold = anneal(surface, np.zeros(400), starts, reach=0.3)
    assert (np.diff(cold.values, axis=0) <= 1e-12).all()
    heated = anneal(surface, np.geomspace(2.0, 0.01, 400), starts, reach=0.3)
    deep = [(np.abs(way.points[-1]) < 0.5).mean() for way in (cold, heated)]
    assert deep[1] > deep[0] + 0.3
    np.testing.assert_allclose(chance([-1.0, 0.0, 1.0], 0.5), (1, 1, np.exp(-2)))
    np.testing.assert_allclose(chance([-1.0, 0.0, 1e-9], 0.0), (1, 1, 0))


def test_annealing_settles_into_the_boltzmann_distribution() -> None:
    surface, heat = rugged(1), 0.4
    found = anneal(surface, np.full(300, heat), np.zeros((4000, 1)), reach=1.0, seed=1)
    w = np.linspace(-12, 12, 4001)
    weight = np.exp(-surface.value(w[:, None]) / heat)
    known = float((surface.value(w[:, None]) * weight).sum() / weight.sum())
    assert abs(found.values[-1].mean() - known) < 0.02
