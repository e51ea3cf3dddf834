"""The linear sum assignment problem: one column for each row, with the least sum.

Shortest augmenting paths (Jonker and Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear
assignment problems"): rows are added one by one, each along the cheapest alternating path in the reduced costs
c − wage − price ≥ 0, which is found as Dijkstra does. O(n³) at worst; a start with the row and column minima leaves few
rows to the search where most have a clear partner.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Matching:
    """Who is given to whom, with the prices that prove that the sum is least.

    Attributes:
        column_of: For each row its column, −1 where it has none yet, shape (n,).
        row_of: For each column its row, shape (n,).
        wages: Of the rows, shape (n,); cost − wage − price is 0 for pairs that are given, and not below 0 elsewhere.
        prices: Of the columns, shape (n,).
    """

    column_of: Ints
    row_of: Ints
    wages: Doubles
    prices: Doubles


def assignment(cost: Doubles) -> Ints:
    """Return for each row the column that it is given, so that the sum is least.

    Args:
        cost: Square matrix, finite.

    Returns:
        A permutation, shape (n,).

    Raises:
        DltuiError: If it is not finite.
    """
    return matching(cost).column_of


def matching(cost: Doubles) -> Matching:
    """Return the pairs of rows and columns with the least sum (Jonker and Volgenant 1987).

    Rows are added one by one along the shortest augmenting path, by Dijkstra's algorithm over reduced costs.

    Args:
        cost: Square matrix, finite, shape (n, n).

    Returns:
        The pairs and their prices.

    Raises:
        DltuiError: If it is not finite: no path would ever end.
    """
    _check(cost)
    count = len(cost)
    prices = cost.min(axis=0)
    reduced = cost - prices
    held = Matching(np.full(count, -1), np.full(count, -1), reduced.min(axis=1), prices)
    for row, column in enumerate(np.argmin(reduced, axis=1).tolist()):  # what costs nothing at all
        if held.row_of[column] < 0:
            held.row_of[column], held.column_of[row] = row, column
    for row in np.flatnonzero(held.column_of < 0).tolist():
        _add(cost, held, row)
    return held


def rematched(cost: Doubles, known: Matching, row: int) -> Matching:
    """Return the pairs with the least sum when the costs of one row have changed.

    Args:
        cost: Square matrix, finite, shape (n, n).
        known: The pairs before.
        row: The only row of the matrix that is another one.

    Returns:
        The pairs and their prices.

    Raises:
        DltuiError: If that row is not finite.
    """
    _check(cost[row])
    held = Matching(known.column_of.copy(), known.row_of.copy(), known.wages.copy(), known.prices.copy())
    held.row_of[held.column_of[row]] = held.column_of[row] = -1
    held.wages[row] = (cost[row] - held.prices).min()
    _add(cost, held, row)
    return held


def _check(cost: Doubles) -> None:
    """Refuse costs by which nothing can be matched."""
    if not np.isfinite(cost).all():
        raise DltuiError(
            "can't match what has costs that are NaN or infinite: expected finite numbers; look for points or weights "
            "that are too large"
        )


def _add(cost: Doubles, held: Matching, start: int) -> None:
    """Give a row its column along the shortest augmenting path, and move prices so that they prove it again."""
    row_of, column_of, wages, prices = held.row_of, held.column_of, held.wages, held.prices
    count = len(cost)
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
