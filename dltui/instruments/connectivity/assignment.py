"""The linear sum assignment problem: one column for each row, with the largest sum.

Shortest augmenting paths (Jonker and Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear
assignment problems"): rows are added one by one, each along the cheapest alternating path in the reduced costs
c_ij − u_i − v_j ≥ 0, which is found as Dijkstra does. O(n³) at worst; a start with the row and column minima leaves few
rows to the search where most have a clear partner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def assign(gain: Floats) -> Indices:
    """Return for every row its column, each column once, so that the sum of gains is the largest.

    Args:
        gain: Finite gains, shape (n, n).

    Returns:
        A permutation, shape (n,).
    """
    cost = gain.max(initial=0.0) - gain
    v = cost.min(axis=0)
    reduced = cost - v
    u = reduced.min(axis=1)
    column_of, row_of = _started(reduced - u[:, None])
    for row in np.flatnonzero(column_of < 0):
        _augment(cost, int(row), u, v, column_of, row_of)
    return column_of


def _started(reduced: Floats) -> tuple[Indices, Indices]:
    """Return rows and columns that can be joined at no reduced cost, one after the other; −1 for the rest."""
    count = len(reduced)
    column_of, row_of = np.full(count, -1), np.full(count, -1)
    for row, costs in enumerate(reduced):
        free = np.flatnonzero((costs == 0) & (row_of < 0))
        if free.size:
            column_of[row], row_of[free[0]] = free[0], row
    return column_of, row_of


def _augment(cost: Floats, start: int, u: Floats, v: Floats, column_of: Indices, row_of: Indices) -> None:
    """Give a free row a column along the shortest alternating path, and keep the reduced costs from falling below 0."""
    count = len(cost)
    far, before = np.full(count, np.inf), np.full(count, -1)
    done = np.zeros(count, bool)
    row, length = start, 0.0
    while True:
        through = length + cost[row] - u[row] - v
        closer = ~done & (through < far)
        far[closer], before[closer] = through[closer], row
        column = int(np.argmin(np.where(done, np.inf, far)))
        length = float(far[column])
        done[column] = True
        if row_of[column] < 0:
            break
        row = int(row_of[column])
    seen = np.flatnonzero(done)
    u[start] += length
    held = seen[row_of[seen] >= 0]
    u[row_of[held]] += length - far[held]
    v[seen] -= length - far[seen]
    while True:
        row = int(before[column])
        row_of[column] = row
        column, column_of[row] = int(column_of[row]), column
        if row == start:
            break
