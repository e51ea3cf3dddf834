"""Activation functions as operations: which there are, and which of their units are dead or saturated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

SLOPE = 0.05  # an output is saturated where the slope is below this share of the greatest
NAMES = {
    *(
        "relu",
        "relu6",
        "leaky_relu",
        "prelu",
        "elu",
        "celu",
        "selu",
        "gelu",
        "silu",
        "mish",
        "softplus",
        "hardswish",
    ),
    *("tanh", "sigmoid", "hardtanh", "hardsigmoid", "logsigmoid", "log_sigmoid", "softsign"),
}
DIES = frozenset({"relu", "relu6"})  # 0 with slope 0 on a whole half line
SATURATES = frozenset({"tanh", "sigmoid", "hardsigmoid"})


def activation(func: Any, args: tuple[Any, ...], options: Mapping[str, Any]) -> str | None:
    """Return the name of the activation function that a function of torch is, or None for any other.

    Args:
        func: The function.
        args: What it is called with.
        options: What it is called with by name.

    Returns:
        A name such as ``relu``; ``torch.clamp(x, min=0)`` is one too.
    """
    name = getattr(func, "__name__", "").removesuffix("_")
    if name == "hardtanh" and (args[1:2] == (0,) or options.get("min_val") == 0):
        return "relu6"
    if name in {"clamp", "clamp_min", "threshold"}:
        told = [*args[1:], *options.values()]
        return "relu" if told in ([0], [0, 0] if name == "threshold" else [0, None]) else None
    return name if name in NAMES else None


@dataclass(eq=False)
class Firing:
    """How the units of one activation function fire.

    A unit is a channel of a convolution, or one number of what a fully connected layer gives; it is used at all
    positions of all samples.

    Attributes:
        name: The module in which it happens and what it is, such as ``act1 relu``.
        kind: Which function.
        again: The function itself.
        units: How many there are.
        uses: Outputs of one unit that were seen.
        numbers: Outputs of all units that were seen.
        squares: Sum of squares of the outputs.
        sum: Sum of the outputs.
        fired: How often each unit was above 0, shape (u,).
        saturated: How often each unit was saturated, shape (u,).
    """

    name: str
    kind: str
    again: Callable[[Tensor], Any]
    units: int = 0
    uses: int = 0
    numbers: int = 0
    squares: float = 0.0
    sum: float = 0.0
    fired: Tensor = field(default_factory=lambda: torch.zeros(0))
    saturated: Tensor = field(default_factory=lambda: torch.zeros(0))

    def take(self, output: Tensor, axis: int) -> None:
        """Take note of the outputs of a block.

        Args:
            output: What the function gave.
            axis: Along which the units lie.
        """
        units = output.movedim(axis, -1)
        units = units.reshape(-1, units.shape[-1])
        self.units = units.shape[1]
        self.uses += len(units)
        self.numbers += units.numel()
        self.sum += total(units)
        self.squares += square(units)
        self.fired = _more(self.fired, units > 0) if self.kind in DIES else self.fired
        flat = flatness(self.kind, units)
        self.saturated = self.saturated if flat is None else _more(self.saturated, flat)


def flatness(kind: str, output: Tensor) -> Tensor | None:
    """Return where a function is so flat that hardly any gradient comes back, or None where it never is.

    Args:
        kind: Which function.
        output: What it gave.

    Returns:
        Whether the slope is below ``SLOPE`` of the greatest slope, in the shape of ``output``.
    """
    if kind == "tanh":
        return 1 - output.square() < SLOPE
    if kind == "sigmoid":
        return 4 * output * (1 - output) < SLOPE
    if kind == "hardsigmoid":
        return (output == 0) | (output == 1)
    return None


def _more(counts: Tensor, seen: Tensor) -> Tensor:
    """Return counts by unit with those of a block added."""
    found = seen.sum(0).cpu()
    return found if not len(counts) else counts + found


def square(tensor: Tensor) -> float:
    """Return ‖·‖², added up in float64 where the device has it."""
    return float(torch.linalg.vector_norm(tensor, dtype=_wide(tensor))) ** 2


def total(tensor: Tensor) -> float:
    """Return the sum of all numbers, added up in float64 where the device has it."""
    return float(tensor.sum(dtype=_wide(tensor)))


def _wide(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.device.type == "mps" else torch.float64
