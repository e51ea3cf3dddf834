"""Noise scale, cosines and batches against closed forms, per-sample gradients written out, and their own law."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from dltui.errors import UsageError
from dltui.instruments.gradients import measure
from dltui.instruments.gradients.batches import batch_length, compare
from dltui.instruments.gradients.per_sample import sample_norms
from dltui.objective import Objective
from dltui.results.noise import Noise

Floats = NDArray[np.float64]


def sums_of(g: Floats) -> Floats:
    """Return the sums that ``Noise`` wants of gradients of shape (n, d)."""
    q, h = (g**2).sum(1), g @ g.mean(0)
    return np.array([q.sum(), h.sum(), (q * q).sum(), (q * h).sum(), (h * h).sum()])


def noise_of(g: Floats) -> Noise:
    return Noise.of(sums_of(g), len(g), float(g.mean(0) @ g.mean(0)))


def both(g: Floats) -> tuple[float, float]:
    """Return tr Σ and ‖G‖² by their definitions: sample covariance, and the mean over pairs of different samples."""
    n, total = len(g), g.sum(0)
    square = (total @ total - (g**2).sum()) / (n * (n - 1))
    return float(np.cov(g.T).trace()), float(square)


def test_estimates_and_errors_are_those_of_the_jackknife() -> None:
    g = np.random.default_rng(0).normal(0.3, 1, (23, 4)) ** 3
    found = noise_of(g)
    assert (found.trace, found.square) == pytest.approx(both(g), rel=1e-10)
    left_out = np.array([both(np.delete(g, i, 0)) for i in range(len(g))])
    spread = (len(g) - 1) * np.cov(left_out.T, bias=True)
    assert found.trace_variance == pytest.approx(spread[0, 0], rel=1e-8)
    assert found.square_variance == pytest.approx(spread[1, 1], rel=1e-8)
    assert found.covariance == pytest.approx(spread[0, 1], rel=1e-8)


@pytest.mark.parametrize("signal", [1.0, 0.2, 0.0])
def test_the_interval_holds_what_is_true_and_the_estimates_lean_to_no_side(signal: float) -> None:
    rng, scales = np.random.default_rng(1), np.linspace(0.2, 2, 12)
    trace, square = float((scales**2).sum()), 3 * signal**2
    mean = np.r_[np.full(3, signal), np.zeros(9)]
    found = [noise_of(mean + rng.standard_normal((120, 12)) * scales) for _ in range(300)]
    for drawn, true in (([one.trace for one in found], trace), ([one.square for one in found], square)):
        assert abs(np.mean(drawn) - true) < 3 * np.std(drawn) / len(drawn) ** 0.5
    true_scale = trace / square if square else inf
    held = [one.interval[0] <= true_scale <= one.interval[1] for one in found]
    assert np.mean(held) >= 0.92
    assert (np.mean([one.scale is None for one in found]) > 0.9) == (signal < 0.5)


def test_a_gradient_that_is_not_told_from_none_has_no_scale() -> None:
    found = noise_of(np.random.default_rng(3).normal(0, 1, (50, 3)))
    assert found.scale is None
    assert found.summary()["scale_high"] is None
    assert found.words() == f"> {found.interval[0]:.3g}"
    below = replace(found, square=-3e-4, square_variance=1e-8, trace=0.5, trace_variance=6e-3, covariance=0.0)
    assert below.interval == (0.0, inf)
    assert below.words() == "not known"  # "> 0" would tell nothing


def regression(samples: int = 60) -> tuple[Objective, Floats]:
    """Return a linear regression and the gradient of every sample in closed form: 2 (w·x + b − y) (x, 1)."""
    torch.manual_seed(0)
    model = nn.Linear(4, 1).double()
    x, y = torch.randn(samples, 4).double(), torch.randn(samples, 1).double()
    wrong = 2 * (model(x) - y).detach()
    rows = torch.cat([wrong * x, wrong], 1).numpy()
    return Objective.bind(model, x, y, task="numbers", block=16), rows


def test_linear_regression_is_as_in_closed_form() -> None:
    objective, rows = regression()
    found = measure(objective, batch_size=8)
    assert found.sample_norms is not None
    np.testing.assert_allclose(found.sample_norms, np.linalg.norm(rows, axis=1), rtol=1e-13)
    assert found.noise is not None
    assert found.layer_noise is not None
    for one, columns in (
        (found.noise, rows),
        (found.layer_noise[0], rows[:, :4]),
        (found.layer_noise[1], rows[:, 4:]),
    ):
        wanted = noise_of(columns)
        assert (one.trace, one.square) == pytest.approx((wanted.trace, wanted.square), rel=1e-10)
        assert one.square_error == pytest.approx(wanted.square_error, rel=1e-8)
        assert one.trace_error == pytest.approx(wanted.trace_error, rel=1e-8)


@pytest.mark.parametrize("way", ["ghost", "vmap", "one by one"])
def test_products_with_a_direction_are_the_same_by_every_way(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way != "ghost":
        monkeypatch.setattr("dltui.instruments.gradients.per_sample.owned", lambda _: {})
    if way == "one by one":
        monkeypatch.setattr(
            "dltui.instruments.gradients.per_sample.by_vmap",
            lambda *_: (_ for _ in ()).throw(RuntimeError("no")),
        )
    objective, rows = regression()
    direction = torch.randn(5, dtype=torch.float64)
    found = sample_norms(objective, towards=direction)
    assert found.method.startswith(way)
    assert found.sums is not None
    q, h = (rows**2).sum(1), rows @ direction.numpy()
    np.testing.assert_allclose(
        found.sums[:, -1], [q.sum(), h.sum(), (q * q).sum(), (q * h).sum(), (h * h).sum()], rtol=1e-11
    )
    q, h = (rows[:, :4] ** 2).sum(1), rows[:, :4] @ direction[:4].numpy()
    np.testing.assert_allclose(found.sums[[0, 1, 3], 0], [q.sum(), h.sum(), (q * h).sum()], rtol=1e-11)


@pytest.mark.parametrize("size", [4, 10, 30])
def test_batches_are_as_long_as_the_law_says(size: int) -> None:
    """E‖g_B‖² = ‖G‖² + tr Σ / B within three standard errors (McCandlish et al. 2018)."""
    objective, rows = regression(240)
    noise = noise_of(rows)
    squares = []
    for seed in range(30):
        order = np.random.default_rng(seed).permutation(len(rows)).reshape(-1, size)
        squares += [float(rows[batch].mean(0) @ rows[batch].mean(0)) for batch in order]
    error = np.std(squares) / len(squares) ** 0.5
    assert abs(np.mean(squares) - noise.expected(size)) < 3 * error
    found = compare(objective, size, seed=0)
    assert found.count == min(64, 240 // size)
    assert abs(found.square - noise.expected(size)) < 4 * found.square_error


def test_cosines_are_those_of_the_batches() -> None:
    objective, rows = regression()
    found = compare(objective, 7, seed=5)
    order = np.random.default_rng(5).permutation(60)
    means = [rows[order[i * 7 : i * 7 + 7]].mean(0) for i in range(8)]

    def cosine(a: Floats, b: Floats) -> float:
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    for place, part in ((0, slice(0, 4)), (1, slice(4, 5)), (2, slice(0, 5))):
        pairs = [cosine(a[part], b[part]) for a, b in pairwise(means)]
        assert found.cosines[place] == pytest.approx(np.mean(pairs), rel=1e-10)
        assert found.errors[place] >= np.std(pairs, ddof=1) / len(pairs) ** 0.5 * (1 - 1e-9)


def test_batches_have_a_size_that_fits() -> None:
    assert batch_length(None, 1000) == 64
    assert batch_length(None, 9) == 4
    assert batch_length(None, 1) == 0
    assert batch_length(5, 10) == 5
    with pytest.raises(UsageError, match="from 1 to 5"):
        batch_length(6, 10)
    lone = measure(Objective.bind(nn.Linear(2, 2), torch.randn(1, 2), torch.tensor([1])))
    assert lone.cosines is None
    assert lone.noise is None
    assert lone.document()["batches"] is None
