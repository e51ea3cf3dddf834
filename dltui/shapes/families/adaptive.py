"""Pooling to a size that is asked for, and its undoing, exactly as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dltui.shapes.arguments import AXES, Ints, flag, number, several, spatial, whole
from dltui.shapes.layer import layer_nd
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import Symbol, product


def adaptive_avg_pool(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    output_size: int | Sequence[int | None] | None,
) -> ShapeReport:
    """Return what average pooling to a fixed size does to a shape.

    Window i covers the places ⌊i·n / o⌋ … ⌈(i + 1)·n / o⌉ − 1: windows overlap and differ in size where o does
    not divide n.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        output_size: Sizes that come out; None keeps the input's.

    Returns:
        Shapes, the windows of each axis, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    many = isinstance(output_size, list | tuple)
    asked: Sequence[Any] = output_size if isinstance(output_size, list | tuple) else (output_size,) * axes
    last = input[len(input) - axes :] if len(input) >= axes + (many and axes > 1) else ()
    single = many or output_size == 1
    ones = len(asked) == len(last) and all(
        (type(o) is int and o == 1) or (o is None and n == 1 and axes > 1)
        for o, n in zip(asked, last, strict=True)
    )
    if single and ones and (axes > 1 or len(input) in {2, 3}):
        return _mean(axes, input)
    return _adaptive(f"AdaptiveAvgPool{axes}d", axes, input, output_size, indices=False)


def _mean(axes: int, shape: Shape) -> ShapeReport:
    """Return the mean over the last axes, which PyTorch takes for a size of 1 whatever stands before them."""
    output = (*shape[: len(shape) - axes], *(1,) * axes)
    return ShapeReport(
        inputs=(shape,),
        outputs=(output,),
        pointwise=product(shape),
        window=tuple((n, n, 0) for n in shape[len(shape) - axes :]),
        why=lambda: [f"the mean over the last {axes} axes, {show(shape)} → {show(output)}"],
    )


def adaptive_max_pool(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    output_size: int | Sequence[int | None] | None,
    return_indices: bool = False,
) -> ShapeReport:
    """Return what max pooling to a fixed size does to a shape; windows as in adaptive average pooling.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        output_size: Sizes that come out; None keeps the input's.
        return_indices: Whether the places of the maxima come out too.

    Returns:
        Shapes, the windows of each axis, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    flag("return_indices", return_indices)
    return _adaptive(f"AdaptiveMaxPool{axes}d", axes, input, output_size, indices=return_indices)


def _adaptive(
    name: str, axes: int, shape: Shape, output_size: int | Sequence[int | None] | None, *, indices: bool
) -> ShapeReport:
    """Return the report of an adaptive pooling."""
    batch, channels, sizes = spatial(name, shape, axes, hollow="Avg" in name and axes < 3)
    asked: list[Any] = list(output_size) if isinstance(output_size, list | tuple) else [output_size] * axes
    if len(asked) != axes:
        raise ShapeError(f"output_size takes one number or {axes}, not {len(asked)}", "output_size")
    if output_size is None or (axes == 1 and asked[0] is None):
        told = "a number" if axes == 1 else f"a number or {axes}; write None for each axis that stays"
        raise ShapeError(f"output_size of {name} must be {told}", "output_size")
    places = tuple(n if o is None else whole("output_size", o, 0) for n, o in zip(sizes, asked, strict=True))
    output = (*batch, channels, *places)

    def why() -> Iterator[str]:
        for axis, n, o in zip(AXES[axes], sizes, places, strict=True):
            if not o or isinstance(n, Symbol):
                continue
            edges = [(i * n // o, -(-(i + 1) * n // o)) for i in range(min(o, 6))]
            listed = " ".join(f"[{a}, {b})" for a, b in edges) + (" …" if o > 6 else "")
            kind = "of one size" if n % o == 0 else "of differing size, some overlap"
            yield f"{axis}: {n} → {o}, window i = [⌊i·{n}/{o}⌋, ⌈(i+1)·{n}/{o}⌉) = {listed}, {kind}"

    even = all(o and n % o == 0 for n, o in zip(sizes, places, strict=True))
    return ShapeReport(
        inputs=(shape,),
        outputs=(output, output) if indices else (output,),
        pointwise=product(shape),
        window=tuple((n // o, n // o, 0) for n, o in zip(sizes, places, strict=True)) if even else None,
        keeps="i",
        extra=((product(output), 8),) if "Max" in name else (),
        why=why,
    )


def fractional_max_pool(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: float | Sequence[float] | None = None,
    return_indices: bool = False,
) -> ShapeReport:
    """Return what max pooling with randomly placed windows does to a shape (Graham 2014, arXiv:1412.6071).

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        kernel_size: Size of a window.
        output_size: Sizes that come out; either this or the ratio.
        output_ratio: Sizes that come out as a share of the input's, one an axis, within 0 … 1.
        return_indices: Whether the places of the maxima come out too.

    Returns:
        Shapes, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    name = f"FractionalMaxPool{axes}d"
    kernel = several(
        "kernel_size", kernel_size, axes, 1 if axes == 3 else -(2**62)
    )  # over pictures all are taken
    flag("return_indices", return_indices)
    if (output_size is None) == (output_ratio is None):
        raise ShapeError(f"{name} takes either output_size or output_ratio", "output_size")
    batch, channels, sizes = spatial(name, input, axes)
    if output_size is not None:
        places = several("output_size", output_size, axes, 0)
    else:
        places = _share(output_ratio, sizes)
    for axis, n, k, o in zip(AXES[axes], sizes, kernel, places, strict=True):
        least = k + o - 1 + (axes == 3)
        if least > n:
            raise ShapeError(
                f"{o} windows of {k} need at least {least} places along {axis}, not {n}", "kernel_size"
            )
    output = (*batch, channels, *places)
    return ShapeReport(
        inputs=(input,),
        outputs=(output, output) if return_indices else (output,),
        pointwise=product(output) * product(kernel),
        keeps="i",
        extra=((product(output), 8),),
        why=lambda: [f"{show(places)} windows of {show(kernel)}, placed at random; needs k + o − 1 ≤ n"],
    )


