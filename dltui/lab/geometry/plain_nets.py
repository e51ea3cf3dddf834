"""Deep plain networks whose gradients can be read off layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.device import seeded
from dltui.lab.geometry.nets import PIXELS, digits

Array = NDArray[np.float64]
ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
Start = Literal["xavier", "he"]


@dataclass(frozen=True)
class Plan:
    """How a deep network is built.

    Attributes:
        depth: Hidden layers.
        width: Units of each.
        activation: One of ``ACTIVATIONS``.
        start: How weights are drawn: ``xavier``, variance 2/(fan in + fan out), or ``he``, 2/fan in.
        gain: What they are multiplied by.
        skip: Add the input of each hidden layer to its output, where both have the same width.
        norm: Batch norm before each activation.
    """

    depth: int = 20
    width: int = 64
    activation: str = "sigmoid"
    start: str = "xavier"
    gain: float = 1.0
    skip: bool = False
    norm: bool = False


class Deep(nn.Module):
    """A stack of equal layers that keeps its pre-activations, so that their gradients can be read."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        sizes = [PIXELS, *[plan.width] * plan.depth]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(plan.width) for _ in range(plan.depth * plan.norm))
        self.head = nn.Linear(plan.width, 10)
        draw = nn.init.xavier_normal_ if plan.start == "xavier" else nn.init.kaiming_normal_
        for layer in (*self.layers, self.head):
            draw(layer.weight)
            nn.init.zeros_(layer.bias)
            with torch.no_grad():
                layer.weight.mul_(plan.gain)
        self.inner: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, 64) to (batch, 10)."""
        self.inner = []
        for place, layer in enumerate(self.layers):
            z = layer(x)
            z = self.norms[place](z) if self.plan.norm else z
            self.inner.append(z)
            h = ACTIVATIONS[self.plan.activation](z)
            x = x + h if self.plan.skip and h.shape == x.shape else h
        out: Tensor = self.head(x)
        return out


@dataclass(frozen=True)
class Reading:
    """What one backward pass tells.

    Attributes:
        loss: Mean cross-entropy.
        weights: ‖∂L/∂W‖ of each layer, from the input on, the output layer last, shape (depth + 1,).
        signals: ‖∂L/∂z‖ of each layer's pre-activations, over the batch, shape (depth,).
    """

    loss: float
    weights: Array
    signals: Array


def made(plan: Plan, seed: int) -> Deep:
    """Return a fresh network in float64, so that no gradient is lost to underflow."""
    with seeded(seed):
        return Deep(plan).double()


def batch(samples: int) -> tuple[Tensor, Tensor]:
    """Return some digits with mean 0 and variance 1 over all pixels, and their classes."""
    data = digits(samples)
    x = torch.from_numpy(data.x_train).reshape(len(data.x_train), -1).double()
    return (x - x.mean()) / x.std(), torch.from_numpy(data.y_train)


def read(net: Deep, x: Tensor, y: Tensor) -> Reading:
    """Run forward and backward, leave the gradients in the parameters, and return their norms layer by layer."""
    net.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    for z in net.inner:
        z.retain_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    weights = [float(layer.weight.grad.norm()) for layer in (*net.layers, net.head)]
    signals = [float(z.grad.norm()) for z in net.inner if z.grad is not None]
    return Reading(float(loss.detach()), np.array(weights), np.array(signals))


def slope(norms: Array) -> float:
    """Return the change of log₁₀ of the norms from one layer to the next, by least squares; NaN where one is 0."""
    if len(norms) < 2 or not (np.isfinite(norms).all() and (norms > 0).all()):
        return float("nan")
    return float(np.polyfit(np.arange(len(norms)), np.log10(norms), 1)[0])
