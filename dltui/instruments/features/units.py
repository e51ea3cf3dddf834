"""Which axis of an output the units of a layer lie along, and which of them are silent or saturated."""

from __future__ import annotations

import torch
from torch import Tensor

from dltui.instruments.gradients.activations import DIES, flatness

KINDS = {"Hardsigmoid": "hardsigmoid", "Sigmoid": "sigmoid", "Tanh": "tanh", "ReLU": "relu", "ReLU6": "relu6"}
OTHERS = {"clamp": "relu", "clamp_min": "relu"}  # functions that stand for another
ONE = ("Conv1d", "ConvTranspose1d", "BatchNorm1d", "InstanceNorm1d")
ROWS = ("Linear", "LayerNorm", "RMSNorm", "Embedding", "MultiheadAttention", "LSTM", "GRU", "RNN")
SILENT = 0.0


def unit_axis(kind: str, ndim: int, before: int) -> int:
    """Return the axis along which the units of a layer lie.

    Args:
        kind: What was called, such as ``Conv2d``.
        ndim: Dimensions of its output, the batch included.
        before: The axis in what it was fed with, where that has as many dimensions, else 0.

    Returns:
        1 for maps, the last one for rows of numbers at positions.
    """
    if ndim < 3 or ndim > 3:
        return min(1, ndim - 1)
    if kind.startswith(ONE):
        return 1
    if kind.startswith(ROWS):
        return 2
    return before or 2


def by_unit(output: Tensor, axis: int) -> Tensor:
    """Return an output as (uses, units): one row for every position of every sample."""
    if output.ndim < 2:
        return output.reshape(-1, 1)
    moved = output.movedim(axis, -1)
    return moved.reshape(-1, moved.shape[-1])


def function_of(kind: str) -> str:
    """Return which activation function a layer or a function is, or an empty text for any other."""
    return KINDS.get(kind, OTHERS.get(kind, kind))


def silent(kind: str, units: Tensor) -> Tensor | None:
    """Return which units were never above 0, where units can die of it.

    Args:
        kind: What was called.
        units: Outputs, shape (uses, units).

    Returns:
        Shape (units,), or None where a unit that gives 0 still gets gradients.
    """
    return (units <= SILENT).all(0) if function_of(kind) in DIES else None


def saturated(kind: str, units: Tensor) -> Tensor | None:
    """Return which units were always so flat that hardly any gradient comes back.

    Args:
        kind: What was called.
        units: Outputs, shape (uses, units).

    Returns:
        Shape (units,), or None where the function never is flat on both sides.
    """
    flat = flatness(function_of(kind), units)
    return None if flat is None else torch.as_tensor(flat).all(0)
