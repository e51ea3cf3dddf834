"""The two halves of a spatial transformer behind its network: the grid, and the picture looked up there."""

from __future__ import annotations

from math import isfinite
from typing import Literal

from dltui.byhand.functions import floor, largest, least, number, total
from dltui.byhand.operation import Ints, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor
from dltui.byhand.value import Value
from dltui.byhand.windows import inside, several

IDENTITY, QUARTER = [[1, 0, 0], [0, 1, 0]], [[0, -1, 0], [1, 0, 0]]
CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
Padding = Literal["zeros", "border"]


@operation(
    formula="(gx, gy) = θ·(x, y, 1), x = (2j + 1)/W − 1 and y = (2i + 1)/H − 1",
    examples={
        "turn": {"theta": QUARTER, "size": (2, 3), "upstream": [[[1, 0], [0, 0], [0, 0]], [[0, 0], [0, 0], [0, 1]]]},
        "identity": {"theta": IDENTITY, "size": (2, 2)},
        "half": {"theta": [[0.5, 0, 0.5], [0, 0.5, 0]], "size": (3, 3), "align_corners": True},
    },
    remarks={
        "turn": "a quarter of a turn; on a square picture, gridsample then gives what torch.rot90 gives",
        "half": "half as wide a view, moved to the right: what is seen there looks twice as large",
    },
    symbols={"theta": "θ"},
)  # fmt: skip
def affine_grid(sheet: Sheet, theta: Tensor, *, size: Ints = 3, align_corners: bool = False) -> Tensor:
    """Affine grid: for every place of the new picture, the place of the old one that it shows.

    Places run from −1 to 1, left to right and top to bottom: between the edges of the outer numbers, or, with
    aligned corners, between their middles. A grid points from the new picture to the old one, so that a larger θ shows
    more of it, smaller.

    Args:
        sheet: Where it is worked.
        theta: θ, (2, 3) or (N, 2, 3).
        size: Height and width of the new picture.
        align_corners: Let −1 and 1 be the middles of the outer numbers.

    Returns:
        (H, W, 2) or (N, H, W, 2), the column before the row.
    """
    new = several("size", size, 2, -(10**9))
    count = theta.shape[0] if len(theta.shape) == 3 else 1
    if theta.shape[-2:] != (2, 3) or len(theta.shape) > 3:
        refuse(
            "theta",
            f"theta must be (2, 3) or (N, 2, 3), not {theta.shape}",
            f"Expected a batch of 2D affine matrices of shape Nx2x3 for size {[count, 1, *new]}. "
            f"Got torch.Size({list(theta.shape)}).",
        )
    if min(new) < 1:
        refuse(
            "size",
            f"size must be at least 1 along each axis, not {' x '.join(map(str, new))}",
            f"Expected non-zero, positive output size. Got {[count, 1, *new]}",
        )
    columns = _places(sheet, "columns", "x", new[1], corners=align_corners)
    rows = _places(sheet, "rows", "y", new[0], corners=align_corners)
    sheet.heading("places of the old picture, θ·(x, y, 1)")
    whole = theta.lifted(3)
    grid = sheet.tensor("grid", (count, *new, 2), "g")
    for n, i, j, c in grid.places():
        a, b, moved = whole.row(n, c)
        grid[n, i, j, c] = a * columns[j] + b * rows[i] + moved
    return grid if len(theta.shape) == 3 else grid.view(*new, 2)


def _places(sheet: Sheet, name: str, symbol: str, count: int, *, corners: bool) -> Tensor:
    """Write the places of an axis of the new picture, −1 to 1."""
    sheet.heading(f"{name} of the new picture, −1 to 1")
    found = sheet.tensor(name, (count,), symbol)
    for i in range(count):
        if corners:
            found[i] = number(2 * i) / number(count - 1) - 1 if count > 1 else number(0)
        else:
            found[i] = number(2 * i + 1) / number(count) - 1
    sheet.hold(found)  # it depends on sizes alone
    return found


