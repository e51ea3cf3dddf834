"""Points drawn evenly from the surfaces of ten shapes, by closed formulas; y points up.

A curved surface whose area element grows like 1 + a·cos v is drawn without waste: v is even, and is mirrored to π − v
where the element there is the likelier one.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Sampler = Callable[[np.random.Generator, int], Doubles]

TAU = 2 * math.pi
TUBE = 0.4  # radius of the tube of the torus, whose ring has radius 1
HEIGHT = 2.0  # of cylinder, cone and pyramid; their bases are 2 wide
ROUND, STRAIGHT = 0.5, 1.0  # radius of the capsule, and length of its straight part
WIRE, TURNS, RISE = 0.15, 3, 0.6  # radius of the helix's tube, its turns, and what each of them climbs
BAND = 0.8  # width of the Möbius band, whose middle has radius 1


def sphere(draw: np.random.Generator, count: int) -> Doubles:
    """The sphere of radius 1."""
    found = draw.standard_normal((count, 3))
    on: Doubles = found / np.linalg.norm(found, axis=1, keepdims=True)
    return on


def cube(draw: np.random.Generator, count: int) -> Doubles:
    """The cube from −1 to 1."""
    found = draw.uniform(-1, 1, (count, 3))
    found[np.arange(count), draw.integers(3, size=count)] = draw.integers(2, size=count) * 2 - 1
    return found


def torus(draw: np.random.Generator, count: int) -> Doubles:
    """A ring of radius 1 around the axis."""
    u, v = draw.uniform(0, TAU, count), _leaning(draw, count, TUBE)
    return _turned(1 + TUBE * np.cos(v), TUBE * np.sin(v), u)


def cylinder(draw: np.random.Generator, count: int) -> Doubles:
    """A cylinder of radius 1, closed above and below."""
    part, radius = draw.random(count), np.sqrt(draw.random(count))
    side = HEIGHT / (HEIGHT + 1)  # the caps have area π each, the side 2π·height
    height = draw.uniform(-1, 1, count) * (HEIGHT / 2)
    ends = np.where(part < (1 + side) / 2, HEIGHT / 2, -HEIGHT / 2)
    on_side = part < side
    return _turned(np.where(on_side, 1, radius), np.where(on_side, height, ends), draw.uniform(0, TAU, count))


def cone(draw: np.random.Generator, count: int) -> Doubles:
    """A cone over a disc of radius 1."""
    slant = math.hypot(1, HEIGHT)
    radius = np.sqrt(draw.random(count))
    on_side = draw.random(count) < slant / (slant + 1)
    height = np.where(on_side, HEIGHT * (0.5 - radius), -HEIGHT / 2)
    return _turned(radius, height, draw.uniform(0, TAU, count))


def pyramid(draw: np.random.Generator, count: int) -> Doubles:
    """A pyramid over a square 2 wide."""
    slant = math.hypot(1, HEIGHT)  # height of a side; the four have area 4·slant, the base 4
    across, far = draw.uniform(-1, 1, count), np.sqrt(draw.random(count))
    on_side = draw.random(count) < slant / (slant + 1)
    x, z = np.where(on_side, far, draw.uniform(-1, 1, count)), np.where(on_side, far * across, across)
    quarter = draw.integers(4, size=count)
    sine, cosine = np.array([0, 1, 0, -1])[quarter], np.array([1, 0, -1, 0])[quarter]
    height = np.where(on_side, HEIGHT * (0.5 - far), -HEIGHT / 2)
    return np.stack([cosine * x - sine * z, height, sine * x + cosine * z], axis=1)


def capsule(draw: np.random.Generator, count: int) -> Doubles:
    """A cylinder between two half spheres."""
    found = ROUND * sphere(draw, count)
    found[:, 1] += np.where(found[:, 1] < 0, -STRAIGHT / 2, STRAIGHT / 2)
    on_side = draw.random(count) < STRAIGHT / (STRAIGHT + 2 * ROUND)
    height = draw.uniform(-STRAIGHT / 2, STRAIGHT / 2, count)
    side = _turned(np.full(count, ROUND), height, draw.uniform(0, TAU, count))
    return np.where(on_side[:, None], side, found)


def helix(draw: np.random.Generator, count: int) -> Doubles:
    """A tube along a screw of radius 1, open at its ends."""
    pitch = RISE / TAU  # climb for one radian
    speed = math.hypot(1, pitch)
    along = draw.uniform(0, TAU * TURNS, count)
    around = math.pi - _leaning(draw, count, WIRE / speed**2)  # curvature 1 / speed² crowds the inner side
    out, aside = 1 - WIRE * np.cos(around), WIRE * np.sin(around)
    sine, cosine = np.sin(along), np.cos(along)
    x = out * cosine + aside * pitch * sine / speed
    z = out * sine - aside * pitch * cosine / speed
    height = pitch * (along - TAU * TURNS / 2) + aside / speed
    return np.stack([x, height, z], axis=1)


def mobius(draw: np.random.Generator, count: int) -> Doubles:
    """A band with one half turn."""
    kept, found = [np.zeros((2, 0))], 0
    top = math.hypot(1 + BAND / 2, BAND / 4)
    while found < count:
        u, across, chance = draw.random((3, max(64, 2 * (count - found))))
        u, across = TAU * u, BAND * (across - 0.5)
        keep = chance * top < np.hypot(1 + across * np.cos(u / 2), across / 2)
        kept.append(np.stack([u[keep], across[keep]]))
        found += int(keep.sum())
    u, across = np.concatenate(kept, axis=1)[:, :count]
    return _turned(1 + across * np.cos(u / 2), across * np.sin(u / 2), u)


def plane(draw: np.random.Generator, count: int) -> Doubles:
    """A square that lies flat, 2 wide."""
    found = draw.uniform(-1, 1, (count, 3))
    found[:, 1] = 0
    return found


SOLIDS: dict[str, Sampler] = {
    one.__name__: one for one in (sphere, cube, torus, cylinder, cone, pyramid, capsule, helix, mobius, plane)
}


def _turned(radius: Doubles, height: Doubles, angle: Doubles) -> Doubles:
    """Return places by their distance from the axis, their height and their angle, shape (n, 3)."""
    return np.stack([radius * np.cos(angle), height, radius * np.sin(angle)], axis=1)


def _leaning(draw: np.random.Generator, count: int, lean: float) -> Doubles:
    """Return angles of density (1 + lean·cos v) / 2π."""
    v = draw.uniform(0, TAU, count)
    return np.where(2 * draw.random(count) < 1 + lean * np.cos(v), v, math.pi - v)
