"""A fast evaluator for networks that torch.fx can trace: convolutions, residual networks and the like.

Three things make it fast. Batch norms are folded into the layers before them. The first layer is linear in its weights,
so what it gives on a row of the plane is a sum of two or three tensors that are computed once. And a block of
samples goes through all points of a row before the next one comes, so that it stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Any

import torch
from torch import Tensor

from dltui.instruments.landscape import passes
from dltui.instruments.landscape.losses import lost
from dltui.instruments.landscape.network import Network, Weight, traced
from dltui.instruments.landscape.plane import Each, Evaluate, Plane, Tier, Unfit, by_sample, joined, rows
from dltui.instruments.landscape.polynomial import Polynomial, along
from dltui.instruments.landscape.prefix import Prefix, cut_prefix
from dltui.instruments.landscape.spread import spread_out, spread_small
from dltui.instruments.landscape.stem import Stem
from dltui.instruments.landscape.window import Grid
from dltui.objective import Objective

WEIGHT_BYTES = 1 << 23  # of the weights of the points that are evaluated together
SCORE_BYTES = 1 << 22  # of their outputs
LOSS_BYTES = 1 << 19  # of the outputs at all points whose losses are taken together
PROBE = 2  # samples that shapes are read off


def folded(plane: Plane) -> Tier:
    """Return the evaluator of a network that can be traced.

    Args:
        plane: What is evaluated.

    Returns:
        The evaluator.

    Raises:
        Unfit: If the network or its loss is of another kind.
    """
    net = network_of(plane)
    passes.pool_first(net)
    spread_small(net)
    weights = FoldedWeights.of(plane, net)
    prefix = cut_prefix(net)
    if plane.objective.dtype == torch.float32 and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        passes.pool_at_once(net)
    passes.scores_last(net)
    passes.in_place(net, own_input=prefix is not None)
    output = net.shapes[net.output]
    if len(output) != 2 or output[0] != min(PROBE, plane.objective.samples):
        raise Unfit(f"it gives outputs of shape {tuple(output)}")
    forward = net.function()
    bytes_each = _widest(net) * plane.objective.inputs.element_size()

    def on(objective: Objective) -> Callable[[], Evaluate]:
        blocks = list(torch.split(objective.inputs, objective.fitting(bytes_each)))
        stem = Stem(blocks) if prefix is None else _stem(blocks, prefix, weights)
        return lambda: _worker(objective, forward, weights, stem, output[1])

    return Tier("batch norms folded, first layer computed once", on)


def _stem(blocks: list[Tensor], prefix: Prefix, weights: FoldedWeights) -> Stem:
    """Return what a first layer makes of samples over the plane."""
    weight, bias = weights.alone(prefix.weight), weights.alone(prefix.bias)
    assert weight is not None
    return Stem.of(blocks, prefix.layer, weight.mapped(prefix.wide), bias and bias.mapped(prefix.long))


def _widest(net: Network) -> int:
    """Return how many numbers a sample's largest value has that the network makes; what goes in is half as dear."""
    made = [net.shapes.get(node, ()) for node in net.graph.nodes if node.op.startswith("call")]
    return max(1, prod(net.shapes[net.input][1:]) // 2, *(prod(shape[1:]) for shape in made))


def network_of(plane: Plane) -> Network:
    """Return the traced network of a plane.

    Args:
        plane: What is evaluated.

    Returns:
        The network.

    Raises:
        Unfit: If it can't be traced, or its loss is of another kind.
    """
    criterion = plane.objective.criterion
    if not by_sample(criterion) or plane.objective.targets.ndim > (1 if criterion.counts else 2):
        raise Unfit("its loss is not one of samples and classes")
    return traced(plane.objective.twin().module, plane.objective.inputs[:PROBE])


@dataclass(frozen=True, eq=False)
class FoldedWeights:
    """The weights of a network over the plane, end to end in one flat tensor.

    Attributes:
        flat: The tensor over the plane, shape (n,).
        places: Where each weight lies, and its shape.
        weights: What they are.
    """

    flat: Polynomial
    places: list[tuple[slice, torch.Size]]
    weights: list[Weight]

    @classmethod
    def of(cls, plane: Plane, net: Network) -> FoldedWeights:
        """Fold the weights of a network, in float64."""
        fold = _Fold(plane, net)
        shapes = [part.shape for part in fold.parts(0, 0)]
        ends = list(accumulate(map(prod, shapes)))
        flat = Polynomial.through(
            lambda a, b: torch.cat([part.reshape(-1) for part in fold.parts(a, b)]),
            dimensions=len(plane.directions),
            affine=fold.affine,
        )
        places = [(slice(end - prod(shape), end), shape) for end, shape in zip(ends, shapes, strict=True)]
        return cls(flat.mapped(lambda term: term.to(plane.objective.dtype)), places, net.weights)

    def views(self, flat: Tensor) -> list[Tensor]:
        """Return the weights as views of a flat tensor."""
        return [flat[place].view(shape) for place, shape in self.places]

    def alone(self, weight: Weight | None) -> Polynomial | None:
        """Return one weight over the plane."""
        if weight is None:
            return None
        place, shape = self.places[self.weights.index(weight)]
        return self.flat.mapped(lambda term: term[place].view(shape))


class _Fold:
    """Folds batch norms at any point of the plane, in float64.

    Attributes:
        affine: Whether no scale of a folded batch norm moves, so that all weights are affine.
    """

    def __init__(self, plane: Plane, net: Network) -> None:
        self._plane, self._weights, self._spread = plane, net.weights, net.spread
        twin = plane.twin
        self._frozen = {name: p.detach().double() for name, p in twin.module.named_parameters()}
        self._norms: dict[str, Any] = {
            w.norm: twin.module.get_submodule(w.norm) for w in net.weights if w.norm
        }
        self._named = {id(p): name for name, p in twin.module.named_parameters()}
        moving = {slot.name for slot in twin.slots if any(bool(slot.of(d).any()) for d in plane.directions)}
        self.affine = not any(
            norm.affine and self._named[id(norm.weight)] in moving for norm in self._norms.values()
        )

    def parts(self, alpha: float, beta: float) -> list[Tensor]:
        """Return the folded weights at α and β."""
        twin, steps = self._plane.twin, (alpha, beta)
        flat = twin.flat.double()
        for direction, step in zip(self._plane.directions, steps, strict=False):
            flat = flat + step * direction.double()
        at = self._frozen | {slot.name: slot.of(flat) for slot in twin.slots}
        parts = {weight: self._part(weight, at) for weight in self._weights}
        larger = {weight: spread_out(parts[weight], places) for weight, places in self._spread.items()}
        return list((parts | larger).values())

    def _part(self, weight: Weight, at: dict[str, Tensor]) -> Tensor:
        """Return one folded weight."""
        if not weight.norm:
            return at[weight.name]
        norm = self._norms[weight.norm]
        scale = (norm.running_var.double() + norm.eps).rsqrt()
        shift = torch.zeros_like(scale)
        if norm.affine:
            scale, shift = scale * at[self._named[id(norm.weight)]], at[self._named[id(norm.bias)]]
        if not weight.bias:
            own = at[weight.name]
            scaled: Tensor = own * scale.view(-1, *[1] * (own.ndim - 1))
            return scaled
        bias = at[weight.name] if weight.name else torch.zeros_like(scale)
        shifted: Tensor = shift + scale * (bias - norm.running_mean.double())
        return shifted


def _worker(
    objective: Objective, forward: Callable[..., Tensor], weights: FoldedWeights, stem: Stem, width: int
) -> Evaluate:
    """Return an evaluator with its own buffers."""
    like = weights.flat.terms[0, 0]
    scored = objective.samples * width * like.element_size()  # bytes at a point
    most = max(1, min(WEIGHT_BYTES // like.nbytes, SCORE_BYTES // scored))
    flats, views = list[Tensor](), list[list[Tensor]]()

    def some(alphas: Grid, beta: float) -> Each:
        while len(flats) < len(alphas):
            flats.append(torch.empty_like(like))
            views.append(weights.views(flats[-1]))
        row = weights.flat.row(beta)
        for alpha, flat in zip(alphas, flats, strict=False):
            along(row, float(alpha), flat)
        outputs, over = torch.empty(len(alphas), width, objective.samples, dtype=like.dtype), stem.on(beta)
        stop = 0
        for index, block in enumerate(stem.blocks):
            start, stop, inputs = stop, stop + len(block), over(index)
            room = torch.empty_like(inputs[0]) if len(inputs) > 1 else block
            for place, alpha in enumerate(alphas):
                x = along(inputs, float(alpha), room) if len(inputs) > 1 else block
                outputs[place, :, start:stop] = forward(x, *views[place]).T
            del inputs, room, x  # the next ones are made in their place
        return _told(objective, outputs, max(1, LOSS_BYTES // scored))

    def evaluate(points: Grid) -> Each:
        with torch.inference_mode():
            return joined([
                some(alphas[i : i + most], beta)
                for beta, alphas, _ in rows(points)
                for i in range(0, len(alphas), most)
            ])

    return evaluate


def _told(objective: Objective, outputs: Tensor, together: int) -> Each:
    """Return losses and right answers of outputs, shape (g, c, n), a few points at once."""
    found = []
    for part in torch.split(outputs, together):
        losses, hits = lost(objective.criterion, part, objective.targets)
        found.append(Each(losses, hits / objective.samples))
    return joined(found)
