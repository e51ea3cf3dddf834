"""Lanczos on matrices whose eigenvalues are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from dltui.instruments.curvature.extremes import ends
from dltui.instruments.curvature.lanczos import lanczos
from dltui.instruments.curvature.operator import Matrix, gaussian


def rotated(values: Tensor, seed: int = 0) -> Tensor:
    """Return a symmetric matrix with these eigenvalues in random directions."""
    n = len(values)
    basis = torch.linalg.qr(
        torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    ).Q
    matrix = (basis * values.double()) @ basis.T
    return (matrix + matrix.T) / 2


def wishart() -> Tensor:
    x = torch.randn(400, 150, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return x.T @ x / 400


OPERATORS: dict[str, Callable[[], Tensor]] = {
    "diagonal": lambda: torch.diag(torch.linspace(-3, 10, 120, dtype=torch.float64)),
    "wishart": wishart,
    "two clusters": lambda: rotated(torch.cat([torch.ones(60), 5 * torch.ones(60)])),
    "repeated at the top": lambda: rotated(torch.cat([torch.full((4,), 7.0), torch.linspace(-1, 6, 96)])),
    "flat bottom": lambda: rotated(torch.cat([torch.zeros(70), torch.linspace(0.5, 9, 50)])),
    "all negative": lambda: rotated(-torch.linspace(1, 40, 90)),
    "nothing": lambda: torch.zeros(30, 30, dtype=torch.float64),
    "one number": lambda: torch.tensor([[-2.5]], dtype=torch.float64),
    "three": lambda: rotated(torch.tensor([1.0, 2.0, 3.0])),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OPERATORS)
def test_both_ends_are_those_of_the_dense_matrix(name: str, dtype: torch.dtype) -> None:
    matrix = OPERATORS[name]()
    wanted = np.linalg.eigvalsh(matrix.numpy())
    found = ends(
        Matrix(matrix.to(dtype)),
        top=5,
        bottom=4,
        tolerance=1e-5,
        steps=100,
        generator=torch.Generator().manual_seed(3),
    )
    assert found.converged
    scale = np.abs(wanted).max() or 1.0
    np.testing.assert_allclose(found.top, wanted[::-1][:5], atol=1e-5 * scale)
    np.testing.assert_allclose(found.bottom, wanted[:4], atol=1e-5 * scale)
    assert (np.abs(found.top - wanted[::-1][:5]) <= found.top_residuals).all()
    assert (np.abs(found.bottom - wanted[:4]) <= found.bottom_residuals).all()
    gram = found.vectors @ found.vectors.T
    torch.testing.assert_close(gram, torch.eye(len(gram), dtype=dtype), atol=1e-5, rtol=0)


def test_too_few_steps_are_admitted() -> None:
    spread = torch.diag(torch.linspace(0, 1, 2000, dtype=torch.float64))
    found = ends(
        Matrix(spread), top=5, bottom=5, tolerance=1e-6, steps=10, generator=torch.Generator().manual_seed(0)
    )
    assert not found.converged
    assert len(found.top) == len(found.bottom) == 5
    assert found.top_residuals.max() > 1e-6


def test_the_residual_bounds_the_error_whatever_the_seed() -> None:
    matrix = wishart()
    true = np.linalg.eigvalsh(matrix.numpy())
    for seed in range(50):
        operator = Matrix(matrix)
        start = gaussian(operator, torch.Generator().manual_seed(seed))
        ritz = lanczos(operator, start, 12).ritz()
        nearest = np.abs(true[:, None] - ritz.values[None, :]).min(0)
        assert (nearest <= ritz.residuals * (1 + 1e-9) + 1e-12).all()
        assert ritz.residuals.max() > 1e-3  # the bound is put to the test


def test_the_residual_is_that_of_the_vector_also_beside_locked_ones() -> None:
    matrix = wishart()
    operator = Matrix(matrix)
    away = torch.linalg.qr(
        torch.randn(150, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    ).Q.T
    run = lanczos(operator, gaussian(operator, torch.Generator().manual_seed(1)), 20, away=away)
    ritz = run.ritz()
    vectors = torch.from_numpy(ritz.vectors).T @ run.basis
    wanted = (vectors @ matrix - torch.from_numpy(ritz.values)[:, None] * vectors).norm(dim=1)
    np.testing.assert_allclose(ritz.residuals, wanted.numpy(), rtol=1e-9, atol=1e-12)
    assert (vectors @ away.T).abs().max() < 1e-12


def test_no_eigenvalue_comes_back_as_a_ghost() -> None:
    values = torch.cat([torch.tensor([50.0, 30.0, 20.0]), torch.linspace(0, 1, 497)])
    operator = Matrix(rotated(values).float())
    run = lanczos(operator, gaussian(operator, torch.Generator().manual_seed(0)), 100)
    ritz = run.ritz().values
    for outlier in (50.0, 30.0, 20.0):
        assert (np.abs(ritz - outlier) < 0.01).sum() == 1
    gram = run.basis @ run.basis.T
    torch.testing.assert_close(gram, torch.eye(100), atol=1e-5, rtol=0)


def test_an_exhausted_space_ends_the_run() -> None:
    operator = Matrix(rotated(torch.cat([torch.ones(20), 4 * torch.ones(20)])))
    run = lanczos(operator, gaussian(operator, torch.Generator().manual_seed(0)), 30)
    assert run.products == len(run.table) == 2
    assert run.beyond < 1e-12
    np.testing.assert_allclose(run.ritz().values, [1, 4], rtol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_run_that_is_full_goes_on_from_its_best_vectors(dtype: torch.dtype) -> None:
    values = torch.cat([torch.linspace(0, 1, 380), torch.linspace(1.1, 1.3, 20)])
    matrix = rotated(values).to(dtype)
    found = ends(
        Matrix(matrix), top=4, bottom=0, tolerance=1e-4, steps=18, generator=torch.Generator().manual_seed(1)
    )
    full = lanczos(Matrix(matrix), gaussian(Matrix(matrix), torch.Generator().manual_seed(1)), 18).ritz()
    assert full.residuals[-4:].max() > 1e-2  # without a restart, 18 vectors are far from enough
    wanted = torch.linspace(1.1, 1.3, 20).flip(0)[:4].numpy()
    assert found.top_converged.all()
    np.testing.assert_allclose(found.top, wanted, rtol=1e-5)
    assert (np.abs(found.top - wanted) <= found.top_residuals).all()


def test_the_residual_is_that_of_the_vector_after_restarts_too() -> None:
    matrix = rotated(torch.linspace(-1, 4, 200))
    operator = Matrix(matrix)
    away = torch.linalg.qr(
        torch.randn(200, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    ).Q.T
    start = gaussian(operator, torch.Generator().manual_seed(1))
    run = lanczos(operator, start, 45, rows=14, keep=(3, 3), away=away)
    assert run.products == 45
    assert len(run.table) <= 14
    ritz = run.ritz()
    vectors = torch.from_numpy(ritz.vectors).T @ run.basis
    wanted = (vectors @ matrix - torch.from_numpy(ritz.values)[:, None] * vectors).norm(dim=1)
    np.testing.assert_allclose(ritz.residuals, wanted.numpy(), rtol=1e-8, atol=1e-10)
    torch.testing.assert_close(vectors @ vectors.T, torch.eye(len(vectors)).double(), atol=1e-10, rtol=0)


def test_what_has_not_converged_is_a_bound() -> None:
    spread = torch.linspace(0, 1, 2000, dtype=torch.float64)
    found = ends(
        Matrix(torch.diag(spread)),
        top=3,
        bottom=3,
        tolerance=1e-7,
        steps=8,
        generator=torch.Generator().manual_seed(0),
    )
    assert not found.top_converged.any()
    assert not found.bottom_converged.any()
    assert (found.top <= spread.flip(0)[:3].numpy()).all()
    assert (found.bottom >= spread[:3].numpy()).all()


BOTTOM = [-0.0454, -0.0419, -0.0417, -0.0396, -0.0392, -0.0329, -0.03, -0.028, -0.025, -0.02, -0.015, -0.01]


def test_no_pair_of_a_cluster_is_missed() -> None:
    """A spectrum as small ReLU networks have it: most of it 0, a few outliers, and a cluster at the lower end."""
    torch.manual_seed(0)
    values = torch.tensor([*BOTTOM, *[0.0] * 98, *np.geomspace(0.05, 0.3, 36), 1.1, 1.5, 2.2, 3.4]).double()
    basis = torch.linalg.qr(torch.randn(len(values), len(values)).double()).Q
    operator, true = Matrix((basis * values) @ basis.T), values.sort().values.numpy()
    for seed in range(100):
        found = ends(
            operator,
            top=5,
            bottom=5,
            tolerance=1e-4,
            steps=100,
            generator=torch.Generator().manual_seed(seed),
        )
        assert found.converged
        assert (np.abs(found.bottom - true[:5]) <= found.bottom_residuals + 1e-12).all(), seed
        assert (np.abs(found.top - true[::-1][:5]) <= found.top_residuals + 1e-12).all(), seed
