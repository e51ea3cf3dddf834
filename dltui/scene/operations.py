"""What a person asks to be done with a shape before it is looked at, in the order in which it is done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dltui.errors import UsageError
from dltui.progress import Report, silent
from dltui.scene.geometry import Geometry

if TYPE_CHECKING:
    from dltui.scene.points.distances import Apart
    from dltui.scene.points.registration import Motion

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is done with points, from the first to the last.

    Attributes:
        scale: All coordinates are multiplied by it first.
        sample: So many points are drawn from the triangles, or from the points; 0 for all.
        voxel: One point is kept for each cube of such a side; 0 for none.
        outliers: Points are left out whose neighbours are so many standard deviations farther away than is usual; 0
            for none.
        farthest: So many points are kept that lie far apart; 0 for all.
        normals: Normals are found from the neighbours.
        density: Every point is told how densely others lie around it.
        neighbours: Neighbours for outliers, normals and density.
    """

    scale: float = 1.0
    sample: int = 0
    voxel: float = 0.0
    outliers: float = 0.0
    farthest: int = 0
    normals: bool = False
    density: bool = False
    neighbours: int = 16


def carried_out(geometry: Geometry, wishes: Wishes, *, seed: int = 0) -> Geometry:
    """Return a shape after what was asked for.

    Args:
        geometry: What was read or made.
        wishes: What is done.
        seed: Seed of what is drawn.

    Returns:
        The shape; what was done stands in its remarks.

    Raises:
        UsageError: If something can't be done with so many points.
    """
    from dltui.scene.points import normals, thinning

    found = scaled(geometry, wishes.scale)
    if wishes.sample:
        found = thinning.spread(found, wishes.sample, seed)
    if wishes.voxel:
        found = thinning.voxels(found, wishes.voxel)
    if wishes.outliers:
        found = thinning.without_outliers(found, wishes.neighbours, wishes.outliers)
    if wishes.farthest:
        found = thinning.farthest(found, wishes.farthest)
    if wishes.normals:
        found = normals.with_normals(found, wishes.neighbours)
    if wishes.density:
        found = normals.with_density(found, wishes.neighbours)
    return found


def scaled(geometry: Geometry, scale: float) -> Geometry:
    """Return a shape with all coordinates multiplied.

    Raises:
        UsageError: If the scale is not above 0: a negative one would turn the shape inside out.
    """
    if not 0 < scale < float("inf"):
        raise UsageError(f"--scale must be above 0, not {scale:g}: a negative one turns a shape inside out")
    if scale == 1:
        return geometry
    return replace(geometry, vertices=geometry.vertices * np.float32(scale), origin=geometry.origin * scale)


def compared(
    geometry: Geometry, other: Geometry, *, align: bool, seed: int = 0, report: Report = silent
) -> tuple[Geometry, Apart, Motion | None]:
    """Compare a cloud with another one, laid upon it before if wished.

    Args:
        geometry: The cloud.
        other: The other one.
        align: Move the cloud so that it fits best.
        seed: Seed of what is drawn.
        report: Told how far the motion is found.

    Returns:
        The cloud, moved if wished and with the origin of the other one; how far they are apart; and the motion, in the
        true coordinates of both.
    """
    from dltui.scene.points.distances import apart
    from dltui.scene.points.registration import Motion, register

    shift = geometry.origin - other.origin
    places = geometry.vertices.astype(np.float64) + shift
    fixed, motion = other.vertices.astype(np.float64), None
    if align:
        local = register(places, fixed, seed=seed, report=report)
        places = local(places)
        turn = local.matrix.copy()
        turn[:3, 3] += other.origin - turn[:3, :3] @ other.origin
        motion = Motion(turn, local.rms, local.share, local.steps)
    normals = geometry.normals
    if motion is not None and normals is not None:
        normals = (normals @ motion.matrix[:3, :3].T).astype(np.float32)
    moved = replace(geometry, vertices=places.astype(np.float32), origin=other.origin, normals=normals)
    return moved, apart(places, fixed, seed=seed), motion


def rulers(texts: list[str], count: int, title: str) -> Pairs:
    """Return the pairs of points between which it is measured.

    Args:
        texts: Such as ``0,17``.
        count: How many points there are.
        title: What they are called.

    Returns:
        Their numbers.

    Raises:
        UsageError: If a text is no pair, or a point is not there.
    """
    found = []
    for text in texts:
        try:
            one, other = (int(part) for part in text.split(","))
        except ValueError as error:
            raise UsageError(
                f"can't read --ruler {text!r}: expected the numbers of two points such as 0,17"
            ) from error
        if not (0 <= one < count and 0 <= other < count):
            raise UsageError(f"--ruler {text} names a point that {title} has not: expected 0 … {count - 1}")
        found.append((one, other))
    return tuple(found)
