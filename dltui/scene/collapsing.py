"""Meshes with fewer triangles: edges collapsed where that changes the shape least (Garland and Heckbert 1997)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.splitting import edges

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Place = tuple[float, float, float]
Quadric = tuple[float, ...]  # xx xy xz xw yy yz yw zz zw ww of a symmetric 4 × 4 matrix
BORDER = 100.0  # how much more the planes that hold borders weigh
FLIP = 0.2  # least cosine between a triangle before and after


@dataclass(frozen=True, eq=False)
class Coarser:
    """A mesh on the way.

    Attributes:
        vertices: Places, shape (n, 3).
        faces: Triangles, shape (f, 3).
        cost: Largest cost of a collapse so far: squared distances to planes, times their areas.
    """

    vertices: Doubles
    faces: Ints
    cost: float


def collapsed(
    vertices: NDArray[np.floating], faces: NDArray[np.integer], counts: Iterable[int]
) -> Iterator[Coarser]:
    """Yield a mesh with fewer and fewer triangles.

    Every vertex sums up the planes around it as a quadric, vᵀQv the squared distances to them. The edge whose merged
    vertex costs least is collapsed, unless that would turn a triangle over, or join what was apart (link condition).

    Args:
        vertices: Places, shape (n, 3).
        faces: Triangles, shape (f, 3).
        counts: How many triangles each shall have, falling.

    Yields:
        The mesh as soon as it has as few, or what is left when nothing can be collapsed any more.
    """
    work = _Work(np.asarray(vertices, np.float64), np.asarray(faces, np.int64))
    for count in counts:
        work.down_to(count)
        yield work.mesh()


class _Work:
    """A mesh whose edges are being collapsed."""

    def __init__(self, vertices: Doubles, faces: Ints) -> None:
        self.places: list[Place] = [(x, y, z) for x, y, z in vertices.tolist()]
        self.faces: dict[int, tuple[int, int, int]] = {
            i: (a, b, c) for i, (a, b, c) in enumerate(faces.tolist())
        }
        self.around: list[set[int]] = [set() for _ in self.places]
        for i, face in self.faces.items():
            for corner in face:
                self.around[corner].add(i)
        self.quadrics = _quadrics(vertices, faces)
        self.stamp = [0] * len(self.places)
        self.cost = 0.0
        self.heap: list[tuple[float, int, int, int, Place]] = []
        for a, b in edges(faces).ends.tolist():
            self._offer(a, b)
        heapq.heapify(self.heap)

    def down_to(self, count: int) -> None:
        """Collapse edges until no more triangles than that are left."""
        while len(self.faces) > count and self.heap:
            cost, stamp, a, b, place = heapq.heappop(self.heap)
            if stamp != self.stamp[a] + self.stamp[b] or not (self.around[a] and self.around[b]):
                continue
            if self._fits(a, b, place):
                self.cost = max(self.cost, cost)
                self._merge(a, b, place)

    def mesh(self) -> Coarser:
        """Return the mesh as it is."""
        corners = np.array(list(self.faces.values()), np.int64).reshape(-1, 3)
        used, number = np.unique(corners, return_inverse=True)
        return Coarser(np.array(self.places)[used].reshape(-1, 3), number.reshape(-1, 3), self.cost)

    def _neighbours(self, vertex: int) -> set[int]:
        return {corner for face in self.around[vertex] for corner in self.faces[face]} - {vertex}

    def _offer(self, a: int, b: int, *, push: bool = False) -> None:
        """Put an edge on the heap with what its collapse costs."""
        quadric = tuple(p + q for p, q in zip(self.quadrics[a], self.quadrics[b], strict=True))
        one, other = self.places[a], self.places[b]
        middle = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2, (one[2] + other[2]) / 2)
        best = _lowest(quadric)
        choices = [best] if best and _close(best, one, other) else [middle, one, other]
        cost, place = min((max(_value(quadric, at), 0.0), at) for at in choices)
        entry = (cost, self.stamp[a] + self.stamp[b], a, b, place)
        heapq.heappush(self.heap, entry) if push else self.heap.append(entry)

    def _fits(self, a: int, b: int, place: Place) -> bool:
        """Return whether an edge may go: the same topology after it, and no triangle turned over."""
        shared = self.around[a] & self.around[b]
        if len(self._neighbours(a) & self._neighbours(b)) != len(shared) or len(self.faces) - len(shared) < 4:
            return False
        for vertex in (a, b):
            for face in self.around[vertex] - shared:
                corners = [self.places[corner] for corner in self.faces[face]]
                moved = [place if corner == vertex else self.places[corner] for corner in self.faces[face]]
                before, after = _across(corners), _across(moved)
                if _dot(before, after) <= FLIP * (_dot(before, before) * _dot(after, after)) ** 0.5:
                    return False
        return True

    def _merge(self, a: int, b: int, place: Place) -> None:
        """Let b become a, at a new place."""
        for face in self.around[a] & self.around[b]:
            for corner in self.faces.pop(face):
                self.around[corner].discard(face)
        for face in self.around[b]:
            p, q, r = (a if corner == b else corner for corner in self.faces[face])
            self.faces[face] = (p, q, r)
        self.around[a] |= self.around[b]
        self.around[b] = set()
        self.places[a] = place
        self.quadrics[a] = tuple(p + q for p, q in zip(self.quadrics[a], self.quadrics[b], strict=True))
        self.stamp[a] = max(self.stamp[a], self.stamp[b]) + len(self.places)
        for other in self._neighbours(a):
            self._offer(a, other, push=True)


def _quadrics(vertices: Doubles, faces: Ints) -> list[Quadric]:
    """Return the planes around every vertex, weighed by area, and across borders."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    area = np.linalg.norm(across, axis=1)
    normal = across / np.where(area > 0, area, 1)[:, None]
    total = np.zeros((len(vertices), 10))
    planes = _planes(normal, a, area / 2)
    for corner in range(3):
        np.add.at(total, faces[:, corner], planes)
    found = edges(faces)
    whose, side = np.nonzero(found.faces[found.number] == 1)
    start, stop = faces[whose, side], faces[whose, (side + 1) % 3]
    upright = np.cross(vertices[stop] - vertices[start], normal[whose])
    length = np.linalg.norm(upright, axis=1)
    held = _planes(upright / np.where(length > 0, length, 1)[:, None], vertices[start], BORDER * length**2)
    for ends in (start, stop):
        np.add.at(total, ends, held)
    return [tuple(row) for row in total.tolist()]


