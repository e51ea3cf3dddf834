"""Borders of five kinds, exactly as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dltui.shapes.arguments import AXES, Ints, whole, word
from dltui.shapes.layer import layer, layer_nd
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show

# Borders per axis in PyTorch's order: the last axis first, left before right.
NEGATIVE = -(2**62)


def _sides(padding: Ints, axes: int) -> tuple[tuple[int, int], ...]:
    """Return (left, right) an axis, the first axis first."""
    if not isinstance(padding, list | tuple):
        padding = (whole("padding", padding, NEGATIVE),) * (2 * axes)  # type: ignore[arg-type]
    if len(padding) != 2 * axes:
        raise ShapeError(
            f"padding takes one number or {2 * axes} (last axis first), not {len(padding)}", "padding"
        )
    for number in padding:
        whole("padding", number, NEGATIVE)
    return tuple((padding[2 * i], padding[2 * i + 1]) for i in reversed(range(axes)))


def _names(axes: int) -> tuple[str, ...]:
    """Return what the axes are called; by their place from the back where there are more than three."""
    return AXES.get(axes) or tuple(f"dim {place - axes}" for place in range(axes))


def _grown(
    axes: int, sizes: Sequence[int], sides: tuple[tuple[int, int], ...], empty: bool
) -> tuple[int, ...]:
    """Return the sizes with their borders; PyTorch wants a place along *some* axis unless ``empty``."""
    places = tuple(n + left + right for n, (left, right) in zip(sizes, sides, strict=True))
    for axis, n, (left, right), size in zip(_names(axes), sizes, sides, places, strict=True):
        if size < 0 or (not empty and max(places) < 1):
            raise ShapeError(f"padding {left}, {right} leaves {size} of {n} along {axis}", "padding")
    return places


def _report(axes: int, shape: Shape, sides: tuple[tuple[int, int], ...], *, empty: bool) -> ShapeReport:
    """Return the report of a border."""
    sizes = shape[len(shape) - axes :]
    places = _grown(axes, sizes, sides, empty)

    def why() -> Iterator[str]:
        for axis, n, (left, right), size in zip(_names(axes), sizes, sides, places, strict=True):
            yield f"{axis}_out = {left} + {axis} + {right} = {left} + {n} + {right} = {size}"

    return ShapeReport(
        inputs=(shape,),
        outputs=((*shape[: len(shape) - axes], *places),),
        window=tuple((1, 1, left) for left, _ in sides),
        why=why,
    )


def constant_pad(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    padding: Ints,
    value: float,
) -> ShapeReport:
    """Return a tensor with a border of one number; a negative border cuts.

    Args:
        axes: Axes that get a border, from the last one.
        input: Any shape with at least so many axes.
        padding: One number, or (left, right) of each axis, the last axis first.
        value: The number that the border holds.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    if not isinstance(value, int | float):
        raise ShapeError(f"value must be a number, not {value!r}", "value")
    return zero_pad(axes, input, padding=padding)


def zero_pad(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    padding: Ints,
) -> ShapeReport:
    """Return a tensor with a border of zeros; a negative border cuts.

    Args:
        axes: Axes that get a border, from the last one.
        input: Any shape with at least so many axes.
        padding: One number, or (left, right) of each axis, the last axis first.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    sides = _sides(padding, axes)
    if len(input) < axes:
        raise ShapeError(
            f"a border of {axes} axes needs at least {axes} dimensions; the input is {show(input)}"
        )
    for axis, n, (left, right) in zip(_names(axes), input[len(input) - axes :], sides, strict=True):
        if n + min(left, 0) + min(right, 0) < 0:
            raise ShapeError(f"padding {left}, {right} cuts more than the {n} along {axis}", "padding")
    return _report(axes, input, sides, empty=True)


def _copying(
    name: str, axes: int, shape: Shape, padding: Ints, room: Callable[[int], int], told: str
) -> ShapeReport:
    """Return the report of a border that is copied from the input, at most ``room`` wide."""
    sides = _sides(padding, axes)
    hollow = 0 in shape[len(shape) - axes - 1 :] and not name.startswith("Circular")
    if len(shape) not in {axes + 1, axes + 2} or hollow:
        letters = ",".join(AXES[axes])
        raise ShapeError(f"{name} takes N,C,{letters} or C,{letters}; the input is {show(shape)}")
    for axis, n, pair in zip(AXES[axes], shape[len(shape) - axes :], sides, strict=True):
        if max(pair) > room(n):
            raise ShapeError(f"padding {max(pair)} along {axis} must be {told} the input's {n}", "padding")
    return _report(axes, shape, sides, empty=name.startswith("Circular"))


def reflection_pad(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    padding: Ints,
) -> ShapeReport:
    """Return a tensor with a border that mirrors it, the edge itself not repeated.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        padding: One number, or (left, right) of each axis, the last axis first; smaller than the input.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    return _copying(f"ReflectionPad{axes}d", axes, input, padding, lambda n: n - 1, "smaller than")


