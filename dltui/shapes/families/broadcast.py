"""Shapes that are spread to a common one, as element-wise operations do."""

from __future__ import annotations

from itertools import zip_longest

from dltui.shapes.report import Shape, ShapeError, show


def broadcast(argument: str, first: Shape, second: Shape) -> Shape:
    """Return the shape that both are spread to: from the back, equal sizes or 1.

    Args:
        argument: The name of the second, for the error.
        first: One shape.
        second: The other.

    Returns:
        The common shape.

    Raises:
        ShapeError: If there is none.
    """
    if first == second:
        return first
    sizes = []
    for one, other in zip_longest(reversed(first), reversed(second), fillvalue=1):
        if one != other and one != 1 and other != 1:
            raise ShapeError(
                f"{show(first)} and {show(second)} have no common shape: {one} against {other}", argument
            )
        sizes.append(other if one == 1 else one)
    return tuple(reversed(sizes))


def fits_into(argument: str, shape: Shape, whole: Shape) -> None:
    """Refuse a shape that can't be spread to another.

    Args:
        argument: Its name, for the error.
        shape: What is spread.
        whole: What it is spread to.

    Raises:
        ShapeError: If it can't.
    """
    if broadcast(argument, whole, shape) != whole:
        raise ShapeError(f"{argument} {show(shape)} can't be spread to {show(whole)}", argument)
