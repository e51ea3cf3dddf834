"""Rays to an implicit surface: sphere tracing with only the rays that still go on (Hart 1996)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.sdf.nodes import Node

Floats = NDArray[np.float32]
CLOSE = 1e-3  # of the reach, at which a ray has arrived
STEPS = 128
COMPACT = 2  # steps between two looks at which rays still go on
TAPS = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], np.float32)
LIFT = 6.0  # times CLOSE that a shadow ray starts above the surface


@dataclass(frozen=True, eq=False)
class Traced:
    """Where rays arrived.

    Attributes:
        hit: Which arrived, shape (n,).
        distance: How far they went, shape (n,); infinite for the others.
        evaluations: How often the distance was asked for, in all.
    """

    hit: NDArray[np.bool_]
    distance: Floats
    evaluations: int


def trace(node: Node, origin: Floats, direction: Floats, *, reach: float, close: float = CLOSE) -> Traced:
    """Follow rays until they arrive.

    Args:
        node: The surface.
        origin: Where each begins, shape (3, n).
        direction: Unit vectors, shape (3, n).
        reach: Radius of the sphere around the origin within which the surface is looked for.
        close: Distance, as a share of the reach, at which a ray has arrived.

    Returns:
        What was hit.
    """
    count = origin.shape[1]
    enter, leave = through(origin, direction, reach)
    far = np.full(count, np.inf, np.float32)
    alive = np.flatnonzero(leave > enter)
    t, stop = enter[alive], leave[alive]
    start, way = origin[:, alive], direction[:, alive]
    near, asked = np.float32(close * reach), 0
    arrived = np.zeros(alive.size, bool)
    for step in range(STEPS):
        if not alive.size:
            break
        place = start + t * way
        gap = node.at(place[0], place[1], place[2])
        asked += alive.size
        there = gap < near
        np.logical_or(arrived, there, out=arrived)
        t = np.where(arrived, t, t + gap).astype(np.float32, copy=False)
        if step % COMPACT == COMPACT - 1:
            far[alive[arrived]] = t[arrived]
            on = ~arrived & (t < stop)
            if not on.all():
                alive, t, stop = alive[on], t[on], stop[on]
                start, way, arrived = start[:, on], way[:, on], arrived[on]
    far[alive[arrived]] = t[arrived]
    return Traced(np.isfinite(far), far, asked)


def through(origin: Floats, direction: Floats, radius: float) -> tuple[Floats, Floats]:
    """Return where rays enter a sphere around the origin and leave it, from 0 on; they miss it where enter ≥ leave."""
    along = -(origin * direction).sum(axis=0)
    square = along * along - (origin * origin).sum(axis=0) + np.float32(radius * radius)
    half = np.sqrt(np.maximum(square, 0))
    enter = np.maximum(along - half, 0).astype(np.float32)
    leave = np.where(square > 0, along + half, -1).astype(np.float32)
    return enter, leave


@dataclass(frozen=True, eq=False)
class Landed:
    """Places that were brought onto a surface.

    Attributes:
        places: Where they are, shape (n, 3).
        steps: How many steps each took, shape (n,).
        gaps: |f| before the first step and after every one, one array of shape (n,) each.
    """

    places: NDArray[np.float64]
    steps: NDArray[np.int64]
    gaps: tuple[NDArray[np.float64], ...]


def land(node: Node, places: NDArray[np.floating], *, close: float = 1e-6, steps: int = 60) -> Landed:
    """Bring places onto the surface by Newton's method along the gradient: p ← p − f·∇f/‖∇f‖².

    Args:
        node: The surface.
        places: Where each begins, shape (n, 3).
        close: |f| at which one has landed.
        steps: After how many the search is given up.

    Returns:
        The places, those that did not land among them.
    """
    p = np.array(places, np.float64)
    counts, gaps, tap = np.zeros(len(p), np.int64), list[NDArray[np.float64]](), 1e-5 * np.eye(3)
    for _ in range(steps + 1):
        value = np.asarray(node(p), np.float64)
        gaps.append(np.abs(value))
        open_ = np.flatnonzero(gaps[-1] > close)
        if not open_.size or len(gaps) > steps:
            break
        here = p[open_]
        slope = np.stack([(node(here + e) - node(here - e)) / 2e-5 for e in tap], axis=1)
        square = np.maximum((slope * slope).sum(axis=1), 1e-12)
        p[open_] = here - (value[open_] / square)[:, None] * slope
        counts[open_] += 1
    return Landed(p, counts, tuple(gaps))


def normals(node: Node, places: Floats, step: float) -> Floats:
    """Return unit normals at places near the surface, shape (3, n): the gradient by four taps of a tetrahedron."""
    total = np.zeros_like(places)
    for tap in TAPS:
        value = node.at(*(places[i] + np.float32(step) * tap[i] for i in range(3)))
        total += tap[:, None] * value
    size = np.sqrt((total * total).sum(axis=0))
    return np.asarray(total / np.where(size > 0, size, 1), np.float32)


def shadowed(node: Node, places: Floats, normal: Floats, light: Floats, *, reach: float) -> NDArray[np.bool_]:
    """Return which places do not see a light that is infinitely far away.

    Args:
        node: The surface.
        places: Where, shape (3, n).
        normal: Unit normals there, shape (3, n).
        light: Direction towards the light, a unit vector, shape (3,).
        reach: Radius of the sphere around the origin within which anything stands.

    Returns:
        True in the shadow; places turned away from the light are not asked.
    """
    lifted = places + np.float32(LIFT * CLOSE * reach) * normal
    facing = np.flatnonzero((normal * light[:, None]).sum(axis=0) > 0)
    dark = np.zeros(places.shape[1], bool)
    if facing.size:
        way = np.repeat(light[:, None].astype(np.float32), facing.size, axis=1)
        dark[facing] = trace(node, lifted[:, facing], way, reach=reach).hit
    return dark


def walk(node: Node, start: Floats, way: Floats, *, reach: float, close: float = CLOSE) -> Floats:
    """Return how far one ray has got after each of its steps, from 0 on.

    Args:
        node: The surface.
        start: Where it begins, shape (3,).
        way: Its direction, a unit vector, shape (3,).
        reach: It is followed for twice as far at most.
        close: Distance, as a share of the reach, at which it has arrived.

    Returns:
        Distances, shape (steps + 1,).
    """
    t = [0.0]
    for _ in range(STEPS):
        gap = float(node(np.asarray(start + t[-1] * way)))
        if gap < close * reach or t[-1] > 2 * reach:
            break
        t.append(t[-1] + gap)
    return np.array(t, np.float32)
