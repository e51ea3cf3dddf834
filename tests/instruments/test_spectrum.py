"""The Hessian of networks against dense second derivatives and closed forms."""

from __future__ import annotations

import copy
import math
import warnings

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call
from torch.func import hessian as dense_hessian
from torch.nn import functional

from dltui.data import load
from dltui.device import threads
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.instruments import memory
from dltui.instruments.curvature.exact import dense
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.spectrum import spectrum
from dltui.objective import Objective
from dltui.results import load as load_result
from dltui.results.spectrum import Spectrum

Case = tuple[nn.Module, Tensor, Tensor, str]


def witness(model: nn.Module, x: Tensor, y: Tensor, task: str) -> NDArray[np.float64]:
    """Return the Hessian of the full batch by forward over reverse mode, in float64."""
    net = copy.deepcopy(model).double().eval()
    shapes = {name: p.shape for name, p in net.named_parameters()}
    flat = torch.cat([p.detach().reshape(-1) for p in net.parameters()])

    def loss(theta: Tensor) -> Tensor:
        parts = theta.split([shape.numel() for shape in shapes.values()])
        named = {name: part.view(shapes[name]) for name, part in zip(shapes, parts, strict=True)}
        out = functional_call(net, named, (x.double(),))
        return functional.cross_entropy(out, y) if task == "classes" else functional.mse_loss(out, y.double())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch's own forward mode uses torch.jit
        return dense_hessian(loss)(flat).detach().numpy()


def inplace_free(model: nn.Module) -> nn.Module:
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return model


@pytest.fixture(scope="module")
def trained() -> tuple[nn.Module, Tensor, Tensor, NDArray[np.float64]]:
    """A small network on real digits, trained a little, with all 790 exact eigenvalues."""
    digits = load("digits", seed=0)
    x = torch.from_numpy(digits.x_train[:600]).flatten(1)
    y = torch.from_numpy(digits.y_train[:600])
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 12), nn.Tanh(), nn.Linear(12, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    for _ in range(150):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model, x, y, np.linalg.eigvalsh(witness(model, x, y, "classes"))


def test_products_are_those_of_the_dense_hessian(case: Case) -> None:
    model, x, y, task = case
    wanted = witness(inplace_free(model), x, y, task)
    for block in (18, 300):
        with hessian(Objective.bind(model, x, y, task=task, double=True, block=block)) as operator:
            np.testing.assert_allclose(dense(operator), wanted, atol=1e-10 * np.abs(wanted).max())


@pytest.mark.parametrize("budget", [0, 200_000])
def test_graphs_that_do_not_fit_are_built_again(case: Case, budget: int) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task, double=True, block=8)
    vector = torch.randn(len(objective.twin().flat), dtype=torch.float64)
    products = []
    for limit, workers in ((1 << 30, 1), (budget, 1), (budget, 2), (1 << 30, 2)):
        with hessian(objective, budget=limit, workers=workers) as operator:
            products += [operator(vector), operator(vector)]
    for product in products[1:]:
        torch.testing.assert_close(product, products[0], rtol=1e-10, atol=1e-12)


def test_linear_regression_has_the_closed_form() -> None:
    x = torch.randn(40, 6, dtype=torch.float64)
    objective = Objective.bind(
        nn.Linear(6, 1, bias=False).double(), x, torch.randn(40), task="numbers", block=7
    )
    wanted = np.linalg.eigvalsh((2 * x.T @ x / 40).numpy())
    for exact in (True, False):
        found = spectrum(objective, top=6, bottom=6, exact=exact)
        np.testing.assert_allclose(found.top_eigenvalues, wanted[::-1], rtol=1e-10)
        np.testing.assert_allclose(found.bottom_eigenvalues, wanted, rtol=1e-10)
        assert found.trace == pytest.approx(wanted.sum(), rel=1e-10)


def test_softmax_regression_has_the_closed_form() -> None:
    x, y = torch.randn(60, 5, dtype=torch.float64), torch.randint(0, 4, (60,))
    model = nn.Linear(5, 4, bias=False).double()
    p = model(x).softmax(1).detach()
    blocks = torch.einsum("nc,ck->nck", p, torch.eye(4).double()) - torch.einsum("nc,nk->nck", p, p)
    wanted = torch.einsum("nck,ni,nj->cikj", blocks, x, x).reshape(20, 20) / 60
    with hessian(Objective.bind(model, x, y, block=16)) as operator:
        np.testing.assert_allclose(dense(operator), wanted.numpy(), atol=1e-12)


