"""One training step with every number: forwards, loss, backwards, update."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.byhand import Worked, work
from dltui.byhand.functions import number
from dltui.byhand.operations.mlp import Network
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.figures import Bars, Table
from dltui.instruments.byhand import graph_of, steps_of
from dltui.instruments.byhand.figures import results
from dltui.lab import Choice, Frame, Number, Slider, exhibit, near

LOSSES = ("mse", "crossentropy")


@exhibit(
    "training-step",
    family="byhand",
    covers=("000b:train-loop-5", "002a:training-loop"),
    kin={
        "dltui byhand mlp --sizes 2,3,1 --torch": "forwards and backwards through any network",
        "dltui train moons-mlp": "many such steps",
    },
)
def training_step(
    hidden: Annotated[int, Slider(1, 6, help="hidden units")] = 3,
    batch: Annotated[int, Slider(1, 4, help="samples of the batch")] = 2,
    activation: Annotated[str, Choice("tanh", "relu", "sigmoid", help="of the hidden layer")] = "tanh",
    loss: Annotated[str, Choice(*LOSSES, help="which loss")] = "mse",
    lr: Annotated[float, Slider(0.001, 1, log=True, help="learning rate η")] = 0.1,
    seed: Annotated[int, Slider(0, 100, help="seed of the numbers")] = 0,
) -> Iterator[Frame]:
    """One batch through a small network: input, forward, loss, backward and update, with all numbers.

    Try: --lr 1 and see whether the loss still falls; --loss crossentropy; --activation relu kills some gradients.
    Notice: the five parts are all there is to training; the rest repeats them. The gradient of a weight has its
    shape, and the update subtracts η times it.

    w′ = w − η·∂L/∂w for every parameter; then the gradients are thrown away and the next batch comes.
    """
    worked = step_case(hidden, batch, activation, loss, seed)
    update = updated(worked, lr)
    after = work(worked.operation, _given(worked) | update_numbers(worked, update))
    back = worked.gradients
    tensors = worked.sheet.tensors | back.sheet.tensors | update.tensors
    norms = {name: _norm(back.of[name]) for name in parameters(worked)}
    bars = Bars(
        title="Gradient norms",
        labels=tuple(norms),
        values=np.array(list(norms.values())),
        value_label="‖∂L/∂w‖",
    )
    before, then = worked.output[()].value, after.output[()].value
    table = Table(
        title="What the step did",
        columns=("quantity", "before", "after"),
        rows=(("loss", before, then), *(_moved(worked, update, name) for name in norms)),
    )
    parts = (
        ("1 input", (results(worked.inputs.values(), title="What goes in"),)),
        ("2 forward and 3 loss", (steps_of(worked.sheet.lines, tensors, title="Forwards to the loss"),)),
        ("4 backward", (steps_of(back.sheet.lines, tensors, title="Backwards"), bars)),
        ("5 update", (steps_of(update.lines, tensors, title="w′ = w − η·∂w"), table, bars, graph_of(worked))),
    )
    for place, (caption, figures) in enumerate(parts):
        last = place == len(parts) - 1
        numbers: dict[str, Number] = {"loss": before, "loss_after": then, "norms": list(norms.values())}
        yield Frame(figures=figures, numbers=numbers if last else {}, caption=caption, total=len(parts))


def step_case(hidden: int, batch: int, activation: str, loss: str, seed: int) -> Worked:
    """Return a network on a batch, worked."""
    out = 1 if loss == "mse" else 3
    draws = np.random.default_rng(seed)
    target = draws.integers(-10, 11, (batch, 1)) / 10 if loss == "mse" else draws.integers(0, 3, batch)
    given = {"x": (draws.integers(-10, 11, (batch, 2)) / 10).tolist(), "target": target.tolist()}
    return work(Network((2, hidden, out), loss, seed), given | {"activation": activation})


def parameters(worked: Worked) -> list[str]:
    """Return the tensors that training changes."""
    return [name for name in worked.inputs if name not in {"x", "target"}]


def updated(worked: Worked, lr: float) -> Sheet:
    """Return the sheet of the update: every weight less η times its gradient."""
    sheet = Sheet()
    for name in parameters(worked):
        one, slope = worked.inputs[name], worked.gradients.of[name]
        old = sheet.input(name, one.symbol, one.shape, [cell.value for cell in one.cells])
        down = sheet.input(slope.name, slope.symbol, slope.shape, [cell.value for cell in slope.cells])
        sheet.heading(f"update of {one.symbol}")
        new = sheet.tensor(f"{name}′", one.shape, f"{one.symbol}′")
        for place in new.places():
            new[place] = old[place] - number(lr, "η") * down[place]
    return sheet


def update_numbers(worked: Worked, update: Sheet) -> dict[str, object]:
    """Return the new parameters by name."""
    return {name: update.tensors[f"{name}′"].numbers() for name in parameters(worked)}


def _given(worked: Worked) -> dict[str, object]:
    """Return what a network was worked on."""
    return {name: one.numbers() for name, one in worked.inputs.items()} | worked.settings


def _norm(tensor: Tensor) -> float:
    """Return the root of the sum of squares."""
    return float(sum(cell.value**2 for cell in tensor.cells) ** 0.5)


def _moved(worked: Worked, update: Sheet, name: str) -> tuple[str, float, float]:
    """Return the norm of a parameter before and after."""
    return f"‖{worked.inputs[name].symbol}‖", _norm(worked.inputs[name]), _norm(update.tensors[f"{name}′"])


@training_step.check
def one_step_of_the_optimiser() -> None:
    """All parameters after the step are those of torch.optim.SGD on the same network in torch, for both losses."""
    import torch
    from torch import nn

    for loss in LOSSES:
        worked = step_case(4, 3, "tanh", loss, 5)
        sizes = worked.settings["sizes"]
        net = nn.Sequential(nn.Linear(sizes[0], sizes[1]), nn.Tanh(), nn.Linear(sizes[1], sizes[2])).double()
        with torch.no_grad():
            for tensor, name in zip(net.parameters(), parameters(worked), strict=True):
                tensor.copy_(torch.tensor(worked.inputs[name].numbers(), dtype=torch.float64))
        x = torch.tensor(worked.inputs["x"].numbers(), dtype=torch.float64)
        target = torch.tensor(worked.inputs["target"].numbers(), dtype=torch.float64)
        criterion = nn.MSELoss() if loss == "mse" else nn.CrossEntropyLoss()
        value = criterion(net(x), target if loss == "mse" else target.long())
        value.backward()
        torch.optim.SGD(net.parameters(), lr=0.1).step()
        near("loss", worked.output[()].value, value.item(), 1e-12)
        update = updated(worked, 0.1)
        for tensor, name in zip(net.parameters(), parameters(worked), strict=True):
            near(f"{name} after the step", update.tensors[f"{name}′"].numbers(), tensor.tolist(), 1e-12)


@training_step.check
def every_parameter_has_a_gradient() -> None:
    """No gradient is missing or empty, and a small step makes the loss smaller."""
    for loss in LOSSES:
        last = training_step.last(loss=loss, lr=0.01)
        norms = np.array(last.numbers["norms"])
        assert len(norms) == 4, f"expected two weights and two biases, found {len(norms)}"
        assert (norms > 0).all(), "a parameter has no gradient"
        before, after = (float(str(last.numbers[key])) for key in ("loss", "loss_after"))
        assert after < before, f"the loss went from {before} to {after}"
