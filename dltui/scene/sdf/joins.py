"""Nodes made of other nodes: together, apart, blended, moved, hollowed, twisted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from dltui.scene.sdf.maths import NUMPY, Maths
from dltui.scene.sdf.nodes import FAR, Node, spelled

Axis = Literal["x", "y", "z"]
THINNEST = 1e-30  # blend that is told from none: over less, differences would outgrow float32


def _bridge(a: Any, b: Any, k: float, m: Maths) -> Any:
    """Return what a blend over k adds where both are near: k/4·(1 − |a − b|/k)², 0 where they differ by more than k."""
    near = m.most(1 - m.size(a - b) * (1 / max(k, THINNEST)), 0.0)
    return near * near * (k / 4)


@dataclass(frozen=True)
class Union(Node):
    """What is in either: min(a, b), blended over k: the polynomial smooth minimum, which takes k/4 off at most."""

    a: Node
    b: Node
    k: float = 0.0

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the smaller distance, smooth where both are near."""
        a, b = self.a.at(x, y, z, m), self.b.at(x, y, z, m)
        if not self.k:
            return m.least(a, b)
        return m.least(a, b) - _bridge(a, b, self.k, m)

    @property
    def exact(self) -> bool:
        """Outside it is, where both are; inside min is a bound."""
        return False

    @property
    def reach(self) -> float:
        """The larger one, and what the blend adds."""
        return max(self.a.reach, self.b.reach) + (self.k / 4 * self.stretch if self.k else 0.0)

    @property
    def stretch(self) -> float:
        """That of the worse one: outside of both the smaller distance is right."""
        return max(self.a.stretch, self.b.stretch)

    @property
    def text(self) -> str:
        """How it is spelled."""
        name, *rest = ("smin", f"{self.k:g}") if self.k else ("min",)
        return spelled(name, self.a.text, self.b.text, *rest)


@dataclass(frozen=True)
class Intersection(Node):
    """What is in both: max(a, b), blended over k."""

    a: Node
    b: Node
    k: float = 0.0

    exact = False

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the larger distance, smooth where both are near."""
        a, b = self.a.at(x, y, z, m), self.b.at(x, y, z, m)
        if not self.k:
            return m.most(a, b)
        return m.most(a, b) + _bridge(a, b, self.k, m)

    @property
    def reach(self) -> float:
        """The smaller one: nothing of it is outside."""
        return min(self.a.reach, self.b.reach)

    @property
    def text(self) -> str:
        """How it is spelled."""
        name, *rest = ("smax", f"{self.k:g}") if self.k else ("max",)
        return spelled(name, self.a.text, self.b.text, *rest)


@dataclass(frozen=True)
class Mix(Node):
    """On the way from one to the other: (1 − t)·a + t·b, which grows no faster than either."""

    a: Node
    b: Node
    t: float = 0.5

    exact = False

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the mean of both, b weighing t."""
        return (1 - self.t) * self.a.at(x, y, z, m) + self.t * self.b.at(x, y, z, m)

    @property
    def reach(self) -> float:
        """The larger one: where both are above 0, the mean is too."""
        return max(self.a.reach, self.b.reach)

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("mix", self.a.text, self.b.text, self.t)


@dataclass(frozen=True)
class Complement(Node):
    """What is not in it: −a."""

    a: Node

    reach = FAR

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance with its sign changed."""
        return -self.a.at(x, y, z, m)

    @property
    def exact(self) -> bool:
        """As what it is made of."""
        return self.a.exact

    @property
    def text(self) -> str:
        """How it is spelled."""
        return f"-{self.a.text}"


@dataclass(frozen=True)
class Offset(Node):
    """Grown by d on all sides, or shrunk: a − d."""

    a: Node
    d: float

    exact = False

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance less d."""
        return self.a.at(x, y, z, m) - self.d

    @property
    def reach(self) -> float:
        """Grown as well."""
        return self.a.reach + (self.d * self.stretch if self.d > 0 else 0.0)

    @property
    def stretch(self) -> float:
        """As what it is made of."""
        return self.a.stretch

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("round", self.a.text, self.d)


