"""Small networks on a few handwritten digits, trained in a moment, that the exhibits look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor, nn

from dltui.data import Dataset, load
from dltui.device import seeded
from dltui.figures import Lines, Series
from dltui.objective import Objective
from dltui.results.training import TrainingHistory
from dltui.training import Recipe, fit

PIXELS = 64  # of a digit

Make = Callable[[], nn.Module]


@lru_cache(maxsize=16)
def digits(samples: int = 600, classes: int = 10) -> Dataset:
    """Return the first training samples of the first classes of the digits, and what is held out of these classes."""
    whole = load("digits")
    some, held = whole.y_train < classes, whole.y_test < classes
    return replace(
        whole,
        name=f"{samples} digits" if classes == len(whole.classes) else f"digits 0 to {classes - 1}",
        x_train=whole.x_train[some][:samples],
        y_train=whole.y_train[some][:samples],
        x_test=whole.x_test[held],
        y_test=whole.y_test[held],
        classes=whole.classes[:classes],
    )


@lru_cache(maxsize=4)
def quarters(classes: int = 3) -> Dataset:
    """Return some digits as the brightness of their four quarters, standardised: so few inputs that H can be seen."""
    data = digits(300, classes)
    x_train, x_test = (
        one.reshape(-1, 2, 4, 2, 4).mean((2, 4)).reshape(-1, 4) for one in (data.x_train, data.x_test)
    )
    mean, spread = x_train.mean(0), x_train.std(0)
    return replace(
        data,
        name=f"{data.name}, four quarters",
        x_train=(x_train - mean) / spread,
        x_test=(x_test - mean) / spread,
    )


def tiny(outputs: int = 3) -> nn.Module:
    """Return a network with four inputs and four hidden units: 35 weights for three classes."""
    return nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, outputs))


def perceptron(
    width: int, outputs: int, *, depth: int = 1, act: type[nn.Module] = nn.ReLU, norm: bool = False
) -> nn.Module:
    """Return a multi-layer perceptron for digits with ``depth`` hidden layers, batch norm after each if wished."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs in [PIXELS, *[width] * (depth - 1)]:
        layers += [nn.Linear(inputs, width), *([nn.BatchNorm1d(width)] if norm else []), act()]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def taught(make: Make, data: Dataset, recipe: Recipe, seed: int) -> tuple[nn.Module, TrainingHistory]:
    """Return a network that was drawn and trained from a seed, in eval mode, and how that went."""
    with seeded(seed):
        net = make()
    history = fit(net, data, recipe.changed({"seed": seed}))
    return net.eval(), history


def trained(make: Make, data: Dataset, recipe: Recipe, seed: int) -> nn.Module:
    """Return a network that was drawn and trained from a seed, in eval mode."""
    return taught(make, data, recipe, seed)[0]


def course(history: TrainingHistory, what: str, comes: str) -> Lines:
    """Return the loss while a network learned, which is seen while what it was trained for is still computed."""
    return Lines(
        title=f"The loss while {what} learns",
        caption=f"{comes} next",
        series=(Series(name="training loss", x=history.epochs, y=history.train_loss),),
        x_label="epoch",
        y_label="loss",
        y_scale="log",
    )


def bound(net: nn.Module, data: Dataset, part: str = "train", title: str = "") -> Objective:
    """Return the loss of a network on one part of its data."""
    return Objective.of(net, data, part=part, title=title)


class Residual(nn.Module):
    """x + ReLU(Wx + b)/√n, or ReLU(Wx + b) alone without its skip: the same parameters."""

    def __init__(self, width: int, *, blocks: int, skip: bool) -> None:
        super().__init__()
        self.line, self.skip, self.scale = nn.Linear(width, width), skip, blocks**-0.5
        nn.init.kaiming_normal_(self.line.weight, nonlinearity="relu")
        nn.init.zeros_(self.line.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, width) to the same."""
        h = torch.relu(self.line(x))
        return x + self.scale * h if self.skip else h


def stack(depth: int, width: int, outputs: int, *, skip: bool) -> nn.Module:
    """Return a network of ``depth`` linear layers, those between the first and the last one with or without skips."""
    blocks = (Residual(width, blocks=depth - 2, skip=skip) for _ in range(depth - 2))
    return nn.Sequential(
        nn.Flatten(), nn.Linear(PIXELS, width), nn.ReLU(), *blocks, nn.Linear(width, outputs)
    )
