"""The formulas of made shapes: patches, each a map from the unit square into space.

Each builder's keyword arguments are the knobs that ``torus:tube=0.3,n=5000`` sets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.spelling import in_range

Doubles = NDArray[np.float64]
MANY = 10_000  # points or vertices when none are told
TAU = 2 * math.pi
SLOPE = 1e-4  # by which curves are differentiated


@dataclass(frozen=True)
class Patch:
    """A piece of a surface.

    Attributes:
        at: Returns places, shape (n, 3), of u and v in 0…1, shape (n,); ∂u × ∂v points outwards.
        cells: How finely u and v are divided in a mesh, relative to other patches.
    """

    at: Callable[[Doubles, Doubles], Doubles]
    cells: tuple[float, float]


@dataclass(frozen=True)
class Solid:
    """A shape that is to be made.

    Attributes:
        patches: What it consists of.
        n: Points, or about the number of vertices.
        noise: Standard deviation of the normal noise on each coordinate.
        channel: What u is called, where points shall bear it; empty where not.
    """

    patches: tuple[Patch, ...]
    n: int
    noise: float
    channel: str = ""


def sphere(*, n: int = MANY, noise: float = 0.0) -> Solid:
    """The sphere of radius 1."""
    return Solid((Patch(_ball, (2, 1)),), n, noise)


def ellipsoid(*, n: int = MANY, noise: float = 0.0, a: float = 1.5, b: float = 1.0, c: float = 0.6) -> Solid:
    """A sphere stretched to the half axes a, b and c."""
    for knob, value in (("a", a), ("b", b), ("c", c)):
        in_range("ellipsoid", knob, value, 1e-3, 1e3)
    axes = np.array([a, b, c])
    return Solid((Patch(lambda u, v: _ball(u, v) * axes, (2, 1)),), n, noise)


def torus(*, n: int = MANY, noise: float = 0.0, tube: float = 0.4) -> Solid:
    """A ring of radius 1 and of so thick a tube."""
    in_range("torus", "tube", tube, 1e-3, 1)

    def at(u: Doubles, v: Doubles) -> Doubles:
        out = 1 + tube * np.cos(TAU * v)
        return _rows(out * np.cos(TAU * u), out * np.sin(TAU * u), tube * np.sin(TAU * v))

    return Solid((Patch(at, (2.5, 1.1)),), n, noise)


def cube(*, n: int = MANY, noise: float = 0.0, side: float = 2.0) -> Solid:
    """A cube of so long a side."""
    in_range("cube", "side", side, 1e-3, 1e3)
    return Solid(tuple(_wall(axis, sign, side / 2) for axis in range(3) for sign in (-1, 1)), n, noise)


def cylinder(*, n: int = MANY, noise: float = 0.0, height: float = 2.0) -> Solid:
    """A cylinder of radius 1, closed above and below."""
    in_range("cylinder", "height", height, 1e-3, 1e3)
    side = Patch(lambda u, v: _rows(np.cos(TAU * u), np.sin(TAU * u), height * (v - 0.5)), (6, height))
    return Solid((side, _disc(-height / 2, up=False), _disc(height / 2, up=True)), n, noise)


def cone(*, n: int = MANY, noise: float = 0.0, height: float = 2.0) -> Solid:
    """A cone of radius 1, closed below."""
    in_range("cone", "height", height, 1e-3, 1e3)

    def at(u: Doubles, v: Doubles) -> Doubles:
        return _rows((1 - v) * np.cos(TAU * u), (1 - v) * np.sin(TAU * u), height * (v - 0.5))

    return Solid((Patch(at, (6, math.hypot(1, height))), _disc(-height / 2, up=False)), n, noise)


def capsule(*, n: int = MANY, noise: float = 0.0, height: float = 1.0) -> Solid:
    """A cylinder of radius ½ between two half spheres."""
    in_range("capsule", "height", height, 1e-3, 1e3)

    def half(lift: float, start: float) -> Callable[[Doubles, Doubles], Doubles]:
        return lambda u, v: 0.5 * _ball(u, start + v / 2) + np.array([0, 0, lift])

    side = Patch(
        lambda u, v: _rows(0.5 * np.cos(TAU * u), 0.5 * np.sin(TAU * u), height * (v - 0.5)),
        (4, 1.3 * height),
    )
    ends = (Patch(half(-height / 2, 0.0), (4, 1)), Patch(half(height / 2, 0.5), (4, 1)))
    return Solid((side, *ends), n, noise)


def plane(*, n: int = MANY, noise: float = 0.0, side: float = 2.0) -> Solid:
    """A square that lies flat."""
    in_range("plane", "side", side, 1e-3, 1e3)
    return Solid((Patch(lambda u, v: _rows(side * (u - 0.5), side * (v - 0.5), 0 * u), (2, 2)),), n, noise)


def saddle(*, n: int = MANY, noise: float = 0.0, bend: float = 0.5) -> Solid:
    """The surface z = bend · (x² − y²)."""
    in_range("saddle", "bend", bend, -100, 100)

    def at(u: Doubles, v: Doubles) -> Doubles:
        x, y = 2 * u - 1, 2 * v - 1
        return _rows(x, y, bend * (x**2 - y**2))

    return Solid((Patch(at, (2, 2)),), n, noise)


def swiss_roll(*, n: int = MANY, noise: float = 0.0, height: float = 21.0) -> Solid:
    """The rolled sheet (t cos t, height · v, t sin t), t from 1.5π to 4.5π, as scikit-learn has it."""
    in_range("swiss-roll", "height", height, 1e-3, 1e3)

    def at(u: Doubles, v: Doubles) -> Doubles:
        t = 1.5 * math.pi * (1 + 2 * u)
        return _rows(t * np.cos(t), height * v, t * np.sin(t))

    return Solid((Patch(at, (8, 2)),), n, noise, channel="along")


def mobius(*, n: int = MANY, noise: float = 0.0, width: float = 0.8, twists: int = 1) -> Solid:
    """A band that is closed after so many half turns; an odd number leaves it one side."""
    in_range("mobius", "width", width, 1e-3, 1.9)
    in_range("mobius", "twists", twists, 0, 20)

    def at(u: Doubles, v: Doubles) -> Doubles:
        turn, out = math.pi * twists * u, width * (v - 0.5)
        far = 1 + out * np.cos(turn)
        return _rows(far * np.cos(TAU * u), far * np.sin(TAU * u), out * np.sin(turn))

    return Solid((Patch(at, (6, width)),), n, noise, channel="along")


def helix(*, n: int = MANY, noise: float = 0.0, turns: float = 3.0, tube: float = 0.15) -> Solid:
    """A tube along a screw of radius 1, open at its ends."""
    in_range("helix", "turns", turns, 0.1, 100)
    in_range("helix", "tube", tube, 1e-3, 0.9)

    def curve(u: Doubles) -> Doubles:
        return _rows(np.cos(TAU * turns * u), np.sin(TAU * turns * u), 0.6 * turns * (u - 0.5))

    return Solid((Patch(_tube(curve, tube), (6 * turns, 6 * tube)),), n, noise, channel="along")


def knot(*, n: int = MANY, noise: float = 0.0, tube: float = 0.3) -> Solid:
    """A tube along the trefoil knot."""
    in_range("knot", "tube", tube, 1e-3, 0.45)

    def curve(u: Doubles) -> Doubles:
        a = TAU * u
        return _rows(np.sin(a) + 2 * np.sin(2 * a), np.cos(a) - 2 * np.cos(2 * a), -np.sin(3 * a)) / 2

    return Solid((Patch(_tube(curve, tube / 2), (14, 3 * tube)),), n, noise, channel="along")


SHAPES: dict[str, Callable[..., Solid]] = {
    "sphere": sphere, "torus": torus, "cube": cube, "cone": cone, "cylinder": cylinder, "swiss-roll": swiss_roll,
    "mobius": mobius, "ellipsoid": ellipsoid, "capsule": capsule, "plane": plane, "saddle": saddle, "helix": helix,
    "knot": knot,
}  # fmt: skip


def _rows(*columns: Doubles) -> Doubles:
    """Return columns as places."""
    return np.stack(columns, axis=1)


def _ball(u: Doubles, v: Doubles) -> Doubles:
    """Return places on the unit sphere, from the south pole to the north pole."""
    flat = np.sin(math.pi * v)
    return _rows(flat * np.cos(TAU * u), flat * np.sin(TAU * u), -np.cos(math.pi * v))


def _disc(z: float, *, up: bool) -> Patch:
    """Return a disc of radius 1 that looks up or down."""

    def at(u: Doubles, v: Doubles) -> Doubles:
        out = 1 - v if up else v
        return _rows(out * np.cos(TAU * u), out * np.sin(TAU * u), np.full_like(u, z))

    return Patch(at, (6, 1))


def _wall(axis: int, sign: int, half: float) -> Patch:
    """Return one side of a cube."""

    def at(u: Doubles, v: Doubles) -> Doubles:
        found = np.full((len(u), 3), sign * half)
        across, up = (axis + 1) % 3, (axis + 2) % 3
        found[:, across], found[:, up] = half * sign * (2 * u - 1), half * (2 * v - 1)
        return found

    return Patch(at, (1, 1))


def _tube(curve: Callable[[Doubles], Doubles], radius: float) -> Callable[[Doubles, Doubles], Doubles]:
    """Return the tube around a curve whose curvature is nowhere 0."""

    def at(u: Doubles, v: Doubles) -> Doubles:
        before, here, after = curve(u - SLOPE), curve(u), curve(u + SLOPE)
        along, bend = after - before, after - 2 * here + before
        side = np.cross(along, bend)
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        inward = np.cross(side, along)
        inward /= np.linalg.norm(inward, axis=1, keepdims=True)
        angle = (TAU * v)[:, None]
        return here + radius * (np.cos(angle) * inward - np.sin(angle) * side)

    return at