@operation(
    formula="y = (1 − v)·(1 − u)·x(r, c) + (1 − v)·u·x(r, c + 1) + v·(1 − u)·x(r + 1, c) + v·u·x(r + 1, c + 1)",
    examples={
        "between": {
            "x": [[1, 2, 3], [4, 5, 7], [8, 6, 9]],
            "grid": [[[0.2, -0.4], [-0.2, 0.1]], [[-1, 0.5], [0.9, 1.2]]],
        },
        "nearest": {"x": [[1, 2], [3, 4]], "grid": [[[0.2, -0.4], [-0.9, 0.9]]], "mode": "nearest"},
        "border": {"x": [[1, 2], [3, 4]], "grid": [[[-2, 0.1], [0.3, 1.5]]], "padding_mode": "border"},
    },
    remarks={"between": "the last place lies outside, where zeros are mixed in"},
    symbols={"grid": "g"},
)
def grid_sample(
    sheet: Sheet,
    x: Tensor,
    grid: Tensor,
    *,
    mode: Literal["bilinear", "nearest"] = "bilinear",
    padding_mode: Padding = "zeros",
    align_corners: bool = False,
) -> Tensor:
    """Grid sampling: every place of the new picture is looked up where the grid points to.

    −1 and 1 are the edges of the picture, or, with aligned corners, the middles of its outer numbers. Bilinear mixes
    the four numbers around by how near they are, so that a gradient reaches the grid too; nearest takes one, and
    none does.

    Args:
        sheet: Where it is worked.
        x: (N, C, H, W), (C, H, W) or (H, W).
        grid: (N, h, w, 2) or (h, w, 2), the column before the row.
        mode: Mix the numbers around, or take one.
        padding_mode: What lies outside: zeros, or the border over and over.
        align_corners: Let −1 and 1 be the middles of the outer numbers.

    Returns:
        As many dimensions as x, h and w the last two.
    """
    whole, field = _checked(x, grid)
    old = whole.shape[2:]
    spots = [
        _spots(sheet, field, axis, old[1 - axis], padding_mode, corners=align_corners) for axis in (0, 1)
    ]
    shares = [] if mode == "nearest" else [_shares(sheet, axis, spot) for axis, spot in enumerate(spots)]
    sheet.heading("the nearest number" if mode == "nearest" else "the numbers around, the nearer the more")
    y = sheet.tensor("y", (*whole.shape[:2], *field.shape[1:3]))
    for n, c, i, j in y.places():
        column, row = (spot[n, i, j] for spot in spots)
        if mode == "nearest":
            place = round(row.value), round(column.value)
            sheet.note("" if inside(place, old) else "it lies outside: 0")
            y[n, c, i, j] = whole[n, c, *place] if inside(place, old) else number(0)
        else:
            u, v = (share[n, i, j] for share in shares)
            start = _floor(row), _floor(column)
            y[n, c, i, j] = _mixed(sheet, whole, (n, c), start, (v, u))
    return y.view(*x.shape[:-2], *field.shape[1:3])


def _checked(x: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Return picture and grid with all four dimensions, or refuse them."""
    if not 2 <= len(x.shape) <= 4:
        refuse("x", f"x must be (N, C, H, W), (C, H, W) or (H, W), not {x.shape}")
    if len(grid.shape) not in {3, 4}:
        refuse("grid", f"grid must be (N, h, w, 2) or (h, w, 2), not {grid.shape}")
    whole, field = x.lifted(4), grid.lifted(4)
    if field.shape[-1] != 2:
        refuse(
            "grid",
            f"the last dimension of grid must be 2, a column and a row, not {field.shape[-1]}",
            "grid_sampler(): expected grid to have size 2 in last dimension, but got grid with sizes "
            f"{list(field.shape)}",
        )
    if whole.shape[0] != field.shape[0]:
        refuse(
            "grid",
            f"x has {whole.shape[0]} pictures, so there must be as many grids, not {field.shape[0]}",
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(whole.shape)} and grid with sizes {list(field.shape)}",
        )
    if not all(isfinite(cell.value) for cell in grid.cells):
        refuse("grid", "grid must be finite numbers, −1 to 1 where it points into the picture")
    return whole, field


def _spots(sheet: Sheet, grid: Tensor, axis: int, size: int, padding: Padding, *, corners: bool) -> Tensor:
    """Write the column or row of x that every place of a grid points to."""
    sheet.heading(f"{('columns', 'rows')[axis]} that the grid points to, counted from 0")
    found = sheet.tensor(("columns", "rows")[axis], grid.shape[:-1], "cr"[axis])
    for place in found.places():
        ahead = grid[*place, axis] + 1
        spot = ahead * ((size - 1) / 2) if corners else ahead * (size / 2) - 0.5
        # at the border itself the gradient is 0, as in torch: that of the first of two equals
        found[place] = largest(0.0, least(float(size - 1), spot)) if padding == "border" else spot
    return found


def _shares(sheet: Sheet, axis: int, spots: Tensor) -> Tensor:
    """Write how far every place lies between two columns or rows."""
    sheet.heading(f"how far between two {('columns', 'rows')[axis]}")
    found = sheet.tensor(("between columns", "between rows")[axis], spots.shape, "uv"[axis])
    for place in found.places():
        found[place] = spots[place] - floor(spots[place])
    return found


def _mixed(sheet: Sheet, x: Tensor, lead: Place, start: Place, shares: tuple[Value, Value]) -> Value:
    """Return the numbers at the four corners, each times how near it is; those outside are 0."""
    terms = []
    for corner in CORNERS:
        place = tuple(one + step for one, step in zip(start, corner, strict=True))
        if inside(place, x.shape[2:]):
            high, wide = (share if step else 1 - share for share, step in zip(shares, corner, strict=True))
            terms.append(high * wide * x[*lead, *place])
    missing = len(CORNERS) - len(terms)
    sheet.note(f"{missing} of 4 places lie outside" if missing else "")
    return total(terms)


def _floor(spot: Value) -> int:
    """Return the whole number below a spot."""
    return int(spot.value // 1)