def replication_pad(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    padding: Ints,
) -> ShapeReport:
    """Return a tensor with a border that repeats its edge.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        padding: One number, or (left, right) of each axis, the last axis first.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    return _copying(f"ReplicationPad{axes}d", axes, input, padding, lambda _: 2**62, "within")


def circular_pad(
    axes: int,
    input: Shape,  # noqa: A002
    *,
    padding: Ints,
) -> ShapeReport:
    """Return a tensor with a border that goes on at its other end.

    Args:
        axes: Spatial axes.
        input: (N, C, …), or (C, …) without a batch.
        padding: One number, or (left, right) of each axis, the last axis first; no larger than the input.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    return _copying(f"CircularPad{axes}d", axes, input, padding, lambda n: n, "no larger than")


def pad_(
    input: Shape,  # noqa: A002
    *,
    pad: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> ShapeReport:
    """Return a tensor with a border, as ``torch.nn.functional.pad`` makes it.

    Args:
        input: Any shape; of the modes that copy, (N, C, …) or (C, …).
        pad: (left, right) of each axis, the last axis first.
        mode: constant, reflect, replicate or circular.
        value: The number that a constant border holds; 0 when left out.

    Returns:
        Shapes and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the border or the input.
    """
    word("mode", mode, ("constant", "reflect", "replicate", "circular"))
    if not isinstance(pad, list | tuple) or len(pad) % 2 or len(pad) > 2 * len(input):
        raise ShapeError(
            f"pad must be left and right of at most {len(input)} axes, the last axis first, not {pad!r}",
            "pad",
        )
    axes = len(pad) // 2
    try:
        if mode == "constant":
            return constant_pad(axes, input, padding=pad, value=0.0 if value is None else value)
        if value:
            raise ShapeError(f"value has no meaning in mode {mode}", "value")
        if not 1 <= axes <= 3:
            raise ShapeError(f"mode {mode} pads 1 to 3 axes, not {axes}", "pad")
        copying = {"reflect": reflection_pad, "replicate": replication_pad, "circular": circular_pad}
        return copying[mode](axes, input, padding=pad)
    except ShapeError as error:
        raise ShapeError(str(error), "pad" if error.argument == "padding" else error.argument) from None


zeropad1d = layer_nd("ZeroPad1d", zero_pad, 1)
zeropad2d = layer_nd("ZeroPad2d", zero_pad, 2)
zeropad3d = layer_nd("ZeroPad3d", zero_pad, 3)
constantpad1d = layer_nd("ConstantPad1d", constant_pad, 1)
constantpad2d = layer_nd("ConstantPad2d", constant_pad, 2)
constantpad3d = layer_nd("ConstantPad3d", constant_pad, 3)
reflectionpad1d = layer_nd("ReflectionPad1d", reflection_pad, 1)
reflectionpad2d = layer_nd("ReflectionPad2d", reflection_pad, 2)
reflectionpad3d = layer_nd("ReflectionPad3d", reflection_pad, 3)
replicationpad1d = layer_nd("ReplicationPad1d", replication_pad, 1)
replicationpad2d = layer_nd("ReplicationPad2d", replication_pad, 2)
replicationpad3d = layer_nd("ReplicationPad3d", replication_pad, 3)
circularpad1d = layer_nd("CircularPad1d", circular_pad, 1)
circularpad2d = layer_nd("CircularPad2d", circular_pad, 2)
circularpad3d = layer_nd("CircularPad3d", circular_pad, 3)
pad = layer("pad", pad_)
