"""Softmax and its logarithm along one dimension."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from dltui.byhand.functions import exp, largest, log, total
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor

SHIFT = "only keeps e from overflowing: it cancels, so no gradient goes through it"


@operation(
    formula="pᵢ = e^(xᵢ/T − m) / Σⱼ e^(xⱼ/T − m), m the largest xⱼ/T",
    examples={
        "123": {"x": [1, 2, 3], "upstream": [1, 0, 0]},
        "d8": {"x": [2, 1, 0], "temperature": 2, "upstream": [1, 0, 0]},
        "w14": {"x": [[2, 1, 0.5, -1], [1, 2, -0.5, 0.5], [-0.5, 1, 1.5, 2]]},
        "large": {"x": [1000, 0, 0], "upstream": [1, 0, 0]},
    },
    remarks={"large": "e^1000 is more than float64 can hold; less the largest, nothing overflows"},
)
def softmax(sheet: Sheet, x: Tensor, *, dim: int = -1, temperature: float = 1.0) -> Tensor:
    """Softmax: exponentials divided by their sum; all positive, together 1.

    Adding a number to all of x changes nothing, so the largest is taken away first. A higher temperature makes them
    more alike.

    Args:
        sheet: Where it is worked.
        x: (…).
        dim: The dimension along which they add up to 1.
        temperature: T that x is divided by.

    Returns:
        The shape of x.
    """
    if not temperature > 0:
        refuse("temperature", f"temperature must be above 0, not {temperature:g}")
    axis = _axis(x, dim)
    scaled = x
    if temperature != 1:
        sheet.heading("over the temperature")
        scaled = sheet.tensor("z", x.shape)
        for place in x.places():
            scaled[place] = x[place] / temperature
    shift = shifts(sheet, scaled, axis)
    sheet.heading("exponentials")
    e = sheet.tensor("e", x.shape)
    for place in x.places():
        e[place] = exp(scaled[place] - shift[_without(place, axis)])
    sheet.heading("their sum")
    sums = sheet.tensor("S", shift.shape)
    for place, line in _lines(e, axis):
        sums[place] = total([e[one] for one in line])
    sheet.heading("each over the sum")
    p = sheet.tensor("p", x.shape)
    for place in x.places():
        p[place] = e[place] / sums[_without(place, axis)]
    return p


@operation(
    formula="yᵢ = xᵢ − m − ln Σⱼ e^(xⱼ − m), m = max xⱼ",
    examples={
        "123": {"x": [1, 2, 3], "upstream": [0, 0, 1]},
        "large": {"x": [-1000, -1001, -1002], "upstream": [1, 0, 0]},
    },
    remarks={"large": "the logarithm of the naive softmax would be ln 0; less the largest it is −0.407606"},
)
def log_softmax(sheet: Sheet, x: Tensor, *, dim: int = -1) -> Tensor:
    """Log-softmax: the logarithm of the softmax, in the form that neither overflows nor rounds to ln 0.

    Args:
        sheet: Where it is worked.
        x: (…).
        dim: The dimension along which the softmax adds up to 1.

    Returns:
        The shape of x.
    """
    axis = _axis(x, dim)
    shift = shifts(sheet, x, axis)
    sheet.heading("ln of the sum of exponentials")
    sums = sheet.tensor("l", shift.shape, "ℓ")
    for place, line in _lines(x, axis):
        sums[place] = log(total([exp(x[one] - shift[place]) for one in line]))
    sheet.heading("what is left of each")
    y = sheet.tensor("y", x.shape)
    for place in x.places():
        y[place] = x[place] - shift[_without(place, axis)] - sums[_without(place, axis)]
    return y


def shifts(sheet: Sheet, x: Tensor, axis: int) -> Tensor:
    """Work the largest number of each line, through which no gradient goes.

    Args:
        sheet: Where it is worked.
        x: (…).
        axis: The dimension that the lines lie along.

    Returns:
        The shape of x without that dimension.
    """
    shape = x.shape or (1,)
    sheet.heading("the largest")
    found = sheet.tensor("m", (*shape[:axis], *shape[axis + 1 :]))
    for i, (place, line) in enumerate(_lines(x, axis)):
        sheet.note("" if i else SHIFT)
        found[place] = largest(*(x[one] for one in line))
    sheet.hold(found)
    return found


def _lines(x: Tensor, axis: int) -> Iterator[tuple[Place, list[Place]]]:
    """Yield the places along an axis, for every place of the other dimensions."""
    shape = x.shape
    for rest in product(*(range(n) for i, n in enumerate(shape) if i != axis)):
        yield rest, [(*rest[:axis], i, *rest[axis:]) for i in range(shape[axis])]


def _without(place: Place, axis: int) -> Place:
    """Return a place without one dimension."""
    return (*place[:axis], *place[axis + 1 :])


def _axis(x: Tensor, dim: int) -> int:
    """Return a dimension counted from the front."""
    count = len(x.shape)
    if not count:
        refuse("x", "a single number has no others to be compared with: give a list such as [1, 2, 3]")
    if not -count <= dim < count:
        refuse(
            "dim",
            f"x has {count} dimensions, so dim must be within {-count} … {count - 1}, not {dim}",
            f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {dim})",
        )
    return dim % count
