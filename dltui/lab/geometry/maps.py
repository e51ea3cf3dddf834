"""Maps of the loss: the ends of a way named, and titles that tell one map from another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Figure, Mark

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape


def from_above(found: Landscape, title: str) -> Figure:
    """Return the map of a landscape under a title of its own, so that maps side by side are told apart."""
    return replace(found.figures()[1], title=title)


def named_ends(way: NDArray[np.float64]) -> tuple[Mark, ...]:
    """Return marks where a way began and where it is now, those that lie on the map.

    Args:
        way: Points from the first to the last, NaN off the map, shape (n, 2).

    Returns:
        ``start`` and ``here``.
    """
    spots = (("start", way[0]), ("here", way[-1]))
    return tuple(Mark(name=name, x=float(x), y=float(y)) for name, (x, y) in spots if np.isfinite(x + y))