def _planes(normal: Doubles, point: Doubles, weight: Doubles) -> Doubles:
    """Return the quadrics of planes, shape (n, 10)."""
    p = np.concatenate([normal, -np.einsum("ij,ij->i", normal, point)[:, None]], axis=1)
    i, j = np.triu_indices(4)
    return np.asarray(weight[:, None] * p[:, i] * p[:, j])


def _value(quadric: Quadric, at: Place) -> float:
    """Return vᵀQv."""
    xx, xy, xz, xw, yy, yz, yw, zz, zw, ww = quadric
    x, y, z = at
    return (
        xx * x * x + yy * y * y + zz * z * z + ww
        + 2 * (xy * x * y + xz * x * z + yz * y * z + xw * x + yw * y + zw * z)
    )  # fmt: skip


def _lowest(quadric: Quadric) -> Place | None:
    """Return where vᵀQv is least, or None where that is a line or a plane (Cramer's rule)."""
    xx, xy, xz, xw, yy, yz, yw, zz, zw, _ = quadric
    a, b, c = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    det = xx * a + xy * b + xz * c
    if abs(det) <= 1e-6 * (xx + yy + zz) ** 3:
        return None
    d, e, f = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    return (
        -(a * xw + b * yw + c * zw) / det,
        -(b * xw + d * yw + e * zw) / det,
        -(c * xw + e * yw + f * zw) / det,
    )


def _close(at: Place, one: Place, other: Place) -> bool:
    """Return whether a place is no farther from the middle of an edge than the edge is long."""
    middle = [(p + q) / 2 for p, q in zip(one, other, strict=True)]
    away = sum((p - q) ** 2 for p, q in zip(at, middle, strict=True))
    return away <= sum((p - q) ** 2 for p, q in zip(one, other, strict=True))


def _across(corners: list[Place]) -> Place:
    """Return the normal of a triangle, twice as long as its area."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


def _dot(one: Place, other: Place) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
