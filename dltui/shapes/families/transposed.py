"""Transposed convolutions over one, two and three axes, exactly as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.shapes.arguments import AXES, Ints, flag, inferred, several, spatial, whole
from dltui.shapes.families.conv import refuse_groups
from dltui.shapes.layer import Inferred, layer_nd
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def conv_transpose(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    in_channels: Inferred = None,
    out_channels: int,
    kernel_size: Ints,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    bias: bool = True,
    dilation: Ints = 1,
    padding_mode: str = "zeros",
) -> ShapeReport:
    """Return what a transposed convolution does to a shape.

    Each axis follows n_out = (n − 1)·s − 2p + d·(k − 1) + op + 1 (PyTorch documentation of ``ConvTranspose2d``).
    Every place of the *input* meets every tap, so that MACs count input places.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        in_channels: Channels that go in; read off the input when left out.
        out_channels: Channels that come out.
        kernel_size: Size of a kernel.
        stride: Distance between the windows that are written.
        padding: Places cut off on each side.
        output_padding: Places added on the right, below stride or dilation.
        groups: Blocks of channels that do not see each other.
        bias: Whether each output channel adds a number.
        dilation: Distance between the taps of a kernel.
        padding_mode: ``zeros``, the only one that PyTorch takes.

    Returns:
        Shapes, parameters, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    kernel = several("kernel_size", kernel_size, axes)
    step = several("stride", stride, axes)
    cut = several("padding", padding, axes, 0)
    more = several("output_padding", output_padding, axes, 0)
    # PyTorch does not look closely at a dilation when there is no sample
    apart = several("dilation", dilation, axes, 0 if len(input) == axes + 2 and not input[0] else 1)
    whole("out_channels", out_channels)
    whole("groups", groups)
    flag("bias", bias)
    if padding_mode != "zeros":
        raise ShapeError(
            f"padding_mode of ConvTranspose{axes}d can only be zeros, not {padding_mode!r}", "padding_mode"
        )
    batch, channels, sizes = spatial(f"ConvTranspose{axes}d", input, axes)
    inferred("in_channels", in_channels, channels)
    if channels % groups or out_channels % groups:
        refuse_groups(channels, out_channels, groups)
    batches = batch[0] if batch else 1
    big = any(o >= s for o, s in zip(more, step, strict=True))
    hollow = not batches or (not big and _may_be_empty(batches, channels, sizes, kernel, step, apart, groups))
    if batches:  # PyTorch does not look at it when there is no sample
        _check_added(more, step, apart)
    places = tuple(map(_size, (hollow,) * axes, AXES[axes], sizes, kernel, step, cut, more, apart))
    weight = (channels, out_channels // groups, *kernel)
    seen, window = product(input), product(weight[1:])
    made = product((*batch, out_channels, *places))

    def why() -> Iterator[str]:
        for axis, n, k, s, p, o, d, size in zip(
            AXES[axes], sizes, kernel, step, cut, more, apart, places, strict=True
        ):
            yield (
                f"{axis}_out = ({axis} − 1)·s − 2·p + d·(k − 1) + op + 1 "
                f"= ({n} − 1)·{s} − 2·{p} + {d}·({k} − 1) + {o} + 1 = {size}"
            )
        yield f"parameters = {show(weight)}{f' + {out_channels}' if bias else ''} = {report.parameters:,}"
        yield f"MACs = inputs × window = {seen:,} × {window:,} = {seen * window:,}"

    report = ShapeReport(
        inputs=(input,),
        outputs=((*batch, out_channels, *places),),
        tensors={"weight": weight, "bias": (out_channels,)} if bias else {"weight": weight},
        macs=seen * window,
        bias_adds=made if bias else 0,
        keeps="i",
        why=why,
        told={"in_channels": channels},
    )
    return report


def _may_be_empty(
    batch: int,
    channels: int,
    sizes: Shape,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> bool:
    """Return whether PyTorch gives an output without any place, rather than refuse it.

    Of its two kernels for float32 only oneDNN's does so; this is the rule by which ATen chooses
    (``ConvParams::use_mkldnn`` in aten/src/ATen/native/Convolution.cpp).
    """
    wide, high = kernel[-1], kernel[-2] if len(kernel) > 1 else 1
    moved = any(s != 1 for s in stride) or any(d != 1 for d in dilation)
    if not (moved or batch >= 16 or wide != 1 or high != 1):
        return False
    seen = product((batch, channels, *((1, *sizes) if len(sizes) == 1 else sizes[:2])))
    return groups > 1 or (wide > 3 and high > 3) or batch > 1 or seen > 20480


def _check_added(added: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    """Refuse an output_padding that reaches the stride and the dilation."""
    for op, s, d in zip(added, stride, dilation, strict=True):
        if op >= s and op >= d:
            raise ShapeError(
                f"output_padding {op} must be smaller than the stride {s} or the dilation {d}",
                "output_padding",
            )


def _size(hollow: bool, axis: str, n: int, k: int, s: int, p: int, op: int, d: int) -> int:
    """Return the size along one axis."""
    size = (n - 1) * s - 2 * p + d * (k - 1) + op + 1
    if size < 1 - hollow:
        raise ShapeError(
            f"nothing is left along {axis}: padding {p} cuts it to {size}; take a smaller one", "padding"
        )
    return size


convtranspose1d = layer_nd("ConvTranspose1d", conv_transpose, 1)
convtranspose2d = layer_nd("ConvTranspose2d", conv_transpose, 2)
convtranspose3d = layer_nd("ConvTranspose3d", conv_transpose, 3)
