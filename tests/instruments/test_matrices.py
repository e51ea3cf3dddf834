"""Hessian, Gauss-Newton, Fisher and empirical Fisher against dense matrices, sample by sample and in closed form."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, jacrev
from torch.nn import functional

from dltui.errors import DltuiError, UsageError
from dltui.instruments.curvature import matrix
from dltui.instruments.curvature.exact import dense
from dltui.instruments.curvature.masses import masses
from dltui.objective import Objective

Case = tuple[nn.Module, Tensor, Tensor, str]
Dense = NDArray[np.float64]


def mlp() -> Case:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    return net, torch.randn(31, 5), torch.randint(0, 3, (31,)), "classes"


def conv() -> Case:
    torch.manual_seed(4)
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(12, 3),
    )
    x = torch.randn(27, 1, 4, 4)
    net(x)  # moves the running statistics away from 0 and 1; the net stays in train mode
    return net, x, torch.randint(0, 3, (27,)), "classes"


def regression() -> Case:
    torch.manual_seed(7)
    return (
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)),
        torch.randn(25, 3),
        torch.randn(25, 2),
        "numbers",
    )


@pytest.fixture(params=[mlp, conv, regression])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param()


def jacobian(model: nn.Module, x: Tensor) -> Tensor:
    """Return ∂f/∂θ of every output of every sample, float64, shape (b, outputs, n)."""
    net = copy.deepcopy(model).double().eval()
    parameters = {name: p.detach() for name, p in net.named_parameters()}
    parts = jacrev(lambda p: functional_call(net, p, (x.double(),)).flatten(1))(parameters)
    return torch.cat([part.flatten(2) for part in parts.values()], 2).detach()


def sample_gradients(model: nn.Module, x: Tensor, y: Tensor, loss: Callable[..., Tensor]) -> Tensor:
    """Return ∇ℓᵢ of every sample by one backward pass each, float64, shape (b, n)."""
    net = copy.deepcopy(model).double().eval()
    rows = []
    for i in range(len(x)):
        grads = torch.autograd.grad(loss(net(x[i : i + 1].double()), y[i : i + 1]), list(net.parameters()))
        rows.append(torch.cat([g.reshape(-1) for g in grads]))
    return torch.stack(rows)


def found(objective: Objective, name: str) -> Dense:
    with matrix(objective.doubled(), name) as operator:  # type: ignore[arg-type]
        return dense(operator)


def apart(one: Dense, other: Tensor | Dense) -> float:
    """Return the largest difference as a share of the largest entry."""
    other = np.asarray(other)
    return float(np.abs(np.asarray(one) - other).max() / np.abs(other).max())


@pytest.mark.parametrize("block", [9, 300])
def test_gauss_newton_is_the_dense_one(case: Case, block: int) -> None:
    model, x, y, task = case
    j = jacobian(model, x)
    f = copy.deepcopy(model).double().eval()(x.double()).detach()
    if task == "classes":
        p = f.softmax(1)
        inner = torch.diag_embed(p) - p.unsqueeze(2) * p.unsqueeze(1)
    else:
        inner = 2 / f.shape[1] * torch.eye(f.shape[1]).double().expand(len(f), -1, -1)
    wanted = torch.einsum("bcn,bck,bkm->nm", j, inner, j) / len(x)
    assert apart(found(Objective.bind(model, x, y, task=task, block=block), "ggn"), wanted) <= 1e-10


def test_fisher_is_gauss_newton_for_softmax_and_for_squares(case: Case) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task, block=10)
    assert apart(found(objective, "fisher"), found(objective, "ggn")) <= 1e-14


def test_fisher_is_the_mean_over_what_the_model_itself_predicts(case: Case) -> None:
    model, x, y, task = case
    if task != "classes":
        pytest.skip("classes can be listed, numbers can't")
    p = copy.deepcopy(model).double().eval()(x.double()).softmax(1).detach()
    wanted = torch.zeros(0)
    for label in range(p.shape[1]):  # E over y ~ p of the outer product of the gradient, label by label
        g = sample_gradients(model, x, torch.full_like(y, label), functional.cross_entropy)
        part = torch.einsum("b,bn,bm->nm", p[:, label], g, g) / len(x)
        wanted = part if label == 0 else wanted + part
    assert apart(found(Objective.bind(model, x, y), "fisher"), wanted) <= 1e-10


@pytest.mark.parametrize("block", [7, 300])
def test_empirical_fisher_is_the_mean_of_outer_products(case: Case, block: int) -> None:
    model, x, y, task = case
    loss = functional.cross_entropy if task == "classes" else functional.mse_loss
    g = sample_gradients(model, x, y if task == "classes" else y.double(), loss)
    assert (
        apart(
            found(Objective.bind(model, x, y, task=task, block=block), "empirical-fisher"), g.T @ g / len(x)
        )
        <= 1e-10
    )


def test_hessian_and_gauss_newton_are_one_for_a_linear_model() -> None:
    x, y = torch.randn(30, 5), torch.randint(0, 4, (30,))
    objective = Objective.bind(nn.Linear(5, 4), x, y, block=7)
    assert apart(found(objective, "hessian"), found(objective, "ggn")) <= 1e-10


LOSSES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[], Tensor]]] = {
    "huber": (functional.huber_loss, lambda: torch.randn(23, 3)),
    "logistic": (nn.BCEWithLogitsLoss(), lambda: torch.randint(0, 2, (23, 3)).float()),
    "poisson": (nn.PoissonNLLLoss(), lambda: torch.randint(0, 5, (23, 3)).float()),
    "fourth power": (lambda f, y: (f - y).pow(4).mean(), lambda: torch.randn(23, 3)),
    "absolute": (nn.L1Loss(), lambda: torch.randn(23, 3)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_any_loss_has_a_gauss_newton_matrix(name: str) -> None:
    torch.manual_seed(0)
    loss, draw = LOSSES[name]
    model, x, y = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)), torch.randn(23, 4), draw()
    objective = Objective.bind(model, x, y, task="numbers", loss=loss, block=10)
    f = copy.deepcopy(model).double()(x.double()).detach()
    inner = torch.autograd.functional.hessian(lambda out: loss(out, y.double()), f)
    assert isinstance(inner, Tensor)
    j = jacobian(model, x)
    wanted = torch.einsum("bcn,bcdk,dkm->nm", j, inner, j)
    ours = found(objective, "ggn")
    if wanted.any():
        assert apart(ours, wanted) <= 1e-10
    else:  # the absolute error bends nowhere
        assert not ours.any()
    if name in {"logistic", "poisson"}:
        assert apart(found(objective, "fisher"), ours) <= 1e-14


class Laplace(nn.Module):
    """−log p of independent Laplace noise around the outputs, up to a constant: the mean absolute error."""

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).abs().sum(1).mean()

    def sample(self, outputs: Tensor, generator: torch.Generator) -> Tensor:
        uniform = torch.rand(outputs.shape, generator=generator, dtype=outputs.dtype) - 0.5
        return outputs - uniform.sign() * (1 - 2 * uniform.abs()).log()


def test_fisher_of_a_loss_that_can_be_drawn_from() -> None:
    torch.manual_seed(3)
    model, x = nn.Linear(3, 1), torch.randn(4000, 3)
    objective = Objective.bind(model, x, torch.zeros(4000, 1), task="numbers", loss=Laplace())
    inputs = torch.cat([x, torch.ones(4000, 1)], 1).double()
    wanted = inputs.T @ inputs / 4000  # the slope is ±1 for a single output, whatever was drawn
    assert apart(found(objective, "fisher"), wanted) <= 1e-9
    two = Objective.bind(nn.Linear(3, 2), x, torch.zeros(4000, 2), task="numbers", loss=Laplace())
    ours = found(two, "fisher")
    off = np.abs(ours[:3, 3:6]).max()  # the outputs are independent: their cross terms vanish on average
    assert 0 < off < 0.05 * np.abs(ours).max()


def test_fisher_of_an_unknown_distribution_is_refused() -> None:
    objective = Objective.bind(
        nn.Linear(3, 1), torch.randn(5, 3), torch.randn(5, 1), task="numbers", loss=nn.HuberLoss()
    )
    with pytest.raises(UsageError, match=r"Fisher information of HuberLoss isn't known.*--matrix ggn"):
        found(objective, "fisher")
    with pytest.raises(UsageError, match="unknown matrix 'hesian': expected hessian, ggn"):
        found(objective, "hesian")


@pytest.mark.parametrize("name", ["hessian", "ggn", "empirical-fisher"])
def test_a_diagonal_block_is_that_of_the_whole(case: Case, name: str) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task, double=True, block=20)
    with matrix(objective, name) as operator:  # type: ignore[arg-type]
        whole = dense(operator)
        for inside in ([0], [1, 2], range(len(operator.slots))):
            part = operator.within(inside)
            rows = np.concatenate([
                np.arange(operator.slots[i].start, operator.slots[i].stop) for i in inside
            ])
            assert apart(dense(part), whole[np.ix_(rows, rows)]) <= 1e-10
            assert [slot.name for slot in part.slots] == [operator.slots[i].name for i in inside]
            assert masses(torch.ones(1, part.size), part.slots).sum() == pytest.approx(1)


@pytest.mark.parametrize("name", ["hessian", "ggn", "fisher", "empirical-fisher"])
def test_a_ragged_last_batch_and_two_devices_change_nothing(name: str) -> None:
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
    x, y = torch.randn(131, 6), torch.randint(0, 3, (131,))
    wanted = found(Objective.bind(model, x, y, block=131), name)
    ragged = Objective.bind(model, x, y, block=32, double=True)  # the last block has 3
    cpu = torch.device("cpu")
    for settings in ({}, {"budget": 0}, {"devices": [cpu, cpu]}, {"devices": [cpu, cpu], "budget": 0}):
        with matrix(ragged, name, **settings) as operator:  # type: ignore[arg-type]
            assert apart(dense(operator), wanted) <= 1e-10


class Pair(nn.Module):
    """A model of two inputs, one of them class numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.numbers = nn.Embedding(7, 4), nn.Linear(3, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, words: Tensor, numbers: Tensor) -> Tensor:
        return self.out(torch.tanh(self.words(words) + self.numbers(numbers)))


