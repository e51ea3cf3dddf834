"""Nearest neighbours both ways, and plans that are blurred, against scipy and against what they must be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from dltui.matching import matching, rematched
from dltui.scene.points.distances import between, links, sinkhorn
from dltui.scene.points.thinning import lots


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


def test_costs_of_unlike_size_leave_a_plan() -> None:
    numbers = np.random.default_rng(4)
    cost = 1e6 * numbers.random((6, 6))
    cost[0] = 1e9  # whoever gets this row, it costs
    plan = sinkhorn(cost, 1.0, rounds=2000)
    assert np.isfinite(plan).all()
    rows, columns = linear_sum_assignment(cost)
    assert (plan * cost).sum() == pytest.approx(cost[rows, columns].mean(), rel=1e-3)


@pytest.mark.parametrize("count", [1, 2, 9, 40])
def test_a_matching_is_mended_when_one_row_changes(count: int) -> None:
    numbers = np.random.default_rng(count)
    cost = numbers.random((count, count))
    held = matching(cost)
    before = held.column_of.copy()
    for row in range(min(count, 10)):
        other = cost.copy()
        other[row] = 3 * numbers.random(count) - 1
        mended = rematched(other, held, row)
        assert sorted(mended.column_of.tolist()) == list(range(count))
        assert (mended.row_of[mended.column_of] == np.arange(count)).all()
        best = other[linear_sum_assignment(other)].sum()
        assert other[np.arange(count), mended.column_of].sum() == pytest.approx(best)
        assert (other - mended.wages[:, None] - mended.prices).min() > -1e-9  # the prices prove it
    assert (held.column_of == before).all(), "what was known has changed"


@pytest.mark.parametrize("uneven", [False, True])
def test_lots_fall_as_a_search_by_halves_says(uneven: bool) -> None:
    area = np.random.default_rng(0).random(300)
    if uneven:
        area[5:] *= 1e-9
    count = 5000
    found = lots(area, count, np.random.default_rng(1))
    draws = np.random.default_rng(1).random(count) * area.sum()
    np.testing.assert_array_equal(found, np.searchsorted(np.cumsum(area), draws, side="right"))
