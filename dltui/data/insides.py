"""Which places lie inside the solids of ``solids.py``, by closed formulas; y points up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dltui.data.solids import HEIGHT, ROUND, STRAIGHT, TUBE

Doubles = NDArray[np.float64]
Inside = Callable[[Doubles], NDArray[np.bool_]]


def sphere(p: Doubles) -> NDArray[np.bool_]:
    """The ball of radius 1."""
    return np.asarray((p**2).sum(axis=-1) < 1)


def cube(p: Doubles) -> NDArray[np.bool_]:
    """The cube from −1 to 1."""
    return np.asarray(np.abs(p).max(axis=-1) < 1)


def torus(p: Doubles) -> NDArray[np.bool_]:
    """A ring of radius 1 around the axis."""
    return np.asarray((_out(p) - 1) ** 2 + p[..., 1] ** 2 < TUBE**2)


def cylinder(p: Doubles) -> NDArray[np.bool_]:
    """A cylinder of radius 1."""
    return np.asarray((_out(p) < 1) & (np.abs(p[..., 1]) < HEIGHT / 2))


def cone(p: Doubles) -> NDArray[np.bool_]:
    """A cone over a disc of radius 1."""
    return np.asarray((_out(p) < 0.5 - p[..., 1] / HEIGHT) & (p[..., 1] > -HEIGHT / 2))


def pyramid(p: Doubles) -> NDArray[np.bool_]:
    """A pyramid over a square 2 wide."""
    far = np.abs(p[..., ::2]).max(axis=-1)
    return np.asarray((far < 0.5 - p[..., 1] / HEIGHT) & (p[..., 1] > -HEIGHT / 2))


def capsule(p: Doubles) -> NDArray[np.bool_]:
    """A cylinder between two half spheres."""
    beyond = np.maximum(np.abs(p[..., 1]) - STRAIGHT / 2, 0)
    return np.asarray(np.hypot(_out(p), beyond) < ROUND)


INSIDES: dict[str, Inside] = {
    one.__name__: one for one in (sphere, cube, torus, cylinder, cone, pyramid, capsule)
}


def _out(p: Doubles) -> Doubles:
    """Return distances from the axis."""
    found: Doubles = np.hypot(p[..., 0], p[..., 2])
    return found