def test_a_model_of_several_inputs() -> None:
    torch.manual_seed(6)
    words, numbers, y = torch.randint(0, 7, (25,)), torch.randn(25, 3), torch.randint(0, 2, (25,))
    pair = Pair()
    ours = found(Objective.bind(pair, (words, numbers), y, block=8), "hessian")
    net = copy.deepcopy(pair).double()
    names = [name for name, _ in net.named_parameters()]

    def loss(*values: Tensor) -> Tensor:
        outputs = functional_call(net, dict(zip(names, values, strict=True)), (words, numbers.double()))
        return functional.cross_entropy(outputs, y)

    rows = torch.autograd.functional.hessian(loss, tuple(p.detach() for p in net.parameters()))
    sizes = [p.numel() for p in net.parameters()]
    wanted = torch.cat([
        torch.cat([b.reshape(m, n) for b, n in zip(row, sizes, strict=True)], 1)
        for row, m in zip(rows, sizes, strict=True)
    ])
    assert apart(ours, wanted) <= 1e-10
    with pytest.raises(UsageError, match="24 and 25 rows"):
        Objective.bind(pair, (words, numbers[:24]), y)
    with pytest.raises(UsageError, match=r"inputs of shape \(n, 3\), \(n\)"):
        Objective.bind(pair, (numbers, words), y)


