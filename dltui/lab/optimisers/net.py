"""A small network on handwritten digits whose parameters are one long vector θ, as optimisers see them.

x (N, 64) → tanh hidden layers → 10 logits; L is the mean cross-entropy. θ holds W₁, b₁, W₂, b₂, … one after the other,
every W of shape (out, in) row by row, as in torch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dltui.data import load
from dltui.descent.rule import Rule, Vector
from dltui.descent.surface import Surface
from dltui.descent.walk import Walk, walk

CLASSES, PIXELS = 10, 64
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Net:
    """A perceptron.

    Attributes:
        sizes: Units of every layer, the 64 inputs first, the 10 outputs last.
    """

    sizes: tuple[int, ...] = (PIXELS, 16, CLASSES)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The parameters by name, in the order in which they lie in θ."""
        found: dict[str, tuple[int, ...]] = {}
        for layer, (before, after) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            found |= {f"W{layer}": (after, before), f"b{layer}": (after,)}
        return found

    @property
    def counts(self) -> tuple[int, ...]:
        """How many numbers each parameter has."""
        return tuple(int(np.prod(shape)) for shape in self.shapes.values())

    @property
    def size(self) -> int:
        """How many numbers θ has."""
        return sum(self.counts)

    def start(self, seed: int) -> Vector:
        """Return fresh weights, N(0, 1/inputs), and biases of 0, as one vector."""
        draw = np.random.default_rng(seed)
        parts = [
            draw.standard_normal(shape) / np.sqrt(shape[1]) if len(shape) == 2 else np.zeros(shape)
            for shape in self.shapes.values()
        ]
        return np.concatenate([part.ravel() for part in parts])

    def parts(self, theta: Vector) -> list[Vector]:
        """Return the parameters in their own shapes, taken out of θ."""
        cuts = np.split(theta, np.cumsum(self.counts)[:-1])
        return [cut.reshape(shape) for cut, shape in zip(cuts, self.shapes.values(), strict=True)]

    def run(self, theta: Vector, x: Vector, y: Rows) -> tuple[float, Vector]:
        """Return the loss and its gradient.

        Args:
            theta: θ, shape (size,).
            x: Pictures, shape (N, 64).
            y: Classes, shape (N,).

        Returns:
            L, and ∂L/∂θ of shape (size,).
        """
        parts, outs = self.parts(theta), [x]
        layers = list(zip(parts[::2], parts[1::2], strict=True))
        for place, (weight, bias) in enumerate(layers):
            z = outs[-1] @ weight.T + bias
            outs.append(z if place == len(layers) - 1 else np.tanh(z))
        shares = _softmax(outs[-1])
        loss = -float(np.log(np.maximum(shares[np.arange(len(y)), y], 1e-300)).mean())
        shares[np.arange(len(y)), y] -= 1.0
        back, grads = shares / len(y), []
        for (weight, _), entered in zip(reversed(layers), reversed(outs[:-1]), strict=True):
            grads += [back.sum(0), (back.T @ entered).ravel()]
            back = (back @ weight) * (1 - entered**2)
        return loss, np.concatenate(grads[::-1])

    def accuracy(self, theta: Vector, x: Vector, y: Rows) -> float:
        """Return the share of pictures that it names rightly."""
        parts, h = self.parts(theta), x
        for weight, bias in zip(parts[:-2:2], parts[1:-2:2], strict=True):
            h = np.tanh(h @ weight.T + bias)
        return float(((h @ parts[-2].T + parts[-1]).argmax(1) == y).mean())


@lru_cache(maxsize=4)
def pictures(samples: int, part: str = "train") -> tuple[Vector, Rows]:
    """Return the first digits of one part of the data: pictures of shape (n, 64) in 0 … 1, and their classes."""
    whole = load("digits")
    x, y = (whole.x_train, whole.y_train) if part == "train" else (whole.x_test, whole.y_test)
    return x[:samples].reshape(-1, PIXELS).astype(np.float64), y[:samples].astype(np.int64)


def landscape(net: Net, samples: int, seed: int) -> Surface:
    """Return the loss over all parameters of a network as a surface that can be walked on."""
    x, y = pictures(samples)
    start = net.start(seed)
    size = len(start)

    def value(theta: Vector) -> Vector:
        flat = [net.run(one, x, y)[0] for one in theta.reshape(-1, size)]
        return np.array(flat).reshape(theta.shape[:-1])

    def hessian(theta: Vector) -> Vector:
        h = 1e-5
        rows = [
            (net.run(theta + one, x, y)[1] - net.run(theta - one, x, y)[1]) / (2 * h)
            for one in h * np.eye(size)
        ]
        return np.array(rows)

    return Surface(
        "net",
        "cross-entropy of a network",
        f"{size} weights on {samples} digits",
        value,
        lambda theta: net.run(theta, x, y)[1],
        hessian,
        tuple(start.tolist()),
        (-1.0,) * size,
        (1.0,) * size,
    )


def trained(net: Net, rule: Rule, steps: int, *, samples: int, batch: int, seed: int) -> Walk:
    """Train a network on batches that are drawn anew for each step.

    Args:
        net: The network.
        rule: The optimiser.
        steps: Steps.
        samples: Digits to train on.
        batch: Digits a step; all of them where there are no more.
        seed: Seed of weights and batches.

    Returns:
        The walk; its values are the losses on all samples.
    """
    x, y = pictures(samples)
    draw, whole = np.random.default_rng(seed), landscape(net, samples, seed)

    def slope(theta: Vector) -> Vector:
        rows = draw.choice(len(y), batch, replace=False) if batch < len(y) else slice(None)
        return net.run(theta, x[rows], y[rows])[1]

    return walk(replace(whole, gradient=slope), rule, steps=steps)


def _softmax(z: Vector) -> Vector:
    """Return the shares of the classes, row by row."""
    powers = np.exp(z - z.max(1, keepdims=True))
    found: Vector = powers / powers.sum(1, keepdims=True)
    return found
