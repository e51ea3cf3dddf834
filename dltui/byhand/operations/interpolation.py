"""Pictures made larger or smaller."""

from __future__ import annotations

from struct import pack, unpack
from typing import Literal

from dltui.byhand.functions import floor, number, total
from dltui.byhand.operation import Ints, operation
from dltui.byhand.printing import UNICODE
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value
from dltui.byhand.windows import several

AXES = (("rows", "r"), ("columns", "c"))


@operation(
    formula="y(i, j) = (1 − v)·(1 − u)·x(r, c) + (1 − v)·u·x(r, c + 1) + v·(1 − u)·x(r + 1, c) + v·u·x(r + 1, c + 1)",
    examples={
        "double": {"x": [[1, 2], [3, 5]], "size": (4, 4), "upstream": [[1, 0, 0, 0], [0, 1, 0, 0], [0] * 4, [0] * 4]},
        "corners": {"x": [[1, 2], [3, 5]], "size": (3, 3), "align_corners": True},
        "nearest": {"x": [[1, 2, 3], [4, 5, 6]], "size": (4, 2), "mode": "nearest"},
        "smaller": {"x": [[8, 2, 4, 6], [0, 4, 2, 2]], "size": (1, 2)},
    },
    remarks={
        "corners": "the corners keep their numbers, and places between are spread evenly from corner to corner",
        "smaller": "half as large, each number is the mean of four; smaller still, most numbers would not be read",
    },
)  # fmt: skip
def interpolate(
    sheet: Sheet,
    x: Tensor,
    *,
    size: Ints = 4,
    mode: Literal["bilinear", "nearest"] = "bilinear",
    align_corners: bool = False,
) -> Tensor:
    """Interpolation: every place of the new picture is looked up where it falls in the old one.

    Numbers are squares side by side: the middle of row i falls on row (i + ½)·H/h − ½ of the old picture, counted
    from 0. With aligned corners they are points: row i falls on i·(H − 1)/(h − 1). Bilinear mixes the four numbers
    around that place by how near they are; nearest takes the one at ⌊i·H/h⌋.

    Args:
        sheet: Where it is worked.
        x: (N, C, H, W), (C, H, W) or (H, W).
        size: Height and width of the new picture.
        mode: Mix the numbers around, or take one.
        align_corners: Let the corners keep their numbers.

    Returns:
        As many dimensions as x.
    """
    if not 2 <= len(x.shape) <= 4:
        refuse("x", f"x must be (N, C, H, W), (C, H, W) or (H, W), not {x.shape}")
    if mode == "nearest" and align_corners:
        refuse(
            "align_corners",
            "nearest takes whole numbers as they are and has no corners to align: leave align_corners out",
            "align_corners option can only be set with the interpolating modes: "
            "linear | bilinear | bicubic | trilinear",
        )
    old, new = x.shape[-2:], several("size", size, 2, -(10**9))
    if min(new) < 1:
        refuse(
            "size",
            f"size must be at least 1 along each axis, not {' x '.join(map(str, new))}",
            "Input and output sizes should be greater than 0, but got input "
            f"(H: {old[0]}, W: {old[1]}) output (H: {new[0]}, W: {new[1]})",
        )
    whole = x.lifted(4)
    if mode == "nearest":
        found = _nearest(sheet, whole, new)
    else:
        found = _bilinear(sheet, whole, new, corners=align_corners)
    return found.view(*x.shape[:-2], *new)


def _nearest(sheet: Sheet, x: Tensor, new: tuple[int, ...]) -> Tensor:
    """Take one number for each place."""
    taken: list[list[int]] = []
    for (name, symbol), n, m in zip(AXES, x.shape[2:], new, strict=True):
        sheet.heading(f"{name} that are taken, counted from 0")
        at = sheet.tensor(name, (m,), symbol)
        taken.append([_single(i, n, m) for i in range(m)])
        for i in range(m):
            exact = i * n // m
            sheet.note(
                "" if taken[-1][i] == exact else f"torch takes {taken[-1][i]}: it keeps {n}/{m} in float32"
            )
            at[i] = (
                floor(number(i) * number(n) / number(m)) if taken[-1][i] == exact else number(taken[-1][i])
            )
    sheet.heading("the numbers there")
    y = sheet.tensor("y", (*x.shape[:2], *new))
    for n, c, i, j in y.places():
        y[n, c, i, j] = x[n, c, taken[0][i], taken[1][j]]
    return y


def _single(place: int, old: int, new: int) -> int:
    """Return ⌊place·old/new⌋ with every step rounded to float32, as torch has it."""
    return min(int(_float32(place * _float32(old / new))), old - 1)


def _float32(value: float) -> float:
    """Return a number rounded to float32."""
    found: float = unpack("f", pack("f", value))[0]
    return found


def _bilinear(sheet: Sheet, x: Tensor, new: tuple[int, ...], *, corners: bool) -> Tensor:
    """Mix the numbers around each place."""
    spots = [
        _spots(sheet, axis, n, m, corners=corners) for axis, n, m in zip(AXES, x.shape[2:], new, strict=True)
    ]
    between = []
    for (name, _), symbol, axis in zip(AXES, "vu", spots, strict=True):
        sheet.heading(f"how far between two {name}")
        share = sheet.tensor(f"between {name}", axis.shape, symbol)
        for (i,) in axis.places():
            share[i] = axis[i] - floor(axis[i])
        sheet.hold(axis)  # where places fall depends on sizes alone
        sheet.hold(share)
        between.append(share)
    sheet.heading("the numbers around, the nearer the more")
    y = sheet.tensor("y", (*x.shape[:2], *new))
    sides = [[_sides(at, part) for at, part in zip(axis.cells, share.cells, strict=True)]
             for axis, share in zip(spots, between, strict=True)]  # fmt: skip
    for n, c, i, j in y.places():
        terms = []
        for row, high in sides[0][i]:
            for column, wide in sides[1][j]:
                cell = x[n, c, row, column]
                for factor in (wide, high):
                    cell = cell if factor is None else factor * cell
                terms.append(cell)
        y[n, c, i, j] = total(terms)
    return y


def _spots(sheet: Sheet, axis: tuple[str, str], old: int, new: int, *, corners: bool) -> Tensor:
    """Write where each place of the new picture falls in the old one, along one axis."""
    name, symbol = axis
    sheet.heading(f"{name} on which the new ones fall, counted from 0")
    spots = sheet.tensor(name, (new,), symbol)
    for i in range(new):
        if corners:
            spots[i] = number(i) * number(old - 1) / number(new - 1) if new > 1 else number(0)
            continue
        spot = (number(i) + 0.5) * number(old) / number(new) - 0.5
        if 0 <= spot.value <= old - 1:
            spots[i] = spot
        else:
            sheet.note(f"{UNICODE.number(f'{spot.value:.4g}')} lies outside: the edge is taken")
            spots[i] = number(0 if spot.value < 0 else old - 1)
    return spots


def _sides(spot: Value, share: Value) -> list[tuple[int, Value | None]]:
    """Return the one or two places around a spot, each with its weight; None for all of it."""
    low = int(spot.value)
    return [(low, 1 - share), (low + 1, share)] if share.value else [(low, None)]
