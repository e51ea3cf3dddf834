"""A cloth with coordinates u and v, and what a formula makes of it: places, slopes, area, random points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from dltui.errors import UsageError
from dltui.figures import Array
from dltui.lab.geometry.jets import Formula
from dltui.lab.scene3d.rooms import Doubles
from dltui.scene.made import even
from dltui.scene.solids import Patch

TAU, HALF = 2 * math.pi, math.pi / 2
BEYOND = math.radians(60)  # of v, where points are counted
FINE = (60, 30)  # cells of the drawn surface in u and v
At = Callable[[Array, Array], Doubles]
EYE = np.array([0.5, -0.71, 0.5])  # where the eye stands at first
RIGHT = np.array([
    math.cos(math.radians(35)),
    math.sin(math.radians(35)),
    0,
])  # of the eye as it stands at first
GALLERY = {
    "sphere": "r*cos(u)*cos(v); r*sin(u)*cos(v); r*sin(v)",
    "torus": "(1 + 0.35*r*cos(2*v))*cos(u); (1 + 0.35*r*cos(2*v))*sin(u); 0.35*r*sin(2*v)",
    "cylinder": "r*cos(u); r*sin(u); v",
    "cone": "r*(0.5 - v/pi)*cos(u); r*(0.5 - v/pi)*sin(u); v",
    "Möbius band": "(1 + r*v/4*cos(u/2))*cos(u); (1 + r*v/4*cos(u/2))*sin(u); r*v/4*sin(u/2)",
    "helicoid": "r*v*cos(u); r*v*sin(u); u/4 - 0.8",
    "saddle": "u/pi - 1; v; r*((u/pi - 1)**2 - v**2)/2",
    "cloth": "u/2 - 1.5; v; 0.2*r*sin(2*u)*cos(2*v)",
}


@dataclass(frozen=True, eq=False)
class Cloth:
    """A surface over u from 0 to 2π and v from −π/2 to π/2.

    Attributes:
        name: What it is called.
        parts: The formulas of x, y and z.
    """

    name: str
    parts: tuple[Formula, Formula, Formula]

    def at(self, u: ArrayLike, v: ArrayLike) -> tuple[Doubles, Doubles, Doubles]:
        """Return places and their slopes f_u and f_v, shape (…, 3) each."""
        jets = [part(u, v) for part in self.parts]
        value = np.stack(np.broadcast_arrays(*(jet.value for jet in jets)), axis=-1)
        slopes = [np.stack(np.broadcast_arrays(*(jet.slope[i] for jet in jets)), axis=-1) for i in (0, 1)]
        return value, slopes[0], slopes[1]

    def places(self, u: ArrayLike, v: ArrayLike) -> Doubles:
        """Return places alone, shape (…, 3)."""
        return self.at(u, v)[0]

    def stretch(self, u: ArrayLike, v: ArrayLike) -> Doubles:
        """Return |f_u × f_v|: area on the surface over area of the cloth."""
        _, along, up = self.at(u, v)
        return np.asarray(np.linalg.norm(np.cross(along, up), axis=-1))

    @property
    def patch(self) -> Patch:
        """The same over 0…1 both ways, for points that lie evenly."""
        return Patch(lambda a, b: self.at(TAU * a, math.pi * (b - 0.5))[0], (2, 1))


@lru_cache(maxsize=64)
def cloth(text: str, r: float = 1.0) -> Cloth:
    """Return a surface of the gallery, or one of three typed formulas.

    Args:
        text: A name such as ``sphere``, or x, y and z in u, v and r, parted by semicolons.
        r: What r stands for.

    Returns:
        The surface.

    Raises:
        UsageError: If it is neither, is not finite everywhere, or has no area.
    """
    names = {name.lower(): name for name in GALLERY}
    known = names.get(text.strip().lower())
    parts = (GALLERY[known] if known else text).split(";")
    if len(parts) != 3:
        raise UsageError(
            f"{text!r} has {len(parts)} formula{'s' if len(parts) > 1 else ''}: expected three for x, y and z, such as "
            f"{GALLERY['cloth']}, or one of {', '.join(GALLERY)}"
        )
    x, y, z = (Formula(part, ("u", "v"), {"r": r}) for part in parts)
    found = Cloth(known or "Your surface", (x, y, z))
    a, b = grid(*FINE)
    with np.errstate(all="ignore"):
        area = found.stretch(a, b)
    if not (np.isfinite(found.at(a, b)[0]).all() and np.isfinite(area).all()):
        raise UsageError(
            f"{text!r} is not finite everywhere for r = {r:g}, u from 0 to 2π and v from −π/2 to π/2; try sin, cos and "
            "sums"
        )
    if area.max() < 1e-9:
        raise UsageError(f"{text!r} has no area: its slopes along u and along v must differ somewhere")
    return found


def grid(across: int, up: int) -> tuple[Doubles, Doubles]:
    """Return u and v on the corners of a grid over the cloth, shape (across + 1, up + 1) each."""
    u, v = np.meshgrid(np.linspace(0, TAU, across + 1), np.linspace(-HALF, HALF, up + 1), indexing="ij")
    return u, v


@lru_cache(maxsize=32)
def drawn(one: Cloth, sampling: str, count: int, seed: int) -> Doubles:
    """Return random u and v, shape (count, 2): even on the cloth, or even on the surface."""
    numbers = np.random.default_rng(seed)
    a, b = even(one.patch, count, numbers) if sampling == "on the surface" else numbers.random((2, count))
    return np.stack([TAU * a, math.pi * (b - 0.5)], axis=1)


@lru_cache(maxsize=64)
def share(one: Cloth, sampling: str) -> float:
    """Return the share of points to be expected beyond 60° of v, by sums over middles of cells."""
    u, v = (np.arange(40) + 0.5) / 40 * TAU, (np.arange(180) + 0.5) / 180 * math.pi - HALF
    weight = one.stretch(u[:, None], v[None, :]) if sampling == "on the surface" else np.ones((40, 180))
    return float(weight[:, np.abs(v) > BEYOND].sum() / weight.sum())


def circle(r: float, t: ArrayLike) -> Doubles:
    """Return p(t) = (r cos t, r sin t), shape (…, 2)."""
    return np.stack([r * np.cos(t), r * np.sin(t)], axis=-1)
