"""Multi-layer perceptron, the smallest network that can be looked at in every view.

Shape letters in this file: B batch, F features in, H hidden, C outputs.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import Literal

from torch import Tensor, nn

from dltui.models._registry import model
from dltui.spelling import in_range

Activation = Literal["relu", "tanh", "sigmoid", "gelu", "silu"]

ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}


class MLP(nn.Module):
    """Hidden layers of one width with an activation after each, then a linear head."""

    def __init__(
        self, features: int, outputs: int, *, width: int, depth: int, activation: Activation
    ) -> None:
        super().__init__()
        sizes = [features, *[width] * depth]
        self.hidden = nn.ModuleList(nn.Linear(into, out) for into, out in pairwise(sizes))
        self.activations = nn.ModuleList(ACTIVATIONS[activation]() for _ in range(depth))
        self.head = nn.Linear(sizes[-1], outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map samples of any shape, (B, …), to outputs of shape (B, C)."""
        h_BH = x.flatten(1)
        for layer, activation in zip(self.hidden, self.activations, strict=True):
            h_BH = activation(layer(h_BH))
        y_BC: Tensor = self.head(h_BH)
        return y_BC


@model("mlp")
def mlp(
    input_shape: tuple[int, ...],
    outputs: int,
    *,
    width: int = 64,
    depth: int = 1,
    activation: Activation = "relu",
) -> nn.Module:
    """Multi-layer perceptron: fully connected layers of one width.

    Parameters: (F + 1)·H + (depth − 1)·(H + 1)·H + (H + 1)·C; on digits 4,810 (64-64-10). With ``depth=0`` it is
    a linear classifier.

    Args:
        input_shape: Shape of one sample; it is flattened to F = product features.
        outputs: C, numbers out.
        width: H, units in each hidden layer.
        depth: Hidden layers.
        activation: What follows each hidden layer.

    Returns:
        The network, freshly initialised as torch does it.
    """
    in_range("mlp", "width", width, 1, 1_000_000)
    in_range("mlp", "depth", depth, 0, 1000)
    return MLP(prod(input_shape), outputs, width=width, depth=depth, activation=activation)