def test_a_loss_without_curvature_has_none() -> None:
    objective = Objective.bind(
        nn.Linear(3, 1), torch.randn(5, 3), torch.zeros(5), task="numbers", loss=lambda out, _: out.mean()
    )
    for exact in (True, False):
        found = spectrum(objective, exact=exact, top=2, bottom=2)
        assert not found.top_eigenvalues.any()
        assert found.trace == 0
        assert np.trapezoid(found.density, found.eigenvalues) == pytest.approx(1)


@pytest.mark.parametrize(("double", "error"), [(False, 1e-5), (True, 1e-8)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_lanczos_agrees_with_the_exact_spectrum(
    trained: tuple[nn.Module, Tensor, Tensor, NDArray[np.float64]], double: bool, error: float, seed: int
) -> None:
    model, x, y, true = trained
    found = spectrum(Objective.bind(model, x, y, double=double), seed=seed, exact=False)
    assert found.converged
    np.testing.assert_allclose(found.top_eigenvalues, true[::-1][:5], rtol=error)
    np.testing.assert_allclose(found.bottom_eigenvalues, true[:5], rtol=1e-3)
    assert (np.abs(found.top_eigenvalues - true[::-1][:5]) <= found.top_residuals).all()
    assert (np.abs(found.bottom_eigenvalues - true[:5]) <= found.bottom_residuals).all()
    assert abs(found.trace - true.sum()) < 3 * found.trace_stderr
    assert found.trace_stderr < 0.02 * true.sum()
    assert found.moments == pytest.approx([true.mean(), (true**2).mean()], rel=0.05)
    assert found.precision == ("float64" if double else "float32")
    grid, curve = found.eigenvalues, found.density
    assert np.trapezoid(curve, grid) == pytest.approx(1, abs=1e-9)
    assert np.trapezoid(grid * curve, grid) == pytest.approx(true.mean(), rel=0.05)
    assert np.trapezoid(grid**2 * curve, grid) == pytest.approx((true**2).mean(), rel=0.02)
    edge = 1e-3 * true[-1]
    assert found.flat_share == pytest.approx((np.abs(true) <= edge).mean(), abs=0.06)
    assert min(found.flat_stderr, found.negative_stderr) >= 1 / len(
        true
    )  # none is told finer than by one of them


def test_small_hessians_are_diagonalised(case: Case) -> None:
    model, x, y, task = case
    true = np.linalg.eigvalsh(witness(inplace_free(model), x, y, task))
    found = spectrum(Objective.bind(model, x, y, task=task), exact=True)
    assert (found.method, found.products, found.converged) == ("exact", len(true), True)
    np.testing.assert_allclose(found.top_eigenvalues, true[::-1][:5], rtol=1e-8)
    np.testing.assert_allclose(found.bottom_eigenvalues, true[:5], rtol=1e-6, atol=1e-12)
    assert abs(found.trace - true.sum()) < 3 * found.trace_stderr
    np.testing.assert_allclose(found.moments, [true.mean(), (true**2).mean()], rtol=1e-8)


def test_a_matrix_without_room_in_memory_is_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    model, x, y, task = case
    monkeypatch.setattr(memory, "free", lambda: 5_000)
    with pytest.raises(
        DltuiError, match=r"takes .* more than the 5 kB of memory that are free; leave --exact out"
    ):
        spectrum(Objective.bind(model, x, y, task=task), exact=True)


def test_the_size_decides_unless_it_is_said(case: Case) -> None:
    model, x, y, task = case
    small = sum(p.numel() for p in model.parameters()) <= 512
    assert spectrum(Objective.bind(model, x, y, task=task)).method == ("exact" if small else "lanczos")


def test_the_same_seed_gives_the_same_bits(case: Case) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task)
    runs = []
    for draw in (1, 2):
        torch.manual_seed(draw)
        runs.append(spectrum(objective, seed=5, exact=False, steps=30))
    assert runs[0].document()["density"] == runs[1].document()["density"]
    assert runs[0].trace == runs[1].trace


class Attention(nn.Module):
    """One fused attention, which has no second derivative of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.out = nn.Linear(6, 18), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.mix(x).unsqueeze(1).chunk(3, -1)
        return self.out(functional.scaled_dot_product_attention(q, k, v).squeeze(1).mean(1))


def test_attention_has_second_derivatives() -> None:
    x, y = torch.randn(9, 5, 6), torch.randint(0, 3, (9,))
    found = spectrum(Objective.bind(Attention(), x, y), exact=True)
    assert math.isfinite(found.trace)
    assert found.top_eigenvalues[0] > 0


def test_the_trained_network_has_nine_outliers_for_ten_classes() -> None:
    digits = load("digits", seed=0)
    x, y = torch.from_numpy(digits.x_train).flatten(1), torch.from_numpy(digits.y_train)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.05, 0.9, weight_decay=5e-4)
    for _ in range(12):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    with threads(2):
        found = spectrum(Objective.bind(model, x, y), top=12, bottom=1, probes=2)
    ratios = found.top_eigenvalues[:-1] / found.top_eigenvalues[1:]
    assert found.converged
    assert ratios[1:].argmax() + 1 == 8  # between the ninth and the tenth, past the first pair
    assert ratios[8] > 1.5


def test_reports_come_with_what_is_known(
    trained: tuple[nn.Module, Tensor, Tensor, NDArray[np.float64]],
) -> None:
    model, x, y, _ = trained
    seen: list[tuple[int, int, object]] = []
    final = spectrum(
        Objective.bind(model, x, y),
        exact=False,
        report=lambda done, total, partial=None: seen.append((done, total, partial)),
    )
    assert seen[-1] == (final.products, final.products, final)
    partial = [p for _, _, p in seen[:-1] if p is not None]
    assert all(isinstance(p, Spectrum) and not p.complete for p in partial)
    assert all(done <= total for done, total, _ in seen)
    assert {done for done, _, _ in seen} == set(range(final.products + 1))
    first, *_, probed, last = partial
    assert first.products == 1
    assert first.density.size
    assert np.trapezoid(first.density, first.eigenvalues) == pytest.approx(1, abs=1e-9)
    assert 0 < first.top_eigenvalues[0] <= final.top_eigenvalues[0] * (1 + 1e-4)  # Ritz values lie inside
    assert first.figures()[1].caption.startswith(f"so far, after {first.products} products")
    for one in (probed, last):
        assert np.array_equal(one.top_eigenvalues, final.top_eigenvalues)
        assert np.array_equal(one.top_masses, final.top_masses)
    for one in partial:
        assert all(figure.words() and figure.caption for figure in one.figures())
    assert final.complete


@pytest.mark.parametrize("product", [0, 1, 7, 60])
def test_a_spectrum_ends_within_a_product(
    trained: tuple[nn.Module, Tensor, Tensor, NDArray[np.float64]], product: int
) -> None:
    model, x, y, _ = trained
    seen: list[int] = []

    def stop(done: int, total: int, partial: object = None) -> None:
        seen.append(done)
        if done >= product:
            raise Cancelled("enough")

    before = torch.get_num_threads()
    with pytest.raises(Cancelled):
        spectrum(Objective.bind(model, x, y), exact=False, report=stop)
    assert seen[-1] == product
    assert torch.get_num_threads() == before


WRONG = {
    "top": ({"top": -1}, "top = -1"),
    "probes": ({"probes": 0}, "probes = 0"),
    "steps": ({"steps": 1}, "lanczos-steps = 1"),
    "tolerance": ({"tolerance": 2.0}, "tolerance of 2"),
}


@pytest.mark.parametrize("name", WRONG)
def test_numbers_without_sense_are_refused(name: str) -> None:
    settings, words = WRONG[name]
    objective = Objective.bind(nn.Linear(3, 2), torch.randn(4, 3), torch.tensor([0, 1, 0, 1]))
    with pytest.raises(UsageError, match=words):
        spectrum(objective, **settings)  # type: ignore[arg-type]


def test_a_curvature_that_is_not_finite_is_told() -> None:
    objective = Objective.bind(
        nn.Linear(3, 1),
        torch.randn(5, 3),
        torch.zeros(5),
        task="numbers",
        loss=lambda out, _: (0 * out).abs().pow(1.5).mean(),
    )
    with pytest.raises(DltuiError, match="not finite"):
        spectrum(objective)


def test_a_spectrum_survives_its_file(case: Case, tmp_path: object) -> None:
    model, x, y, task = case
    found = spectrum(Objective.bind(model, x, y, task=task), exact=False, steps=20, probes=2)
    path = tmp_path / "one.safetensors"  # type: ignore[operator]
    found.save(path)
    assert load_result(path).document() == found.document()
    wanted = {
        "parameters",
        "top_eigenvalues",
        "bottom_eigenvalues",
        "trace",
        "trace_stderr",
        "density",
        "loss",
        "seconds",
    }
    assert wanted <= found.document().keys()
    assert found.document()["density"].keys() == {"eigenvalues", "density"}
    assert all(figure.words() for figure in found.figures())
