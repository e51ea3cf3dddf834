"""Windows cut out and put back, and channels traded for places, exactly as PyTorch does on the CPU."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.shapes.arguments import Ints, several, whole
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product

LETTERS = ("H", "W")


def _blocks(
    sizes: tuple[int, ...], kernel_size: Ints, dilation: Ints, padding: Ints, stride: Ints, at_fault: str
) -> tuple[tuple[int, ...], tuple[int, ...], list[str]]:
    """Return the kernel, how many windows there are along each axis, and how they were counted."""
    kernel = several("kernel_size", kernel_size, 2, short=True)
    apart = several("dilation", dilation, 2, short=True)
    border = several("padding", padding, 2, 0, short=True)
    step = several("stride", stride, 2, short=True)
    counts, lines = [], []
    for axis, n, k, d, p, s in zip(LETTERS, sizes, kernel, apart, border, step, strict=True):
        count = (n + 2 * p - d * (k - 1) - 1) // s + 1
        if count < 1:
            raise ShapeError(
                f"no window of reach {d * (k - 1) + 1} fits along {axis} into {n} + 2·{p}: take a smaller kernel",
                at_fault,
            )
        counts.append(count)
        lines.append(f"windows along {axis} = ⌊({n} + 2·{p} − {d}·({k} − 1) − 1) / {s}⌋ + 1 = {count}")
    return kernel, tuple(counts), lines


def unfold_(
    input: Shape,  # noqa: A002
    *,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> ShapeReport:
    """Return the windows of a picture as columns: (N, C, H, W) → (N, C·kh·kw, windows).

    Args:
        input: (N, C, H, W), or (C, H, W) without a batch.
        kernel_size: Size of a window.
        dilation: Distance between the taps of a window.
        padding: Zeros on each side.
        stride: Steps between windows.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if len(input) not in {3, 4} or 0 in input[-3:]:
        raise ShapeError(f"Unfold takes N,C,H,W or C,H,W; the input is {show(input)}")
    *batch, channels, height, width = input
    kernel, counts, lines = _blocks((height, width), kernel_size, dilation, padding, stride, "kernel_size")
    column = product((channels, *kernel))
    return ShapeReport(
        inputs=(input,),
        outputs=((*batch, column, product(counts)),),
        why=lambda: [
            *lines,
            f"column = C·kh·kw = {show((channels, *kernel))} = {column}",
            f"L = {show(counts)} = {product(counts)}",
        ],
    )


def fold_(
    input: Shape,  # noqa: A002
    *,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> ShapeReport:
    """Return a picture from windows as columns, overlaps added up: (N, C·kh·kw, windows) → (N, C, H, W).

    Args:
        input: (N, C·kh·kw, L), or (C·kh·kw, L) without a batch.
        output_size: Height and width of the picture.
        kernel_size: Size of a window.
        dilation: Distance between the taps of a window.
        padding: Border that is cut off.
        stride: Steps between windows.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if len(input) not in {2, 3} or 0 in input[-2:]:
        raise ShapeError(f"Fold takes N,C·kh·kw,L or C·kh·kw,L; the input is {show(input)}")
    *batch, column, length = input
    sizes = several("output_size", output_size, 2, short=True)
    kernel, counts, lines = _blocks(sizes, kernel_size, dilation, padding, stride, "output_size")
    if column % product(kernel):
        raise ShapeError(
            f"columns of {column} don't split into windows of {show(kernel)} = {product(kernel)}"
        )
    if length != product(counts):
        raise ShapeError(
            f"{show(sizes)} has {show(counts)} = {product(counts)} windows, the input has {length} columns"
        )
    channels = column // product(kernel)
    return ShapeReport(
        inputs=(input,),
        outputs=((*batch, channels, *sizes),),
        pointwise=product(input),
        why=lambda: [*lines, f"C = {column} / {product(kernel)} = {channels}"],
    )


def pixel_shuffle(
    input: Shape,  # noqa: A002
    *,
    upscale_factor: int,
) -> ShapeReport:
    """Return a larger picture made of channels: (…, C·r², H, W) → (…, C, H·r, W·r).

    Args:
        input: (…, C·r², H, W).
        upscale_factor: The factor r.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    r = whole("upscale_factor", upscale_factor)
    if len(input) < 3:
        raise ShapeError(f"PixelShuffle takes …,C,H,W; the input is {show(input)}")
    *front, channels, height, width = input
    if channels % (r * r):
        raise ShapeError(
            f"{channels} channels don't split into {r}² = {r * r}; take a multiple", "upscale_factor"
        )
    output = (*front, channels // (r * r), height * r, width * r)
    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        why=lambda: [f"{channels} / {r}² = {output[-3]}, {height}·{r} × {width}·{r}"],
    )


def pixel_unshuffle(
    input: Shape,  # noqa: A002
    *,
    downscale_factor: int,
) -> ShapeReport:
    """Return places moved into channels: (…, C, H·r, W·r) → (…, C·r², H, W).

    Args:
        input: (…, C, H·r, W·r).
        downscale_factor: The factor r.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    r = whole("downscale_factor", downscale_factor)
    if len(input) < 3:
        raise ShapeError(f"PixelUnshuffle takes …,C,H,W; the input is {show(input)}")
    *front, channels, height, width = input
    for axis, n in (("H", height), ("W", width)):
        if n % r:
            raise ShapeError(
                f"{axis} = {n} does not split by {r}; pad it to {n + r - n % r}", "downscale_factor"
            )
    output = (*front, channels * r * r, height // r, width // r)
    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        window=((r, r, 0), (r, r, 0)),
        why=lambda: [f"{channels}·{r}² = {output[-3]}, {height}/{r} × {width}/{r}"],
    )


def channel_shuffle(
    input: Shape,  # noqa: A002
    *,
    groups: int,
) -> ShapeReport:
    """Return the channels of groups interleaved; the shape stays.

    Args:
        input: (N, C, …).
        groups: Blocks of channels.

    Returns:
        Shapes and what moves.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    whole("groups", groups)
    if len(input) < 3:
        raise ShapeError(f"ChannelShuffle takes N,C and places; the input is {show(input)}")
    if input[1] % groups:
        raise ShapeError(f"{input[1]} channels don't split into {groups} groups", "groups")

    def why() -> Iterator[str]:
        yield f"({groups}, {input[1] // groups}) channels are transposed to ({input[1] // groups}, {groups})"

    return ShapeReport(inputs=(input,), outputs=(input,), window=(), why=why)


unfold = layer("Unfold", unfold_)
fold = layer("Fold", fold_)
pixelshuffle = layer("PixelShuffle", pixel_shuffle)
pixelunshuffle = layer("PixelUnshuffle", pixel_unshuffle)
channelshuffle = layer("ChannelShuffle", channel_shuffle)
