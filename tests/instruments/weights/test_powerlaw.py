"""The power law of a tail, beside the formulas of Clauset, Shalizi and Newman written out."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.instruments.weights.powerlaw import FEWEST, fit, plausibility


def pareto(alpha: float, count: int, seed: int, start: float = 1.0) -> np.ndarray:
    return start * (1 - np.random.default_rng(seed).random(count)) ** (-1 / (alpha - 1))


def by_hand(values: np.ndarray) -> tuple[float, float, float, int]:
    """Try every x_min as section 3.3 of the paper says, without any shortcut."""
    x = np.sort(values)
    best = (np.inf, 0.0, 0.0, 0)
    for start in np.unique(x):
        tail = x[x >= start]
        if len(tail) < FEWEST or tail[-1] == start:
            continue
        alpha = 1 + len(tail) / np.log(tail / start).sum()
        law = 1 - (tail / start) ** (1 - alpha)
        empirical = np.array([i / len(tail) for i in range(len(tail))])
        best = min(best, (np.abs(law - empirical).max(), alpha, start, len(tail)))
    return best


@pytest.mark.parametrize("alpha", [1.5, 2.0, 3.0, 6.0])
def test_the_exponent_of_pareto_samples_is_found(alpha: float) -> None:
    found = fit(pareto(alpha, 2000, seed=int(10 * alpha)))
    assert found is not None
    assert abs(found.alpha - alpha) <= 4 * found.error
    assert found.error == pytest.approx((found.alpha - 1) / np.sqrt(found.tail))
    assert found.distance < 0.05


@pytest.mark.parametrize("seed", range(4))
def test_the_fit_is_that_of_the_recipe(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = np.concatenate([pareto(2.5, 150, seed, 2.0), generator.uniform(0.01, 2, 100)])
    found = fit(values)
    assert found is not None
    distance, alpha, start, tail = by_hand(values)
    assert (found.distance, found.alpha, found.start) == pytest.approx((distance, alpha, start))
    assert found.tail == tail


def test_equal_values_are_one_candidate() -> None:
    values = np.round(pareto(2.2, 300, 5), 1)
    found = fit(values)
    assert found is not None
    assert (found.distance, found.alpha) == pytest.approx(by_hand(values)[:2])


@pytest.mark.parametrize("values", [np.ones(100), np.zeros(50), np.arange(1.0, 5), -np.arange(50.0)])
def test_what_has_no_tail_has_no_law(values: np.ndarray) -> None:
    assert fit(values) is None
    assert plausibility(values) is None


def test_a_power_law_is_plausible_and_a_uniform_spread_is_not() -> None:
    lawful = plausibility(pareto(2.5, 400, 11), draws=40)
    uniform = plausibility(np.random.default_rng(1).uniform(0.5, 1, 1000), draws=40)
    assert lawful is not None
    assert uniform is not None
    assert lawful > 0.1
    assert uniform <= 0.1


def test_scaling_the_values_scales_the_start_alone() -> None:
    values = pareto(3.0, 300, 2)
    one, other = fit(values), fit(1000 * values)
    assert one is not None
    assert other is not None
    assert other.start == pytest.approx(1000 * one.start)
    assert other.alpha == pytest.approx(one.alpha)
