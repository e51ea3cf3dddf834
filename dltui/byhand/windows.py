"""Windows that slide over one, two or three axes: which cells each of them reads, and what torch refuses about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from dltui.byhand.operation import Ints
from dltui.byhand.refusal import refuse
from dltui.byhand.tensor import Place, Tensor


def several(name: str, value: Ints, axes: int, least: int = 1, torch: str = "") -> tuple[int, ...]:
    """Return one whole number an axis.

    Args:
        name: The setting.
        value: One for all axes, or one an axis.
        axes: How many there are.
        least: The smallest that torch takes.
        torch: What torch says below that.

    Returns:
        As many numbers as axes.

    Raises:
        Refused: If the count is wrong or one is too small.
    """
    found = value if isinstance(value, tuple) else (value,) * axes
    if len(found) != axes:
        refuse(name, f"{name} takes one number, or {axes} for the {axes} axes, not {len(found)}")
    if min(found) < least:
        refuse(name, f"{name} must be at least {least}, not {min(found)}", torch)
    return found


def windows(
    size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    *,
    ceil: bool = False,
) -> tuple[int, ...]:
    """Return how many windows fit along each axis: ⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1."""
    found = []
    for n, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True):
        room = n + 2 * p - d * (k - 1) - 1
        count = -(-room // s) + 1 if ceil else room // s + 1
        if ceil and (count - 1) * s >= n + p:
            count -= 1  # a window must begin inside, or on the left border
        found.append(count)
    return tuple(found)


def taps(
    place: Place,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> Iterator[tuple[Place, Place]]:
    """Yield every tap of the kernel with the place it falls on, which may lie outside of the input."""
    for tap in product(*map(range, kernel)):
        spot = tuple(
            i * s - p + d * k for i, s, p, d, k in zip(place, stride, padding, dilation, tap, strict=True)
        )
        yield tap, spot


def inside(spot: Place, size: Sequence[int]) -> bool:
    """Return whether a place lies within an input."""
    return all(0 <= i < n for i, n in zip(spot, size, strict=True))


def with_channels(name: str, x: Tensor, axes: int) -> Tensor:
    """Return an input as (N, C, …), whatever of N and C was left out.

    Args:
        name: The operation, for the error.
        x: (N, C, …), (C, …) or a bare grid.
        axes: Spatial axes.

    Returns:
        The same cells with axes + 2 dimensions.

    Raises:
        Refused: If it has more or fewer dimensions.
    """
    if not axes <= len(x.shape) <= axes + 2:
        kinds = f"{axes + 1}D (unbatched) or {axes + 2}D (batched)"
        refuse(
            "x",
            f"{name} takes (N, C, {LETTERS[axes]}), (C, {LETTERS[axes]}) or a bare ({LETTERS[axes]}); "
            f"x has {len(x.shape)} dimensions: {x.shape}",
            f"Expected {kinds} input to {name}, but got input of size: {list(x.shape)}",
        )
    return x.lifted(axes + 2)


def as_given(y: Tensor, x: Tensor, axes: int) -> Tensor:
    """Return an output (N, C, …) with as many dimensions as its input was given with."""
    drop = axes + 2 - len(x.shape)
    return y.view(*y.shape[min(drop, 2 if y.shape[1] == 1 else 1) :]) if drop else y


LETTERS = {1: "L", 2: "H, W", 3: "D, H, W"}
