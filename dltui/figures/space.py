"""Figures in space: points, triangles and lines before one eye."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dltui.figures.base import Array, Figure, number, span
from dltui.figures.fields import ColorMap

Shade = Literal["flat", "smooth", "wire", "normal", "depth", "plain"]
Projection = Literal["perspective", "orthographic"]
Floats = NDArray[np.float32]
BLOCK = 1 << 18  # points whose distances are worked out at once


def _none(*shape: int, kind: type = np.float32) -> Array:
    """Return an array without entries."""
    return np.zeros(shape, kind)


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene(Figure):
    """Points, triangles and line segments in space; one hides the other.

    Attributes:
        points: Places, shape (n, 3), float32; they may lie in a file that is mapped into memory.
        point_values: A number for each point that colours it, shape (n,), or None.
        point_rgb: Colours in 0…255, shape (n, 3), or None; they win over the values.
        vertices: Corners of triangles, shape (v, 3).
        faces: Three corners of each triangle, counter-clockwise seen from outside, shape (f, 3).
        vertex_values: A number for each corner, shape (v,), or None.
        vertex_rgb: Colours in 0…255, shape (v, 3), or None; they win over the values.
        segments: Ends of lines, shape (s, 2, 3).
        segment_rgb: Colours in 0…255, shape (s, 3), or None.
        value_label: What the numbers are, with their unit.
        value_names: What whole numbers stand for, where they are classes.
        colormap: Colours of the numbers.
        shade: How triangles are lit: ``flat``, ``smooth``, ``wire`` (edges over dark faces), ``normal`` (where they
            face), ``depth``, or ``plain`` (no light). Points are coloured by ``normal`` and ``depth`` too.
        relief: Darken points beside nearer ones (eye-dome lighting, Boucheny 2009).
        size: Pixels of a point across and down; 0 for what suits their number.
        projection: ``perspective`` or ``orthographic``.
        up: The axis that points up.
        box: Draw the edges of the box around everything, its axes coloured and named, and tell where they end.
        origin: What was taken off all places; it is put back wherever coordinates are told.
        normals: Unit normals of the points, shape (n, 3), or None.
        azimuth: Degrees around the upright axis, from where it is seen at first and on paper.
        elevation: Degrees above the ground, of the same eye.
        zoom: How many times nearer it is.
        shift: How far the picture is moved right and up, in widths of its shorter side.
        place: Where the eye stands if it flies freely, or None where it goes around the scene.
    """

    points: Array = field(default_factory=lambda: _none(0, 3))
    point_values: Array | None = None
    point_rgb: Array | None = None
    vertices: Array = field(default_factory=lambda: _none(0, 3))
    faces: Array = field(default_factory=lambda: _none(0, 3, kind=np.int32))
    vertex_values: Array | None = None
    vertex_rgb: Array | None = None
    segments: Array = field(default_factory=lambda: _none(0, 2, 3))
    segment_rgb: Array | None = None
    value_label: str = ""
    value_names: tuple[str, ...] = ()
    colormap: ColorMap = "viridis"
    shade: Shade = "flat"
    relief: bool = True
    size: int = 0
    projection: Projection = "perspective"
    up: Literal["z", "y"] = "z"
    box: bool = False
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    normals: Array | None = None
    azimuth: float = 35.0
    elevation: float = 30.0
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    place: tuple[float, float, float] | None = None

    @cached_property
    def bounds(self) -> Floats:
        """Least and greatest coordinates of everything that is finite, shape (2, 3); 0 where there is nothing."""
        ends = [_ends(part) for part in (self.points, self.vertices, self.segments.reshape(-1, 3))]
        known = [end for end in ends if end is not None]
        if not known:
            return np.zeros((2, 3), np.float32)
        low, high = np.min([low for low, _ in known], axis=0), np.max([high for _, high in known], axis=0)
        return np.stack([low, high]).astype(np.float32)

    def spans(self) -> tuple[tuple[float, float], ...]:
        """Return the least and the greatest x, y and z, the origin put back."""
        low, high = self.bounds.astype(np.float64) + np.array(self.origin)
        return tuple(zip(low.tolist(), high.tolist(), strict=True))

    @cached_property
    def radius(self) -> float:
        """Greatest distance of anything from the middle of the bounds; 0 where there is nothing."""
        middle = self.bounds.mean(axis=0)
        parts = (self.points, self.vertices, self.segments.reshape(-1, 3))
        found = (
            np.asarray(part[i : i + BLOCK]) - middle for part in parts for i in range(0, len(part), BLOCK)
        )
        squares = [np.einsum("ij,ij->i", one, one) for one in found]
        largest = max((float(np.max(one[np.isfinite(one)], initial=0)) for one in squares), default=0.0)
        return math.sqrt(largest)

    @cached_property
    def columns(self) -> Floats:
        """The points as three rows of numbers, shape (3, n), which is read fastest."""
        return np.ascontiguousarray(np.asarray(self.points, np.float32).T)

    @cached_property
    def corners(self) -> Floats:
        """The vertices as three rows of numbers, shape (3, v)."""
        return np.ascontiguousarray(np.asarray(self.vertices, np.float32).T)

    @cached_property
    def triangles(self) -> NDArray[np.int32]:
        """The faces as three rows of corners, shape (3, f)."""
        return np.ascontiguousarray(np.asarray(self.faces, np.int32).T)

    @cached_property
    def vertex_normals(self) -> Floats:
        """Unit normals of the vertices, the mean of their faces' by area, shape (v, 3); 0 where there is none."""
        a, b, c = (np.asarray(self.vertices, np.float64)[self.triangles[i]] for i in range(3))
        across = np.cross(b - a, c - a)
        total = np.zeros((len(self.vertices), 3))
        for axis in range(3):
            for corner in self.triangles:
                total[:, axis] += np.bincount(corner, across[:, axis], len(total))
        length = np.linalg.norm(total, axis=1, keepdims=True)
        return (total / np.where(length > 0, length, 1)).astype(np.float32)

    @property
    def values(self) -> Array | None:
        """The numbers that colours stand for, or None."""
        if self.point_values is not None and self.point_rgb is None:
            return self.point_values
        return self.vertex_values if self.vertex_rgb is None else None

    @cached_property
    def value_ends(self) -> Array:
        """The least and the greatest of them that are finite, shape (2,); nothing where there is none."""
        values = np.asarray(() if self.values is None else self.values, np.float64)
        known = values[np.isfinite(values)]
        return np.array([known.min(), known.max()] if known.size else [])

    def some(self, count: int) -> NDArray[np.int64]:
        """Return the numbers of about ``count`` points, evenly drawn from all, ascending; the same every time."""
        total = len(self.points)
        if count >= total:
            return np.arange(total)
        jitter = np.random.default_rng(0).random(count)
        return np.minimum(((np.arange(count) + jitter) * (total / count)).astype(np.int64), total - 1)

    def told(self) -> str:
        """Return the range of the numbers that colours stand for, or how many classes there are; empty without any."""
        values = self.point_values if self.point_values is not None else self.vertex_values
        if values is None:
            return ""
        name, count = self.value_label or "value", len(self.value_names)
        return f"{name} in {count} class{'es' * (count != 1)}" if count else f"{name} {span(values)}"

    def words(self) -> str:
        """Return what there is and how large it is."""
        parts = [
            f"{len(part):,} {name}{'s' * (len(part) != 1)}"
            for part, name in ((self.points, "point"), (self.faces, "triangle"), (self.segments, "line"))
            if len(part)
        ]
        if not parts:
            return "Nothing in space."
        extent = ", ".join(f"{name} {apart(*ends)}" for name, ends in zip("xyz", self.spans(), strict=True))
        values = self.point_values if self.point_values is not None else self.vertex_values
        told = f" {self.told()}." if values is not None else ""
        return f"{' and '.join(parts)}; {extent}.{told}"


def apart(low: float, high: float) -> str:
    """Return both ends of a range, with digits enough to tell them apart."""
    digits = digits_of(low, high)
    return f"{number(low, digits)} … {number(high, digits)}"


def digits_of(low: float, high: float) -> int:
    """Return how many digits tell both ends of a range apart to a thousandth of it: more where it lies far from 0."""
    apart = high - low
    if not (math.isfinite(apart) and apart > 0):
        return 4
    return min(12, max(4, math.ceil(math.log10(max(abs(low), abs(high)) / apart) + 3)))


def _ends(places: Array) -> tuple[Array, Array] | None:
    """Return least and greatest finite coordinates of places, or None where there are none."""
    if not len(places):
        return None
    low, high = np.min(places, axis=0), np.max(places, axis=0)
    if np.isfinite(low).all() and np.isfinite(high).all():
        return low, high
    known = places[np.isfinite(places).all(axis=1)]
    return (known.min(axis=0), known.max(axis=0)) if len(known) else None
