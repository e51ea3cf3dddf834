"""Parts, means and spread copies of tensors, and tensors that are learned beside the input, as PyTorch has them."""

from __future__ import annotations

from collections.abc import Sequence

from dltui.shapes.arguments import LARGEST, Ints, dimension, flag, whole
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def mean_(
    input: Shape,  # noqa: A002
    *,
    dim: Ints | None = None,
    keepdim: bool = False,
) -> ShapeReport:
    """Return the mean over some dimensions, or over all.

    Args:
        input: Any shape.
        dim: The dimensions; all when left out.
        keepdim: Whether they stay, with size 1.

    Returns:
        The shape without them.

    Raises:
        ShapeError: If there is no such dimension, or one is named twice.
    """
    flag("keepdim", keepdim)
    given: Sequence[int] = () if dim is None else dim if isinstance(dim, list | tuple) else (dim,)
    places = [dimension("dim", place, len(input)) for place in given] or list(range(len(input)))
    if len(set(places)) != len(places):
        raise ShapeError(f"dim {show(tuple(given))} names a dimension twice", "dim")
    kept = [(1 if i in places else n) for i, n in enumerate(input) if keepdim or i not in places]
    return ShapeReport(
        inputs=(input,),
        outputs=(tuple(kept),),
        pointwise=product(input),
        why=lambda: [
            f"a mean over {product(tuple(input[i] for i in places if i < len(input))):,} numbers each"
        ],
    )


def select_(input: Shape, *, dim: int, index: int) -> ShapeReport:  # noqa: A002
    """Return one place along a dimension, such as a class token: ``x[:, 0]`` is dim 1, index 0.

    Args:
        input: At least one dimension.
        dim: Which dimension.
        index: Which place; negative from the back.

    Returns:
        The shape without that dimension, in the same memory.

    Raises:
        ShapeError: If there is no such dimension or place.
    """
    if not input:
        raise ShapeError("select takes at least one dimension; the input is one number")
    place = dimension("dim", dim, len(input))
    if not -input[place] <= whole("index", index, -LARGEST) < input[place]:
        raise ShapeError(
            f"index {index} lies outside of the {input[place]} places of dimension {place}", "index"
        )
    output = (*input[:place], *input[place + 1 :])
    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        view=True,
        why=lambda: [f"place {index} of dimension {place}: {show(input)} → {show(output)}"],
    )


def narrow_(input: Shape, *, dim: int, start: int, length: int) -> ShapeReport:  # noqa: A002
    """Return neighbouring places along a dimension: ``x[:, 2:5]`` is dim 1, start 2, length 3.

    Args:
        input: At least one dimension.
        dim: Which dimension.
        start: The first place; negative from the back.
        length: How many.

    Returns:
        The shape with that length, in the same memory.

    Raises:
        ShapeError: If there is no such dimension, or the places go beyond it.
    """
    if not input:
        raise ShapeError("narrow takes at least one dimension; the input is one number")
    place = dimension("dim", dim, len(input))
    size = input[place]
    if not -size <= whole("start", start, -LARGEST) <= size:
        raise ShapeError(f"start {start} lies outside of the {size} places of dimension {place}", "start")
    first = start + size if start < 0 else start
    if first + whole("length", length, 0) > size:
        raise ShapeError(
            f"{length} places from {start} on go beyond the {size} of dimension {place}", "length"
        )
    output = (*input[:place], length, *input[place + 1 :])
    return ShapeReport(
        inputs=(input,),
        outputs=(output,),
        view=True,
        why=lambda: [f"places {first} … {first + length - 1} of dimension {place}: {show(output)}"],
    )


def expand_(input: Shape, *, sizes: Sequence[int]) -> ShapeReport:  # noqa: A002
    """Return a tensor that looks larger: dimensions of size 1 are spread, new ones come in front, nothing is copied.

    Args:
        input: Any shape.
        sizes: The sizes; −1 keeps one.

    Returns:
        The shape, in the same memory.

    Raises:
        ShapeError: If a size is neither 1 nor the one that is wanted.
    """
    if not isinstance(sizes, list | tuple):
        raise ShapeError(f"sizes must be numbers such as 4,−1, not {sizes!r}", "sizes")
    extra = len(sizes) - len(input)
    if extra < 0:
        raise ShapeError(
            f"{len(sizes)} sizes are fewer than the {len(input)} dimensions of the input", "sizes"
        )
    output = []
    for index, size in enumerate(sizes):
        whole("sizes", size, -1)
        n = input[index - extra] if index >= extra else 1
        if size == -1 and index < extra:
            raise ShapeError("a new dimension needs a size, not −1", "sizes")
        if size not in {-1, n} and n != 1:
            raise ShapeError(f"dimension {index} has {n} places and can't be spread to {size}", "sizes")
        output.append(n if size == -1 else size)
    return ShapeReport(
        inputs=(input,),
        outputs=(tuple(output),),
        view=True,
        why=lambda: [f"{show(input)} looks like {show(tuple(output))}"],
    )


def parameter_(input: Shape, *, size: Sequence[int]) -> ShapeReport:  # noqa: A002
    """Return a learned tensor that stands beside the input, such as places or a class token.

    Args:
        input: Any shape; it is not looked at.
        size: The shape of the tensor.

    Returns:
        The tensor.

    Raises:
        ShapeError: If a size is below 0.
    """
    if not isinstance(size, list | tuple):
        raise ShapeError(f"size must be numbers such as 1,197,768, not {size!r}", "size")
    shape = tuple(whole("size", n, 0) for n in size)
    return ShapeReport(
        inputs=(input,),
        outputs=(shape,),
        tensors={"parameter": shape},
        view=True,
        why=lambda: [f"parameters = {show(shape)} = {product(shape):,}"],
    )


mean = layer("mean", mean_)
select = layer("select", select_)
narrow = layer("narrow", narrow_)
expand = layer("expand", expand_)
parameter = layer("Parameter", parameter_)
