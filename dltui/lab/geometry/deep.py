"""Deep stacks with and without a skip around each layer, trained in a moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.device import seeded, threads
from dltui.lab.geometry.plain_nets import ACTIVATIONS, Plan, batch, made, read

Array = NDArray[np.float64]

SAMPLES, BATCH, WIDTH = 300, 32, 32


@dataclass(frozen=True)
class Trained:
    """What was measured of one stack.

    Attributes:
        norms: Norm of the gradient of each equal layer's weights at the first step, shape (depth,).
        losses: Loss on each batch, shape (steps,).
    """

    norms: Array
    losses: Array


@lru_cache(maxsize=64)
def trained(depth: int, activation: str, steps: int, lr: float, seed: int, *, skip: bool) -> Trained:
    """Train a stack of ``depth`` equal layers between two others, from Xavier weights, with Adam."""
    x, y = batch(SAMPLES)
    plan = Plan(depth=depth + 1, width=WIDTH, activation=activation, skip=skip)  # the first has another shape
    draw = np.random.default_rng(seed)
    norms, losses = np.zeros(depth), []
    with threads(1):
        net = made(plan, seed)
        optimizer = torch.optim.Adam(net.parameters(), lr)
        for step in range(steps):
            rows = torch.from_numpy(draw.integers(0, len(x), BATCH))
            found = read(net, x[rows], y[rows])
            norms = found.weights[1:-1] if step == 0 else norms
            optimizer.step()
            losses.append(found.loss)
    return Trained(norms, np.array(losses))


def passed(line: nn.Linear, activation: str, x: Tensor) -> Tensor:
    """Return x + act(Wx + b), one layer with a skip around it."""
    return x + ACTIVATIONS[activation](line(x))


def jacobian(activation: str, seed: int) -> tuple[Array, Array]:
    """Return the Jacobian of a layer with a skip by autograd, and diag(act′(s))·W by hand, shape (32, 32)."""
    with seeded(seed), threads(1):
        line, x = nn.Linear(WIDTH, WIDTH).double(), torch.randn(WIDTH, dtype=torch.float64)
        found = torch.autograd.functional.jacobian(lambda v: passed(line, activation, v), x)  # type: ignore[no-untyped-call]
        s = line(x).detach().requires_grad_()
        (slope,) = torch.autograd.grad(ACTIVATIONS[activation](s).sum(), s)
        return found.numpy(), (slope[:, None] * line.weight.detach()).numpy()


def passed_by_nothing(seed: int) -> tuple[Array, Array]:
    """Return an input, and what a ReLU layer with a skip and F = 0 makes of it."""
    with seeded(seed), threads(1), torch.no_grad():
        line, x = nn.Linear(WIDTH, WIDTH), torch.randn(50, WIDTH)
        for part in line.parameters():
            part.zero_()
        return x.numpy(), passed(line, "relu", x).numpy()
