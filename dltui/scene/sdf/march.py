"""Rays to the zero set of any function of space: looked at from station to station, then narrowed down.

Where nothing is known of how steep a function is, its values say nothing of how far a ray may go on: stretches are
taken instead, and what lies within one stretch on both sides is missed.
"""

from __future__ import annotations

import numpy as np

from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.trace import Floats, Traced, through

STATIONS, HALVINGS = 64, 10


def march(node: Node, origin: Floats, direction: Floats, *, reach: float) -> Traced:
    """Follow rays to the first change of sign, from either side.

    Args:
        node: The function.
        origin: Where each begins, shape (3, n).
        direction: Unit vectors, shape (3, n).
        reach: Radius of the sphere around the origin within which the surface is looked for.

    Returns:
        What was hit, the place to within a stretch / 2¹⁰.
    """
    enter, leave = through(origin, direction, reach)
    far = np.full(enter.size, np.inf, np.float32)
    alive = np.flatnonzero(leave > enter)
    start, way = origin[:, alive], direction[:, alive]
    t = enter[alive] + np.linspace(0, 1, STATIONS, dtype=np.float32)[:, None] * (leave - enter)[alive]
    inside = _at(node, start, way, t) < 0
    changed = inside[1:] != inside[:-1]
    hit = np.flatnonzero(changed.any(axis=0))
    first = changed[:, hit].argmax(axis=0)
    low, high, began = t[first, hit], t[first + 1, hit], inside[first, hit]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        same = (_at(node, start[:, hit], way[:, hit], middle) < 0) == began
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    far[alive[hit]] = (low + high) / 2
    return Traced(np.isfinite(far), far, alive.size * STATIONS + hit.size * HALVINGS)


def _at(node: Node, start: Floats, way: Floats, t: Floats) -> Floats:
    """Return the values at distances along rays; NaN counts as outside."""
    x, y, z = (start[i] + t * way[i] for i in range(3))
    return np.nan_to_num(np.asarray(node.at(x, y, z), np.float32), nan=np.inf)
