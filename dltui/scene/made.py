"""Shapes that a formula makes: as a mesh, or as points spread evenly over the surface, with noise."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dltui.errors import unknown
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.solids import SHAPES, Patch, Solid
from dltui.spelling import in_range, settle_knobs, split_knobs

Doubles = NDArray[np.float64]
MOST = 20_000_000  # points; more would not fit into the memory of a small machine
GRID = 64  # places either way at which a patch is asked how large it is
STEP = 1e-5  # of the width of a patch, by which derivatives are taken
SPARE = 1.05  # by how much the largest area may exceed the largest one that was seen
NEAR = 1e-9  # places that lie closer are one vertex


def is_made(spec: str) -> bool:
    """Return whether a text spells a made shape."""
    return spec.partition(":")[0] in SHAPES


def made(spec: str, *, seed: int = 0, points: bool = False) -> Geometry:
    """Make a shape.

    Args:
        spec: ``sphere``, ``torus:n=5000,noise=0.02``, …
        seed: Seed of the points and the noise.
        points: Spread points over it; else it is a mesh of about so many vertices.

    Returns:
        The shape; points bear the normals of the surface they were taken from.

    Raises:
        UsageError: If there is no such shape or knob, or the knob has no such value.
    """
    name, knobs = split_knobs("shape", spec)
    if name not in SHAPES:
        raise unknown("shape", name, SHAPES)
    builder: Callable[..., Solid] = SHAPES[name]
    solid = builder(**settle_knobs(name, builder, knobs))
    in_range(name, "n", solid.n, 1, MOST)
    in_range(name, "noise", solid.noise, 0, 1e6)
    numbers = np.random.default_rng(seed)
    return scattered(solid, spec, numbers) if points else tiled(solid, spec, numbers)


def scattered(solid: Solid, title: str, numbers: np.random.Generator) -> Geometry:
    """Return points that lie as densely everywhere on a shape, with its normals."""
    grids = [stretch(patch, *middles()) for patch in solid.patches]
    areas = np.array([grid.mean() for grid in grids])
    shares = np.floor(np.cumsum(areas) / areas.sum() * solid.n + 0.5).astype(int)
    places, normals, first = [], [], []
    for patch, grid, count in zip(solid.patches, grids, np.diff(shares, prepend=0).tolist(), strict=True):
        u, v = even(patch, count, numbers, float(grid.max()))
        places.append(patch.at(u, v))
        across = np.cross(*_slopes(patch, u, v))
        length = np.linalg.norm(across, axis=1, keepdims=True)
        normals.append(across / np.where(length > 0, length, 1))
        first.append(u)
    spots = np.concatenate(places)
    if solid.noise:
        spots = spots + numbers.normal(0, solid.noise, spots.shape)
    channels = {solid.channel: np.concatenate(first)} if solid.channel else {}
    if len(solid.patches) > 1:
        channels["part"] = np.repeat(np.arange(len(places)), [len(part) for part in places])
    return geometry_of(spots, title=title, channels=channels, normals=np.concatenate(normals), format="made")


def middles() -> tuple[Doubles, Doubles]:
    """Return the middles of the cells of a grid over the unit square."""
    line = (np.arange(GRID) + 0.5) / GRID
    u, v = np.meshgrid(line, line, indexing="ij")
    return u.ravel(), v.ravel()


def _slopes(patch: Patch, u: Doubles, v: Doubles) -> tuple[Doubles, Doubles]:
    """Return how a place moves with u and with v, where both go from 0 to 1."""
    return (
        (patch.at(u + STEP, v) - patch.at(u - STEP, v)) / (2 * STEP),
        (patch.at(u, v + STEP) - patch.at(u, v - STEP)) / (2 * STEP),
    )


def stretch(patch: Patch, u: Doubles, v: Doubles) -> Doubles:
    """Return by how much area grows from the square to the surface."""
    return np.asarray(np.linalg.norm(np.cross(*_slopes(patch, u, v)), axis=1))


def even(
    patch: Patch, count: int, numbers: np.random.Generator, top: float | None = None
) -> tuple[Doubles, Doubles]:
    """Return places of the square that are even on the surface: drawn, and kept as often as area there is large.

    Args:
        patch: The piece of surface; it has an area.
        count: How many.
        numbers: Where draws come from.
        top: The largest growth of area that was seen; looked for when None.

    Returns:
        u and v in 0…1, shape (count,) each.
    """
    top = SPARE * (float(stretch(patch, *middles()).max()) if top is None else top)
    kept_u, kept_v, found = [np.zeros(0)], [np.zeros(0)], 0
    while found < count:
        u, v, chance = numbers.random((3, max(64, 2 * (count - found))))
        keep = chance * top < stretch(patch, u, v)
        kept_u.append(u[keep])
        kept_v.append(v[keep])
        found += int(keep.sum())
    return np.concatenate(kept_u)[:count], np.concatenate(kept_v)[:count]


def tiled(solid: Solid, title: str, numbers: np.random.Generator) -> Geometry:
    """Return patches as grids of triangles that hang together where their rims meet."""
    fine = math.sqrt(solid.n / sum(patch.cells[0] * patch.cells[1] for patch in solid.patches))
    places, faces, first, count = [], [], [], 0
    for patch in solid.patches:
        wide, high = (max(3 if part > 1 else 1, round(part * fine)) for part in patch.cells)
        u, v = np.meshgrid(np.linspace(0, 1, wide + 1), np.linspace(0, 1, high + 1), indexing="ij")
        places.append(patch.at(u.ravel(), v.ravel()))
        first.append(u.ravel())
        corner = np.arange((wide + 1) * (high + 1)).reshape(wide + 1, high + 1) + count
        a, b, c, d = (
            part.ravel() for part in (corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:])
        )
        faces += [np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)]
        count += u.size
    spots = np.concatenate(places)
    _, chosen, number = np.unique(np.round(spots / NEAR), axis=0, return_index=True, return_inverse=True)
    corners = number.ravel()[np.concatenate(faces)]
    proper = (corners != np.roll(corners, 1, axis=1)).all(axis=1)
    spots = spots[chosen]
    if solid.noise:
        spots = spots + numbers.normal(0, solid.noise, spots.shape)
    channels = {solid.channel: np.concatenate(first)[chosen]} if solid.channel else {}
    return geometry_of(spots, title=title, faces=corners[proper], channels=channels, format="made")
