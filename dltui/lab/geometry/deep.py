"""Deep stacks of equal layers on digits, with and without a skip around each, trained in a moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from dltui.device import seeded, threads
from dltui.lab.geometry.nets import PIXELS, digits

Array = NDArray[np.float64]

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
SAMPLES, BATCH, WIDTH = 300, 32, 32


class Layer(nn.Module):
    """F(x) = act(Wx + b), or x + F(x) with a skip around it."""

    def __init__(self, activation: str, *, skip: bool) -> None:
        super().__init__()
        self.line, self.act, self.skip = nn.Linear(WIDTH, WIDTH), ACTIVATIONS[activation](), skip

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, width) to the same."""
        found: Tensor = self.act(self.line(x))
        return x + found if self.skip else found


@dataclass(frozen=True)
class Trained:
    """What was measured of one stack.

    Attributes:
        norms: Norm of the gradient of each layer's weights at the first step, shape (depth,).
        losses: Loss on each batch, shape (steps,).
    """

    norms: Array
    losses: Array


@lru_cache(maxsize=64)
def trained(depth: int, activation: str, steps: int, lr: float, seed: int, *, skip: bool) -> Trained:
    """Train a stack of ``depth`` equal layers between two linear ones with Adam."""
    data = digits(SAMPLES)
    x, y = torch.from_numpy(data.x_train).flatten(1), torch.from_numpy(data.y_train).long()
    norms, losses = np.zeros(depth), []
    with seeded(seed), threads(1):
        layers = [Layer(activation, skip=skip) for _ in range(depth)]
        net = nn.Sequential(nn.Linear(PIXELS, WIDTH), *layers, nn.Linear(WIDTH, len(data.classes)))
        optimizer = torch.optim.Adam(net.parameters(), lr)
        for step in range(steps):
            rows = torch.randint(len(x), (BATCH,))
            optimizer.zero_grad()
            loss = functional.cross_entropy(net(x[rows]), y[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            if step == 0:
                norms = np.array([
                    float(layer.line.weight.grad.norm())
                    for layer in layers
                    if layer.line.weight.grad is not None
                ])
            optimizer.step()
            losses.append(loss.item())
    return Trained(norms, np.array(losses))


def jacobian(activation: str, seed: int, *, skip: bool) -> tuple[Array, Array]:
    """Return the Jacobian of one layer at a random point by autograd, and diag(act′(s))·W by hand, shape (32, 32)."""
    with seeded(seed), threads(1):
        layer, x = Layer(activation, skip=skip).double(), torch.randn(WIDTH, dtype=torch.float64)
        found = torch.autograd.functional.jacobian(layer, x)  # type: ignore[no-untyped-call]
        s = layer.line(x).detach().requires_grad_()
        (slope,) = torch.autograd.grad(layer.act(s).sum(), s)
        return found.numpy(), (slope[:, None] * layer.line.weight.detach()).numpy()


def passed_by_nothing(seed: int) -> tuple[Array, Array]:
    """Return an input, and what a ReLU layer with a skip and F = 0 makes of it."""
    with seeded(seed), threads(1), torch.no_grad():
        layer, x = Layer("relu", skip=True), torch.randn(50, WIDTH)
        for part in layer.parameters():
            part.zero_()
        return x.numpy(), layer(x).numpy()
