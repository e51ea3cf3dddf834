"""Each measure is 1 on a head that was planted for it, and what the formula says elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dltui.instruments.attention.measures import (
    at_offset,
    distance,
    entropy,
    evenness,
    first,
    induction,
    is_causal,
    measure,
    rollout,
)
from dltui.results.attention import MEASURES

T = 8
RANDOM = np.random.default_rng(0)


def planted(to: np.ndarray, keys: int = T) -> np.ndarray:
    """Return a head whose query i looks at key ``to[i]`` alone."""
    return np.eye(keys)[to]


def head(*shape: int, causal: bool = False) -> np.ndarray:
    """Return random attention."""
    scores = RANDOM.normal(size=shape)
    if causal:
        scores = np.where(np.tril(np.ones(shape[-2:])), scores, -np.inf)
    weights = np.exp(scores)
    return weights / weights.sum(-1, keepdims=True)


PREVIOUS = planted(np.maximum(np.arange(T) - 1, 0))
NEXT = planted(np.minimum(np.arange(T) + 1, T - 1))
CURRENT = planted(np.arange(T))
FIRST = planted(np.zeros(T, int))
HALF = T // 2
INDUCTION = planted(np.where(np.arange(T) < HALF, 0, np.arange(T) - HALF + 1))

PLANTED = [
    ("previous token", lambda: at_offset(PREVIOUS, -1)),
    ("current token", lambda: at_offset(CURRENT, 0)),
    ("next token", lambda: at_offset(NEXT, 1)),
    ("first token", lambda: first(FIRST)),
    ("induction", lambda: induction(INDUCTION)),
    ("evenness", lambda: evenness(np.full((T, T), 1 / T), causal=False)),
    (
        "evenness behind a mask",
        lambda: evenness(np.tril(np.ones((T, T))) / np.arange(1, T + 1)[:, None], causal=True),
    ),
    ("distance", lambda: distance(planted((np.arange(T) + np.where(np.arange(T) % 2, -1, 1)) % T))),
]


@pytest.mark.parametrize(("name", "score"), PLANTED, ids=[name for name, _ in PLANTED])
def test_a_planted_head_scores_one(name: str, score: object) -> None:
    assert score() == pytest.approx(1.0)  # type: ignore[operator]


def test_a_planted_head_scores_nothing_else() -> None:
    assert at_offset(CURRENT, -1) == at_offset(PREVIOUS, 1) == at_offset(NEXT, 0 - 1) == 0
    assert induction(CURRENT) == 0
    assert entropy(FIRST) == pytest.approx(0, abs=1e-9)


def test_entropy_is_that_of_scipy() -> None:
    from scipy.stats import entropy as theirs

    a = head(2, 3, T, T, causal=True)
    np.testing.assert_allclose(entropy(a), theirs(a, axis=-1).mean(-1), rtol=1e-9)
    assert entropy(np.full((T, T), 1 / T)) == pytest.approx(math.log(T))


def test_distance_is_the_weighted_mean_written_out() -> None:
    a = head(T, T)
    expected = sum(a[i, j] * abs(i - j) for i in range(T) for j in range(T)) / a.sum()
    assert distance(a) == pytest.approx(expected)


def test_distance_over_a_picture_is_euclidean_and_leaves_the_class_token_out() -> None:
    rows, columns = 2, 3
    a = head(1 + rows * columns, 1 + rows * columns)
    places = [(i // columns, i % columns) for i in range(rows * columns)]
    total = sum(
        a[1 + i, 1 + j] * math.dist(places[i], places[j]) for i in range(6) for j in range(6)
    ) / a[1:, 1:].sum()  # fmt: skip
    assert distance(a, (rows, columns), 1) == pytest.approx(total)
    assert np.isnan(distance(planted(np.zeros(7, int), 7), (2, 3), 1))  # all looks at the class token


def test_offsets_are_diagonals_of_any_width() -> None:
    a = head(3, 5, 7)
    assert at_offset(a, -2) == pytest.approx([np.mean([one[i, i - 2] for i in range(2, 5)]) for one in a])
    assert at_offset(a, 3) == pytest.approx([np.mean([one[i, i + 3] for i in range(4)]) for one in a])
    assert np.isnan(at_offset(a, 9)).all()


def test_induction_is_the_mean_over_the_second_half() -> None:
    a = head(2, 12, 12, causal=True)
    expected = [np.mean([one[i, i - 5] for i in range(6, 12)]) for one in a]
    np.testing.assert_allclose(induction(a), expected)


def test_causal_is_told_by_what_is_taken_from_later_keys() -> None:
    assert is_causal(head(2, T, T, causal=True))
    assert not is_causal(head(2, T, T))
    assert not is_causal(np.ones((1, 1)))


def test_measures_that_mean_nothing_are_not_numbers() -> None:
    told = dict(zip(MEASURES, measure(head(2, 3, T, T, causal=True)), strict=True))
    assert np.isnan(told["next"]).all()
    assert np.isnan(told["induction"]).all()
    assert all(np.isfinite(told[name]).all() for name in set(MEASURES) - {"next", "induction"})
    assert np.isnan(measure(head(1, 1, 1, 1))[list(MEASURES).index("previous")]).all()


def test_rollout_is_the_product_of_half_identities() -> None:
    a = head(3, 4, T, T)
    eye = np.eye(T)
    one, two, three = ((layer.mean(0) + eye) / 2 for layer in a)
    found = rollout(a)
    np.testing.assert_allclose(found[0], one, atol=1e-6)
    np.testing.assert_allclose(found[2], three @ two @ one, atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)


def test_rollout_of_two_layers_that_hand_on_once() -> None:
    # Abnar and Zuidema's recursion by hand: position 1 reads 0, and position 2 reads 1 a layer later.
    first_layer, second = planted(np.array([0, 0, 2]), 3), planted(np.array([0, 1, 1]), 3)
    found = rollout(np.stack([first_layer, second])[:, None])
    np.testing.assert_allclose(found[1, 2], [0.25, 0.25, 0.5])
