"""The tree of an implicit surface: what every node is, and the solids that it begins with.

The formulas are those of Inigo Quilez (iquilezles.org/articles/distfunctions), written out with z upwards. Every node
is negative inside and never grows faster than the distance, so that a ray may go on by what it says.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.scene.sdf.maths import NUMPY, Maths, length

FAR = math.inf
BLOB = 6 / math.sqrt(5) * (1 - 1 / 5) ** 2  # steepest slope of (1 − t²)³
SHELL = 0.5  # of the height of a lone blob, at which the surface of metaballs lies


class Node(ABC):
    """A function of space, negative inside."""

    @abstractmethod
    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the signed distance, or less, at places given by three arrays of one shape."""

    @property
    @abstractmethod
    def reach(self) -> float:
        """Radius of a sphere around the origin that holds all of it; infinite where none does."""

    @property
    @abstractmethod
    def exact(self) -> bool:
        """Whether it is the distance itself everywhere, and not a bound on it."""

    @property
    def stretch(self) -> float:
        """How many times farther than it says the surface may be, outside; infinite where nothing is known."""
        return 1.0 if self.exact else FAR

    @property
    @abstractmethod
    def text(self) -> str:
        """How it is spelled."""

    def __call__(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Return the values at points, shape (…, 3)."""
        found: NDArray[np.floating] = np.asarray(self.at(points[..., 0], points[..., 1], points[..., 2]))
        return found


def spelled(name: str, *parts: float | str) -> str:
    """Return a call as text."""
    return f"{name}({', '.join(part if isinstance(part, str) else f'{part:g}' for part in parts)})"


@dataclass(frozen=True)
class Sphere(Node):
    """A ball of radius r: ‖p‖ − r."""

    r: float = 1.0

    exact = True

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return ‖p‖ − r."""
        return length(m, x, y, z) - self.r

    @property
    def reach(self) -> float:
        """The radius."""
        return self.r

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("sphere", self.r)


@dataclass(frozen=True)
class Box(Node):
    """A box of half sides a, b, c: ‖max(q, 0)‖ + min(max(q), 0) with q = |p| − (a, b, c)."""

    a: float
    b: float
    c: float

    exact = True

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance to the nearest face, edge or corner."""
        q, r, s = m.size(x) - self.a, m.size(y) - self.b, m.size(z) - self.c
        outside = length(m, m.most(q, 0.0), m.most(r, 0.0), m.most(s, 0.0))
        return outside + m.least(m.most(q, m.most(r, s)), 0.0)

    @property
    def reach(self) -> float:
        """Half the diagonal."""
        return math.hypot(self.a, self.b, self.c)

    @property
    def text(self) -> str:
        """How it is spelled."""
        sides = (self.a,) if self.a == self.b == self.c else (self.a, self.b, self.c)
        return spelled("box", *sides)


@dataclass(frozen=True)
class Torus(Node):
    """A ring of radius R around the z axis, as thick as r: ‖(‖(x, y)‖ − R, z)‖ − r."""

    R: float = 1.0
    r: float = 0.35

    exact = True

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance to the circle, less r."""
        return length(m, length(m, x, y) - self.R, z) - self.r

    @property
    def reach(self) -> float:
        """The outer radius."""
        return self.R + self.r

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("torus", self.R, self.r)


@dataclass(frozen=True)
class Cylinder(Node):
    """A cylinder around the z axis, of radius r and half height h."""

    r: float = 0.5
    h: float = 1.0

    exact = True

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance to side, lids or rim."""
        q, s = length(m, x, y) - self.r, m.size(z) - self.h
        return length(m, m.most(q, 0.0), m.most(s, 0.0)) + m.least(m.most(q, s), 0.0)

    @property
    def reach(self) -> float:
        """Distance of the rim."""
        return math.hypot(self.r, self.h)

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("cylinder", self.r, self.h)


@dataclass(frozen=True)
class Capsule(Node):
    """All that is within r of the stretch of the z axis from −h to h."""

    r: float = 0.4
    h: float = 0.6

    exact = True

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance to the stretch, less r."""
        return length(m, x, y, z - m.clip(z, -self.h, self.h)) - self.r

    @property
    def reach(self) -> float:
        """Distance of the tips."""
        return self.r + self.h

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("capsule", self.r, self.h)


@dataclass(frozen=True)
class Cone(Node):
    """A cone around the z axis, of radius r below at −h, and s above at h."""

    r: float = 0.8
    s: float = 0.0
    h: float = 0.8

    exact = True

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance to side or lids."""
        q = length(m, x, y)
        lid = q - m.least(q, m.where(z < 0, self.r, self.s)), m.size(z) - self.h
        slope, tall = self.s - self.r, 2 * self.h
        along = m.clip(((self.s - q) * slope + (self.h - z) * tall) / (slope * slope + tall * tall), 0.0, 1.0)
        side = q - self.s + slope * along, z - self.h + tall * along
        nearest = m.root(m.least(lid[0] ** 2 + lid[1] ** 2, side[0] ** 2 + side[1] ** 2))
        return m.where((side[0] < 0) & (lid[1] < 0), -nearest, nearest)

    @property
    def reach(self) -> float:
        """Distance of the wider rim."""
        return math.hypot(max(self.r, self.s), self.h)

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("cone", self.r, self.s, self.h)


@dataclass(frozen=True)
class Plane(Node):
    """All that lies below the plane n·p = d; n is made a unit."""

    a: float = 0.0
    b: float = 0.0
    c: float = 1.0
    d: float = 0.0

    exact = True
    reach = FAR

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:  # noqa: ARG002
        """Return n·p − d."""
        size = math.hypot(self.a, self.b, self.c)
        return (self.a * x + self.b * y + self.c * z) / size - self.d

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("plane", self.a, self.b, self.c, self.d)


@dataclass(frozen=True)
class Ellipsoid(Node):
    """An ellipsoid of half axes a, b, c; a bound on the distance: k₀(k₀ − 1)/k₁ with k₀ = ‖p/r‖, k₁ = ‖p/r²‖."""

    a: float
    b: float
    c: float

    exact = False

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return a bound that is safe to step by: scaled so that it never grows faster than the distance."""
        least = min(self.a, self.b, self.c)
        return (length(m, x / self.a, y / self.b, z / self.c) - 1) * least

    @property
    def stretch(self) -> float:
        """Of the longest half axis by the shortest."""
        return self.reach / min(self.a, self.b, self.c)

    @property
    def reach(self) -> float:
        """The longest half axis."""
        return max(self.a, self.b, self.c)

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("ellipsoid", self.a, self.b, self.c)


@dataclass(frozen=True)
class Metaballs(Node):
    """Blobs that flow together: Σ (1 − (d/R)²)³ = ½ (Wyvill et al. 1986), divided by how steep it may be."""

    balls: tuple[tuple[float, float, float, float], ...]

    exact = False

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return (½ − Σ) over the greatest slope."""
        total = 0.0 * x
        for a, b, c, radius in self.balls:
            square = ((x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2) / radius**2
            total = total + m.most(1 - square, 0.0) ** 3
        return (SHELL - total) / sum(BLOB / ball[3] for ball in self.balls)

    @property
    def reach(self) -> float:
        """Where the farthest blob has faded."""
        return max(math.hypot(*ball[:3]) + ball[3] for ball in self.balls)

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("metaballs", *(number for ball in self.balls for number in ball))
