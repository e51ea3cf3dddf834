"""Nearest neighbours both ways, and plans that are blurred, against scipy and against what they must be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from dltui.scene.points.distances import between, links, sinkhorn


def clouds(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(n, 3)), draw.normal(size=(n, 3)) + 0.5


@pytest.mark.parametrize(("squared", "mean"), [(True, False), (True, True), (False, False), (False, True)])
def test_chamfer_adds_up_what_scipy_finds(squared: bool, mean: bool) -> None:
    one, other = clouds(30)
    gaps = cdist(one, other[:20])
    np.testing.assert_allclose(between(one, other[:20]), gaps, atol=1e-12)
    found = links(one, other[:20])
    assert found.to.tolist() == gaps.argmin(1).tolist()
    assert found.fro.tolist() == gaps.argmin(0).tolist()
    sums = [gaps.min(axis) ** (2 if squared else 1) for axis in (1, 0)]
    known = sum(part.mean() if mean else part.sum() for part in sums)
    assert found.chamfer(squared=squared, mean=mean) == pytest.approx(known)


@pytest.mark.parametrize("epsilon", [0.002, 0.05, 1.0, 100.0])
def test_a_plan_gives_everyone_as_much_and_costs_no_less_than_the_best(epsilon: float) -> None:
    cost = between(*clouds(25))
    plan = sinkhorn(cost, epsilon)
    assert plan.min() >= 0
    for axis in (0, 1):
        np.testing.assert_allclose(plan.sum(axis=axis), 1 / 25, atol=1e-12)
    rows, columns = linear_sum_assignment(cost)
    best = cost[rows, columns].mean()
    assert (plan * cost).sum() >= best - 1e-12
    if epsilon < 0.01:
        assert (plan * cost).sum() == pytest.approx(best, rel=0.01)
    if epsilon > 10:
        assert (plan * cost).sum() == pytest.approx(cost.mean(), rel=0.01)


def test_clouds_that_are_one_are_not_apart() -> None:
    one = clouds(10)[0]
    assert links(one, one[::-1]).chamfer() == 0
    assert sinkhorn(np.zeros((3, 3)), 0.1) == pytest.approx(np.full((3, 3), 1 / 9))
