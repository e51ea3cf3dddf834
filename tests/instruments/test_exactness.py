"""Spectra of networks of up to 3,000 parameters against every exact eigenvalue, and closed forms."""

from __future__ import annotations

import itertools
import sys
from typing import NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import wasserstein_distance
from torch import nn

from dltui.data import load
from dltui.errors import DltuiError, UsageError
from dltui.instruments.curvature import Matrix, matrix, spectrum
from dltui.instruments.curvature.exact import dense
from dltui.instruments.curvature.pairs import eigenpairs
from dltui.instruments.curvature.traces import trace
from dltui.objective import Objective

Dense = NDArray[np.float64]


class Known(NamedTuple):
    """A network whose Hessian is known in full, float64: H, its eigenvalues ascending, its eigenvectors as columns."""

    objective: Objective
    matrix: Dense
    values: Dense
    vectors: Dense


def trained(pixels: slice, units: int) -> Objective:
    """Return a tanh MLP on some pixels of 300 digits, trained for a while."""
    digits = load("digits", seed=0)
    x = torch.from_numpy(digits.x_train[:300]).flatten(1)[:, pixels]
    y = torch.from_numpy(digits.y_train[:300])
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(x.shape[1], units), nn.Tanh(), nn.Linear(units, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return Objective.bind(model, x, y, title="mlp")


@pytest.fixture(scope="module")
def network() -> Known:
    """A network of 2,410 parameters."""
    objective = trained(slice(None), 32)
    h = witness(objective)
    return Known(objective, h, *np.linalg.eigh(h))


@pytest.fixture(scope="module")
def small() -> tuple[Objective, Dense]:
    """A network of 550 parameters, where a matrix is to be written out again and again."""
    objective = trained(slice(1, None, 4), 20)
    return objective, witness(objective)


def witness(objective: Objective) -> Dense:
    """Return the Hessian of softmax(W₂ tanh(W₁x + b₁) + b₂) written out by hand, float64.

    H = (1/N) Σ Jᵀ(diag p − ppᵀ)J + Σ r·∂²f with r = p − y: the second part couples each hidden unit to itself
    (r·W₂ tanh″ x̃x̃ᵀ) and to the weights that read it (r tanh′ x̃).
    """
    twin = objective.doubled().twin()
    w1, b1, w2, b2 = (p.detach().numpy() for p in twin.parameters)
    x = objective.inputs.double().numpy()
    n, units, classes = len(x), len(w1), len(w2)
    z = np.tanh(x @ w1.T + b1)
    first, second = 1 - z**2, -2 * z * (1 - z**2)
    f = z @ w2.T + b2
    p = np.exp(f - f.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    r = p - np.eye(classes)[objective.targets.numpy()]
    ones = np.ones((n, 1))
    x1, z1 = np.hstack([x, ones]), np.hstack([z, ones])  # the bias of each unit after its weights
    j1 = np.einsum("cj,nj,nk->ncjk", w2, first, x1).reshape(n, classes, -1)
    j2 = np.einsum("cd,nk->ncdk", np.eye(classes), z1).reshape(n, classes, -1)
    j = np.concatenate([j1, j2], 2)
    pj = np.einsum("nc,ncm->nm", p, j)
    h = (j * p[:, :, None]).reshape(n * classes, -1).T @ j.reshape(n * classes, -1) - pj.T @ pj
    inner = x1.shape[1]
    for unit in range(units):
        own = slice(unit * inner, (unit + 1) * inner)
        h[own, own] += (x1 * (r @ w2[:, unit] * second[:, unit])[:, None]).T @ x1
        for c in range(classes):
            place = units * inner + c * (units + 1) + unit
            mixed = (r[:, c] * first[:, unit]) @ x1
            h[place, own] += mixed
            h[own, place] += mixed
    order = np.concatenate([
        _interleaved(units, inner, 0),
        _interleaved(classes, units + 1, units * inner),
    ])
    return (h / n)[np.ix_(order, order)]


def _interleaved(rows: int, inner: int, start: int) -> NDArray[np.intp]:
    """Return where the weights of a layer, then its biases, lie when each bias follows its row."""
    places = start + np.arange(rows * inner).reshape(rows, inner)
    return np.concatenate([places[:, :-1].ravel(), places[:, -1]])


def test_the_network_is_as_large_as_it_should_be(network: Known) -> None:
    assert 2000 <= len(network.values) <= 3000


@pytest.mark.parametrize(("double", "error"), [(True, 1e-6), (False, 1e-4)])
def test_both_ends_are_exact(network: Known, double: bool, error: float) -> None:
    objective, _, true, vectors = network
    found = spectrum(
        objective.doubled() if double else objective,
        top=10,
        bottom=10,
        tolerance=1e-7 if double else 1e-5,
        exact=False,
        probes=2,
    )
    assert found.method == "lanczos"
    assert found.converged
    np.testing.assert_allclose(found.top_eigenvalues, true[::-1][:10], rtol=error)
    np.testing.assert_allclose(found.bottom_eigenvalues, true[:10], rtol=error)
    for values, wanted, residuals in (
        (found.top_eigenvalues, true[::-1][:10], found.top_residuals),
        (found.bottom_eigenvalues, true[:10], found.bottom_residuals),
    ):
        assert (np.abs(values - wanted) <= residuals).all()
    masses = np.stack([
        (vectors[slot.start : slot.stop, ::-1][:, :10] ** 2).sum(0) for slot in objective.twin().slots
    ])
    np.testing.assert_allclose(found.top_masses, masses.T, atol=3e-2 if not double else 1e-4)


NUMBERS = [*range(1, 11), *range(-10, 0)]


@pytest.mark.parametrize(("double", "angle"), [(True, 1e-6), (False, 2e-2)])
def test_eigenvectors_point_where_the_exact_ones_do(network: Known, double: bool, angle: float) -> None:
    objective, _, true, vectors = network
    found = eigenpairs(
        objective.doubled() if double else objective, NUMBERS, tolerance=1e-9 if double else 1e-5
    )
    for number, vector, residual in zip(
        NUMBERS, found.vectors.double().numpy(), found.residuals, strict=True
    ):
        place = len(true) - number if number > 0 else -number - 1
        exact, unit = vectors[:, place], vector / np.linalg.norm(vector)
        sine = np.linalg.norm(unit - (exact @ unit) * exact)
        gap = np.abs(np.delete(true, place) - true[place]).min()
        assert sine <= max(2 * residual / gap, 1e-9)  # Davis and Kahan
        assert sine < angle


def test_trace_of_the_network_is_within_its_error_for_most_seeds(network: Known) -> None:
    h = network.matrix
    operator = Matrix(torch.from_numpy(h).float())  # as fast again, and rounding is no part of the question
    found = [
        trace(operator, products=30, generator=torch.Generator().manual_seed(seed)) for seed in range(100)
    ]
    first = [abs(one.trace - np.trace(h)) / one.trace_stderr for one in found]
    second = [abs(one.square - (h**2).sum()) / one.square_stderr for one in found]
    assert (np.array(first) < 3).mean() >= 0.95
    assert (np.array(second) < 3).mean() >= 0.95
    assert np.median([one.trace_stderr for one in found]) < 0.02 * np.trace(h)


def test_the_density_lies_where_the_eigenvalues_are(network: Known) -> None:
    true = network.values
    found = spectrum(network.objective, top=20, bottom=1, tolerance=1e-3, exact=False)
    assert found.node_weights.sum() == pytest.approx(1, abs=1e-9)
    assert np.trapezoid(found.density, found.eigenvalues) == pytest.approx(1, abs=1e-9)
    distance = wasserstein_distance(found.nodes, true, found.node_weights)
    assert distance <= 0.01 * (true[-1] - true[0])
    assert distance <= 1e-3 * (true[-1] - true[0])
    flat = (np.abs(true) <= 1e-3 * true[-1]).mean()
    assert found.flat_share == pytest.approx(flat, abs=0.06)


def test_a_matrix_of_more_rows_is_written_out_when_asked(
    small: tuple[Objective, Dense], monkeypatch: pytest.MonkeyPatch
) -> None:
    objective, h = small
    true = np.linalg.eigvalsh(h)
    found = spectrum(objective, exact=True)
    assert (found.method, found.precision, found.converged) == ("exact", "float64", True)
    np.testing.assert_allclose(found.nodes, true, atol=1e-9 * true[-1])
    np.testing.assert_allclose(found.top_eigenvalues, true[::-1][:5], rtol=1e-5)
    assert found.trace == pytest.approx(true.sum(), rel=1e-5)
    for room in ("exact", "spectrum"):  # as beyond 1024 rows
        monkeypatch.setattr(sys.modules[f"dltui.instruments.curvature.{room}"], "DOUBLE", 500)
    single = spectrum(objective, exact=True)
    assert (single.method, single.precision, single.converged) == ("exact", "float32", True)
    np.testing.assert_allclose(single.nodes, true, atol=3e-6 * true[-1])
    np.testing.assert_allclose(single.top_eigenvalues, true[::-1][:5], rtol=1e-5)


def test_planted_eigenvalues_come_back() -> None:
    """L = ½ θᵀAθ as a regression: rows of √(n λᵢ) qᵢ against 0 have H = A."""
    torch.manual_seed(1)
    n = 40
    planted = torch.cat([torch.tensor([9.0, 9.0, 4.0]), torch.linspace(0.01, 1, n - 3)]).double()
    basis = torch.linalg.qr(torch.randn(n, n).double()).Q
    x = (planted * n / 2).sqrt()[:, None] * basis.T
    objective = Objective.bind(
        nn.Linear(n, 1, bias=False).double(), x, torch.zeros(n), task="numbers", block=7
    )
    for exact in (True, False):
        found = spectrum(objective, top=10, bottom=10, exact=exact)
        wanted = planted.sort().values.numpy()
        np.testing.assert_allclose(found.top_eigenvalues, wanted[::-1][:10], rtol=1e-8)
        np.testing.assert_allclose(found.bottom_eigenvalues, wanted[:10], rtol=1e-8)


def test_a_deep_linear_network_has_the_closed_form() -> None:
    """f = w₂w₁x, L = ½·mean of squares·2: the Hessian of (w₂w₁ − c)²·m in (w₁, w₂)."""
    x = torch.tensor([[1.0], [2.0], [-1.0]]).double()
    m, c, w1, w2 = float((x**2).mean()), 1.5, 0.7, -1.2
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)).double()
    with torch.no_grad():
        model[0].weight.fill_(w1), model[1].weight.fill_(w2)
    objective = Objective.bind(model, x, c * x, task="numbers")
    off = 2 * m * (2 * w1 * w2 - c)
    with matrix(objective) as operator:
        np.testing.assert_allclose(dense(operator), [[2 * m * w2**2, off], [off, 2 * m * w1**2]], rtol=1e-12)


