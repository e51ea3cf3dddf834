"""Agreement with hessian-eigenthings, curvlinops and PyHessian on three networks, where they are installed."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.instruments.curvature import matrix, spectrum
from dltui.instruments.curvature.exact import dense
from dltui.objective import Objective

Case = tuple[nn.Module, Tensor, Tensor]


def tanh_mlp() -> Case:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 10), nn.Tanh(), nn.Linear(10, 4))
    return net, torch.randn(61, 8), torch.randint(0, 4, (61,))


def relu_mlp() -> Case:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 3))
    return net, torch.randn(45, 6), torch.randint(0, 3, (45,))


def convolution() -> Case:
    torch.manual_seed(2)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(16, 3)
    )
    x = torch.randn(33, 1, 6, 6)
    net(x)
    return net.eval(), x, torch.randint(0, 3, (33,))


@pytest.fixture(params=[tanh_mlp, relu_mlp, convolution])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param()


@pytest.fixture(autouse=True)
def lenient() -> Iterator[None]:
    """Peers warn of their own imports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def linear_loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    return functional.cross_entropy(model(batch[0]), batch[1])


def test_eigenthings_finds_the_same_largest_eigenvalues_and_product(case: Case) -> None:
    peer = pytest.importorskip("hessian_eigenthings")
    model, x, y = case
    operator = peer.HessianOperator(
        model=copy.deepcopy(model).double(), dataloader=[(x.double(), y)], loss_fn=linear_loss
    )
    ours = spectrum(Objective.bind(model, x, y, double=True), top=5, exact=False, tolerance=1e-8)
    # by itself it leaves out the re-orthogonalisation, and then tells the largest one four times
    theirs = peer.lanczos(
        operator, k=5, max_iter=80, which="LA", seed=0, reorthogonalize=True
    ).eigenvalues.numpy()
    np.testing.assert_allclose(ours.top_eigenvalues, np.sort(theirs)[::-1], rtol=1e-5)  # their own tolerance
    with matrix(Objective.bind(model, x, y, double=True)) as own:
        v = torch.randn(own.size, dtype=torch.float64)
        torch.testing.assert_close(own(v), operator.matvec(v), rtol=1e-8, atol=1e-10)


def test_eigenthings_counts_a_ragged_batch_like_a_full_one(case: Case) -> None:
    """Where we disagree: its batches count alike, so that the last one of a few samples counts too much."""
    peer = pytest.importorskip("hessian_eigenthings")
    model, x, y = case
    pairs = [(part.double(), answers) for part, answers in zip(x.split(16), y.split(16), strict=True)]
    operator = peer.HessianOperator(
        model=copy.deepcopy(model).double(), dataloader=pairs, loss_fn=linear_loss
    )
    with matrix(Objective.bind(model, x, y, double=True, block=16)) as own:
        v = torch.randn(own.size, dtype=torch.float64)
        ours, theirs = own(v), operator.matvec(v)
    with matrix(Objective.bind(model, x, y, double=True)) as whole:
        torch.testing.assert_close(ours, whole(v))
    assert float((ours - theirs).norm() / ours.norm()) > 1e-3


MATRICES = {
    "hessian": "HessianLinearOperator",
    "ggn": "GGNLinearOperator",
    "empirical-fisher": "EFLinearOperator",
}


@pytest.mark.parametrize("name", MATRICES)
def test_curvlinops_writes_the_same_matrix(case: Case, name: str) -> None:
    peer = pytest.importorskip("curvlinops")
    model, x, y = case
    net = copy.deepcopy(model).double()
    data = [(part.double(), answers) for part, answers in zip(x.split(16), y.split(16), strict=True)]
    kind: Callable[..., object] = getattr(peer, MATRICES[name])
    operator = kind(net, nn.CrossEntropyLoss(), list(net.parameters()), data, check_deterministic=False)
    theirs = operator @ torch.eye(sum(p.numel() for p in net.parameters())).double()  # type: ignore[operator]
    with matrix(Objective.bind(model, x, y, double=True, block=16), name) as own:  # type: ignore[arg-type]
        ours = dense(own)
    np.testing.assert_allclose(ours, np.asarray(theirs), rtol=1e-4, atol=1e-6)  # their own tolerance
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=1e-10 * np.abs(ours).max())


def test_pyhessian_finds_the_same_largest_eigenvalue_to_its_tolerance(case: Case) -> None:
    """Its power iteration stops once a value moves by less than 1e-3 in a step, which is no bound on the error."""
    peer = pytest.importorskip("pyhessian")
    model, x, y = case
    torch.manual_seed(3)
    found = peer.hessian(copy.deepcopy(model), nn.CrossEntropyLoss(), data=(x, y), cuda=False)
    values, _ = found.eigenvalues(maxIter=500, tol=1e-6, top_n=1)
    ours = spectrum(Objective.bind(model, x, y), top=1, bottom=1)
    largest = max(ours.top_eigenvalues[0], -ours.bottom_eigenvalues[0])
    assert abs(values[0]) == pytest.approx(largest, rel=5e-3)
