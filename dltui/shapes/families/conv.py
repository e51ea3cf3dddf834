"""Convolutions over one, two and three axes, exactly as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.shapes.arguments import AXES, Ints, flag, inferred, several, spatial, whole, word
from dltui.shapes.layer import Inferred, layer_nd
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def conv(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    in_channels: Inferred = None,
    out_channels: int,
    kernel_size: Ints,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
    bias: bool = True,
    padding_mode: str = "zeros",
) -> ShapeReport:
    """Return what a convolution does to a shape.

    Each axis follows n_out = ⌊(n + p − d·(k − 1) − 1) / s⌋ + 1, where p is the padding of both sides together
    (PyTorch documentation of ``Conv2d``; Dumoulin and Visin 2016, arXiv:1603.07285).

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        in_channels: Channels that go in; read off the input when left out.
        out_channels: Kernels, one an output channel.
        kernel_size: Size of a kernel.
        stride: Steps between windows.
        padding: Border on each side, or ``same`` or ``valid``.
        dilation: Distance between the taps of a kernel.
        groups: Blocks of channels that do not see each other.
        bias: Whether each output channel adds a number.
        padding_mode: What the border is made of.

    Returns:
        Shapes, parameters, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    kernel = several("kernel_size", kernel_size, axes)
    step = several("stride", stride, axes)
    # PyTorch does not look closely at a dilation when there is no sample
    apart = several("dilation", dilation, axes, 0 if len(input) == axes + 2 and not input[0] else 1)
    whole("out_channels", out_channels)
    whole("groups", groups)
    flag("bias", bias)
    batch, channels, sizes = spatial(f"Conv{axes}d", input, axes)
    inferred("in_channels", in_channels, channels)
    if channels % groups or out_channels % groups:
        refuse_groups(channels, out_channels, groups)
    copied = padding_mode != "zeros"
    left, pads = borders(padding, kernel, step, apart, crop=copied)
    if copied:
        _check_border(word("padding_mode", padding_mode, PADDING_MODES), sizes, left, pads)
    places = tuple(map(windows, AXES[axes], sizes, kernel, step, pads, apart))
    weight = (out_channels, channels // groups, *kernel)
    made = product((*batch, out_channels, *places))
    window = product(weight[1:])
    macs = made * window

    def why() -> Iterator[str]:
        for axis, n, k, s, p, d, size in zip(
            AXES[axes], sizes, kernel, step, pads, apart, places, strict=True
        ):
            yield (
                f"{axis}_out = ⌊({axis} + p − d·(k − 1) − 1) / s⌋ + 1 "
                f"= ⌊({n} + {p} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = {size}"
            )
        yield f"parameters = {show(weight)}{f' + {out_channels}' if bias else ''} = {report.parameters:,}"
        yield f"MACs = outputs × window = {made:,} × {window:,} = {macs:,}"

    report = ShapeReport(
        inputs=(input,),
        outputs=((*batch, out_channels, *places),),
        tensors={"weight": weight, "bias": (out_channels,)} if bias else {"weight": weight},
        macs=macs,
        bias_adds=made if bias else 0,
        window=tuple((d * (k - 1) + 1, s, p) for k, s, p, d in zip(kernel, step, left, apart, strict=True)),
        keeps="i",
        why=why,
        told={"in_channels": channels},
    )
    return report


def windows(axis: str, n: int, k: int, s: int, p: int, d: int) -> int:
    """Return how many windows fit along one axis.

    Args:
        axis: Its letter, for the error.
        n: Size of the input.
        k: Size of the kernel.
        s: Stride.
        p: Border of both sides together.
        d: Dilation.

    Returns:
        The number of windows.

    Raises:
        ShapeError: If the kernel reaches beyond the padded input.
    """
    reach = d * (k - 1) + 1
    if n + p < reach:
        short = reach - n - p
        raise ShapeError(
            f"the kernel reaches {reach} along {axis}, the padded input has only {n + p}: "
            f"pad {(short + 1) // 2} more on each side, or take a smaller kernel or dilation",
            "kernel_size",
        )
    return (n + p - reach) // s + 1


def borders(
    padding: Ints | str,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    *,
    crop: bool = False,
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the border on the left, and of both sides together, an axis each.

    With ``same`` the odd place goes to the right.

    Args:
        padding: Numbers, ``same`` or ``valid``.
        kernel: Sizes of the kernel.
        stride: Steps between windows.
        dilation: Distances between taps.
        crop: Whether negative padding cuts, as it does where the border is copied from the input.

    Returns:
        Left borders and whole borders.

    Raises:
        ShapeError: If PyTorch refuses the padding.
    """
    if not isinstance(padding, str):
        try:
            sides = several("padding", padding, len(kernel), -(2**62) if crop else 0)
        except ShapeError as error:
            if "at least 0" in str(error):
                raise ShapeError(
                    f"padding can't be negative, not {padding}; crop the input instead", "padding"
                ) from None
            raise
        return sides, tuple([2 * p for p in sides])
    if padding == "valid":
        return (0,) * len(kernel), (0,) * len(kernel)
    if padding != "same":
        raise ShapeError(
            f"padding {padding!r} is unknown; expected a number, one an axis, 'same' or 'valid'", "padding"
        )
    if any(s != 1 for s in stride):
        raise ShapeError(
            "padding 'same' goes with stride 1 only, as in PyTorch; give the padding as a number", "padding"
        )
    both = tuple(d * (k - 1) for k, d in zip(kernel, dilation, strict=True))
    return tuple(p // 2 for p in both), both


def refuse_groups(channels: int, out_channels: int, groups: int) -> None:
    """Refuse channels that do not split into the groups.

    Args:
        channels: Channels that go in.
        out_channels: Channels that come out.
        groups: Blocks of channels.

    Raises:
        ShapeError: Always, naming the count that does not split.
    """
    name, count = ("in_channels", channels) if channels % groups else ("out_channels", out_channels)
    raise ShapeError(
        f"{name} {count} does not split into {groups} groups; take a divisor of {count}", "groups"
    )


def _check_border(mode: str, sizes: Shape, left: tuple[int, ...], pads: tuple[int, ...]) -> None:
    """Refuse a border that is wider than what it is copied from."""
    for n, before, both in zip(sizes, left, pads, strict=True):
        widest = max(before, both - before)
        if mode == "reflect" and widest >= n:
            raise ShapeError(
                f"padding {widest} with mode reflect must be smaller than the input's {n}", "padding"
            )
        if mode == "circular" and widest > n:
            raise ShapeError(f"padding {widest} with mode circular can't exceed the input's {n}", "padding")


conv1d = layer_nd("Conv1d", conv, 1)
conv2d = layer_nd("Conv2d", conv, 2)
conv3d = layer_nd("Conv3d", conv, 3)
