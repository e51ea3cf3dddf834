"""What can be measured of a mesh: area, volume, whether it is closed, how many holes go through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Numbers of one mesh.

    Attributes:
        vertices: Vertices that a triangle has, those at one place counted once.
        edges: Edges between them.
        faces: Triangles.
        area: Sum of the areas.
        volume: Enclosed volume, or None where the mesh is not closed and turned one way.
        watertight: Every edge belongs to two triangles.
        oriented: The two triangles of every edge run along it in opposite directions.
        boundary: Edges of one triangle alone.
        crowded: Edges of more than two triangles (non-manifold).
        parts: Pieces that hang together.
        euler: V − E + F.
        genus: Holes through it, (2·parts − euler)/2, or None where it is not closed.
        flat: Triangles without area.
    """

    vertices: int
    edges: int
    faces: int
    area: float
    volume: float | None
    watertight: bool
    oriented: bool
    boundary: int
    crowded: int
    parts: int
    euler: int
    genus: int | None
    flat: int


def measure(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Measures:
    """Measure a mesh.

    Args:
        vertices: Places, shape (n, 3).
        faces: Triangles, shape (f, 3).

    Returns:
        Its numbers; vertices at exactly the same place are one, as most files write them twice along seams.
    """
    merged, corners = welded(vertices, faces)
    across = np.cross(
        merged[corners[:, 1]] - merged[corners[:, 0]], merged[corners[:, 2]] - merged[corners[:, 0]]
    )
    areas = np.linalg.norm(across, axis=1) / 2
    proper = corners[
        (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2]) & (corners[:, 2] != corners[:, 0])
    ]
    used = np.unique(proper)
    counts, oriented = edge_counts(proper, len(merged))
    boundary, crowded = int((counts == 1).sum()), int((counts > 2).sum())
    watertight = bool(len(proper)) and boundary == 0 and crowded == 0
    parts = pieces(proper, len(merged), used)
    euler = len(used) - len(counts) + len(proper)
    volume = (
        float(np.einsum("ij,ij->i", merged[corners[:, 0]], across).sum() / 6)
        if watertight and oriented
        else None
    )
    return Measures(
        vertices=len(used), edges=len(counts), faces=len(faces), area=float(areas.sum()), volume=volume,
        watertight=watertight, oriented=oriented, boundary=boundary, crowded=crowded, parts=parts, euler=euler,
        genus=(2 * parts - euler) // 2 if watertight and oriented else None, flat=int((areas == 0).sum()),
    )  # fmt: skip


def welded(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> tuple[Doubles, NDArray[np.int64]]:
    """Return the distinct places, and the faces by their numbers."""
    places, number = np.unique(np.asarray(vertices, np.float64), axis=0, return_inverse=True)
    return places, np.asarray(number.ravel(), np.int64)[faces]


def edge_counts(faces: NDArray[np.integer], count: int) -> tuple[NDArray[np.int64], bool]:
    """Return how many triangles each edge has, and whether no edge is run along twice in the same direction."""
    starts, stops = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    low, high = np.minimum(starts, stops), np.maximum(starts, stops)
    _, counts = np.unique(low.astype(np.int64) * count + high, return_counts=True)
    directed = np.unique(starts.astype(np.int64) * count + stops, return_counts=True)[1]
    return counts, bool((directed == 1).all())


def pieces(faces: NDArray[np.integer], count: int, used: NDArray[np.integer]) -> int:
    """Return how many pieces triangles form that share vertices: labels sink to the least of each piece."""
    label = np.arange(count)
    while True:
        least = label[faces].min(axis=1) if len(faces) else np.zeros(0, np.int64)
        before = label.copy()
        for corner in range(3):
            np.minimum.at(label, faces[:, corner], least)
        label = label[label]
        if (label == before).all():
            return len(np.unique(label[used]))
