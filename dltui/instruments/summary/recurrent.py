"""Recurrent layers on the meta device, computed in the steps in which the CPU computes them.

Other devices multiply every step by the weights of the input on its own, the CPU all of them at once, and where it
can it gives an LSTM to oneDNN, a layer and a direction at a time; what is saved for the backward pass differs.
The steps are those of aten/src/ATen/native/RNN.cpp and mkldnn/RNN.cpp.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from dltui.instruments.summary.workspace import LSTM

States = tuple[Tensor, ...]  # what a step hands on: the output first, then the cell where there is one
Cell = Callable[[Tensor, States, Sequence[Any]], States]
Layer = Callable[[Tensor, Sequence[Sequence[Tensor]], Sequence[States]], tuple[Tensor, list[States]]]
# types that oneDNN may take besides float32, and who is asked whether this CPU can
SUPPORTED = {torch.bfloat16: "_is_mkldnn_bf16_supported", torch.float16: "_is_mkldnn_fp16_supported"}


@dataclass(frozen=True)
class _Asked:
    """What ``torch.lstm`` and its like are called with, by their names."""

    input: Tensor
    hx: Tensor | Sequence[Tensor]
    params: Sequence[Tensor]
    has_biases: bool
    num_layers: int
    dropout: float
    train: bool
    bidirectional: bool
    batch_first: bool

    @property
    def states(self) -> States:
        """First states, and first cells of an LSTM."""
        return (self.hx,) if isinstance(self.hx, Tensor) else tuple(self.hx)

    @property
    def projects(self) -> bool:
        """Whether the output of an LSTM is smaller than its cells."""
        return len({state.shape[-1] for state in self.states}) > 1

    def weights(self) -> list[Sequence[Tensor]]:
        """Return those of each layer and direction."""
        each = 2 + 2 * self.has_biases + self.projects
        return [self.params[start : start + each] for start in range(0, len(self.params), each)]

    def fits(self) -> bool:
        """Return whether all lies on meta and no size is wrong."""
        tensors = (self.input, *self.states, *self.params)
        if any(t.device.type != "meta" or t.dtype != self.input.dtype for t in tensors):
            return False
        if self.input.dim() != 3 or not self.input.numel() or any(s.dim() != 3 for s in self.states):
            return False
        layers = self.num_layers * (1 + self.bidirectional)
        count = layers * (2 + 2 * self.has_biases + self.projects)
        batch = self.input.shape[0 if self.batch_first else 1]
        return (
            len(self.params) == count
            and all(s.shape[:2] == (layers, batch) for s in self.states)
            and self.input.shape[2] == self.params[0].shape[-1]
        )


def recurrent(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Compute what a recurrent function of torch computes.

    Args:
        func: One of ``RECURRENT``.
        args: Its arguments, for whole or packed sequences.
        kwargs: Those given by name.

    Returns:
        Output, last states, and last cells of an LSTM.
    """
    packed = "batch_sizes" in kwargs or (len(args) > 3 and not isinstance(args[3], bool))
    asked = None if packed else _Asked(*args, **kwargs)
    if asked is None or not asked.fits():
        return func(*args, **kwargs)
    x = asked.input.transpose(0, 1) if asked.batch_first else asked.input
    if func is torch.lstm and not asked.projects and _is_onednn(asked.input.dtype):
        x = x.contiguous()
        states = [tuple(each) for each in zip(*(s.contiguous() for s in asked.states), strict=True)]
        layer = _by_onednn(asked)
    else:
        states = [tuple(each) for each in zip(*(s.unbind(0) for s in asked.states), strict=True)]
        layer = _by_steps(RECURRENT[func], asked)
    output, last = _stack(asked, layer, x, states)
    return output.transpose(0, 1) if asked.batch_first else output, *map(torch.stack, zip(*last, strict=True))


def _stack(asked: _Asked, layer: Layer, x: Tensor, states: Sequence[States]) -> tuple[Tensor, list[States]]:
    """Return the output of the last layer, and the last states of every layer and direction."""
    ways = 1 + asked.bidirectional
    weights = asked.weights()
    last: list[States] = []
    for number in range(asked.num_layers):
        places = slice(number * ways, (number + 1) * ways)
        x, ends = layer(x, weights[places], states[places])
        last += ends
        if asked.dropout and asked.train and number < asked.num_layers - 1:
            x = torch.dropout(x, asked.dropout, True)
    return x, last