@dataclass(frozen=True)
class Shell(Node):
    """A skin of thickness t: |a| − t/2."""

    a: Node
    t: float

    exact = False

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance to the skin."""
        return m.size(self.a.at(x, y, z, m)) - self.t / 2

    @property
    def reach(self) -> float:
        """Half the thickness more."""
        return self.a.reach + self.t / 2 * self.stretch

    @property
    def stretch(self) -> float:
        """As what it is made of."""
        return self.a.stretch

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("shell", self.a.text, self.t)


@dataclass(frozen=True)
class Moved(Node):
    """Somewhere else: a(p − v)."""

    a: Node
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance from there."""
        x, y, z = (p - by if by else p for p, by in ((x, self.x), (y, self.y), (z, self.z)))
        return self.a.at(x, y, z, m)

    @property
    def exact(self) -> bool:
        """As what it is made of."""
        return self.a.exact

    @property
    def reach(self) -> float:
        """Farther by the way."""
        return self.a.reach + math.hypot(self.x, self.y, self.z)

    @property
    def stretch(self) -> float:
        """As what it is made of."""
        return self.a.stretch

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("move", self.a.text, self.x, self.y, self.z)


@dataclass(frozen=True)
class Turned(Node):
    """Turned around an axis, counter-clockwise seen against it."""

    a: Node
    axis: Axis
    degrees: float

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance, places turned back."""
        c, s = math.cos(math.radians(self.degrees)), math.sin(math.radians(self.degrees))
        if self.axis == "z":
            return self.a.at(c * x + s * y, c * y - s * x, z, m)
        if self.axis == "y":
            return self.a.at(c * x - s * z, y, c * z + s * x, m)
        return self.a.at(x, c * y + s * z, c * z - s * y, m)

    @property
    def exact(self) -> bool:
        """As what it is made of."""
        return self.a.exact

    @property
    def reach(self) -> float:
        """The same."""
        return self.a.reach

    @property
    def stretch(self) -> float:
        """As what it is made of."""
        return self.a.stretch

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("turn", self.a.text, self.axis, self.degrees)


@dataclass(frozen=True)
class Scaled(Node):
    """Larger by a factor: a(p/f)·f."""

    a: Node
    f: float

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance, grown as well."""
        return self.a.at(x / self.f, y / self.f, z / self.f, m) * self.f

    @property
    def exact(self) -> bool:
        """As what it is made of."""
        return self.a.exact

    @property
    def reach(self) -> float:
        """Larger too."""
        return self.a.reach * self.f

    @property
    def stretch(self) -> float:
        """As what it is made of."""
        return self.a.stretch

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("scale", self.a.text, self.f)


@dataclass(frozen=True)
class Repeated(Node):
    """Again and again at every multiple of a step, along the axes whose step is not 0.

    What stands in a neighbouring cell may be nearer: it must fit its own cell, and so steps are no longer than to the
    wall of the cell.
    """

    a: Node
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0

    exact = False
    reach = FAR

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return the distance within the cell, or a little more than that to its wall."""
        found, wall = [], None
        for place, step in ((x, self.x), (y, self.y), (z, self.z)):
            inside = place - step * m.whole(place / step) if step else place
            found.append(inside)
            if step:
                rest = step / 2 - m.size(inside)
                wall = rest if wall is None else m.least(wall, rest)
        own = self.a.at(found[0], found[1], found[2], m)
        return own if wall is None else m.least(own, wall + 0.05 * max(self.x, self.y, self.z))

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("repeat", self.a.text, self.x, self.y, self.z)


@dataclass(frozen=True)
class Twisted(Node):
    """Turned around the z axis by so many radians a unit of height; distances shrink by √(1 + (k·reach)²)."""

    a: Node
    k: float

    exact = False

    def at(self, x: Any, y: Any, z: Any, m: Maths = NUMPY) -> Any:
        """Return a bound on the distance."""
        c, s = m.cos(self.k * z), m.sin(self.k * z)
        steep = math.hypot(1.0, self.k * self.a.reach)
        return self.a.at(c * x + s * y, c * y - s * x, z, m) / steep

    @property
    def reach(self) -> float:
        """The same."""
        return self.a.reach

    @property
    def text(self) -> str:
        """How it is spelled."""
        return spelled("twist", self.a.text, self.k)