def _share(ratio: float | Sequence[float] | None, sizes: Shape) -> tuple[int, ...]:
    """Return a share of the sizes, rounded down."""
    shares: Sequence[Any] = ratio if isinstance(ratio, list | tuple) else (ratio,) * len(sizes)
    if len(shares) != len(sizes):
        raise ShapeError(
            f"output_ratio takes {len(sizes)} numbers, one an axis, not {ratio!r}", "output_ratio"
        )
    for part in shares:
        if not 0 < number("output_ratio", part) < 1:
            raise ShapeError(f"output_ratio must lie between 0 and 1, not {part:g}", "output_ratio")
    return tuple(int(n * part) for n, part in zip(sizes, shares, strict=True))


def max_unpool(
    axes: int,
    input: Shape,  # noqa: A002
    indices: Shape | None = None,
    *,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> ShapeReport:
    """Return what puts maxima back to their places: n_out = (n − 1)·s − 2p + k.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        indices: Places of the maxima, of the same shape.
        kernel_size: Size of a window of the pooling that is undone.
        stride: Its stride; the kernel size when left out.
        padding: Its border.
        output_size: The size before the pooling, where several led to the same; within a stride of the formula's.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    kernel = several("kernel_size", kernel_size, axes, -(2**62))
    step = kernel if stride is None else several("stride", stride, axes, -(2**62))
    border = several("padding", padding, axes, -(2**62))
    batch, channels, sizes = spatial(f"MaxUnpool{axes}d", input, axes)
    if indices is not None and indices != input:
        raise ShapeError(f"indices {show(indices)} must have the input's shape {show(input)}", "indices")
    usual = tuple((n - 1) * s - 2 * p + k for n, k, s, p in zip(sizes, kernel, step, border, strict=True))
    places = usual if output_size is None else _wanted(output_size, usual, step)
    if any(s < 1 for s in step) and axes == 3:
        raise ShapeError(f"stride must be at least 1, not {min(step)}", "stride")
    if any(o < 0 for o in places):
        raise ShapeError(
            f"nothing is left: the sizes come out as {show(places)}; take a smaller padding", "padding"
        )

    def why() -> Iterator[str]:
        for axis, n, k, s, p, o in zip(AXES[axes], sizes, kernel, step, border, usual, strict=True):
            yield f"{axis}_out = ({axis} − 1)·s − 2·p + k = ({n} − 1)·{s} − 2·{p} + {k} = {o}"

    return ShapeReport(inputs=(input,), outputs=((*batch, channels, *places),), why=why)


def _wanted(asked: Sequence[int], usual: Shape, step: tuple[int, ...]) -> Shape:
    """Return the size that is asked for, when the pooling could have come from it."""
    if not isinstance(asked, list | tuple):
        raise ShapeError(f"output_size takes {len(usual)} numbers, not {asked!r}", "output_size")
    if len(asked) == len(usual) + 2:
        asked = asked[2:]
    if len(asked) != len(usual):
        raise ShapeError(
            f"output_size takes {len(usual)} or {len(usual) + 2} numbers, not {len(asked)}", "output_size"
        )
    for o, u, s in zip(asked, usual, step, strict=True):
        if not u - s < whole("output_size", o, 0) < u + s:
            raise ShapeError(
                f"output_size {o} must lie between {u - s} and {u + s}, both excluded", "output_size"
            )
    return tuple(asked)


adaptiveavgpool1d = layer_nd("AdaptiveAvgPool1d", adaptive_avg_pool, 1)
adaptiveavgpool2d = layer_nd("AdaptiveAvgPool2d", adaptive_avg_pool, 2)
adaptiveavgpool3d = layer_nd("AdaptiveAvgPool3d", adaptive_avg_pool, 3)
adaptivemaxpool1d = layer_nd("AdaptiveMaxPool1d", adaptive_max_pool, 1)
adaptivemaxpool2d = layer_nd("AdaptiveMaxPool2d", adaptive_max_pool, 2)
adaptivemaxpool3d = layer_nd("AdaptiveMaxPool3d", adaptive_max_pool, 3)
fractionalmaxpool2d = layer_nd("FractionalMaxPool2d", fractional_max_pool, 2)
fractionalmaxpool3d = layer_nd("FractionalMaxPool3d", fractional_max_pool, 3)
maxunpool1d = layer_nd("MaxUnpool1d", max_unpool, 1)
maxunpool2d = layer_nd("MaxUnpool2d", max_unpool, 2)
maxunpool3d = layer_nd("MaxUnpool3d", max_unpool, 3)
