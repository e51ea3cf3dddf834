"""The objective: means over blocks, what does not fit, and what must not change."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import load
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.instruments.curvature.spectrum import spectrum
from dltui.instruments.gradients import measure
from dltui.instruments.landscape import scan
from dltui.objective import Criterion, Objective, undisturbed

Case = tuple[nn.Module, Tensor, Tensor, str]


def plain_loss(model: nn.Module, x: Tensor, y: Tensor, task: str) -> Tensor:
    net = copy.deepcopy(model).eval()
    return functional.cross_entropy(net(x), y) if task == "classes" else functional.mse_loss(net(x), y)


@pytest.mark.parametrize("block", [1, 7, 36, 37, 256])
def test_blocks_of_any_size_give_the_mean_over_all_samples(case: Case, block: int) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task, block=block)
    net = copy.deepcopy(model).eval()
    loss = plain_loss(model, x, y, task)
    assert objective.center().loss == pytest.approx(loss.item(), rel=1e-5)
    assert sum(share for _, _, share in objective.blocks) == pytest.approx(1)
    if task == "classes":
        assert objective.center().accuracy == pytest.approx((net(x).argmax(1) == y).double().mean().item())
    else:
        assert objective.center().accuracy is None


def test_gradient_is_that_of_the_full_batch(case: Case) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task, block=11)
    net = copy.deepcopy(model).eval()
    net.zero_grad()
    outputs = net(x)
    (
        functional.cross_entropy(outputs, y) if task == "classes" else functional.mse_loss(outputs, y)
    ).backward()
    wanted = torch.cat([p.grad.reshape(-1) for p in net.parameters()])
    torch.testing.assert_close(objective.gradient(objective.twin()).float(), wanted, rtol=1e-4, atol=1e-7)


def test_a_callable_loss_is_used_and_has_no_accuracy(case: Case) -> None:
    model, x, y, task = case

    def twice(outputs: Tensor, targets: Tensor) -> Tensor:
        mean = functional.cross_entropy if task == "classes" else functional.mse_loss
        return 2 * mean(outputs, targets)

    objective = Objective.bind(model, x, y, task=task, loss=twice)
    assert objective.center().loss == pytest.approx(2 * plain_loss(model, x, y, task).item(), rel=1e-5)
    assert objective.center().accuracy is None
    assert objective.criterion.name == "twice"


def test_numbers_with_one_output_are_not_compared_with_each_other() -> None:
    model, x = nn.Linear(3, 1), torch.randn(9, 3)
    y = torch.randn(9)
    wanted = (model(x).squeeze(1) - y).square().mean().item()
    assert Objective.bind(model, x, y, task="numbers").center().loss == pytest.approx(wanted, rel=1e-5)


def test_part_and_subset_come_from_the_data_set() -> None:
    digits = load("digits", seed=0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    whole = Objective.of(model, digits, part="test", title="flat")
    assert (whole.samples, whole.title) == (len(digits.x_test), "flat on digits")
    first, again, other = (Objective.of(model, digits, samples=50, seed=s) for s in (3, 3, 4))
    assert first.samples == 50
    assert torch.equal(first.inputs, again.inputs)
    assert not torch.equal(first.inputs, other.inputs)


def test_tied_weights_count_once_and_stay_tied() -> None:
    first = nn.Linear(4, 4, bias=False)
    model = nn.Sequential(first, nn.Tanh(), first)
    objective = Objective.bind(model, torch.randn(5, 4), torch.randint(0, 4, (5,)))
    twin = objective.twin()
    assert len(twin.flat) == 16
    twin.flat.zero_()
    assert not twin.module(objective.inputs).any()
    assert model(objective.inputs).any()


def test_frozen_weights_are_no_directions() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3))
    model[0].requires_grad_(False)
    twin = Objective.bind(model, torch.randn(5, 4), torch.randint(0, 3, (5,))).twin()
    assert [slot.name for slot in twin.slots] == ["1.weight", "1.bias"]
    model.requires_grad_(False)
    twin = Objective.bind(model, torch.randn(5, 4), torch.randint(0, 3, (5,))).twin()
    assert [slot.name for slot in twin.slots] == ["0.weight", "0.bias", "1.weight", "1.bias"]


def _line(o: Objective, report: Callable[..., None]) -> object:
    return scan(o, steps=7, report=report)


def _hessian(o: Objective, report: Callable[..., None]) -> object:
    return spectrum(o, exact=False, steps=10, probes=2, report=report)


def _gradients(o: Objective, report: Callable[..., None]) -> object:
    return measure(o, report=report)


INSTRUMENTS = pytest.mark.parametrize("look", [_line, _hessian, _gradients])


@INSTRUMENTS
def test_instruments_leave_everything_as_found(
    case: Case, look: Callable[..., object], bends: Callable[[nn.Module], str]
) -> None:
    model, x, y, task = case
    for parameter in list(model.parameters())[:2]:
        parameter.grad = torch.ones_like(parameter)
    next(model.parameters()).requires_grad_(False)
    objective = Objective.bind(model, x, y, task=task)
    before = bends(model)
    look(objective, lambda *_: None)
    assert bends(model) == before


@INSTRUMENTS
@pytest.mark.parametrize("end", [Cancelled("enough"), KeyboardInterrupt(), RuntimeError("broken")])
def test_instruments_leave_everything_as_found_when_they_are_stopped(
    case: Case, look: Callable[..., object], end: BaseException, bends: Callable[[nn.Module], str]
) -> None:
    model, x, y, task = case
    objective = Objective.bind(model, x, y, task=task)
    before = bends(model)

    def stop(*_: object) -> None:
        raise end

    with pytest.raises(type(end)):
        look(objective, stop)
    assert bends(model) == before


@pytest.mark.parametrize("end", [None, KeyboardInterrupt()])
def test_undisturbed_puts_back_whatever_was_bent(
    end: BaseException | None, bends: Callable[[nn.Module], str]
) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    model[0].weight.grad = torch.ones(3, 3)
    model[0].bias.requires_grad_(False)
    model[2].eval()
    weight, before, drawn = model[0].weight, bends(model), random.getstate()

    def bend() -> None:
        with undisturbed(model) as bent:
            bent.double().train()
            bent.requires_grad_(True)
            bent(torch.randn(4, 3, dtype=torch.float64)).sum().backward()
            with torch.no_grad():
                bent[0].weight.add_(1)
            bent[0].bias = nn.Parameter(torch.zeros(3))
            random.random(), np.random.random(), torch.rand(1)
            if end:
                raise end

    if end:
        with pytest.raises(KeyboardInterrupt):
            bend()
    else:
        bend()
    assert bends(model) == before
    assert model[0].weight is weight
    assert random.getstate() == drawn


class Tupled(nn.Linear):
    def forward(self, x: Tensor) -> tuple[Tensor]:  # type: ignore[override]
        return (super().forward(x),)


class Noisy(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + torch.randn_like(x))


X, Y = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
WRONG: dict[str, tuple[Callable[[], object], type[DltuiError], str]] = {
    "too few scores": (
        lambda: Objective.bind(nn.Linear(4, 2), X, Y),
        UsageError,
        "2 scores.*0 to 2.*3 outputs",
    ),
    "no scores": (
        lambda: Objective.bind(nn.Sequential(nn.Linear(4, 3), nn.Flatten(0)), X, Y),
        UsageError,
        "shape \\(6,\\)",
    ),
    "other inputs": (lambda: Objective.bind(nn.Linear(5, 3), X, Y), UsageError, "inputs of shape \\(n, 4\\)"),
    "other numbers": (
        lambda: Objective.bind(nn.Linear(4, 3), X, torch.randn(6, 2), task="numbers"),
        UsageError,
        "\\(n, 3\\).*\\(n, 2\\)",
    ),
    "a tuple": (lambda: Objective.bind(Tupled(4, 3), X, Y), UsageError, "tuple"),
    "as many": (lambda: Objective.bind(nn.Linear(4, 3), X, Y[:5]), UsageError, "6 inputs and 5 targets"),
    "nan": (lambda: Objective.bind(nn.Linear(4, 3), X / 0, Y), DltuiError, "NaN or infinite"),
    "no weights": (lambda: Objective.bind(nn.Identity(), X, Y), DltuiError, "no parameters"),
    "noise": (lambda: Objective.bind(Noisy(4, 3), X, Y).center(), DltuiError, "changes from one call"),
    "a vector": (
        lambda: Objective.bind(nn.Linear(4, 3), X, Y, loss=nn.CrossEntropyLoss(reduction="none")).center(),
        UsageError,
        "CrossEntropyLoss must give one number",
    ),
    "part": (
        lambda: Objective.of(nn.Linear(2, 2), load("moons", seed=0), part="dev"),
        UsageError,
        "train or test",
    ),
    "too many": (
        lambda: Objective.of(nn.Linear(2, 2), load("moons", seed=0), samples=10**6),
        UsageError,
        "can't be drawn",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_told_in_one_sentence(name: str) -> None:
    do, kind, words = WRONG[name]
    with pytest.raises(kind, match=words) as told:
        do()
    assert "\n" not in str(told.value)


def test_a_loss_that_is_not_finite_is_told() -> None:
    model = nn.Linear(4, 3)
    with torch.no_grad():
        model.weight.fill_(float("nan"))
    with pytest.raises(DltuiError, match="is nan before anything is changed"):
        Objective.bind(model, X, Y).center()


@pytest.mark.parametrize("classes", [2, 7])
def test_slopes_are_what_autograd_finds(classes: int) -> None:
    outputs = torch.randn(9, classes, dtype=torch.float64, requires_grad=True)
    targets = torch.arange(9) % classes
    criterion = Criterion.of("classes")
    (wanted,) = torch.autograd.grad(criterion.loss(outputs, targets) * 9, outputs)
    torch.testing.assert_close(criterion.slopes(outputs, targets), wanted, rtol=1e-12, atol=1e-14)
    assert Criterion.of("numbers").slopes(outputs, targets) is None


def test_blocks_are_of_like_size() -> None:
    x = torch.randn(1797, 1, 8, 8)
    net = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.Flatten(), nn.Linear(1024, 3))
    sizes = [len(part) for part, _, _ in Objective.bind(net, x, torch.arange(1797) % 3).blocks]
    assert sum(sizes) == 1797
    assert max(sizes) - min(sizes) < len(sizes)
