"""How far two clouds are apart: Chamfer distance, Hausdorff distance, earth mover's distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.points.neighbours import Tree

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
MOVED = 1024  # points of each cloud between which earth is moved at most: the work grows with the cube


@dataclass(frozen=True, kw_only=True)
class Apart:
    """How far cloud A is from cloud B.

    Attributes:
        there: Mean distance from a point of A to the nearest of B.
        back: Mean distance from a point of B to the nearest of A.
        chamfer: The sum of both.
        chamfer_squared: The sum of the means of the squared distances.
        hausdorff: The largest of all these distances.
        emd: Mean distance of the pairs when every point of A is given its own of B at the least cost.
        moved: Points of each cloud that took part in that.
    """

    there: float
    back: float
    chamfer: float
    chamfer_squared: float
    hausdorff: float
    emd: float
    moved: int


def apart(one: NDArray[np.floating], other: NDArray[np.floating], *, seed: int = 0) -> Apart:
    """Compare two clouds.

    Args:
        one: Places, shape (n, 3).
        other: Places, shape (m, 3).
        seed: Seed of the draw of the points that are moved, where there are too many, or unlike numbers of them.

    Returns:
        The distances.
    """
    there, back = Tree(other).nearest(one)[0][:, 0], Tree(one).nearest(other)[0][:, 0]
    count = min(len(one), len(other), MOVED)
    numbers = np.random.default_rng(seed)
    some = [
        places if len(places) == count else places[np.sort(numbers.choice(len(places), count, replace=False))]
        for places in (one, other)
    ]
    return Apart(
        there=float(there.mean()),
        back=float(back.mean()),
        chamfer=float(there.mean() + back.mean()),
        chamfer_squared=float((there**2).mean() + (back**2).mean()),
        hausdorff=float(max(there.max(), back.max())),
        emd=earth_movers(*some),
        moved=count,
    )


def earth_movers(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return the mean distance of the pairs of two clouds with as many points, at the least cost.

    Args:
        one: Places, shape (n, 3).
        other: Places, shape (n, 3).

    Returns:
        The least mean distance over all ways to pair them.
    """
    cost = np.sqrt(
        ((np.asarray(one, np.float64)[:, None] - np.asarray(other, np.float64)[None]) ** 2).sum(axis=2)
    )
    return float(cost[np.arange(len(cost)), assignment(cost)].mean())


def assignment(cost: Doubles) -> Ints:
    """Return for each row the column that it is given, so that the sum is least (Jonker and Volgenant 1987).

    Rows are added one by one along the shortest augmenting path, by Dijkstra's algorithm over reduced costs.

    Args:
        cost: Square matrix, finite.

    Returns:
        A permutation, shape (n,).
    """
    count = len(cost)
    row_of, column_of = np.full(count, -1), np.full(count, -1)
    prices, wages = cost.min(axis=0), np.zeros(count)
    reduced = cost - prices
    wages = reduced.min(axis=1)
    for row, column in enumerate(np.argmin(reduced, axis=1).tolist()):  # what costs nothing at all
        if row_of[column] < 0:
            row_of[column], column_of[row] = row, column
    for start in np.flatnonzero(column_of < 0).tolist():
        least, before = np.full(count, np.inf), np.full(count, start)
        open_, far = np.ones(count, np.bool_), np.full(count, np.inf)
        seen, row, so_far = [start], start, 0.0
        while True:
            step = so_far + cost[row] - wages[row] - prices
            better = open_ & (step < least)
            least[better], before[better] = step[better], row
            np.copyto(far, least)
            far[~open_] = np.inf
            column = int(np.argmin(far))
            so_far = float(far[column])
            open_[column] = False
            if row_of[column] < 0:
                break
            row = int(row_of[column])
            seen.append(row)
        done = np.flatnonzero(~open_)
        wages[start] += so_far
        inner = np.array(seen[1:], np.int64)
        wages[inner] += so_far - least[column_of[inner]]
        prices[done] -= so_far - least[done]
        while True:
            row = int(before[column])
            row_of[column] = row
            column, column_of[row] = int(column_of[row]), column
            if row == start:
                break
    return column_of