def _is_onednn(dtype: torch.dtype) -> bool:
    """Return whether the CPU would give an LSTM to oneDNN (``use_mkldnn``)."""
    there = torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled  # type: ignore[no-untyped-call]
    if not there or (dtype == torch.float16 and torch.is_grad_enabled()):
        return False
    asked = SUPPORTED.get(dtype)
    return dtype == torch.float32 or (asked is not None and bool(getattr(torch.ops.mkldnn, asked)()))


def _by_onednn(asked: _Asked) -> Layer:
    """Return how oneDNN computes a layer: all steps of a direction in one call."""
    flags = (asked.has_biases, asked.bidirectional, asked.batch_first, asked.train)
    size = (LSTM, asked.states[0].shape[-1], asked.num_layers)
    outputs: dict[int, Tensor] = {}  # by direction; ATen too holds them until the next layer has its own

    def layer(
        x: Tensor, weights: Sequence[Sequence[Tensor]], states: Sequence[States]
    ) -> tuple[Tensor, list[States]]:
        ends: list[States] = []
        for way, (given, begin) in enumerate(zip(weights, states, strict=True)):
            zeros = (torch.zeros_like(weight) for weight in given if not asked.has_biases)
            kernel = torch.ops.aten.mkldnn_rnn_layer.default
            outputs[way], *end = kernel(x, *given, *zeros, *begin, way > 0, (), *size, *flags)
            ends.append(tuple(end[:2]))
        return outputs[0] if len(ends) == 1 else torch.cat(list(outputs.values()), -1), ends

    return layer


def _by_steps(cell: Cell, asked: _Asked) -> Layer:
    """Return how the CPU itself computes a layer: the inputs of a direction at once, then step by step."""

    def layer(
        x: Tensor, weights: Sequence[Sequence[Tensor]], states: Sequence[States]
    ) -> tuple[Tensor, list[States]]:
        made: list[
            list[Tensor]
        ] = []  # outputs by direction and step; ATen too holds them until the layer is done
        outputs, ends = [], []
        for way, (given, begin) in enumerate(zip(weights, states, strict=True)):
            first, second, *others = given
            bias, other, *project = others if asked.has_biases else (None, None, *others)
            steps = linear(x, first, bias).unbind(0)
            made.append([])
            end = begin
            for step in reversed(steps) if way else steps:
                end = cell(step, end, (second, other, *project))
                made[way].append(end[0])
            outputs.append(torch.stack(made[way][::-1] if way else made[way]))
            ends.append(end)
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, -1), ends

    return layer


def _lstm(step: Tensor, states: States, weights: Sequence[Any]) -> States:
    """Input, forget, cell and output gate."""
    state, cell = states
    second, bias, *project = weights
    i, f, g, o = linear(state, second, bias).add_(step).unsafe_chunk(4, 1)
    i, f, g, o = i.sigmoid_(), f.sigmoid_(), g.tanh_(), o.sigmoid_()
    cell = (f * cell).add_(i * g)
    state = o * cell.tanh()
    return (torch.matmul(state, project[0].t()) if project else state), cell


def _gru(step: Tensor, states: States, weights: Sequence[Any]) -> States:
    """Reset, update and new gate."""
    (state,) = states
    r, z, n = step.unsafe_chunk(3, 1)
    hidden_r, hidden_z, hidden_n = linear(state, *weights).unsafe_chunk(3, 1)
    r, z = hidden_r.add_(r).sigmoid_(), hidden_z.add_(z).sigmoid_()
    n = n.add(hidden_n.mul_(r)).tanh_()
    return ((state - n).mul_(z).add_(n),)


def _tanh(step: Tensor, states: States, weights: Sequence[Any]) -> States:
    """One sum and a hyperbolic tangent."""
    return (linear(states[0], *weights).add_(step).tanh(),)


def _relu(step: Tensor, states: States, weights: Sequence[Any]) -> States:
    """One sum and a rectifier."""
    return (linear(states[0], *weights).add_(step).relu(),)


RECURRENT: dict[Any, Cell] = {
    torch.lstm: _lstm,
    torch.gru: _gru,
    torch.rnn_tanh: _tanh,
    torch.rnn_relu: _relu,
}
