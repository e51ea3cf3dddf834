"""The ends of a way on a map, named."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Mark


def named_ends(way: NDArray[np.float64]) -> tuple[Mark, ...]:
    """Return marks where a way began and where it is now, those that lie on the map.

    Args:
        way: Points from the first to the last, NaN off the map, shape (n, 2).

    Returns:
        ``start`` and ``here``.
    """
    spots = (("start", way[0]), ("here", way[-1]))
    return tuple(Mark(name=name, x=float(x), y=float(y)) for name, (x, y) in spots if np.isfinite(x + y))
