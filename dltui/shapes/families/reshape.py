"""The same numbers in another shape, and tensors put together or taken apart, exactly as PyTorch does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dltui.shapes.arguments import copies, dimension, whole
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def _seen(shape: Shape, output: Shape, *lines: str) -> ShapeReport:
    """Return the report of the same numbers seen otherwise."""
    return ShapeReport(
        inputs=(shape,),
        outputs=(output,),
        view=True,
        why=lambda: [*lines, f"{product(shape):,} numbers before and after: {show(shape)} → {show(output)}"],
    )


def _sizes(argument: str, value: Any) -> list[int]:
    """Return sizes of which one may be −1."""
    sizes = list(value) if isinstance(value, list | tuple) else [value]
    for size in sizes:
        whole(argument, size, -1)
    return sizes


def _filled(argument: str, sizes: list[int], total: int, told: str) -> Shape:
    """Return the sizes with −1 replaced by what is left."""
    if sizes.count(-1) > 1:
        raise ShapeError(
            f"{argument} {show(tuple(sizes))} has two sizes −1; only one can be worked out", argument
        )
    known = product(size for size in sizes if size != -1)
    if -1 in sizes:
        if not known:
            raise ShapeError(f"{argument}: −1 can't be worked out beside a size 0", argument)
        if total % known:
            raise ShapeError(
                f"{told} = {total} numbers do not split by {known}, so that −1 has no size", argument
            )
        return tuple(total // known if size == -1 else size for size in sizes)
    if known != total:
        raise ShapeError(
            f"{argument} {show(tuple(sizes))} holds {known} numbers, not the {total} of {told}", argument
        )
    return tuple(sizes)


def flatten_(input: Shape, *, start_dim: int = 1, end_dim: int = -1) -> ShapeReport:  # noqa: A002
    """Return neighbouring dimensions made one.

    Args:
        input: Any shape.
        start_dim: The first of them.
        end_dim: The last of them.

    Returns:
        The shape with one dimension in place of several.

    Raises:
        ShapeError: If there are no such dimensions or they stand the wrong way round.
    """
    start = dimension("start_dim", start_dim, len(input))
    end = dimension("end_dim", end_dim, len(input))
    if start > end:
        raise ShapeError(f"start_dim {start_dim} stands behind end_dim {end_dim}", "start_dim")
    joined = product(input[start : end + 1])
    output = (*input[:start], joined, *input[end + 1 :])
    return _seen(input, output, f"{show(input[start : end + 1])} = {joined}")


def unflatten_(input: Shape, *, dim: int, unflattened_size: Sequence[int]) -> ShapeReport:  # noqa: A002
    """Return one dimension made several.

    Args:
        input: Any shape.
        dim: Which dimension.
        unflattened_size: Its new sizes; one may be −1.

    Returns:
        The shape with several dimensions in place of one.

    Raises:
        ShapeError: If the sizes do not multiply to the old one.
    """
    if not isinstance(unflattened_size, list | tuple):
        raise ShapeError(
            f"unflattened_size must be several sizes, not {unflattened_size!r}", "unflattened_size"
        )
    place = dimension("dim", dim, len(input))
    if not input:
        raise ShapeError("Unflatten takes at least one dimension; the input is one number")
    sizes = _sizes("unflattened_size", unflattened_size)
    if not sizes:
        raise ShapeError("unflattened_size must have at least one size", "unflattened_size")
    parts = _filled("unflattened_size", sizes, input[place], f"dimension {place}")
    return _seen(input, (*input[:place], *parts, *input[place + 1 :]), f"{input[place]} = {show(parts)}")


def reshape_(input: Shape, *, shape: Sequence[int]) -> ShapeReport:  # noqa: A002
    """Return the same numbers, in the same order, in another shape.

    Args:
        input: Any shape.
        shape: The new sizes; one may be −1.

    Returns:
        The new shape.

    Raises:
        ShapeError: If it holds another count of numbers.
    """
    sizes = _sizes("shape", shape)
    return _seen(input, _filled("shape", sizes, product(input), show(input)))


def permute_(input: Shape, *, dims: Sequence[int]) -> ShapeReport:  # noqa: A002
    """Return the dimensions in another order.

    Args:
        input: Any shape.
        dims: The old place of each new dimension.

    Returns:
        The new shape.

    Raises:
        ShapeError: If a dimension is missing or comes twice.
    """
    asked = list(dims) if isinstance(dims, list | tuple) else [dims]
    places = [dimension("dims", d, len(input)) for d in asked]  # type: ignore[arg-type]
    if len(places) != len(input) or len(set(places)) != len(places):
        raise ShapeError(f"dims {tuple(asked)} must name each of the {len(input)} dimensions once", "dims")
    return _seen(input, tuple(input[place] for place in places))


def transpose_(input: Shape, *, dim0: int, dim1: int) -> ShapeReport:  # noqa: A002
    """Return two dimensions in each other's place.

    Args:
        input: Any shape.
        dim0: The one.
        dim1: The other.

    Returns:
        The new shape.

    Raises:
        ShapeError: If there is no such dimension.
    """
    first, second = dimension("dim0", dim0, len(input)), dimension("dim1", dim1, len(input))
    sizes = list(input)
    if sizes:
        sizes[first], sizes[second] = sizes[second], sizes[first]
    return _seen(input, tuple(sizes))


def squeeze_(input: Shape, *, dim: int | Sequence[int] | None = None) -> ShapeReport:  # noqa: A002
    """Return the shape without dimensions of size 1.

    Args:
        input: Any shape.
        dim: Only these dimensions; all when left out.

    Returns:
        The new shape.

    Raises:
        ShapeError: If there is no such dimension.
    """
    if dim is None:
        return _seen(input, tuple(n for n in input if n != 1))
    asked = list(dim) if isinstance(dim, list | tuple) else [dim]
    places = [dimension("dim", d, len(input)) for d in asked]  # type: ignore[arg-type]
    if len(set(places)) != len(places):
        raise ShapeError(f"dim {tuple(asked)} names a dimension twice", "dim")
    return _seen(input, tuple(n for i, n in enumerate(input) if n != 1 or i not in places))


def unsqueeze_(input: Shape, *, dim: int) -> ShapeReport:  # noqa: A002
    """Return the shape with one more dimension of size 1.

    Args:
        input: Any shape.
        dim: Its place.

    Returns:
        The new shape.

    Raises:
        ShapeError: If the place is out of range.
    """
    place = dimension("dim", dim, len(input) + 1)
    return _seen(input, (*input[:place], 1, *input[place:]))


def cat_(*inputs: Shape, dim: int = 0) -> ShapeReport:
    """Return tensors put one after the other along one dimension.

    Args:
        *inputs: Shapes that agree but for that dimension; (0,) counts as nothing.
        dim: The dimension along which they are put together.

    Returns:
        The shape of all together.

    Raises:
        ShapeError: If they do not fit together.
    """
    if not inputs:
        raise ShapeError("cat takes at least one input")
    for shape in inputs:
        if not shape:
            raise ShapeError("cat can't put single numbers together; use stack")
    real = [shape for shape in inputs if shape != (0,)] or [inputs[0]]
    first = real[0]
    place = (
        0 if first == (0,) else dimension("dim", dim, len(first))
    )  # of nothing PyTorch takes any dimension
    for shape in real[1:]:
        if len(shape) != len(first) or any(i != place and n != shape[i] for i, n in enumerate(first)):
            raise ShapeError(f"{show(first)} and {show(shape)} must agree but for dimension {place}")
    joined = sum(shape[place] for shape in real)
    output = (*first[:place], joined, *first[place + 1 :])
    return ShapeReport(
        inputs=inputs,
        outputs=(output,),
        window=() if place == 1 and len(output) > 2 else None,
        why=lambda: [f"dimension {place}: {' + '.join(str(s[place]) for s in real)} = {joined}"],
    )


def stack_(*inputs: Shape, dim: int = 0) -> ShapeReport:
    """Return tensors of one shape put side by side along a new dimension.

    Args:
        *inputs: Equal shapes.
        dim: The place of the new dimension.

    Returns:
        The shape of all together.

    Raises:
        ShapeError: If the shapes differ.
    """
    if not inputs:
        raise ShapeError("stack takes at least one input")
    place = dimension("dim", dim, len(inputs[0]) + 1)
    for shape in inputs:
        if shape != inputs[0]:
            raise ShapeError(f"stack takes equal shapes, not {show(inputs[0])} and {show(shape)}")
    output = (*inputs[0][:place], len(inputs), *inputs[0][place:])
    return ShapeReport(
        inputs=inputs, outputs=(output,), why=lambda: [f"{len(inputs)} inputs at dimension {place}"]
    )


def split_(input: Shape, *, split_size_or_sections: int | Sequence[int], dim: int = 0) -> ShapeReport:  # noqa: A002
    """Return one tensor cut into pieces along one dimension.

    Args:
        input: Any shape.
        split_size_or_sections: The size of each piece, the last may be smaller; or the sizes of all.
        dim: Which dimension is cut.

    Returns:
        A shape a piece.

    Raises:
        ShapeError: If the sizes do not add up.
    """
    if not input:
        raise ShapeError("split takes at least one dimension; the input is one number")
    place = dimension("dim", dim, len(input))
    total, asked = input[place], split_size_or_sections
    if isinstance(asked, list | tuple):
        parts = [whole("split_size_or_sections", part, 0) for part in asked]
        if sum(parts) != total:
            raise ShapeError(
                f"pieces of {parts} make {sum(parts)}, not the {total} of dimension {place}",
                "split_size_or_sections",
            )
    else:
        each = whole("split_size_or_sections", asked, 0)  # type: ignore[arg-type]
        if not each and total:
            raise ShapeError("pieces of 0 never cover the dimension", "split_size_or_sections")
        count = copies("split_size_or_sections", max(-(-total // each), 1) if each else 1)
        parts = [each] * (count - 1) + [total - each * (count - 1)]
    if not parts:
        raise ShapeError("split needs at least one piece", "split_size_or_sections")
    outputs = tuple((*input[:place], part, *input[place + 1 :]) for part in parts)
    return ShapeReport(
        inputs=(input,), outputs=outputs, view=True, why=lambda: [f"{total} = {' + '.join(map(str, parts))}"]
    )


def chunk_(input: Shape, *, chunks: int, dim: int = 0) -> ShapeReport:  # noqa: A002
    """Return one tensor cut into at most so many pieces of one size, the last may be smaller.

    Args:
        input: Any shape.
        chunks: How many pieces at most.
        dim: Which dimension is cut.

    Returns:
        A shape a piece.

    Raises:
        ShapeError: If there is no such dimension.
    """
    copies("chunks", chunks)
    if not input:
        raise ShapeError("chunk takes at least one dimension; the input is one number")
    place = dimension("dim", dim, len(input))
    if not input[place]:
        return split_(input, split_size_or_sections=[0] * chunks, dim=place)
    return split_(input, split_size_or_sections=-(-input[place] // chunks), dim=place)


flatten = layer("Flatten", flatten_)
unflatten = layer("Unflatten", unflatten_)
reshape = layer("reshape", reshape_)
permute = layer("permute", permute_)
transpose = layer("transpose", transpose_)
squeeze = layer("squeeze", squeeze_)
unsqueeze = layer("unsqueeze", unsqueeze_)
cat = layer("cat", cat_)
stack = layer("stack", stack_)
split = layer("split", split_)
chunk = layer("chunk", chunk_)
