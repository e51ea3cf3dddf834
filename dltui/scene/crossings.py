"""Where rays cross the triangles of a mesh: for a camera the nearest crossing, for inside and outside their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.scene.cameras import Camera

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
PAIRS = 1 << 18  # of ray and triangle at once: their products stay in the cache of a core
ROUND = 0.01  # pixels by which boxes are widened: rays are float32
SLANT = np.array([0.5377, 0.2631, 0.8010])  # a direction that no edge of an ordinary shape has


@dataclass(frozen=True, eq=False)
class Crossings:
    """Pairs of ray and triangle that meet.

    Attributes:
        ray: Number of the ray of each crossing, ascending, shape (k,).
        face: Number of the triangle, shape (k,).
        distance: How far along the ray, in lengths of its direction, shape (k,); above 0.
        tested: Pairs that were looked at.
    """

    ray: Ints
    face: Ints
    distance: Doubles
    tested: int


def crossings(
    origin: NDArray[np.floating],
    way: NDArray[np.floating],
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
) -> Crossings:
    """Return all crossings of rays with triangles.

    A line passes each side of a triangle on the left or on the right: the sign of the product of their Plücker
    coordinates, d·(p × q) + (o × d)·(q − p). It crosses the triangle when the three signs agree.

    Args:
        origin: Where each ray begins, shape (n, 3).
        way: Where it goes, shape (n, 3).
        vertices: Places, shape (v, 3).
        faces: Triangles, shape (f, 3).

    Returns:
        The crossings beyond the origins, ray by ray.
    """
    o, d = np.asarray(origin, np.float64), np.asarray(way, np.float64)
    lines, sides, corners = _products(o, d, vertices, faces)
    found: list[tuple[Ints, Ints]] = []
    at_once = max(1, PAIRS // max(len(corners), 1))
    for start in range(0, len(o), at_once):
        turned = [(lines[start : start + at_once] @ side.T).ravel() for side in sides]
        first, second, third = (part > 0 for part in turned)
        same = np.flatnonzero((first == second) & (first == third))
        met = same[_agree([part[same] for part in turned])]
        ray, face = np.divmod(met, max(len(corners), 1))
        found.append((ray + start, face))
    ray, face = (np.concatenate([part[i] for part in found] or [np.zeros(0, np.int64)]) for i in (0, 1))
    return _ahead(o, d, corners, ray, face, len(o) * len(corners))


def _products(
    o: Doubles, d: Doubles, vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> tuple[Doubles, list[Doubles], Doubles]:
    """Return Plücker coordinates of rays and of the three sides of each triangle, and the corners, shape (f, 3, 3)."""
    corners = np.asarray(vertices, np.float64)[np.asarray(faces, np.int64)]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    sides = [np.concatenate([np.cross(p, q), q - p], axis=1) for p, q in ((a, b), (b, c), (c, a))]
    return np.concatenate([d, np.cross(o, d)], axis=1), sides, corners


def _agree(turned: list[Doubles]) -> NDArray[np.bool_]:
    """Return where a line passes all three sides on the same hand; a 0 is an edge, which does not count."""
    return np.asarray(np.abs(np.sign(turned).sum(axis=0)) == len(turned))


def _ahead(o: Doubles, d: Doubles, corners: Doubles, ray: Ints, face: Ints, tested: int) -> Crossings:
    """Return the crossings that lie before the origins."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    across = np.cross(b - a, c - a)
    distance = np.einsum("ij,ij->i", across[face], a[face] - o[ray]) / np.einsum(
        "ij,ij->i", across[face], d[ray]
    )
    ahead = distance > 0
    return Crossings(ray[ahead], face[ahead], distance[ahead], tested)


def inside(
    places: NDArray[np.floating], vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> tuple[NDArray[np.bool_], Crossings]:
    """Return which places lie inside a closed mesh: a ray from there crosses it an odd number of times.

    Args:
        places: Shape (n, 3).
        vertices: Places of the mesh, shape (v, 3).
        faces: Triangles, shape (f, 3).

    Returns:
        The verdicts, shape (n,), and the crossings of the rays.
    """
    found = crossings(places, np.broadcast_to(SLANT, np.shape(places)), vertices, faces)
    return np.bincount(found.ray, minlength=len(places)) % 2 == 1, found


def depth_map(
    camera: Camera, vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> tuple[Doubles, Ints]:
    """Return what a depth camera sees of a mesh.

    Args:
        camera: A pinhole camera.
        vertices: Places, shape (v, 3).
        faces: Triangles, shape (f, 3).

    Returns:
        Distance along the axis of the camera at the middle of every pixel, NaN past all, and the triangle that is seen
        there, −1 past all; both of shape (height, width).
    """
    origin, way = camera.rays()
    along = way.T / (way.T @ -camera.pose[:3, 2])[:, None]  # so that a length of 1 is a depth of 1
    o, d = origin.T.astype(np.float64), along.astype(np.float64)
    near = _boxes(camera, vertices, faces)
    if near is None:
        found = crossings(o, d, vertices, faces)
    else:
        lines, sides, corners = _products(o, d, vertices, faces)
        parts, tested = [], 0
        for ray, face in _pairs(*near, camera.width):
            met = _agree([np.einsum("ij,ij->i", lines[ray], side[face]) for side in sides])
            parts.append((ray[met], face[met]))
            tested += len(ray)
        ray, face = (np.concatenate([part[i] for part in parts] or [np.zeros(0, np.int64)]) for i in (0, 1))
        found = _ahead(o, d, corners, ray, face, tested)
    nearest = np.lexsort((found.distance, found.ray))
    ray, first = np.unique(found.ray[nearest], return_index=True)
    depth = np.full(camera.width * camera.height, np.nan)
    face = np.full(depth.size, -1, np.int64)
    depth[ray], face[ray] = found.distance[nearest][first], found.face[nearest][first]
    return depth.reshape(camera.height, camera.width), face.reshape(camera.height, camera.width)


def _boxes(
    camera: Camera, vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> tuple[Ints, Ints, Ints, Ints] | None:
    """Return left, top, width and height of the triangles on the picture, or None where boxes say nothing."""
    column, row, depth = camera.project(np.asarray(vertices, np.float64).T)
    if any(camera.distortion) or not (depth > 0).all():
        return None
    ends = []
    for place, size in ((column[faces], camera.width), (row[faces], camera.height)):
        low, high = np.ceil(place.min(axis=1) - 0.5 - ROUND), np.floor(place.max(axis=1) - 0.5 + ROUND)
        ends.append((low.clip(0, size).astype(np.int64), (high + 1).clip(0, size).astype(np.int64)))
    (left, right), (top, bottom) = ends
    return left, top, np.maximum(right - left, 0), np.maximum(bottom - top, 0)


def _pairs(left: Ints, top: Ints, wide: Ints, high: Ints, width: int) -> Iterator[tuple[Ints, Ints]]:
    """Yield pixels of a picture and the triangles whose boxes hold them, so many pairs at once, or one triangle."""
    count = wide * high
    whole = np.flatnonzero(count)
    ends = np.cumsum(count[whole])
    start = 0
    while start < whole.size:
        done = ends[start - 1] if start else 0
        stop = max(int(np.searchsorted(ends, done + PAIRS, side="right")), start + 1)
        chosen = whole[start:stop]
        some = count[chosen]
        face = np.repeat(chosen, some)
        place = np.arange(len(face)) - np.repeat(np.cumsum(some) - some, some)
        down, across = np.divmod(place, wide[face])
        yield (top[face] + down) * width + left[face] + across, face
        start = stop
