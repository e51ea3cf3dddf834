"""What a chain of fully connected layers does to signal and gradient on average over its weights.

With weights of mean 0 and variance σ² the second moment of what layer l gives is q_l = fan_in·σ²·E[φ(z)²] + Var(b),
z ~ N(0, q_{l−1}), and that of its gradient is d_l = fan_out·σ²·E[φ′(z)²]·d_{l+1} (Glorot and Bengio 2010; He et al.
2015, arXiv:1502.01852; Schoenholz et al. 2017, arXiv:1611.01232). For linear layers and for ReLU this is exact:
(fan_in·σ²)^depth, and (fan_in·σ²/2)^depth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.gradients.signal import Layer, fans

NODES = 20_000  # an even number: 0, where ReLU has its kink, is none of them
WIDE = 8.0  # standard deviations


@dataclass(frozen=True)
class Link:
    """One fully connected layer of a chain.

    Attributes:
        fan_in: Numbers that go in.
        fan_out: Numbers that come out.
        weight_square: Mean square of the weights.
        bias_square: Mean square of the biases.
        activation: What follows, or None.
    """

    fan_in: int
    fan_out: int
    weight_square: float
    bias_square: float
    activation: Callable[[Tensor], Any] | None


def chain(layers: Sequence[Layer]) -> list[Link] | None:
    """Return the layers as a chain, or None where they are no chain of fully connected layers.

    Args:
        layers: In the order in which they are used.

    Returns:
        The links.
    """
    links = []
    for layer in layers:
        sizes = fans(layer.module)
        if sizes is None or not layer.chained:
            return None
        weight, bias = layer.module._parameters["weight"], layer.module._parameters["bias"]
        assert weight is not None
        links.append(
            Link(
                *sizes,
                weight_square=float(weight.detach().double().square().mean()),
                bias_square=0.0 if bias is None else float(bias.detach().double().square().mean()),
                activation=layer.activation.again if layer.activation else None,
            )
        )
    return links


def expected(links: Sequence[Link], input_square: float, last_gradient: float) -> NDArray[np.float64]:
    """Return the second moments of zₗ, of what follows it, and of δₗ, shape (3, l).

    Args:
        links: The chain.
        input_square: Mean square of what goes in.
        last_gradient: Mean square of δ at the last layer.

    Returns:
        The moments.
    """
    found = np.zeros((3, len(links)))
    slopes, square = [], input_square
    for place, link in enumerate(links):
        q = link.fan_in * link.weight_square * square + link.bias_square
        square, slope = moments(link.activation, q)
        slopes.append(slope)
        found[:2, place] = q, square
    found[2, -1] = last_gradient
    for place in range(len(links) - 2, -1, -1):
        after = links[place + 1]
        found[2, place] = after.fan_out * after.weight_square * slopes[place] * found[2, place + 1]
    return found


def moments(function: Callable[[Tensor], Any] | None, variance: float) -> tuple[float, float]:
    """Return E[φ(z)²] and E[φ′(z)²] for z ~ N(0, variance).

    Args:
        function: φ, or None for the identity.
        variance: Of z.

    Returns:
        Both.
    """
    if function is None or not np.isfinite(variance):
        return variance, 1.0
    u = torch.linspace(-WIDE, WIDE, NODES, dtype=torch.float64)
    weights = torch.exp(-u * u / 2)
    weights /= weights.sum()
    z = (u * variance**0.5).requires_grad_()
    with torch.enable_grad():
        output = function(z + 0)  # a new tensor: the function may work in place
        (slope,) = torch.autograd.grad(output.sum(), z)
    return float(weights @ output.detach().square()), float(weights @ slope.square())
