"""Max, average and power-average pooling with windows of one size, exactly as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from dltui.shapes.arguments import AXES, Ints, flag, number, several, spatial, whole
from dltui.shapes.layer import layer_nd
from dltui.shapes.report import Shape, ShapeError, ShapeReport
from dltui.shapes.symbol import Symbol, least, product

Whole = tuple[int, ...]


def max_pool(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    return_indices: bool = False,
    ceil_mode: bool = False,
) -> ShapeReport:
    """Return what max pooling does to a shape.

    With ``ceil_mode`` the division rounds up, and a last window that would start in the right border is dropped.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        kernel_size: Size of a window.
        stride: Steps between windows; the kernel size when left out.
        padding: Border on each side, at most half the kernel.
        dilation: Distance between the taps of a window.
        return_indices: Whether the places of the maxima come out too.
        ceil_mode: Whether a window may reach over the end.

    Returns:
        Shapes, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    apart = several("dilation", dilation, axes, short=True)
    flag("return_indices", return_indices)
    kernel, step, border = _geometry(axes, kernel_size, stride, padding)
    batch, channels, sizes = spatial(f"MaxPool{axes}d", input, axes)
    places, why = _pooled(axes, sizes, kernel, step, border, apart, ceil_mode)
    output = (*batch, channels, *places)
    return ShapeReport(
        inputs=(input,),
        outputs=(output, output) if return_indices else (output,),
        pointwise=product(output) * product(kernel),
        window=_windows(kernel, step, border, apart),
        keeps="i",
        extra=((product(output), 8),),
        why=why,
    )


