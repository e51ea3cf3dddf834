"""Reading a layer's arguments as PyTorch does: one number or one an axis, flags, words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dltui.shapes.report import Shape, ShapeError, show

LARGEST = 2**63 - 1
MANY = 10_000
Ints = int | Sequence[int]  # one whole number for every axis, or one an axis


def whole(argument: str, value: int, least: int = 1) -> int:
    """Return a whole number.

    Args:
        argument: Its name, for the error.
        value: What was given.
        least: The smallest that PyTorch takes.

    Returns:
        ``value``.

    Raises:
        ShapeError: If it is no whole number or below ``least``.
    """
    if not isinstance(value, int) or value is True or value is False:
        raise ShapeError(f"{argument} must be a whole number, not {value!r}", argument)
    if value < least:
        raise ShapeError(f"{argument} must be at least {least}, not {value}", argument)
    if value > LARGEST:
        raise ShapeError(f"{argument} must be at most {LARGEST}, the largest that PyTorch holds", argument)
    return value


def copies(argument: str, value: int, least: int = 1) -> int:
    """Return how many equal parts a layer has; each is told apart, so that there can't be millions.

    Args:
        argument: Its name, for the error.
        value: What was given.
        least: The smallest that PyTorch takes.

    Returns:
        ``value``.

    Raises:
        ShapeError: If it is no whole number, below ``least`` or above ``MANY``.
    """
    if whole(argument, value, least) > MANY:
        raise ShapeError(f"{argument} must be at most {MANY}, not {value}", argument)
    return value


def several(argument: str, value: Ints, axes: int, least: int = 1, *, short: bool = False) -> tuple[int, ...]:
    """Return one whole number an axis.

    Args:
        argument: The name, for the error.
        value: One number for all axes, or one an axis.
        axes: How many axes there are.
        least: The smallest number that PyTorch takes.
        short: Whether a list of one number stands for all axes.

    Returns:
        As many numbers as axes.

    Raises:
        ShapeError: If the count is wrong, or a number isn't whole or below ``least``.
    """
    if type(value) is int and least <= value <= LARGEST:
        return (value,) * axes
    if not isinstance(value, list | tuple):
        return (whole(argument, value, least),) * axes  # type: ignore[arg-type]
    if len(value) != axes and not (short and len(value) == 1):
        raise ShapeError(f"{argument} takes one number or {axes}, not {len(value)}", argument)
    for number in value:
        whole(argument, number, least)
    return tuple(value) if len(value) == axes else (value[0],) * axes


def flag(argument: str, value: bool) -> bool:
    """Return a truth value.

    Args:
        argument: Its name, for the error.
        value: What was given.

    Returns:
        ``value``.

    Raises:
        ShapeError: If it is neither true nor false.
    """
    if value is True or value is False:
        return value
    raise ShapeError(f"{argument} must be true or false, not {value!r}", argument)


def number(argument: str, value: float, low: float = float("-inf"), high: float = float("inf")) -> float:
    """Return a number within bounds.

    Args:
        argument: Its name, for the error.
        value: What was given.
        low: The smallest that PyTorch takes.
        high: The largest that PyTorch takes.

    Returns:
        ``value``.

    Raises:
        ShapeError: If it is no number or outside the bounds.
    """
    if not isinstance(value, int | float) or value is True or value is False:
        raise ShapeError(f"{argument} must be a number, not {value!r}", argument)
    if not low <= value <= high:
        raise ShapeError(f"{argument} must lie within {low:g} … {high:g}, not {value:g}", argument)
    return value


def word(argument: str, value: str, known: Iterable[str]) -> str:
    """Return one of the known words.

    Args:
        argument: Its name, for the error.
        value: What was given.
        known: Every word that PyTorch takes.

    Returns:
        ``value``.

    Raises:
        ShapeError: If it is another.
    """
    names = tuple(known)
    if value not in names:
        raise ShapeError(f"{argument} {value!r} is unknown; expected {', '.join(names)}", argument)
    return value


def inferred(argument: str, value: int | None, found: int, where: str = "the input") -> int:
    """Return a size that the input tells, and that an argument may tell again.

    Args:
        argument: Its name, for the error.
        value: What was given, or None.
        found: What the input has.
        where: What was looked at, for the error.

    Returns:
        ``found``.

    Raises:
        ShapeError: If the two differ.
    """
    if value is not None and value != found:
        whole(argument, value, 0)
        raise ShapeError(
            f"{argument} is {value}, but {where} has {found}; make them equal, or leave {argument} out",
            "input",
        )
    return found


def dimension(argument: str, value: int, dimensions: int) -> int:
    """Return the place of a dimension, counted from the front.

    Args:
        argument: Its name, for the error.
        value: A place; negative from the back.
        dimensions: How many there are.

    Returns:
        A place from 0 on.

    Raises:
        ShapeError: If there is no such dimension.
    """
    whole(argument, value, value if isinstance(value, int) else 0)
    most = max(dimensions, 1)
    if not -most <= value < most:
        raise ShapeError(
            f"{argument} {value} is out of range: the tensor has {dimensions} dimensions, "
            f"take {-most} … {most - 1}",
            argument,
        )
    return value % most


def spatial(name: str, shape: Shape, axes: int, *, hollow: bool = False) -> tuple[Shape, int, Shape]:
    """Split an input into batch, channels and places.

    Args:
        name: The layer, for the error.
        shape: What goes in.
        axes: How many spatial axes it has.
        hollow: Whether there may be no channels.

    Returns:
        (N,) or (), C, and the sizes of the spatial axes.

    Raises:
        ShapeError: If it has neither ``axes`` + 1 nor ``axes`` + 2 dimensions.
    """
    extra = len(shape) - axes
    if extra in {1, 2} and 0 in shape[extra - 1 + hollow :]:
        raise ShapeError(f"{name} takes no empty input; only the batch of {show(shape)} may be 0")
    if extra == 2:
        return shape[:1], shape[1], shape[2:]
    if extra == 1:
        return (), shape[0], shape[1:]
    letters = ",".join(("L",) if axes == 1 else ("D", "H", "W")[-axes:])
    raise ShapeError(
        f"{name} takes N,C,{letters} or C,{letters}; the input {show(shape)} has {len(shape)} dimensions"
    )


AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