def test_a_deep_linear_network_of_many_units_is_a_saddle_at_0() -> None:
    """At W₁ = W₂ = 0 only the mixed second derivatives are left: ± the singular values of 2/(N d)·Σ y xᵀ."""
    torch.manual_seed(2)
    x, y = torch.randn(50, 4).double(), torch.randn(50, 3).double()
    model = nn.Sequential(nn.Linear(4, 5, bias=False), nn.Linear(5, 3, bias=False)).double()
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    found = spectrum(Objective.bind(model, x, y, task="numbers"), top=3, bottom=3)
    singular = np.linalg.svd((2 * y.T @ x / 150).numpy(), compute_uv=False)
    wanted = np.sort(np.concatenate([np.repeat(singular, 5), np.repeat(-singular, 5), np.zeros(5)]))
    np.testing.assert_allclose(found.nodes, wanted, atol=1e-12)
    assert found.standing().word == "saddle"
    assert found.gradient_norm < 1e-12


def test_logistic_regression_has_the_closed_form() -> None:
    torch.manual_seed(3)
    x, y = torch.randn(60, 5).double(), torch.randint(0, 2, (60, 1)).double()
    model = nn.Linear(5, 1, bias=False).double()
    objective = Objective.bind(model, x, y, task="numbers", loss=nn.BCEWithLogitsLoss(), block=13)
    p = model(x).sigmoid().detach()
    wanted = (x.T @ (p * (1 - p) * x) / 60).numpy()
    for name in ("hessian", "ggn", "fisher"):
        with matrix(objective, name) as operator:  # type: ignore[arg-type]
            np.testing.assert_allclose(dense(operator), wanted, atol=1e-14)
    with matrix(objective, "empirical-fisher") as operator:
        np.testing.assert_allclose(dense(operator), (x.T @ ((p - y) ** 2 * x) / 60).numpy(), atol=1e-14)


