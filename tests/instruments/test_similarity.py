"""CKA against closed forms, another formula, and the law that makes an estimate unbiased."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.checkpoints.live import LiveModel, Takes, open_live
from dltui.data.inputs import read_samples
from dltui.errors import UsageError
from dltui.instruments.features.layers import capture
from dltui.instruments.features.similarity import centred, products, ratio, similarity, u_centred
from dltui.results import load

Matrix = NDArray[np.float64]


def linear_cka(x: Matrix, y: Matrix) -> float:
    """Kornblith et al. 2019, in the space of the features: ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖) of centred columns."""
    x, y = x - x.mean(0), y - y.mean(0)
    return float(np.linalg.norm(y.T @ x) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def hsic_1(k: Matrix, m: Matrix) -> float:
    """Song et al. 2012, equation 5, by traces and sums."""
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    one = np.ones(n)
    told = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return float((told - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3)))


def features(seed: int, *sizes: tuple[int, int]) -> list[Matrix]:
    draw = np.random.default_rng(seed)
    return [draw.normal(1.0, 2.0, size) for size in sizes]


def by_features(*all_of: Matrix, unbiased: bool) -> Matrix:
    kernels = np.stack([x @ x.T for x in all_of])
    return ratio(*products(kernels, kernels, unbiased=unbiased))


def test_both_estimates_are_those_of_the_papers() -> None:
    x, y, z = features(0, (20, 5), (20, 40), (20, 3))
    y[:, :5] += 3 * x
    found = by_features(x, y, z, unbiased=False)
    unbiased = by_features(x, y, z, unbiased=True)
    for i, a in enumerate((x, y, z)):
        for j, b in enumerate((x, y, z)):
            assert found[i, j] == pytest.approx(linear_cka(a, b), rel=1e-10)
            parts = [hsic_1(p @ p.T, q @ q.T) for p, q in ((a, b), (a, a), (b, b))]
            assert unbiased[i, j] == pytest.approx(parts[0] / np.sqrt(parts[1] * parts[2]), rel=1e-9)


def test_turning_stretching_and_shifting_all_features_changes_nothing() -> None:
    (x,) = features(1, (30, 6))
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
    for unbiased in (False, True):
        found = by_features(x, -3.7 * x @ turn + 11, unbiased=unbiased)
        np.testing.assert_allclose(found, np.ones((2, 2)), rtol=1e-9)


def test_two_directions_have_the_square_of_their_correlation() -> None:
    a, b = features(3, (50, 1), (50, 1))
    b = a + b
    found = by_features(a, b, unbiased=False)
    assert found[0, 1] == pytest.approx(np.corrcoef(a[:, 0], b[:, 0])[0, 1] ** 2, rel=1e-10)


def test_unrelated_features_are_unlike_only_by_the_unbiased_estimate() -> None:
    tries = [by_features(*features(seed, (24, 200), (24, 200)), unbiased=True)[0, 1] for seed in range(20)]
    usual = [by_features(*features(seed, (24, 200), (24, 200)), unbiased=False)[0, 1] for seed in range(20)]
    assert abs(np.mean(tries)) < 0.02
    assert np.mean(usual) > 0.8


def test_the_mean_over_all_parts_of_the_samples_is_that_of_the_whole() -> None:
    x, y = features(4, (8, 3), (8, 2))
    y[:, 0] += x[:, 0]
    k, m = x @ x.T, y @ y.T
    parts = [
        hsic_1(k[np.ix_(rows, rows)], m[np.ix_(rows, rows)]) for rows in map(list, combinations(range(8), 5))
    ]
    assert np.mean(parts) == pytest.approx(hsic_1(k, m), rel=1e-10)
    rows = list(combinations(range(8), 5))[7]
    few = np.stack([k[np.ix_(rows, rows)], m[np.ix_(rows, rows)]])
    one, two = u_centred(few)
    assert (one * two).sum() / (5 * 2) == pytest.approx(hsic_1(*few), rel=1e-10)


def test_centring_takes_off_rows_and_columns() -> None:
    (x,) = features(5, (9, 4))
    h = np.eye(9) - 1 / 9
    np.testing.assert_allclose(centred((x @ x.T)[None])[0], h @ x @ x.T @ h, atol=1e-10)


def net(seed: int) -> LiveModel:
    torch.manual_seed(seed)
    layers = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))
    return LiveModel(layers.eval(), f"net {seed}", "fresh", Takes("array", (5,)))


def outputs(live: LiveModel, names: list[str], samples: Tensor) -> list[Matrix]:
    with torch.no_grad():
        found = capture(live.module, names, samples)
    return [found[name].numpy().astype(float) for name in names]


def test_layers_of_a_network_are_compared_as_their_outputs_are() -> None:
    live, samples = net(0), torch.randn(40, 5)
    found = similarity(live, samples)
    assert found.first == found.second == ["0", "1", "2", "3", "4"]
    wanted = outputs(live, found.first, samples)
    np.testing.assert_allclose(found.unbiased, by_features(*wanted, unbiased=True), rtol=1e-6)
    assert found.linear is not None
    np.testing.assert_allclose(found.linear, by_features(*wanted, unbiased=False), rtol=1e-6)
    np.testing.assert_allclose(np.diag(found.unbiased), 1)
    assert found.nearest()[1][1] in {"0", "2"}


def test_sums_over_batches_are_taken_before_the_ratio() -> None:
    live, other, samples = net(0), net(1), torch.randn(64, 5)
    found = similarity(live, samples, other=other, other_samples=samples, batch_size=16)
    assert found.linear is None
    assert (found.samples, found.batch_size) == (64, 16)
    first, second = outputs(live, found.first, samples), outputs(other, found.second, samples)
    for i, x in enumerate(first):
        for j, y in enumerate(second):
            sums = np.zeros(3)
            for start in range(0, 64, 16):
                k, m = (part[start : start + 16] @ part[start : start + 16].T for part in (x, y))
                sums += [hsic_1(k, m), hsic_1(k, k), hsic_1(m, m)]
            assert found.unbiased[i, j] == pytest.approx(sums[0] / np.sqrt(sums[1] * sums[2]), rel=1e-5)


def test_a_layer_that_never_changes_is_told_as_unknown_and_others_are_not_harmed(tmp_path: Path) -> None:
    live, samples = net(0), torch.randn(40, 5)
    with torch.no_grad():
        live.module[0].bias[:] = -1000  # type: ignore[index, operator, union-attr]
    found = similarity(live, samples)
    assert np.isnan(found.unbiased[1]).all()
    assert found.unbiased[0, 0] == pytest.approx(1)
    assert [figure.words() for figure in found.figures()]
    found.save(tmp_path / "s.safetensors")
    again = load(tmp_path / "s.safetensors")
    np.testing.assert_array_equal(again.unbiased, found.unbiased)  # type: ignore[attr-defined]


def test_a_network_is_like_itself_and_less_like_another_one() -> None:
    live, other = open_live("lenet"), open_live("lenet", seed=1)
    samples = torch.from_numpy(read_samples("digits", live.takes, 100)[0])
    same = similarity(live, samples, other=open_live("lenet"), other_samples=samples, layers=["fc*"])
    np.testing.assert_allclose(np.diag(same.unbiased), 1, rtol=1e-6)
    cross = similarity(live, samples, other=other, other_samples=samples, layers=["fc*"])
    assert (np.diag(cross.unbiased) < 0.999).all()


def test_too_few_samples_and_wrong_names_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 4"):
        similarity(net(0), torch.randn(3, 5))
    with pytest.raises(UsageError, match="no layer is named conv"):
        similarity(net(0), torch.randn(9, 5), layers=["conv"])