def avg_pool_1d(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> ShapeReport:
    """Return what average pooling along one axis does to a shape.

    Args:
        axes: Spatial axes, one.
        input: (N, C, L), or (C, L) without a batch.
        kernel_size: Size of a window.
        stride: Steps between windows; the kernel size when left out.
        padding: Border on each side, at most half the kernel.
        ceil_mode: Whether a window may reach over the end.
        count_include_pad: Whether the border counts in the average.

    Returns:
        Shapes, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    flag("count_include_pad", count_include_pad)
    kernel, step, border = _geometry(axes, kernel_size, stride, padding)
    batch, channels, sizes = spatial(f"AvgPool{axes}d", input, axes)
    if axes == 3:
        _fits(sizes, kernel)
    places, why = _pooled(axes, sizes, kernel, step, border, (1,) * axes, ceil_mode)
    output = (*batch, channels, *places)
    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        pointwise=product(output) * product(kernel),
        window=_windows(kernel, step, border, (1,) * axes),
        keeps="i",
        why=why,
    )


def avg_pool(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> ShapeReport:
    """Return what average pooling does to a shape.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        kernel_size: Size of a window.
        stride: Steps between windows; the kernel size when left out.
        padding: Border on each side, at most half the kernel.
        ceil_mode: Whether a window may reach over the end.
        count_include_pad: Whether the border counts in the average.
        divisor_override: What sums are divided by instead of the size of the window.

    Returns:
        Shapes, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if divisor_override is not None and whole("divisor_override", divisor_override, -(2**62)) == 0:
        raise ShapeError("divisor_override can't be 0", "divisor_override")
    return avg_pool_1d(
        axes,
        input,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
    )


def lp_pool(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> ShapeReport:
    """Return what power-average pooling, (Σ xᵖ)^(1/p) over a window, does to a shape.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        norm_type: The power p.
        kernel_size: Size of a window.
        stride: Steps between windows; the kernel size when left out.
        ceil_mode: Whether a window may reach over the end.

    Returns:
        Shapes, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if number("norm_type", norm_type) == 0:
        raise ShapeError("norm_type can't be 0, because the sum is taken to the power 1/p", "norm_type")
    finite = abs(norm_type) != float("inf")
    if finite and isinstance(kernel_size, list | tuple) and len(kernel_size) != (axes if axes > 1 else 0):
        told = "one whole number" if axes == 1 else f"one number or {axes}"
        raise ShapeError(f"kernel_size of LPPool{axes}d takes {told}, not {kernel_size!r}", "kernel_size")
    kernel, step, border = _geometry(axes, kernel_size, stride, 0)
    batch, channels, sizes = spatial(f"LPPool{axes}d", input, axes)
    if axes == 3 and finite:
        _fits(sizes, kernel)
    places, why = _pooled(axes, sizes, kernel, step, border, (1,) * axes, ceil_mode)
    output = (*batch, channels, *places)
    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        pointwise=product(output) * (2 * product(kernel) + 1),
        window=_windows(kernel, step, border, (1,) * axes),
        why=why,
    )


def _geometry(axes: int, kernel_size: Ints, stride: Ints | None, padding: Ints) -> tuple[Whole, Whole, Whole]:
    """Return kernel, stride and border an axis each."""
    kernel = several("kernel_size", kernel_size, axes, short=True)
    step = kernel if stride is None else several("stride", stride, axes, short=True)
    border = several("padding", padding, axes, 0, short=True)
    for k, p in zip(kernel, border, strict=True):
        if p > k // 2:
            raise ShapeError(
                f"padding {p} must be at most half of the kernel {k}, that is {k // 2}", "padding"
            )
    return kernel, step, border


def _fits(sizes: Shape, kernel: Whole) -> None:
    """Refuse windows larger than the input before any border, as averages over volumes do."""
    for axis, n, k in zip(AXES[3], sizes, kernel, strict=True):
        if n < k:
            raise ShapeError(
                f"the window reaches {k} along {axis}, the input has only {n}, and averages over volumes "
                "don't count the border here: take a smaller kernel",
                "kernel_size",
            )


def _windows(kernel: Whole, step: Whole, border: Whole, apart: Whole) -> tuple[tuple[int, int, int], ...]:
    """Return reach, stride and left border an axis each."""
    return tuple((d * (k - 1) + 1, s, p) for k, s, p, d in zip(kernel, step, border, apart, strict=True))


def _pooled(
    axes: int, sizes: Shape, kernel: Whole, step: Whole, border: Whole, apart: Whole, ceil_mode: bool
) -> tuple[Shape, Callable[[], Iterable[str]]]:
    """Return the sizes that come out, and what tells how."""
    up = flag("ceil_mode", ceil_mode)
    letters = AXES[axes]
    places = tuple([
        pooled_size(axis, n, k, s, p, d, up)
        for axis, n, k, s, p, d in zip(letters, sizes, kernel, step, border, apart, strict=True)
    ])

    def why() -> Iterator[str]:
        left, right = "⌈⌉" if up else "⌊⌋"
        for axis, n, k, s, p, d, size in zip(
            letters, sizes, kernel, step, border, apart, places, strict=True
        ):
            yield (
                f"{axis}_out = {left}({axis} + 2·p − d·(k − 1) − 1) / s{right} + 1 "
                f"= {left}({n} + 2·{p} − {d}·({k} − 1) − 1) / {s}{right} + 1"
                f"{_dropped(n, k, s, p, d, size) if up else ''} = {size}"
            )

    return places, why


def _dropped(n: int, k: int, s: int, p: int, d: int, size: int) -> str:
    """Return the remark on a last window that starts in the right border."""
    if isinstance(n, Symbol):
        return f", windows that start beyond {n + p} dropped"
    full = -((d * (k - 1) + 1 - n - 2 * p) // s) + 1
    return f" − 1 (window {full} would start at {(full - 1) * s} ≥ {n} + {p})" if size < full else ""


def pooled_size(axis: str, n: int, k: int, s: int, p: int, d: int, ceil_mode: bool) -> int:
    """Return how many windows a pooling has along one axis.

    Args:
        axis: Its letter, for the error.
        n: Size of the input.
        k: Size of a window.
        s: Stride.
        p: Border on each side.
        d: Dilation.
        ceil_mode: Whether the last window may reach over the end.

    Returns:
        The number of windows.

    Raises:
        ShapeError: If there is none.
    """
    room = n + 2 * p - d * (k - 1) - 1
    size = room // s + 1
    if ceil_mode:
        size = least(
            (room + s - 1) // s + 1, (n + p + s - 1) // s
        )  # rounded up; the second drops a late start
    if size < 1:
        raise ShapeError(
            f"the window reaches {d * (k - 1) + 1} along {axis}, the padded input has only {n + 2 * p}: "
            "take a smaller kernel",
            "kernel_size",
        )
    return size


maxpool1d = layer_nd("MaxPool1d", max_pool, 1)
maxpool2d = layer_nd("MaxPool2d", max_pool, 2)
maxpool3d = layer_nd("MaxPool3d", max_pool, 3)
avgpool1d = layer_nd("AvgPool1d", avg_pool_1d, 1)
avgpool2d = layer_nd("AvgPool2d", avg_pool, 2)
avgpool3d = layer_nd("AvgPool3d", avg_pool, 3)
lppool1d = layer_nd("LPPool1d", lp_pool, 1)
lppool2d = layer_nd("LPPool2d", lp_pool, 2)
lppool3d = layer_nd("LPPool3d", lp_pool, 3)