def test_train_mode_uses_the_statistics_of_the_batch() -> None:
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Dropout(0.5), nn.Linear(6, 3))
    x, y = 3 + torch.randn(40, 5), torch.randint(0, 3, (40,))
    before = copy.deepcopy(model.state_dict())
    plain = copy.deepcopy(model).double()
    plain[3].p = model[3].p = 0.0
    objective = Objective.bind(model, x, y, mode="train", double=True)
    assert objective.center().loss == pytest.approx(
        functional.cross_entropy(plain.train()(x.double()), y).item()
    )
    names = [name for name, _ in plain.named_parameters()]

    def loss(*values: Tensor) -> Tensor:
        return functional.cross_entropy(
            functional_call(plain, dict(zip(names, values, strict=True)), (x.double(),)), y
        )

    rows = torch.autograd.functional.hessian(loss, tuple(p.detach() for p in plain.parameters()))
    sizes = [p.numel() for p in plain.parameters()]
    wanted = torch.cat([
        torch.cat([b.reshape(m, n) for b, n in zip(row, sizes, strict=True)], 1)
        for row, m in zip(rows, sizes, strict=True)
    ])
    assert apart(found(objective, "hessian"), wanted) <= 1e-9
    with pytest.raises(UsageError, match="batch norm mixes"):
        found(objective, "empirical-fisher")
    model[3].p = 0.5
    dropping = Objective.bind(model, x, y, mode="train")
    assert dropping.center().loss == dropping.center().loss  # the same units are dropped each time
    assert apart(found(dropping, "hessian"), found(dropping, "hessian")) <= 1e-15
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


