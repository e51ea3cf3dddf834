"""Rays to an implicit surface: sphere tracing with only the rays that still go on (Hart 1996)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.sdf.nodes import Node

Floats = NDArray[np.float32]
CLOSE = 1e-3  # of the reach, at which a ray has arrived
STEPS = 128
EARLY = 12  # steps after which most rays that arrive have arrived
FEW = 512  # rays, of which no more are left when each is asked for at several places at once
PLACES, AHEAD = 4096, 32  # of all of them together, and of one at most
OVERLAP, GROWTH = 0.9, 1.1  # the next place ahead in gaps, and how much farther the one after it is
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

    Each goes on by the distance from where it stands. What a step costs hardly depends on how many rays it is for once
    they are few, so the few that graze are asked for at several places ahead: as far as the balls that are known to be
    empty touch one another, these steps are as good as one after the other.

    Args:
        node: The surface.
        origin: Where each begins, shape (3, n).
        direction: Unit vectors, shape (3, n).
        reach: Radius of the sphere around the origin within which the surface is looked for.
        close: Distance, as a share of the reach, at which a ray has arrived.

    Returns:
        What was hit.
    """
    enter, leave = through(origin, direction, reach)
    far = np.full(enter.size, np.inf, np.float32)
    near, asked = np.float32(close * reach), 0
    rays = _Rays(origin, direction, enter, leave)
    for step in range(STEPS):
        if not rays.t.size:
            break
        few = step >= EARLY and rays.t.size <= FEW
        t = rays.ahead() if few else rays.t
        gap = node.at(*(start + t * way for start, way in zip(rays.start, rays.way, strict=True)))
        asked += t.size
        if few:
            rays.steps(t, gap, near, far)
        else:
            rays.step(gap, near, far)
    return Traced(np.isfinite(far), far, asked)


class _Rays:
    """The rays that still go on.

    Args:
        origin: Where each begins, shape (3, n).
        direction: Unit vectors, shape (3, n).
        enter: From where on it is followed, shape (n,).
        leave: Up to where; a ray with enter ≥ leave is left out.
    """

    def __init__(self, origin: Floats, direction: Floats, enter: Floats, leave: Floats) -> None:
        self.which = np.flatnonzero(leave > enter)
        self.t, self.stop = enter[self.which], leave[self.which]
        self.gap = np.zeros_like(self.t)  # what was found last, where they stand or a little before
        self.start, self.way = ([part[self.which] for part in parts] for parts in (origin, direction))

    def step(self, gap: Floats, near: np.float32, far: Floats) -> None:
        """Go on by the distances found where they stand; what has arrived is written down in ``far``."""
        there = gap < near
        far[self.which[there]] = self.t[there]
        self.t, self.gap = (self.t + gap).astype(np.float32, copy=False), gap
        self._keep(~there & (self.t < self.stop))

    def ahead(self) -> Floats:
        """Return places to ask at, shape (k, n): the first where they stand, the next farther and farther apart."""
        count = min(AHEAD, max(2, PLACES // self.t.size))
        ladder = OVERLAP * (GROWTH ** np.arange(count) - 1) / (GROWTH - 1)
        return self.t + ladder[:, None].astype(np.float32) * self.gap

    def steps(self, t: Floats, gap: Floats, near: np.float32, far: Floats) -> None:
        """Go on to the end of the chain of empty balls around places that touch one another, or to the surface."""
        free = np.maximum.accumulate(t + gap, axis=0)
        linked = np.ones(t.shape, bool)
        np.logical_and.accumulate(t[1:] - gap[1:] <= free[:-1], axis=0, out=linked[1:])
        there = linked & (gap < near) & (t < self.stop)
        arrived = there.any(axis=0)
        hits = np.flatnonzero(arrived)
        far[self.which[hits]] = t[there.argmax(axis=0)[hits], hits]
        last, each = linked.sum(axis=0) - 1, np.arange(arrived.size)
        self.t, self.gap = free[last, each].astype(np.float32, copy=False), gap[last, each]
        self._keep(~arrived & (self.t < self.stop))

    def _keep(self, on: NDArray[np.bool_]) -> None:
        """Drop all but some."""
        if on.all():
            return
        rest = np.flatnonzero(on)
        self.which, self.t, self.stop, self.gap = (
            self.which[rest],
            self.t[rest],
            self.stop[rest],
            self.gap[rest],
        )
        self.start, self.way = ([part[rest] for part in parts] for parts in (self.start, self.way))


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


def shadowed(
    node: Node,
    places: Floats,
    normal: Floats,
    light: Floats,
    *,
    reach: float,
    follow: Callable[..., Traced] = trace,
) -> NDArray[np.bool_]:
    """Return which places do not see a light that is infinitely far away.

    Args:
        node: The surface.
        places: Where, shape (3, n).
        normal: Unit normals there, shape (3, n).
        light: Direction towards the light, a unit vector, shape (3,).
        reach: Radius of the sphere around the origin within which anything stands.
        follow: What follows the rays: ``trace`` for distances, ``march`` for any function.

    Returns:
        True in the shadow; places turned away from the light are not asked.
    """
    lifted = places + np.float32(LIFT * CLOSE * reach) * normal
    facing = np.flatnonzero((normal * light[:, None]).sum(axis=0) > 0)
    dark = np.zeros(places.shape[1], bool)
    if facing.size:
        way = np.repeat(light[:, None].astype(np.float32), facing.size, axis=1)
        dark[facing] = follow(node, lifted[:, facing], way, reach=reach).hit
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
