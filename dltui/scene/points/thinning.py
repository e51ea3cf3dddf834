"""Fewer points: one for each cube of a lattice, those far apart from each other, those that are not alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError, UsageError
from dltui.scene.geometry import Geometry
from dltui.scene.points.neighbours import Tree
from dltui.spelling import in_range

Ints = NDArray[np.int64]
CELLS = 1 << 20  # of a lattice along one side at most
WORK = 4_000_000_000  # distances that farthest points may cost
PARTS = 4  # of the sum of areas, as many times as there are triangles


def voxels(geometry: Geometry, side: float) -> Geometry:
    """Return one point for each cube of a lattice in which there are points: the mean of places, colours and channels.

    Args:
        geometry: Points.
        side: Length of a side of a cube.

    Returns:
        The means, cube by cube; whole numbers of a channel become those of the first point there.

    Raises:
        UsageError: If the side is not above 0, or the lattice would be too fine.
    """
    extent = float(np.ptp(geometry.bounds, axis=0).max())
    if not 0 < side < float("inf"):
        raise UsageError(f"--voxel must be above 0, not {side:g}: try {extent / 50:.3g}")
    if extent / side >= CELLS:
        raise UsageError(
            f"--voxel {side:g} is too fine for an extent of {extent:.3g}: try {extent / 500:.3g}"
        )
    low = geometry.vertices.min(axis=0).astype(np.float64)
    cell = np.floor((geometry.vertices - low) / side).astype(np.int64)
    _, first, whose, count = np.unique(
        (cell[:, 0] * CELLS + cell[:, 1]) * CELLS + cell[:, 2],
        return_index=True, return_inverse=True, return_counts=True,
    )  # fmt: skip

    def mean(values: NDArray[np.generic]) -> NDArray[np.float64]:
        rows = np.asarray(values, np.float64).reshape(len(whose), -1)
        return np.stack([np.bincount(whose, column, len(count)) / count for column in rows.T], axis=1)

    fewer = geometry.chosen(first)
    channels = {
        name: fewer.channels[name] if np.issubdtype(values.dtype, np.integer) else mean(values)[:, 0]
        for name, values in geometry.channels.items()
    }
    normals = None if geometry.normals is None else _unit(mean(geometry.normals))
    rgb = None if geometry.rgb is None else np.round(mean(geometry.rgb)).astype(np.uint8)
    return _with(
        fewer,
        mean(geometry.vertices),
        channels,
        rgb,
        normals,
        f"{len(first):,} means of {len(whose):,} points, one for each voxel of side {side:g}",
    )


def without_outliers(geometry: Geometry, neighbours: int = 16, ratio: float = 2.0) -> Geometry:
    """Return the points whose mean distance to their neighbours is usual (statistical outlier removal, Rusu 2008).

    Args:
        geometry: Points.
        neighbours: How many of them are looked at.
        ratio: Standard deviations above the mean of all points, from which on one is left out.

    Returns:
        The rest.

    Raises:
        UsageError: If there are not so many points.
    """
    in_range("--outliers", "the ratio", ratio, 0, 1e6)
    enough(geometry, neighbours)
    away, _ = Tree(geometry.vertices).nearest(geometry.vertices, neighbours + 1)
    mean = away[:, 1:].mean(axis=1)
    kept = mean <= mean.mean() + ratio * mean.std()
    left = int((~kept).sum())
    return _remarked(geometry.chosen(kept), f"{left:,} outliers taken away")


def farthest(geometry: Geometry, count: int) -> Geometry:
    """Return points that lie far apart: each is the farthest from those before it (Gonzalez 1985).

    Args:
        geometry: Points.
        count: How many are kept; the first one is the first point.

    Returns:
        The points in the order in which they were chosen.

    Raises:
        UsageError: If there are not so many points, or it would take hours.
    """
    total = len(geometry.vertices)
    if not 1 <= count <= total:
        raise UsageError(f"--farthest {count} must be within 1 … {total}, the number of points")
    if count * total > WORK:
        raise UsageError(
            f"--farthest {count} of {total:,} points would take too long: thin them by --voxel first"
        )
    chosen = farthest_numbers(geometry.vertices, count)
    return _remarked(
        geometry.chosen(chosen), f"{count:,} of {total:,} points, each the farthest from those before it"
    )


def farthest_numbers(places: NDArray[np.floating], count: int) -> Ints:
    """Return the numbers of points of which each is the farthest from those before it, beginning with 0."""
    columns = np.ascontiguousarray(np.asarray(places, np.float32).T)
    least = np.full(columns.shape[1], np.inf, np.float32)
    chosen = np.zeros(count, np.int64)
    for i in range(1, count):
        away = columns - columns[:, chosen[i - 1], None]
        away *= away
        np.minimum(least, away.sum(axis=0), out=least)
        chosen[i] = np.argmax(least)
    return chosen


def spread(geometry: Geometry, count: int, seed: int = 0) -> Geometry:
    """Return points drawn evenly from the triangles of a mesh, or from the points of a cloud.

    Args:
        geometry: A mesh or a cloud.
        count: How many.
        seed: Seed of the draw.

    Returns:
        The points; those of a mesh bear the normal of their triangle, and colours and channels between its corners.

    Raises:
        UsageError: If a cloud has fewer points.
        DltuiError: If no triangle has an area.
    """
    numbers = np.random.default_rng(seed)
    total = len(geometry.vertices)
    if not geometry.is_mesh:
        if not 1 <= count <= total:
            raise UsageError(f"--sample {count} must be within 1 … {total}, the number of points")
        return _remarked(
            geometry.chosen(np.sort(numbers.choice(total, count, replace=False))),
            f"{count:,} of {total:,} points",
        )
    corners = geometry.vertices.astype(np.float64)[geometry.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1)
    if not area.sum() > 0:
        raise DltuiError(f"{geometry.title} has no triangle with an area to draw points from")
    which, weight = within(area, count, numbers)

    def between(values: NDArray[np.generic]) -> NDArray[np.float64]:
        held = np.asarray(values, np.float64)[geometry.faces[which]]
        return np.asarray(np.einsum("nk,nk...->n...", weight, held))

    rgb = None if geometry.rgb is None else np.round(between(geometry.rgb)).astype(np.uint8)
    channels = {name: between(values) for name, values in geometry.channels.items()}
    fresh = geometry.chosen(np.zeros(0, np.int64))
    return _with(
        fresh,
        between(geometry.vertices),
        channels,
        rgb,
        _unit(across[which]),
        f"{count:,} points drawn from its triangles",
    )


def within(
    area: NDArray[np.float64], count: int, numbers: np.random.Generator
) -> tuple[Ints, NDArray[np.float64]]:
    """Draw triangles as often as they are large, and places within them that are even.

    Args:
        area: Of the triangles, or anything that grows with it, shape (f,); not all 0.
        count: How many.
        numbers: Where draws come from.

    Returns:
        Numbers of triangles, shape (count,), and the weights of their corners, 1 − √a, √a·(1 − b) and √a·b, shape
        (count, 3).
    """
    which = lots(area, count, numbers)
    root, share = np.sqrt(numbers.random(count)), numbers.random(count)
    return which, np.stack([1 - root, root * (1 - share), root * share], axis=1)


def lots(area: NDArray[np.float64], count: int, numbers: np.random.Generator) -> Ints:
    """Draw triangles as often as they are large.

    Where there are many draws, a table of the first triangle of each of as many parts of the sum brings most of them
    near their own: a search by halves runs all over the memory.

    Args:
        area: Of the triangles, or anything that grows with it, shape (f,); not all 0.
        count: How many.
        numbers: Where draws come from.

    Returns:
        Numbers of triangles, shape (count,).
    """
    ends, total, last = np.cumsum(area), area.sum(), len(area) - 1
    share = numbers.random(count)
    draws, parts = share * total, PARTS * len(area)
    if count < parts:
        found: Ints = np.minimum(np.searchsorted(ends, draws, side="right"), last)
        return found
    low = (
        np.arange(parts) / parts * total * (1 - 1e-12)
    )  # not above any draw of the part, whatever is rounded
    first = np.minimum(np.searchsorted(ends, low, side="right"), last)
    which: Ints = first[np.minimum((share * parts).astype(np.int64), parts - 1)]
    late = np.flatnonzero(ends[which] <= draws)
    for _ in range(PARTS):
        which[late] = np.minimum(which[late] + 1, last)
        late = late[ends[which[late]] <= draws[late]]
    which[late] = np.minimum(np.searchsorted(ends, draws[late], side="right"), last)
    return which


def enough(geometry: Geometry, neighbours: int) -> None:
    """Refuse to look for more neighbours than there are.

    Raises:
        UsageError: If there are.
    """
    if not 1 <= neighbours < len(geometry.vertices):
        raise UsageError(
            f"{neighbours} neighbours of each point need {neighbours + 1} points, but {geometry.title} has "
            f"{len(geometry.vertices)}: try a lower --neighbours"
        )


def _unit(normals: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return normals of length 1; those of length 0 stay."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return (normals / np.where(length > 0, length, 1)).astype(np.float32)


def _with(
    geometry: Geometry,
    places: NDArray[np.float64],
    channels: Mapping[str, NDArray[np.generic]],
    rgb: NDArray[np.uint8] | None,
    normals: NDArray[np.float32] | None,
    remark: str,
) -> Geometry:
    """Return other points under the same name."""
    return replace(
        geometry, vertices=places.astype(np.float32), channels=dict(channels), rgb=rgb, normals=normals,
        remarks=(*geometry.remarks, remark),
    )  # fmt: skip


def _remarked(geometry: Geometry, remark: str) -> Geometry:
    """Return the same with one remark more."""
    return replace(geometry, remarks=(*geometry.remarks, remark))
