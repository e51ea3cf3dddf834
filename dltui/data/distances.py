"""Signed distances to simple shapes whose sizes are drawn, exact, negative inside (after Quilez); y points up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Distance = Callable[[Doubles], Doubles]

STEP = 1e-4  # of the difference quotients that tell the way to the surface


def sphere(draw: np.random.Generator) -> Distance:
    """A sphere."""
    return partial(_sphere, radius=draw.uniform(0.4, 0.9))


def box(draw: np.random.Generator) -> Distance:
    """A box."""
    return partial(_box, half=draw.uniform(0.25, 0.6, 3))


def torus(draw: np.random.Generator) -> Distance:
    """A ring that lies flat."""
    return partial(_torus, ring=draw.uniform(0.45, 0.65), tube=draw.uniform(0.15, 0.3))


def cylinder(draw: np.random.Generator) -> Distance:
    """An upright cylinder."""
    return partial(_cylinder, radius=draw.uniform(0.3, 0.6), half=draw.uniform(0.3, 0.7))


def capsule(draw: np.random.Generator) -> Distance:
    """An upright capsule."""
    return partial(_capsule, radius=draw.uniform(0.2, 0.4), half=draw.uniform(0.2, 0.5))


FAMILIES: tuple[Callable[[np.random.Generator], Distance], ...] = (sphere, box, torus, cylinder, capsule)


def drawn_shapes(seed: int, count: int) -> list[Distance]:
    """Return shapes, their kinds in turns and their sizes drawn; the first are the same however many there are.

    Args:
        seed: Seed of the sizes.
        count: How many.

    Returns:
        Functions from places, shape (…, 3), to distances, shape (…).
    """
    draw = np.random.default_rng([seed, 5])
    return [FAMILIES[number % len(FAMILIES)](draw) for number in range(count)]


def near_surface(
    shape: Distance, draw: np.random.Generator, count: int, reach: float, blur: float
) -> Doubles:
    """Return places near a surface: drawn in a cube, led to the surface along the gradient, and moved off by chance.

    Args:
        shape: The distance.
        draw: Where chance comes from.
        count: How many places.
        reach: Half a side of the cube.
        blur: Standard deviation of the last move along each axis; 0 stays on the surface.

    Returns:
        Places, shape (count, 3).
    """
    found = draw.uniform(-reach, reach, (count, 3))
    for _ in range(4):  # one step is exact but where the nearest point of the surface changes on the way
        far = shape(found)
        slope = np.stack([shape(found + e) - shape(found - e) for e in STEP * np.eye(3)], axis=1)
        length = np.maximum(np.linalg.norm(slope, axis=1), 1e-12)
        found -= (far / length)[:, None] * slope
    return found + draw.normal(0, blur, found.shape) if blur else found


def _sphere(p: Doubles, *, radius: float) -> Doubles:
    return np.asarray(np.linalg.norm(p, axis=-1) - radius)


def _box(p: Doubles, *, half: Doubles) -> Doubles:
    beyond = np.abs(p) - half
    return np.asarray(np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(axis=-1), 0))


def _torus(p: Doubles, *, ring: float, tube: float) -> Doubles:
    return np.asarray(np.hypot(np.hypot(p[..., 0], p[..., 2]) - ring, p[..., 1]) - tube)


def _cylinder(p: Doubles, *, radius: float, half: float) -> Doubles:
    beyond = np.stack([np.hypot(p[..., 0], p[..., 2]) - radius, np.abs(p[..., 1]) - half], axis=-1)
    return np.asarray(np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(axis=-1), 0))


def _capsule(p: Doubles, *, radius: float, half: float) -> Doubles:
    along = np.maximum(np.abs(p[..., 1]) - half, 0)
    return np.asarray(np.hypot(np.hypot(p[..., 0], p[..., 2]), along) - radius)
