"""Trace, moments and density of matrices whose eigenvalues are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from dltui.errors import UsageError
from dltui.instruments.curvature.exact import described
from dltui.instruments.curvature.extremes import ends
from dltui.instruments.curvature.operator import Matrix
from dltui.instruments.curvature.slq import Estimate, known_sums, quadrature
from dltui.instruments.curvature.traces import probe, together, trace
from dltui.results.smoothing import smooth
from dltui.results.verdict import effective_rank, shares


def matrix(outliers: int = 3, n: int = 300, seed: int = 0) -> torch.Tensor:
    """Return a matrix like a trained network's Hessian: a few outliers and a bulk around 0."""
    generator = torch.Generator().manual_seed(seed)
    bulk = torch.randn(n - outliers, generator=generator, dtype=torch.float64) * 0.1
    values = torch.cat([torch.linspace(3, 8, outliers, dtype=torch.float64), bulk])
    basis = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64)).Q
    return (basis * values) @ basis.T


def estimate(operator: Matrix, seed: int, probes: int = 4, top: int = 5) -> Estimate:
    generator = torch.Generator().manual_seed(seed)
    found = ends(operator, top=top, bottom=top, tolerance=1e-4, steps=120, generator=generator)
    seen = quadrature(operator, found.values, found.vectors, probes=probes, steps=40, generator=generator)
    samples = [*seen.samples, *probe(operator, found.vectors, 20, generator)]
    sums, scale = known_sums(found.values)
    return replace(seen, trace=together(sums, samples, operator, "deflated", scale))


METHODS = {
    "deflated, after the ends": lambda h, seed: estimate(Matrix(h), seed).trace,
    **{
        f"{method}, {products} products": lambda h, seed, method=method, products=products: trace(
            Matrix(h), method=method, products=products, generator=torch.Generator().manual_seed(seed)
        )
        for method in ("deflated", "hutch++", "hutchinson")
        for products in (60, 90)
    },
}


@pytest.mark.parametrize("name", METHODS)
def test_traces_are_within_their_errors(name: str) -> None:
    h = matrix()
    true = np.linalg.eigvalsh(h.numpy())
    found = [METHODS[name](h, seed) for seed in range(30 if "ends" in name else 100)]
    for z in (
        [(one.trace - true.sum()) / one.trace_stderr for one in found],
        [(one.square - (true**2).sum()) / one.square_stderr for one in found],
    ):
        assert (np.abs(z) < 3).mean() >= 0.95
        assert 0.7 < np.std(z) < 1.4  # the standard error is neither too small nor too large
        assert abs(np.mean(z)) < 0.35


def test_holding_the_outliers_out_of_the_chance_pays() -> None:
    h = matrix()
    errors = {
        method: np.median([
            trace(
                Matrix(h), method=method, products=60, generator=torch.Generator().manual_seed(seed)
            ).trace_stderr
            for seed in range(10)
        ])
        for method in ("deflated", "hutch++", "hutchinson")
    }
    assert max(errors["deflated"], errors["hutch++"]) < errors["hutchinson"] / 2


def test_a_trace_from_too_few_products_is_refused() -> None:
    with pytest.raises(UsageError, match="8 products: expected at least 9"):
        trace(Matrix(matrix()), products=8, generator=torch.Generator())


def test_what_is_read_off_a_spectrum_has_an_error() -> None:
    h = matrix()
    true = np.linalg.eigvalsh(h.numpy())
    edge = 1e-3 * true[-1]
    z = []
    for seed in range(10):
        found = estimate(Matrix(h), seed)
        value, error = found.read(lambda one: effective_rank(one.places, one.weights, 300))
        z.append((value - effective_rank(true, np.full(300, 1 / 300), 300)) / error)
        negative, wide = found.read(lambda one: shares(one.places, one.weights)[1])
        assert negative == pytest.approx((true < -edge).mean(), abs=5 * wide + 0.02)
    assert np.median(np.abs(z)) < 3
    assert np.isnan(estimate(Matrix(h), 0, probes=1).read(lambda one: float(one.places[0]))[1])


def test_mass_is_one_and_lies_where_the_eigenvalues_are() -> None:
    h = matrix()
    true = np.linalg.eigvalsh(h.numpy())
    for probes in (1, 4):
        atoms = estimate(Matrix(h), 1, probes=probes).atoms
        assert atoms.weights.sum() == pytest.approx(1, abs=1e-9)
        distance = wasserstein_distance(atoms.places, true, atoms.weights)
        assert distance < 2e-3 * (true[-1] - true[0])


def test_two_clusters_have_half_of_the_mass_each() -> None:
    basis = torch.linalg.qr(
        torch.randn(200, 200, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    ).Q
    values = torch.cat([torch.ones(100), 5 * torch.ones(100)]).double()
    atoms = estimate(Matrix((basis * values) @ basis.T), 0, top=2, probes=16).atoms
    for place in (1, 5):
        near = np.abs(atoms.places - place) < 0.01
        assert atoms.weights[near].sum() == pytest.approx(0.5, abs=0.05)
    somewhere = atoms.places[atoms.weights > 1e-12]
    assert (np.minimum(np.abs(somewhere - 1), np.abs(somewhere - 5)) < 1e-6).all()


@pytest.mark.parametrize(
    "places",
    [
        [0.0],
        [-1.0, 2.0],
        [0.0, 0.0, 1e-9, 5.0],
        [-3.0, -2.9],
        list(np.random.default_rng(0).standard_cauchy(50)),
        [1e-12, 2e-12],
    ],
)
def test_a_density_integrates_to_one_and_keeps_the_mean(places: list[float]) -> None:
    values = np.sort(np.array(places))
    grid, curve, width = smooth(values, np.full(len(values), 1 / len(values)))
    assert (np.diff(grid) > 0).all()
    assert np.trapezoid(curve, grid) == pytest.approx(1, abs=1e-12)
    scale = np.abs(values).max() or 1.0
    assert np.trapezoid(grid * curve, grid) == pytest.approx(values.mean(), abs=1e-5 * scale)
    second = (values**2).mean()
    wanted = second + 0.03**2 * second + width**2
    assert np.trapezoid(grid**2 * curve, grid) == pytest.approx(wanted, rel=1e-3)
    assert len(grid) < 2000


def test_a_spectrum_known_in_full_is_described_exactly() -> None:
    true = np.linalg.eigvalsh(matrix().numpy())
    found = described(true)
    assert found.trace.trace == pytest.approx(true.sum(), rel=1e-12)
    assert found.trace.square == pytest.approx((true**2).sum())
    assert 0 < found.trace.trace_stderr < 1e-4 * true.sum()
    assert found.read(lambda one: float(one.places[-1])) == (true[-1], 0.0)
