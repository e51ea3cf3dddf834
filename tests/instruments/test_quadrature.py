"""Trace, moments and density of matrices whose eigenvalues are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from dltui.instruments.curvature.density import density
from dltui.instruments.curvature.exact import described
from dltui.instruments.curvature.extremes import ends
from dltui.instruments.curvature.operator import Matrix
from dltui.instruments.curvature.slq import Atoms, Estimate, quadrature


def matrix(outliers: int = 3, n: int = 300, seed: int = 0) -> torch.Tensor:
    """Return a matrix like a trained network's Hessian: a few outliers and a bulk around 0."""
    generator = torch.Generator().manual_seed(seed)
    bulk = torch.randn(n - outliers, generator=generator, dtype=torch.float64) * 0.1
    values = torch.cat([torch.linspace(3, 8, outliers, dtype=torch.float64), bulk])
    basis = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64)).Q
    return (basis * values) @ basis.T


def estimate(operator: Matrix, seed: int, probes: int = 4, top: int = 5) -> Estimate:
    generator = torch.Generator().manual_seed(seed)
    found = ends(operator, top=top, bottom=top, tolerance=1e-6, steps=120, generator=generator)
    return quadrature(
        operator, found.values, found.vectors, probes=probes, trace_probes=20, steps=40, generator=generator
    )


def test_trace_and_moments_are_within_their_errors() -> None:
    h = matrix()
    true = np.linalg.eigvalsh(h.numpy())
    z = []
    for seed in range(20):
        found = estimate(Matrix(h), seed)
        z.append((found.trace - true.sum()) / found.trace_stderr)
        assert found.moments[0] == pytest.approx(found.trace / 300)
        assert found.moments[1] == pytest.approx((true**2).mean(), rel=0.02)
        assert found.trace_stderr < 0.05 * true.sum()
    assert np.abs(z).max() < 3.5
    assert 0.5 < np.std(z) < 1.5  # the standard error is neither too small nor too large


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
    grid, curve, width = density(Atoms(values, np.full(len(values), 1 / len(values))))
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
    assert found.trace == pytest.approx(true.sum(), rel=1e-12)
    assert found.moments == pytest.approx((true.mean(), (true**2).mean()))
    assert 0 < found.trace_stderr < 1e-4 * true.sum()