def test_more_eigenvalues_than_there_are_are_refused() -> None:
    objective = Objective.bind(nn.Linear(3, 2), torch.randn(4, 3), torch.tensor([0, 1, 0, 1]), title="small")
    for end, exact in itertools.product(("top", "bottom"), (True, False)):
        with pytest.raises(UsageError, match=f"the {end} 9 eigenvalues of small, whose matrix has 8") as told:
            spectrum(objective, exact=exact, **{end: 9})  # type: ignore[arg-type]
        assert "\n" not in str(told.value)
    assert (
        len(
            spectrum(
                Objective.bind(nn.Linear(2, 1, bias=False), torch.randn(4, 2), torch.zeros(4), task="numbers")
            ).top_eigenvalues
        )
        == 2
    )


def test_what_has_not_converged_is_not_printed_as_a_number(small: tuple[Objective, Dense]) -> None:
    objective, h = small
    true = np.linalg.eigvalsh(h)
    found = spectrum(objective, top=30, bottom=2, steps=10, tolerance=1e-8, probes=2, exact=False)
    assert not found.converged
    assert not found.top_converged.all()
    loose = ~found.top_converged
    assert (found.top_eigenvalues[loose] <= true[::-1][: len(loose)][loose] * (1 + 1e-5)).all()
    document = found.summary()
    assert [value is None for value in document["top_eigenvalues"]] == loose.tolist()
    table = found.figures()[1]
    rows = table.rows[: len(loose)]  # type: ignore[attr-defined]
    assert all(
        isinstance(row[1], str) and row[1].startswith("≥ ")
        for row, bad in zip(rows, loose, strict=True)
        if bad
    )
    assert [row[3] for row in rows] == ["not converged" if bad else "converged" for bad in loose]


