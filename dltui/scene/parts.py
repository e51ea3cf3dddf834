"""Shapes made of parts: boxes and upright cylinders that touch, and the short programs that put them together.

A program has a call a line, or between semicolons: ``create_box(seat, 1, 1, 0.1)`` with its sides along x, y and z,
``create_cylinder(leg, 0.1, 0.6)`` with radius and height, ``attach(leg, seat, -0.4, 0.4)``: the leg goes below the
seat, its middle so far from the seat's along the two other axes; a last word says where else, such as ``above``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dltui.errors import UsageError
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.points.thinning import spread
from dltui.scene.read import read_geometry
from dltui.scene.sdf.joins import Moved, Union
from dltui.scene.sdf.nodes import Box, Cylinder, Node

Doubles = NDArray[np.float64]
Triple = tuple[float, float, float]

SIDES = {
    "below": (2, -1),
    "above": (2, 1),
    "left": (0, -1),
    "right": (0, 1),
    "front": (1, -1),
    "behind": (1, 1),
}
SIZES = {"box": (1.0, 1.0, 0.1), "cylinder": (0.05, 0.5)}  # where a program says none
CALL = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*")
TOUCH = 1e-6  # distance up to which parts touch
LARGEST, LEAST = 1e3, 1e-3
ROUNDS = 4  # of a fit
EXAMPLE = "create_box(seat, 1, 1, 0.1); create_cylinder(leg, 0.1, 0.6); attach(leg, seat)"


@dataclass(frozen=True)
class Part:
    """A box along the axes, or a cylinder around an upright axis.

    Attributes:
        name: What it is called.
        kind: ``box`` or ``cylinder``.
        half: Half its sides; of a cylinder the radius twice, then half its height.
        middle: Where it is.
    """

    name: str
    kind: str
    half: Triple
    middle: Triple = (0.0, 0.0, 0.0)

    @property
    def node(self) -> Node:
        """Its signed distance."""
        a, b, c = self.half
        return Moved(Box(a, b, c) if self.kind == "box" else Cylinder(a, c), *self.middle)

    @property
    def mesh(self) -> Geometry:
        """Its surface as triangles."""
        one = _unit(self.kind)
        places = one.vertices.astype(np.float64) * self.half + self.middle
        return geometry_of(places, title=self.name, faces=one.faces)

    @property
    def volume(self) -> float:
        """What it holds."""
        return 8 * math.prod(self.half) * (1 if self.kind == "box" else math.pi / 4)

    def points(self, count: int, seed: int) -> Doubles:
        """Return points drawn evenly from its surface, shape (count, 3)."""
        return spread(self.mesh, count, seed).vertices.astype(np.float64)


@lru_cache(maxsize=2)
def _unit(kind: str) -> Geometry:
    """Return the mesh from −1 to 1 along each axis."""
    return read_geometry("cube:n=8" if kind == "box" else "cylinder:n=120")


def gap(one: Part, other: Part) -> float:
    """Return how far two parts are apart; 0 where they touch or overlap.

    Both reach straight up and down, so that it is the distance of their outlines seen from above, and of their heights.
    """
    up = abs(one.middle[2] - other.middle[2]) - one.half[2] - other.half[2]
    x, y = (abs(a - b) for a, b in zip(one.middle[:2], other.middle[:2], strict=True))
    round_ = [part.half[0] for part in (one, other) if part.kind == "cylinder"]
    wide, deep = (sum(part.half[i] for part in (one, other) if part.kind == "box") for i in range(2))
    flat = math.hypot(max(x - wide, 0.0), max(y - deep, 0.0)) - sum(round_)
    return math.hypot(max(flat, 0.0), max(up, 0.0))


def contacts(parts: list[Part], tolerance: float = TOUCH) -> list[tuple[int, int]]:
    """Return the pairs of parts that touch, by their numbers."""
    return [
        (i, j)
        for i in range(len(parts))
        for j in range(i + 1, len(parts))
        if gap(parts[i], parts[j]) <= tolerance
    ]


def together(parts: list[Part]) -> Node:
    """Return the signed distance of all parts as one."""
    found = parts[0].node
    for part in parts[1:]:
        found = Union(found, part.node)
    return found


def attached(part: Part, other: Part, across: float = 0.0, along: float = 0.0, side: str = "below") -> Part:
    """Return a part put beside another one so that they touch.

    Args:
        part: What is moved.
        other: What stays.
        across: From the other's middle to its own, along the first of the two axes that the side leaves.
        along: The same along the second.
        side: One of ``SIDES``.

    Returns:
        The part there.
    """
    axis, sign = SIDES[side]
    free = [i for i in range(3) if i != axis]
    place = list(other.middle)
    place[axis] += sign * (other.half[axis] + part.half[axis])
    place[free[0]] += across
    place[free[1]] += along
    return replace(part, middle=(place[0], place[1], place[2]))


def execute(program: str) -> list[Part]:
    """Run a program.

    Args:
        program: Calls, one a line or between semicolons.

    Returns:
        The parts, in the order in which they were created.

    Raises:
        UsageError: If a call can't be read, a part is unknown or made twice, or a number makes no sense.
    """
    parts: dict[str, Part] = {}
    for line in re.split(r"[;\n]", program):
        if not line.strip():
            continue
        found = CALL.fullmatch(line)
        if not found:
            raise UsageError(f"can't read {line.strip()!r}: expected a call; try {EXAMPLE!r}")
        call, given = found[1], [word.strip() for word in found[2].split(",")]
        if call in {"create_box", "create_cylinder"}:
            part = _created(call.removeprefix("create_"), given)
            if part.name in parts:
                raise UsageError(f"{part.name!r} is created twice: give the second one another name")
            parts[part.name] = part
        elif call == "attach":
            parts[given[0]] = _put(given, parts)
        else:
            raise UsageError(f"no call {call!r}: expected create_box, create_cylinder or attach")
    if not parts:
        raise UsageError(f"a program creates one part or more; try {EXAMPLE!r}")
    return list(parts.values())


def _created(kind: str, given: list[str]) -> Part:
    """Return a part of the given name and sizes."""
    name, *rest = given
    if not name.isidentifier():
        raise UsageError(f"create_{kind} takes a name first, such as seat, not {name!r}")
    known = SIZES[kind]
    if rest and len(rest) != len(known):
        sizes = "three sides" if kind == "box" else "a radius and a height"
        raise UsageError(f"create_{kind}({name}, …) takes {sizes} after the name, or nothing")
    sizes_ = [_number(word, 1e-3) for word in rest] or list(known)
    half = (
        (sizes_[0] / 2, sizes_[1] / 2, sizes_[2] / 2)
        if kind == "box"
        else (sizes_[0], sizes_[0], sizes_[1] / 2)
    )
    return Part(name, kind, half)


def _put(given: list[str], parts: dict[str, Part]) -> Part:
    """Return the first named part, put beside the second."""
    side = given.pop() if len(given) > 2 and given[-1] in SIDES else "below"
    if len(given) not in {2, 4}:
        raise UsageError(
            f"attach takes two parts, then two numbers or none, then one of {', '.join(SIDES)} or none; "
            "try attach(leg, seat, -0.4, 0.4)"
        )
    for name in given[:2]:
        if name not in parts:
            raise UsageError(
                f"attach names {name!r}, which is not created yet: known are {', '.join(parts) or 'none'}"
            )
    if given[0] == given[1]:
        raise UsageError(f"attach needs two parts: {given[0]!r} can't be put beside itself")
    across, along = (_number(word, -LARGEST) for word in (given[2:] or ["0", "0"]))
    return attached(parts[given[0]], parts[given[1]], across, along, side)


def _number(word: str, least: float) -> float:
    """Return a number within reason."""
    try:
        value = float(word.replace("−", "-"))
    except ValueError:
        value = math.nan
    if not least <= value <= LARGEST:
        raise UsageError(f"{word!r} is no size or place: expected a number from {least:g} to {LARGEST:g}")
    return value


def fitted(places: NDArray[np.floating], name: str) -> tuple[Part, float]:
    """Return the box or upright cylinder that some points fit best, and their mean distance from its surface.

    Args:
        places: Points of one part's surface, shape (n, 3).
        name: What it is called.

    Returns:
        The part, and the distance.
    """
    own: Doubles = places.astype(np.float64)
    found = []
    for kind in ("box", "cylinder"):
        part = Part(name, kind, *_settled(own, kind))
        found.append((float(np.abs(part.node(own)).mean()), part))
    away, best = min(found, key=lambda one: one[0])
    return best, away


def _settled(places: Doubles, kind: str) -> tuple[Triple, Triple]:
    """Return half sides and middle: every face goes to the median of the points that are nearest to it."""
    low, high = np.quantile(places, [0.005, 0.995], axis=0)
    for _ in range(ROUNDS):
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, LEAST)
        if kind == "box":
            gaps = np.concatenate([places - low, high - places], axis=1)
        else:
            out = np.linalg.norm(places[:, :2] - middle[:2], axis=1)
            half[:2] = half[:2].mean()
            gaps = np.stack([half[0] - out, places[:, 2] - low[2], high[2] - places[:, 2]], axis=1)
        face = np.abs(gaps).argmin(axis=1)
        for axis in range(3):
            ends = (low, high)
            numbers = (axis, axis + 3) if kind == "box" else (1, 2)
            if kind == "box" or axis == 2:
                for end, number in zip(ends, numbers, strict=True):
                    if (face == number).any():
                        end[axis] = np.median(places[face == number, axis])
            elif (face == 0).any():
                side, radius = places[face == 0], float(np.median(out[face == 0]))
                centre = side[:, axis].mean()
                low[axis], high[axis] = centre - radius, centre + radius
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, LEAST)
    if kind == "cylinder":
        half[:2] = half[:2].mean()
    (a, b, c), (x, y, z) = half.tolist(), middle.tolist()
    return (a, b, c), (x, y, z)


def spelled_out(parts: list[Part], joined: list[tuple[int, int]]) -> str:
    """Return a program that puts parts together as they are: from the first, along what touches.

    Args:
        parts: What is to be made; those that nothing leads to are left out.
        joined: Pairs that touch.

    Returns:
        A call a line.
    """
    lines, known, queue = [], {0}, [0]
    lines.append(_creation(parts[0]))
    while queue:
        here = queue.pop(0)
        for there in sorted({i + j - here for i, j in joined if here in (i, j)} - known):
            part, other = parts[there], parts[here]
            reach = [
                (sign * (part.middle[axis] - other.middle[axis]) - part.half[axis] - other.half[axis], side)
                for side, (axis, sign) in SIDES.items()
            ]
            side = max(reach)[1]
            free = [i for i in range(3) if i != SIDES[side][0]]
            across, along = (part.middle[i] - other.middle[i] for i in free)
            lines += [
                _creation(part),
                f"attach({part.name}, {other.name}, {across:.3g}, {along:.3g}, {side})",
            ]
            known.add(there)
            queue.append(there)
    return "\n".join(lines)


def _creation(part: Part) -> str:
    """Return the call that makes a part."""
    a, b, c = (2 * side for side in part.half)
    if part.kind == "box":
        return f"create_box({part.name}, {a:.3g}, {b:.3g}, {c:.3g})"
    return f"create_cylinder({part.name}, {part.half[0]:.3g}, {c:.3g})"


def overlap(one: list[Part], other: list[Part], cells: int = 128) -> float:
    """Return the volume of what is in both shapes over that of what is in either.

    Args:
        one: Parts of the one.
        other: Parts of the other.
        cells: Cubes of a grid along the longest side, whose middles are asked.

    Returns:
        From 0 to 1.
    """
    ends = np.array([[np.subtract(p.middle, p.half), np.add(p.middle, p.half)] for p in (*one, *other)])
    low, high = ends[:, 0].min(axis=0), ends[:, 1].max(axis=0)
    cell = float((high - low).max()) / cells
    lines = [
        a + cell * (np.arange(max(1, round(float(b - a) / cell))) + 0.5)
        for a, b in zip(low, high, strict=True)
    ]
    first, second = (_filled(parts, lines) for parts in (one, other))
    either = int((first | second).sum())
    return int((first & second).sum()) / either if either else 0.0


def _filled(parts: list[Part], lines: list[Doubles]) -> NDArray[np.bool_]:
    """Return which places of a grid lie within parts; each part is asked for those of its own box alone."""
    found = np.zeros([len(line) for line in lines], np.bool_)
    for part in parts:
        ends = [
            np.searchsorted(line, (middle - half, middle + half))
            for line, middle, half in zip(lines, part.middle, part.half, strict=True)
        ]
        some = tuple(slice(int(start), int(end)) for start, end in ends)
        x, y, z = np.meshgrid(*(line[own] for line, own in zip(lines, some, strict=True)), indexing="ij")
        found[some] |= np.asarray(part.node.at(x, y, z)) < 0
    return found
