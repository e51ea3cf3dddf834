"""A fast evaluator for multi-layer perceptrons: a stretch of a row of the plane at once.

Features come before samples, so that what the first layer gives, Z = W·Xᵀ, is a sum of tensors that are computed once,
the other layers are one batched product for all points, and the loss runs along the samples.

What a point has begins on a boundary of 64 bytes and fills whole vectors, whichever points are beside it: products and
the ends of loops may round otherwise elsewhere, and its loss would depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from dltui.instruments.landscape import passes
from dltui.instruments.landscape.folded import FoldedWeights, network_of
from dltui.instruments.landscape.losses import lost
from dltui.instruments.landscape.network import CONVOLUTIONS, Network, Weight
from dltui.instruments.landscape.plane import Each, Evaluate, Plane, Tier, Unfit, joined, rows
from dltui.instruments.landscape.polynomial import Polynomial
from dltui.instruments.landscape.window import Grid
from dltui.objective import Objective

BLOCK_BYTES = 1 << 19  # of one point's widest layer for a block of samples
CHUNK_BYTES = 1 << 21  # of the widest layer at all points that go through the layers together
SCORE_BYTES = 1 << 23  # of the outputs at all points whose losses are taken together
ALIGNED = 16  # numbers in 64 bytes, at least; loops take twice as many at once
NO_CHAIN = "it is no chain of linear layers"
ELEMENTWISE = (
    nn.Tanh,
    nn.Sigmoid,
    nn.GELU,
    nn.SiLU,
    nn.LeakyReLU,
    nn.ELU,
    nn.Softplus,
    nn.Hardtanh,
    nn.ReLU6,
)
FUNCTIONS = frozenset({
    torch.relu,
    torch.tanh,
    torch.sigmoid,
    functional.gelu,
    functional.silu,
    functional.tanh,
})


class Layer(NamedTuple):
    """A linear layer and what follows it.

    Attributes:
        weight: Which weight it is.
        bias: Which bias, or None.
        after: What is done to its outputs, one by one.
    """

    weight: Weight
    bias: Weight | None
    after: tuple[Callable[[Tensor], Tensor], ...]


Later = tuple[Tensor, Tensor | None, tuple[Callable[[Tensor], Tensor], ...]]  # weight, bias, what follows


class Chunks(NamedTuple):
    """How many points are taken together.

    Attributes:
        layers: Through the layers, whose outputs then stay in the cache.
        losses: For their losses, from far smaller tensors: fewer calls, in which workers wait for each other.
    """

    layers: int
    losses: int


def dense(plane: Plane) -> Tier:
    """Return the evaluator of a multi-layer perceptron.

    Args:
        plane: What is evaluated.

    Returns:
        The evaluator.

    Raises:
        Unfit: If the network or its loss is of another kind.
    """
    if any(isinstance(one, tuple(CONVOLUTIONS)) for one in plane.twin.module.modules()):
        raise Unfit(NO_CHAIN)  # before it is traced, which takes longer than to look
    net = network_of(plane)
    layers = _chain(net)
    weights = FoldedWeights.of(plane, net)
    outs = [int(weights.places[weights.weights.index(layer.weight)][1][0]) for layer in layers]
    widths = max(outs), outs[-1]
    step = ALIGNED * (2 if any(out % 2 for out in outs) else 1)
    count = _up(max(ALIGNED, BLOCK_BYTES // (plane.objective.inputs.element_size() * widths[0])), step)

    def on(objective: Objective) -> Callable[[], Evaluate]:
        first = _first(objective, weights, layers[0], count, step)
        block = objective.inputs.element_size() * min(count, _up(objective.samples, step))
        together = max(1, CHUNK_BYTES // (widths[0] * block))
        chunks = Chunks(together, max(together, SCORE_BYTES // (widths[1] * block)))
        return lambda: _worker(objective, weights, layers, first, chunks)

    return Tier("whole rows of points at once", on)


def _up(count: int, step: int) -> int:
    """Return the next multiple of a step."""
    return -(-count // step) * step


def _chain(net: Network) -> list[Layer]:
    """Return the layers of a network that is a chain of linear ones and elementwise functions."""
    names = dict(zip(net.placeholders(), net.weights, strict=True))
    found = list[Layer]()
    node = net.input
    while node is not net.output:
        if len(node.users) != 1:
            raise Unfit("it branches")
        node = next(iter(node.users))
        if node.target is functional.linear:
            weight, bias = node.args[1], node.args[2]
            found.append(Layer(names[weight], None if bias is None else names[bias], ()))  # type: ignore[index]
        elif found and (function := _elementwise(net, node)) is not None:
            found[-1] = found[-1]._replace(after=(*found[-1].after, function))
        elif found or not passes.is_view(net, node) or len(net.shapes[node]) != 2:
            raise Unfit(NO_CHAIN)
    if (
        len(found) < 2
        or len(net.shapes[net.output]) != 2
        or net.shapes[_into(net)][1:] != net.shapes[_into(net)][-1:]
    ):
        raise Unfit(NO_CHAIN)
    return found


def _into(net: Network) -> fx.Node:
    """Return what goes into the first linear layer."""
    first = next(node for node in net.graph.nodes if node.target is functional.linear)
    assert isinstance(first.args[0], fx.Node)
    return first.args[0]


def _elementwise(net: Network, node: fx.Node) -> Callable[[Tensor], Tensor] | None:
    """Return what a node does to each number alone, or None."""
    if node.op == "call_module":
        layer = net.root.get_submodule(str(node.target))
        return layer if type(layer) in ELEMENTWISE else None
    if node.target is torch.relu:
        return torch.relu_
    plain = node.target in FUNCTIONS and len(node.args) == 1 and not node.kwargs
    function: Any = node.target
    return function if plain else None


def _first(
    objective: Objective, weights: FoldedWeights, layer: Layer, count: int, step: int
) -> list[tuple[Polynomial, Tensor]]:
    """Return what the first layer gives over the plane, features before samples, block by block, with its targets.

    The last block is filled with copies of its first sample, up to a multiple of ``step``, that no targets belong to.
    """
    weight, bias = weights.alone(layer.weight), weights.alone(layer.bias)
    assert weight is not None
    found = []
    for x, y in zip(torch.split(objective.inputs, count), torch.split(objective.targets, count), strict=True):
        flat = x.flatten(1).T
        columns = torch.cat([flat, flat[:, :1].expand(-1, _up(len(x), step) - len(x))], 1)
        terms = {
            power: term @ columns if bias is None else torch.addmm(bias.terms[power][:, None], term, columns)
            for power, term in weight.terms.items()
        }
        found.append((Polynomial(terms), y))
    return found


class _Room:
    """Memory that is written again and again, a piece a layer: fresh memory would be cold each time."""

    def __init__(self) -> None:
        self._pieces: dict[int, Tensor] = {}

    def of(self, layer: int, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return room of some shape for what a layer gives; what was there is lost."""
        size = prod(shape)
        if layer not in self._pieces or self._pieces[layer].numel() < size:
            self._pieces[layer] = torch.empty(size, dtype=dtype)
        return self._pieces[layer][:size].view(shape)