class Once(torch.autograd.Function):
    """A square with a derivative, but none of that."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)  # type: ignore[attr-defined]
        return x * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: object, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return 2 * x * grad


class Squares(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return Once.apply(super().forward(x))


class Distances(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cdist(super().forward(x), torch.eye(2))


class Detached(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Squares(3, 2), "Once has no second derivative"),
        (Distances(3, 2), "cdist has no second derivative"),
        (Detached(3, 2), "doesn't depend on the parameters"),
    ],
)
def test_what_can_not_be_differentiated_twice_is_named(model: nn.Module, words: str) -> None:
    objective = Objective.bind(model, torch.randn(6, 3), torch.tensor([0, 1, 0, 1, 1, 0]))
    with pytest.raises(DltuiError, match=words) as told, matrix(objective) as operator:
        operator(torch.ones(operator.size))
    assert "\n" not in str(told.value)


def test_recurrent_networks_have_second_derivatives() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.memory, self.out = nn.LSTM(2, 3, batch_first=True), nn.Linear(3, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.out(self.memory(x)[0][:, -1])

    torch.manual_seed(8)
    objective = Objective.bind(Last(), torch.randn(9, 4, 2), torch.randint(0, 2, (9,)))
    whole = found(objective, "hessian")
    assert np.abs(whole - whole.T).max() == 0
    assert whole.any()


def test_integer_weights_are_told_apart_from_none() -> None:
    model = nn.Module()
    model.register_parameter("weight", nn.Parameter(torch.ones(3, dtype=torch.int8), requires_grad=False))
    model.forward = lambda x: x  # type: ignore[method-assign]
    with pytest.raises(DltuiError, match=r"only integer parameters \(torch.int8\)"):
        Objective.bind(model, torch.randn(4, 2), torch.tensor([0, 1, 0, 1]))


def test_a_frozen_model_is_looked_at_as_a_whole() -> None:
    model, x, y = nn.Linear(3, 2), torch.randn(8, 3), torch.randint(0, 2, (8,))
    free = found(Objective.bind(model, x, y), "hessian")
    model.requires_grad_(False)
    assert apart(found(Objective.bind(model, x, y), "hessian"), free) == 0
    assert not model.weight.requires_grad
