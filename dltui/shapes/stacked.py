"""Which layers in a row look back over a number of places: equal ones, or ones whose dilation doubles.

A stack of n layers sees r = 1 + Σ (k − 1)·dᵢ·sⁱ places, i from 0 to n − 1 (Araujo, Norris and Sim 2019,
distill.pub 10.23915/distill.00021). Doubling dilations are WaveNet's (van den Oord et al. 2016).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from dltui.shapes.inverse import AVERAGE, CONV, MAX, Bounds, check_budget, sizes_of
from dltui.shapes.layers import layer_named
from dltui.shapes.report import ShapeError


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers in a row, each with the same kernel and stride along every axis.

    Attributes:
        kernel_size: Size of every kernel.
        stride: Stride of every layer.
        dilations: Dilation of each layer.
        paddings: Border on each side of each layer: half its reach, the usual one.
        sizes: Sizes after the last layer, where those before the first are given.
        parameters: Weights and biases, where channels are given.
        macs: Multiply-accumulates for one sample, where both are given.
    """

    kernel_size: int
    stride: int
    dilations: tuple[int, ...]
    paddings: tuple[int, ...]
    sizes: tuple[int, ...] | None = None
    parameters: int | None = None
    macs: int | None = None

    @property
    def layers(self) -> int:
        """How many layers."""
        return len(self.dilations)

    @property
    def doubles(self) -> bool:
        """Whether the dilation doubles from layer to layer."""
        return self.dilations[0] != self.dilations[-1]

    @property
    def jump(self) -> int:
        """Distance of the windows of neighbouring outputs."""
        found: int = self.stride**self.layers
        return found

    @property
    def receptive_field(self) -> int:
        """Places that an output looks back over."""
        more: int = sum((self.kernel_size - 1) * d * self.stride**i for i, d in enumerate(self.dilations))
        return 1 + more

    @property
    def touched(self) -> int:
        """Places of these that it looks at; the others lie in gaps."""
        if self.doubles:  # every sum of bits
            return self.receptive_field
        if self.kernel_size < self.stride:  # no two paths meet
            paths: int = self.kernel_size**self.layers
            return paths
        return (self.receptive_field - 1) // self.dilations[0] + 1

    def document(self) -> dict[str, Any]:
        """Return plain values."""
        found = {
            "layers": self.layers,
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "dilation": list(self.dilations),
            "padding": list(self.paddings),
            "jump": self.jump,
            "touched": self.touched,
            "sizes": None if self.sizes is None else list(self.sizes),
            "parameters": self.parameters,
            "macs": self.macs,
        }
        return {key: value for key, value in found.items() if value is not None}


def stacks(
    layer: str,
    receptive_field: int,
    sizes: int | Sequence[int] | None = None,
    *,
    bounds: Bounds | None = None,
    channels: tuple[int, int] | None = None,
) -> list[Stack]:
    """Return all stacks of a layer that look back over a number of places, the simplest first.

    Order: undilated first, then those that keep the size, then odd kernels, few weights and few layers.

    Args:
        layer: A convolution, a max or an average pooling.
        receptive_field: The places, along every axis.
        sizes: Size before the first layer along every axis, or one number for all.
        bounds: How far is looked.
        channels: Channels before and after the first layer, those that the others keep.

    Returns:
        Stacks that PyTorch takes, perhaps none.

    Raises:
        ShapeError: If the layer has no such question, or a number is below 1.
    """
    limits = bounds or Bounds()
    name = layer_named(layer).name
    if name not in (*CONV, *MAX, *AVERAGE):
        raise ShapeError(f"receptive fields are solved for convolutions and pools, not {name}", "layer")
    if receptive_field < 1:
        raise ShapeError(f"a receptive field is at least 1, not {receptive_field}", "receptive_field")
    axes = int(name[-2])
    start = None if sizes is None else sizes_of("from", sizes, axes)
    if channels is not None and name not in CONV:
        raise ShapeError(f"{name} has no weights: channels are of no use", "channels")
    check_budget(name, limits, channels)
    if limits.macs is not None and start is None:
        raise ShapeError("a budget in MACs needs from, the size that goes in", "from")
    told = (_told(one, axes, start, channels) for one in _all(name, receptive_field, limits))
    found = [one for one in told if one is not None and _affordable(one, limits)]
    return sorted(found, key=lambda one: _rank(one, axes))


