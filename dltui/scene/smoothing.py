"""Meshes made more even: vertices drawn towards their neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.scene.splitting import edges

Doubles = NDArray[np.float64]
STEP, BACK = 0.5, -0.53  # of the way; Taubin's step back is a little longer
KINDS = ("tangential", "Laplacian", "Taubin")


def smoothed(vertices: NDArray[np.floating], faces: NDArray[np.integer], steps: int, kind: str) -> Doubles:
    """Return the vertices after some steps towards the mean of their neighbours; those of borders stay.

    Args:
        vertices: Places, shape (n, 3).
        faces: Triangles, shape (f, 3).
        steps: How many.
        kind: ``Laplacian`` goes half the way, and shrinks; ``Taubin`` (1995) steps back after each step, and hardly
            shrinks; ``tangential`` goes along the surface only, and evens out the triangles.

    Returns:
        Places, shape (n, 3).
    """
    places = np.asarray(vertices, np.float64).copy()
    found = edges(faces)
    one, other = found.ends.T
    count = np.maximum(np.bincount(found.ends.ravel(), minlength=len(places)), 1)[:, None]
    free = np.ones(len(places), np.bool_)
    free[found.ends[found.sharp].ravel()] = False
    for _ in range(steps):
        for share in (STEP, BACK) if kind == "Taubin" else (STEP,):
            mean = np.zeros_like(places)
            np.add.at(mean, one, places[other])
            np.add.at(mean, other, places[one])
            way = mean / count - places
            if kind == "tangential":
                normal = normals(places, faces)
                way -= np.einsum("ij,ij->i", way, normal)[:, None] * normal
            places[free] += share * way[free]
    return places


def normals(vertices: Doubles, faces: NDArray[np.integer]) -> Doubles:
    """Return unit normals of the vertices, the mean of their triangles' by area, shape (n, 3)."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(total, faces[:, corner], across)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.where(length > 0, length, 1))


def least_angles(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Doubles:
    """Return the least angle of every triangle in degrees, shape (f,): 60 at best, 0 for one without area."""
    corners = np.asarray(vertices, np.float64)[faces]
    found = []
    for corner in range(3):
        one = corners[:, (corner + 1) % 3] - corners[:, corner]
        other = corners[:, (corner + 2) % 3] - corners[:, corner]
        sine, cosine = np.linalg.norm(np.cross(one, other), axis=1), np.einsum("ij,ij->i", one, other)
        found.append(np.degrees(np.arctan2(sine, cosine)))
    return np.asarray(np.min(found, axis=0), np.float64)
