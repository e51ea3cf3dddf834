"""Sizes of convolutions, exactly as PyTorch computes them."""

from __future__ import annotations

from dltui.shapes.report import Shape, ShapeError, ShapeReport, show

Pair = tuple[int, int]
AXES = ("H", "W")


def conv2d(
    input_shape: Shape,
    *,
    out_channels: int,
    kernel_size: Pair,
    stride: Pair = (1, 1),
    padding: Pair | str = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
    bias: bool = True,
) -> ShapeReport:
    """Return what ``torch.nn.Conv2d`` does to a shape.

    Each axis follows n_out = ⌊(n + p − d·(k − 1) − 1) / s⌋ + 1, where p is the padding of both sides together
    (PyTorch documentation of ``Conv2d``; Dumoulin and Visin 2016, arXiv:1603.07285).

    Args:
        input_shape: (N, C, H, W), or (C, H, W) without a batch.
        out_channels: Kernels, one an output channel.
        kernel_size: Height and width of a kernel.
        stride: Steps between windows.
        padding: Zeros on each side of each axis, or ``same`` or ``valid``.
        dilation: Distance between the taps of a kernel.
        groups: Blocks of channels that do not see each other.
        bias: Whether each output channel adds a number.

    Returns:
        Shapes, parameters, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if len(input_shape) not in {3, 4}:
        raise ShapeError(f"Conv2d takes N,C,H,W or C,H,W; --input has {len(input_shape)} dimensions")
    *batch, channels, height, width = input_shape
    _positive(
        out_channels=out_channels,
        kernel_size=min(kernel_size),
        stride=min(stride),
        dilation=min(dilation),
        groups=groups,
    )
    _grouped(channels, out_channels, groups)
    pads = _both_sides(padding, kernel_size, stride, dilation)
    lines, sizes = [], []
    for axis, n, k, s, p, d in zip(AXES, (height, width), kernel_size, stride, pads, dilation, strict=True):
        size = _windows(axis, n, k, s, p, d)
        sizes.append(size)
        lines.append(
            f"{axis}_out = ⌊({axis} + p − d·(k − 1) − 1) / s⌋ + 1 "
            f"= ⌊({n} + {p} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = {size}"
        )
    weight = (out_channels, channels // groups, *kernel_size)
    tensors: dict[str, Shape] = {"weight": weight} | ({"bias": (out_channels,)} if bias else {})
    output = (*batch, out_channels, *sizes)
    samples = batch[0] if batch else 1
    places = samples * out_channels * sizes[0] * sizes[1]
    window = weight[1] * weight[2] * weight[3]
    parameters = out_channels * window + (out_channels if bias else 0)
    lines += [
        f"parameters = {show(weight)}{f' + {out_channels}' if bias else ''} = {parameters:,}",
        f"MACs = outputs × window = {places:,} × {window:,} = {places * window:,}",
    ]
    return ShapeReport(
        layer=_spelling(channels, out_channels, kernel_size, stride, padding, dilation, groups, bias),
        input=input_shape,
        output=output,
        tensors=tensors,
        macs=places * window,
        bias_adds=places if bias else 0,
        formulas=tuple(lines),
    )


def _windows(axis: str, n: int, k: int, s: int, p: int, d: int) -> int:
    """Return how many windows fit along one axis of ``n`` with ``p`` zeros in all."""
    reach = d * (k - 1) + 1
    if n + p < reach:
        short = reach - n - p
        raise ShapeError(
            f"the kernel reaches {reach} along {axis}, the padded input has only {n + p}: "
            f"pad {(short + 1) // 2} more on each side, or take a smaller kernel or dilation"
        )
    return (n + p - reach) // s + 1


def _both_sides(padding: Pair | str, kernel_size: Pair, stride: Pair, dilation: Pair) -> Pair:
    """Return the zeros of both sides together, for height and width."""
    if padding == "valid":
        return 0, 0
    if padding == "same":
        if stride != (1, 1):
            raise ShapeError(
                "padding 'same' goes with stride 1 only, as in PyTorch; give the padding as a number"
            )
        return dilation[0] * (kernel_size[0] - 1), dilation[1] * (kernel_size[1] - 1)
    if isinstance(padding, str):
        raise ShapeError(f"padding {padding!r} is unknown; expected a number, two numbers, 'same' or 'valid'")
    if min(padding) < 0:
        raise ShapeError(f"padding can't be negative, not {min(padding)}; crop the input instead")
    return 2 * padding[0], 2 * padding[1]


def _grouped(channels: int, out_channels: int, groups: int) -> None:
    """Refuse channels that do not split into the groups."""
    for name, count in (("in_channels", channels), ("out_channels", out_channels)):
        if count % groups:
            raise ShapeError(f"{name} {count} does not split into {groups} groups; take a divisor of {count}")


def _positive(**sizes: int) -> None:
    """Refuse sizes below 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ShapeError(f"{name} must be at least 1, not {size}")


def _spelling(
    channels: int,
    out_channels: int,
    kernel: Pair,
    stride: Pair,
    padding: Pair | str,
    dilation: Pair,
    groups: int,
    bias: bool,
) -> str:
    """Return the layer as PyTorch spells it, defaults left out."""
    parts = [str(channels), str(out_channels), f"kernel_size={_short(kernel)}"]
    parts += [f"stride={_short(stride)}"] if stride != (1, 1) else []
    parts += [f"padding={_short(padding)}"] if padding != (0, 0) else []
    parts += [f"dilation={_short(dilation)}"] if dilation != (1, 1) else []
    parts += [f"groups={groups}"] if groups != 1 else []
    parts += [] if bias else ["bias=False"]
    return f"Conv2d({', '.join(parts)})"


def _short(value: Pair | str) -> str:
    """Return a pair as one number where both are equal."""
    if isinstance(value, str):
        return repr(value)
    return str(value[0]) if value[0] == value[1] else str(value)
