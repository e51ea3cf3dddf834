"""Meshes made finer: every polygon split, flat at midpoints or smoothed (Loop 1987, Catmull and Clark 1978)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Split = Callable[[Doubles, Ints], tuple[Doubles, Ints]]


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a mesh of polygons with as many corners each.

    Attributes:
        ends: Both vertices of each, the lower number first, shape (e, 2).
        number: The edge from each corner of a polygon to the next one, shape (f, k).
        faces: Polygons at each edge, shape (e,).
    """

    ends: Ints
    number: Ints
    faces: Ints

    @property
    def sharp(self) -> NDArray[np.bool_]:
        """Edges that have not two polygons: borders, and where more meet."""
        return np.asarray(self.faces != 2)


def edges(polygons: NDArray[np.integer]) -> Edges:
    """Return the edges of polygons, shape (f, k)."""
    corners = np.asarray(polygons, np.int64)
    pairs = np.sort(np.stack([corners, np.roll(corners, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    ends, number, counts = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return Edges(ends, np.asarray(number, np.int64).reshape(corners.shape), counts)


def midpoint(vertices: Doubles, faces: Ints) -> tuple[Doubles, Ints]:
    """Split every triangle into four at the middles of its sides; the shape stays as it is.

    Args:
        vertices: Places, shape (n, 3).
        faces: Triangles, shape (f, 3).

    Returns:
        Places, the old ones first and then one for each edge, and triangles, shape (4f, 3).
    """
    found = edges(faces)
    return np.concatenate([vertices, vertices[found.ends].mean(axis=1)]), _quartered(
        faces, found, len(vertices)
    )


def loop(vertices: Doubles, faces: Ints) -> tuple[Doubles, Ints]:
    """Split every triangle into four and smooth: the limit is a surface without kinks (Loop 1987).

    A new vertex is 3/8 of both ends of its edge and 1/8 of both corners opposite; an old one with n neighbours keeps
    1 − nβ and takes β of each, β = (5/8 − (3/8 + ¼·cos 2π/n)²)/n. Along borders ½, ½ and 1/8, 3/4, 1/8.

    Args:
        vertices: Places, shape (n, 3).
        faces: Triangles, shape (f, 3).

    Returns:
        Places and triangles, shape (4f, 3), in the order of ``midpoint``.
    """
    found = edges(faces)
    ends = vertices[found.ends].sum(axis=1)
    opposite = np.zeros((len(found.ends), 3))
    for corner in range(3):
        np.add.at(opposite, found.number[:, corner], vertices[faces[:, (corner + 2) % 3]])
    fresh = np.where(found.sharp[:, None], ends / 2, 3 / 8 * ends + opposite / 8)
    total, valence = _around(vertices, found.ends)
    n = np.maximum(valence, 1)
    beta = (5 / 8 - (3 / 8 + np.cos(2 * np.pi / n) / 4) ** 2) / n
    old = (1 - n * beta)[:, None] * vertices + beta[:, None] * total
    return np.concatenate([_creased(old, vertices, found), fresh]), _quartered(faces, found, len(vertices))


def catmull_clark(vertices: Doubles, polygons: Ints) -> tuple[Doubles, Ints]:
    """Split every polygon into quadrangles, one for each corner, and smooth (Catmull and Clark 1978).

    A polygon gives its mean F; an edge the mean of both ends and both F beside it; a vertex of n edges moves to
    (Q + 2R + (n − 3)·S)/n, with Q the mean of the F around it, R that of the middles of its edges, S itself.

    Args:
        vertices: Places, shape (n, 3).
        polygons: Corners, shape (f, k).

    Returns:
        Places: old ones, one for each edge, one for each polygon; and quadrangles, shape (f·k, 4).
    """
    found = edges(polygons)
    count, k = polygons.shape
    faces = vertices[polygons].mean(axis=1)
    ends = vertices[found.ends].sum(axis=1)
    beside = np.zeros((len(found.ends), 3))
    np.add.at(beside, found.number.ravel(), np.repeat(faces, k, axis=0))
    fresh = np.where(found.sharp[:, None], ends / 2, (ends + beside) / 4)
    total, valence = _around(vertices, found.ends)
    n = np.maximum(valence, 1)[:, None]
    q, around = np.zeros_like(vertices), np.bincount(polygons.ravel(), minlength=len(vertices))
    np.add.at(q, polygons.ravel(), np.repeat(faces, k, axis=0))
    q /= np.maximum(around, 1)[:, None]
    old = (q + (total / n + vertices) + (n - 3) * vertices) / n  # 2R is the mean neighbour and itself
    first, last = len(vertices), len(vertices) + len(fresh)
    middle = np.repeat(last + np.arange(count), k)
    before = np.roll(found.number, 1, axis=1)
    quads = np.stack([polygons.ravel(), first + found.number.ravel(), middle, first + before.ravel()], axis=1)
    return np.concatenate([_creased(old, vertices, found), fresh, faces]), quads


SPLITS: dict[str, Split] = {"midpoint": midpoint, "Loop": loop, "Catmull-Clark": catmull_clark}


def _around(vertices: Doubles, ends: Ints) -> tuple[Doubles, Ints]:
    """Return the sum of the neighbours of each vertex, and how many there are."""
    total = np.zeros_like(vertices)
    for one, other in (ends.T, ends.T[::-1]):
        np.add.at(total, one, vertices[other])
    return total, np.bincount(ends.ravel(), minlength=len(vertices))


def _creased(old: Doubles, vertices: Doubles, found: Edges) -> Doubles:
    """Return smoothed places, but along borders those of the border alone, and corners as they were."""
    total, valence = _around(vertices, found.ends[found.sharp])
    line, corner = valence == 2, valence > 2
    moved = np.where(line[:, None], 3 / 4 * vertices + total / 8, old)
    return np.where(corner[:, None], vertices, moved)


def _quartered(faces: Ints, found: Edges, first: int) -> Ints:
    """Return the four parts of every triangle; new vertices are numbered by their edges from ``first`` on."""
    a, b, c = faces.T
    ab, bc, ca = first + found.number.T
    parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.stack([np.stack(part, axis=1) for part in parts], axis=1).reshape(-1, 3)