@pytest.mark.parametrize("by", ["layer", "block"])
def test_diagonal_blocks_are_those_of_the_dense_matrix(small: tuple[Objective, Dense], by: str) -> None:
    objective, h = small
    found = spectrum(objective, by=by, top=3, exact=False, probes=2)  # type: ignore[arg-type]
    slots = objective.twin().slots
    assert [block["name"] for block in found.blocks] == ["0", "2"]
    assert [block["size"] for block in found.blocks] == [340, 210]
    for block, inside in zip(found.blocks, ((0, 1), (2, 3)), strict=True):
        rows = np.concatenate([np.arange(slots[i].start, slots[i].stop) for i in inside])
        true = np.linalg.eigvalsh(h[np.ix_(rows, rows)])
        np.testing.assert_allclose(block["top"], true[::-1][:3], rtol=1e-4)
        assert abs(block["trace"] - true.sum()) < 4 * block["trace_stderr"]
        distance = wasserstein_distance(block["nodes"], true, block["weights"])
        assert distance < 0.01 * (true[-1] - true[0])
    titles = [figure.title for figure in found.figures()]
    assert any(title.startswith(f"Largest eigenvalue by {by}") for title in titles)
    assert all(figure.words() for figure in found.figures())


def test_a_nan_at_the_point_is_told() -> None:
    model = nn.Linear(3, 2)
    with torch.no_grad():
        model.bias[0] = float("nan")
    objective = Objective.bind(model, torch.randn(4, 3), torch.tensor([0, 1, 0, 1]), title="broken")
    with pytest.raises(DltuiError, match="loss of broken is nan before anything is changed"):
        spectrum(objective)
