"""Long curves made short without changing what is seen of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def thin(x: Floats, y: Floats, borders: Floats) -> tuple[Floats, Floats]:
    """Return at most four points a column: first, lowest, highest, last (M4, Jugel et al., VLDB 7(10), 2014).

    Drawn with one dot a column, the short curve sets the same dots as the long one. NaN is skipped inside of a
    column; a column of nothing but NaN breaks the curve.

    Args:
        x: Abscissae, ascending, shape (n,).
        y: Ordinates, shape (n,).
        borders: Ends of the columns, ascending, shape (columns + 1,).

    Returns:
        The kept points, or all of them when they are few or not in order.
    """
    columns = len(borders) - 1
    if len(x) <= 4 * columns or not np.all(x[1:] >= x[:-1]):
        return x, y
    first = np.searchsorted(x, borders[:-1], side="left")
    last = np.append(first[1:], np.searchsorted(x, borders[-1], side="right"))
    first[0], last[-1] = (
        max(first[0] - 1, 0),
        min(last[-1] + 1, len(x)),
    )  # so that the curve reaches the border
    full = last > first
    first, last = first[full], last[full]
    if not first.size:
        return x[:0], y[:0]
    cuts = np.stack([first, last], axis=1).ravel()
    if cuts[-1] == len(x):
        cuts = cuts[:-1]
    with np.errstate(invalid="ignore"):
        low = np.fmin.reduceat(y, cuts)[::2]
        high = np.fmax.reduceat(y, cuts)[::2]
    middle = (x[first] + x[last - 1]) / 2
    short_x = np.stack([x[first], middle, middle, x[last - 1]], axis=1).ravel()
    short_y = np.stack([y[first], low, high, y[last - 1]], axis=1).ravel()
    return short_x, short_y