def _all(name: str, field: int, limits: Bounds) -> Iterator[Stack]:
    """Yield every stack within the bounds."""
    if field == 1:
        yield Stack(1, 1, (1,), (0,))
        return
    pool = name not in CONV
    dilations = range(1, (1 if name in AVERAGE else limits.dilation) + 1)
    for kernel in range(2, limits.kernel_size + 1):
        for dilation in dilations:
            for stride in range(1, limits.stride + 1):
                count = _count(field - 1, (kernel - 1) * dilation, stride)
                if count and count <= limits.layers:
                    yield _stack(kernel, stride, (dilation,) * count, pool)
        doubled = _count(field - 1, kernel - 1, 2)
        if name not in AVERAGE and 1 < doubled <= limits.layers and 1 << (doubled - 1) <= limits.doubling:
            yield _stack(kernel, 1, tuple(1 << i for i in range(doubled)), pool)


def _count(reach: int, first: int, ratio: int) -> int:
    """Return how many terms of first·ratioⁱ add up to a reach, or 0 where none do."""
    if ratio == 1:
        return 0 if reach % first else reach // first
    count, term = 0, first
    while reach > 0:
        reach, term, count = reach - term, term * ratio, count + 1
    return 0 if reach else count


def _stack(kernel: int, stride: int, dilations: tuple[int, ...], pool: bool) -> Stack:
    """Return a stack with half the reach of each layer as its padding; a pool pads by half its kernel at most."""
    halves = (d * (kernel - 1) // 2 for d in dilations)
    return Stack(kernel, stride, dilations, tuple(min(p, kernel // 2) if pool else p for p in halves))


def _told(
    one: Stack, axes: int, start: tuple[int, ...] | None, channels: tuple[int, int] | None
) -> Stack | None:
    """Return a stack with its last sizes and its cost; None where a window is wider than what it slides over."""
    after = None if start is None else _walked(one, start)
    if start is not None and after is None:
        return None
    if after is not None:
        one = replace(one, sizes=after[-1])
    if channels is None:
        return one
    before = (channels[0], *(channels[1] for _ in one.dilations[1:]))
    weights = [one.kernel_size**axes * number * channels[1] for number in before]
    macs = None if after is None else sum(w * prod(sizes) for w, sizes in zip(weights, after, strict=True))
    return replace(one, parameters=sum(weights) + one.layers * channels[1], macs=macs)


def _walked(one: Stack, sizes: tuple[int, ...]) -> list[tuple[int, ...]] | None:
    """Return the sizes after each layer, or None where a window is wider than what it slides over."""
    found = []
    for dilation, padding in zip(one.dilations, one.paddings, strict=True):
        rooms = [n + 2 * padding - dilation * (one.kernel_size - 1) - 1 for n in sizes]
        if min(rooms) < 0:
            return None
        sizes = tuple(room // one.stride + 1 for room in rooms)
        found.append(sizes)
    return found


def _affordable(one: Stack, limits: Bounds) -> bool:
    """Return whether a stack keeps to the budget."""
    return (limits.parameters is None or (one.parameters or 0) <= limits.parameters) and (
        limits.macs is None or (one.macs or 0) <= limits.macs
    )


def _rank(one: Stack, axes: int) -> tuple[int, ...]:
    """Return the place in the list."""
    return (
        one.dilations[-1] != 1,
        one.stride != 1,
        one.kernel_size % 2 == 0,
        one.layers * one.kernel_size**axes,
        one.layers,
        one.dilations[-1],
        one.stride,
    )
