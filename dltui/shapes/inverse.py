"""The question turned round: which settings lead from one size to another, and which sizes a chain leads to one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dltui.shapes.layers import layer_named
from dltui.shapes.report import Shape, ShapeError, ShapeReport

CONV = ("Conv1d", "Conv2d", "Conv3d")
TRANSPOSED = ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
MAX = ("MaxPool1d", "MaxPool2d", "MaxPool3d")
AVERAGE = ("AvgPool1d", "AvgPool2d", "AvgPool3d")
LARGEST_SIZE = 4096  # inputs of a chain are looked for up to here


@dataclass(frozen=True, slots=True)
class Solution:
    """Settings that lead from one size to another, the same along every axis.

    Attributes:
        kernel_size: Size of the kernel.
        stride: Steps between windows.
        padding: Border on each side.
        dilation: Distance between taps.
        output_padding: Places added on the right, of a transposed convolution.
        dropped: Places at the end that no window reaches; of a transposed convolution, places added without cause.
        conventional: Whether it is what people write: an odd kernel, padded by half its reach.
        report: What the layer costs, where channels are given.
    """

    kernel_size: int
    stride: int
    padding: int
    dilation: int
    output_padding: int
    dropped: int
    conventional: bool
    report: ShapeReport | None = None

    def settings(self) -> dict[str, int]:
        """Return PyTorch's arguments, those at their default left out."""
        told = {"kernel_size": self.kernel_size, "stride": self.stride, "padding": self.padding}
        told |= {"dilation": self.dilation} if self.dilation != 1 else {}
        return told | ({"output_padding": self.output_padding} if self.output_padding else {})

    def document(self) -> dict[str, Any]:
        """Return plain values."""
        found: dict[str, Any] = {
            "kernel_size": self.kernel_size,
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "output_padding": self.output_padding,
            "receptive_field": self.dilation * (self.kernel_size - 1) + 1,
            "dropped": self.dropped,
            "conventional": self.conventional,
        }
        if self.report:
            found |= {"parameters": self.report.parameters, "macs": self.report.macs}
        return found


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far settings are looked for; the defaults hold what is in use.

    Attributes:
        kernel_size: The largest kernel.
        stride: The largest stride.
        dilation: The largest dilation.
        receptive_field: The reach d·(k − 1) + 1 that is wanted; any when None.
        parameters: The most parameters; needs channels.
        macs: The most multiply-accumulates; needs channels.
        layers: The most layers in a row, see ``dltui.shapes.stacked``.
        doubling: The largest dilation of layers in a row that double it.
    """

    kernel_size: int = 11
    stride: int = 4
    dilation: int = 3
    receptive_field: int | None = None
    parameters: int | None = None
    macs: int | None = None
    layers: int = 64
    doubling: int = 1024


def solve(
    layer: str,
    sizes: int | Sequence[int],
    wanted: int | Sequence[int] | None = None,
    *,
    bounds: Bounds | None = None,
    channels: tuple[int, int] | None = None,
) -> list[Solution]:
    """Return all settings that lead from one size to another, the simplest first.

    For given k, s and d the paddings of a convolution are 2p ∈ [(m−1)·s + d·(k−1) + 1 − n, m·s + d·(k−1) − n],
    and p at most half of what the kernel spans (of a pooling, half the kernel). A transposed convolution takes every
    padding below its reach and one output_padding. Order: undilated first, then those that use every place, then
    small kernels, strides and paddings.

    Args:
        layer: A convolution, a transposed convolution, a max or an average pooling.
        sizes: Size along every axis, or one number for all.
        wanted: Sizes that come out; the same as ``sizes`` when left out.
        bounds: How far is looked.
        channels: Input and output channels, for costs and budgets.

    Returns:
        Settings that PyTorch takes, perhaps none.

    Raises:
        ShapeError: If the layer has no such question, or sizes are below 1.
    """
    limits = bounds or Bounds()
    name = layer_named(layer).name
    if name not in (*CONV, *TRANSPOSED, *MAX, *AVERAGE):
        raise ShapeError(
            f"solve knows convolutions, transposed ones, max and average pools, not {name}", "layer"
        )
    axes = int(name[-2])
    starts, ends = sizes_of("from", sizes, axes), sizes_of("to", sizes if wanted is None else wanted, axes)
    if channels is not None and name in (*MAX, *AVERAGE):
        raise ShapeError(f"{name} has no weights: channels are of no use", "channels")
    check_budget(name, limits, channels)
    found: set[Solution] | None = None
    for n, m in dict.fromkeys(zip(starts, ends, strict=True)):
        own = {_plain(one): one for one in _one_axis(name, n, m, limits)}
        kept = (
            own
            if found is None
            else {key: one for key, one in own.items() if key in {_plain(f) for f in found}}
        )
        found = set(kept.values())
    ranked = sorted(found or (), key=_rank)
    if channels is not None:
        ranked = [_costed(name, one, starts, channels) for one in ranked]
        ranked = [one for one in ranked if _affordable(one, limits)]
    return ranked


def check_budget(name: str, limits: Bounds, channels: tuple[int, int] | None) -> None:
    """Refuse a budget that nothing can be held against.

    Args:
        name: The layer's class.
        limits: With the budget, if any.
        channels: Input and output channels.

    Raises:
        ShapeError: If the layer has no weights, or channels are missing.
    """
    if limits.parameters is None and limits.macs is None:
        return
    if name in (*MAX, *AVERAGE):
        raise ShapeError(f"{name} has no weights: a budget is of no use", "layer")
    if channels is None:
        raise ShapeError("a budget needs channels, such as 3,64", "channels")


def _plain(one: Solution) -> tuple[int, ...]:
    """Return the settings alone."""
    return (one.kernel_size, one.stride, one.padding, one.dilation, one.output_padding)


def _rank(one: Solution) -> tuple[int, ...]:
    """Return the place in the list."""
    return (
        one.dilation != 1,
        one.dropped,
        one.output_padding,
        one.kernel_size,
        one.stride,
        one.padding,
        one.dilation,
    )


def sizes_of(argument: str, value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """Return one size an axis.

    Args:
        argument: What they are called where they are refused.
        value: One size for all axes, or one an axis.
        axes: How many there are.

    Returns:
        As many sizes.

    Raises:
        ShapeError: If they are too many or too few, or below 1.
    """
    sizes = tuple(value) if isinstance(value, list | tuple) else (value,)
    if len(sizes) not in {1, axes} or any(not isinstance(n, int) or n < 1 for n in sizes):
        raise ShapeError(f"{argument} takes one size or {axes}, each at least 1, not {value}", argument)
    return sizes * axes if len(sizes) == 1 else sizes


def _one_axis(name: str, n: int, m: int, limits: Bounds) -> Iterator[Solution]:
    """Yield settings along one axis."""
    for kernel in range(1, limits.kernel_size + 1):
        most = 1 if name in AVERAGE else limits.dilation
        for dilation in range(1, most + 1):
            span = dilation * (kernel - 1)
            if limits.receptive_field not in {None, span + 1}:
                continue
            for stride in range(1, limits.stride + 1):
                if name in TRANSPOSED:
                    yield from _transposed(n, m, kernel, stride, dilation)
                else:
                    widest = kernel // 2 if name in (*MAX, *AVERAGE) else span // 2
                    yield from _forward(n, m, kernel, stride, dilation, widest)


def _forward(n: int, m: int, k: int, s: int, d: int, widest: int) -> Iterator[Solution]:
    """Yield the paddings of a convolution or a pooling."""
    span = d * (k - 1)
    least = max(0, -(-((m - 1) * s + span + 1 - n) // 2))
    for p in range(least, min(widest, (m * s + span - n) // 2) + 1):
        dropped = (n + 2 * p - span - 1) % s
        yield Solution(k, s, p, d, 0, dropped, k % 2 == 1 and k > 1 and 2 * p == span)


def _transposed(n: int, m: int, k: int, s: int, d: int) -> Iterator[Solution]:
    """Yield the paddings of a transposed convolution."""
    span = d * (k - 1)
    for more in range(max(s, d)):
        twice = (n - 1) * s + span + 1 + more - m
        if twice >= 0 and twice % 2 == 0 and twice // 2 <= span:
            usual = k % 2 == 1 and k > 1 and twice == span
            yield Solution(k, s, twice // 2, d, more, 0, usual)


def _costed(name: str, one: Solution, sizes: Shape, channels: tuple[int, int]) -> Solution:
    """Return a solution with what it costs for one sample."""
    report = layer_named(name)((1, channels[0], *sizes), out_channels=channels[1], **one.settings())
    return replace(one, report=report)


def _affordable(one: Solution, limits: Bounds) -> bool:
    """Return whether a solution keeps to the budget."""
    report = one.report
    assert report is not None
    return (limits.parameters is None or report.parameters <= limits.parameters) and (
        limits.macs is None or report.macs <= limits.macs
    )


def inputs_for(layers: str, template: Shape, wanted: int) -> list[int]:
    """Return the sizes of the input that a chain leads to one size.

    The chain is walked once with a letter for the unknown size; its expression is then tried at numbers.

    Args:
        layers: A chain as ``chain`` takes it.
        template: The input with the letter ``H`` where the unknown size stands; it may stand twice.
        wanted: The size of the output's last dimension.

    Returns:
        Sizes up to ``LARGEST_SIZE``, perhaps none.

    Raises:
        ShapeError: If the chain breaks.
    """
    from dltui.shapes.symbol import Symbol
    from dltui.shapes.walk import chain

    walked = chain(layers, template)
    if walked.refusal:
        raise ShapeError(walked.refusal.sentence(), walked.refusal.argument)
    last = walked.output[-1]
    if not isinstance(last, Symbol):
        raise ShapeError(
            f"the output's last size is {last} whatever the input; nothing is left to solve", "input"
        )
    found = []
    for size in range(1, LARGEST_SIZE + 1):
        if last.at(**dict.fromkeys(last.scope.letters, size)) == wanted:
            numbers = tuple(size if isinstance(one, Symbol) else one for one in template)
            if not chain(layers, numbers).refusal:
                found.append(size)
    return found
