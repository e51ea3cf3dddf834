"""Metrics of point clouds: how far one set of points is from another."""

from __future__ import annotations

from itertools import permutations
from math import factorial

from dltui.byhand.functions import group, least, mean, sqrt
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor

PAIRED = 7  # points whose pairings are all tried
CLOUDS = {"x": [[0, 0], [1, 0], [0, 2]], "y": [[0, 1], [2, 0], [1, 2]]}


@operation(
    formula="CD = Σᵢ minⱼ ‖xᵢ − yⱼ‖²/n + Σⱼ minᵢ ‖xᵢ − yⱼ‖²/m",
    examples={"three": CLOUDS},
)
def chamfer(sheet: Sheet, x: Tensor, y: Tensor) -> Tensor:
    """Chamfer distance: every point goes to the nearest of the other cloud, there and back.

    Args:
        sheet: Where it is worked.
        x: (points, coordinates).
        y: (other points, coordinates).

    Returns:
        One number, 0 where each point has a twin.
    """
    d = _distances(sheet, x, y, squared=True)
    sheet.heading("the nearest of y for each x, the nearest of x for each y")
    there, back = sheet.tensor("a", (len(x),)), sheet.tensor("b", (len(y),))
    for i in range(len(x)):
        there[i] = least(*d.row(i))
    for j in range(len(y)):
        back[j] = least(*(d[i, j] for i in range(len(x))))
    sheet.heading("means, added")
    sheet.let("CD", group([mean(there.cells), mean(back.cells)]))
    return sheet.tensors["CD"]


@operation(
    formula="EMD = min over pairings π of Σᵢ ‖xᵢ − y_π(i)‖/n",
    examples={"three": CLOUDS},
)
def emd(sheet: Sheet, x: Tensor, y: Tensor) -> Tensor:
    """Earth mover's distance: the cheapest way to carry each point to a partner of its own.

    All pairings are tried, as one would on paper; so there may be seven points at most.

    Args:
        sheet: Where it is worked.
        x: (points, coordinates).
        y: As many points.

    Returns:
        One number, 0 where both clouds are the same.
    """
    _check(x, y)
    if len(x) != len(y):
        refuse("y", f"emd pairs points, so both clouds must have as many: x has {len(x)}, y has {len(y)}")
    if len(x) > PAIRED:
        refuse(
            "x", f"emd tries all pairings: give at most {PAIRED} points, not {len(x)}, which have {len(x)}!"
        )
    d = _distances(sheet, x, y, squared=False)
    count = range(len(x))
    sums = {
        pairing: sum(d[i, j].value for i, j in zip(count, pairing, strict=True))
        for pairing in permutations(count)
    }
    best = min(sums, key=lambda pairing: sums[pairing])
    sheet.heading("the cheapest pairing")
    pairs = ", ".join(f"x{i + 1} with y{j + 1}" for i, j in zip(count, best, strict=True))
    others = sorted(sums.values())
    worst = f"; the dearest mean is {others[-1] / len(x):.4g}" if len(others) > 1 else ""
    sheet.let(
        "EMD",
        mean([d[i, j] for i, j in zip(count, best, strict=True)]),
        f"{pairs}: the cheapest of {factorial(len(x))} pairings{worst}",
    )
    return sheet.tensors["EMD"]


def _distances(sheet: Sheet, x: Tensor, y: Tensor, *, squared: bool) -> Tensor:
    """Write the distance of every point of one cloud from every point of the other."""
    _check(x, y)
    sheet.heading("squared distances" if squared else "distances")
    d = sheet.tensor("d", (len(x), len(y)))
    for i, j in d.places():
        squares = group([(x[i, k] - y[j, k]) ** 2 for k in range(x.shape[1])])
        d[i, j] = squares if squared else sqrt(squares)
    return d


def _check(x: Tensor, y: Tensor) -> None:
    """Refuse what is no two clouds of points in one space."""
    for name, one in (("x", x), ("y", y)):
        if len(one.shape) != 2 or not one.cells:
            refuse(name, f"{name} must have shape (points, coordinates), not {one.shape}")
    if x.shape[1] != y.shape[1]:
        refuse("y", f"points of y must have {x.shape[1]} coordinates as those of x, not {y.shape[1]}")