def _worker(
    objective: Objective,
    weights: FoldedWeights,
    layers: list[Layer],
    first: list[tuple[Polynomial, Tensor]],
    chunks: Chunks,
) -> Evaluate:
    """Return an evaluator with its own buffers."""
    rest = [(weights.alone(layer.weight), weights.alone(layer.bias), layer.after) for layer in layers[1:]]
    room, dtype = _Room(), objective.dtype

    def through(row: list[Tensor], steps: Tensor, later: list[Later], out: Tensor) -> None:
        h = _batched(row, steps, room.of(0, (len(steps), *row[0].shape), dtype))
        h = _after(h, layers[0].after)
        for depth, (weight, bias, after) in enumerate(later, start=1):
            shape = (*weight.shape[:2], h.shape[2])
            into = out if depth == len(later) else room.of(depth, shape, dtype)
            torch.bmm(weight, h, out=into) if bias is None else torch.baddbmm(bias, weight, h, out=into)
            h = _after(into, after)
        if h is not out:
            out.copy_(h)

    def some(alphas: Grid, beta: float) -> Each:
        steps = torch.tensor(alphas, dtype=dtype)[:, None, None]
        later: list[Later] = [
            (_batch(w, beta, steps), _batch(b, beta, steps, column=True) if b else None, after)
            for w, b, after in rest
            if w is not None
        ]
        losses, right = [], torch.zeros(len(alphas), dtype=torch.float64)
        parts = [
            (part, steps[part], [(w[part], None if b is None else b[part], after) for w, b, after in later])
            for start in range(0, len(alphas), chunks.layers)
            for part in [slice(start, start + chunks.layers)]
        ]
        classes = later[-1][0].shape[1]
        for terms, y in first:
            row = terms.row(beta)
            shape = len(alphas), classes, row[0].shape[1]
            outputs = room.of(len(layers), shape, dtype)
            for part, stretch, own in parts:
                through(row, stretch, own, outputs[part])
            loss, hits = lost(objective.criterion, outputs, y, room.of(-1, shape, dtype))
            losses.append(loss)
            right += hits
        return Each(losses[0] if len(losses) == 1 else torch.cat(losses, 1), right / objective.samples)

    def evaluate(at: Grid) -> Each:
        with torch.inference_mode():
            return joined([
                some(alphas[i : i + chunks.losses], beta)
                for beta, alphas, _ in rows(at)
                for i in range(0, len(alphas), chunks.losses)
            ])

    return evaluate


def _batched(row: list[Tensor], steps: Tensor, out: Tensor | None = None) -> Tensor:
    """Return Σ row[p]·αᵖ for all α at once, shape (g, …)."""
    found = torch.addcmul(row[0], steps, row[1], out=out)
    for power, term in enumerate(row[2:], start=2):
        found.addcmul_(steps**power, term)
    return found


def _batch(weight: Polynomial, beta: float, steps: Tensor, *, column: bool = False) -> Tensor:
    """Return a weight at all points of a stretch, shape (g, …)."""
    return _batched([term[:, None] if column else term for term in weight.row(beta)], steps)


def _after(h: Tensor, functions: tuple[Callable[[Tensor], Tensor], ...]) -> Tensor:
    """Return what follows a linear layer."""
    for function in functions:
        h = function(h)
    return h
