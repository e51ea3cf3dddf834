"""From an implicit surface to the result that is shown: mesh, picture, cut, probes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError, UsageError
from dltui.progress import Report, silent
from dltui.results.implicit import Implicit
from dltui.scene.cameras import Camera, looking
from dltui.scene.cubes import marching_cubes
from dltui.scene.mesh import measure
from dltui.scene.octree import grow
from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.trace import CLOSE, Traced, normals, shadowed, trace
from dltui.scene.voxels import occupied, shell

Doubles = NDArray[np.float64]
REACH = 2.0  # of what has no end
ROOM = 1.1  # how much larger the cube is than what it holds
SLAB = 16  # layers of the grid at once
PICTURE = (240, 180)
PAPER, CLAY = 0.0, np.array([0.92, 0.84, 0.73])
LAMP = np.array([-0.5, 0.6, 0.62])  # towards the lamp as the camera has it: over its left shoulder
LAMP /= np.linalg.norm(LAMP)
AMBIENT, HEAD = 0.18, 0.32  # light from everywhere, and from where the camera is; the rest is the lamp's
CUT = 121
OCTREE = 7  # halvings
VOXELS = 32  # along an axis


def surface(
    node: Node,
    *,
    title: str = "",
    reach: float | None = None,
    resolution: int = 96,
    axis: str = "z",
    level: float = 0.0,
    probes: Sequence[tuple[float, float, float]] = (),
    azimuth: float = 35.0,
    elevation: float = 30.0,
    report: Report = silent,
) -> Implicit:
    """Look at an implicit surface in every way.

    Args:
        node: The surface.
        title: What to call it; its text when empty.
        reach: Half the side of the cube that is looked at; what holds it all when None, 2 where it has no end.
        resolution: Cells of the grid, either way.
        axis: The axis that the cut stands on.
        level: Where on it.
        probes: Places to be asked about.
        azimuth: From where the picture is taken, degrees.
        elevation: The same, above the ground.
        report: Told how far it is.

    Returns:
        The result.

    Raises:
        UsageError: If the numbers make no sense.
        DltuiError: If the function gives what is no number.
    """
    if reach is not None and not 0 < reach < 1e6:
        raise UsageError(f"can't look at a cube of half side {reach:g}: expected a number above 0")
    half = reach or (node.reach * ROOM if math.isfinite(node.reach) else REACH)
    if not half > 0:
        raise UsageError(f"{title or node.text} has no size: expected one above 0, or --reach")
    side = np.linspace(-half, half, resolution + 1)
    values = np.empty((resolution + 1,) * 3, np.float32)
    for start in range(0, resolution + 1, SLAB):
        x, y, z = np.meshgrid(side[start : start + SLAB], side, side, indexing="ij")
        values[start : start + SLAB] = node.at(x, y, z)
        report(min(start + SLAB, resolution + 1), resolution + 2)
    if np.isnan(values).all():
        raise DltuiError(f"{title or node.text} is no number anywhere in the cube: expected distances")
    vertices, faces = marching_cubes(values, np.full(3, -half), np.full(3, side[1] - side[0]))
    found = measure(vertices, faces)
    seen, asked = picture(node, half, azimuth, elevation)
    side_of_cut, values_of_cut = cut(node, half, axis, level)
    tree = grow(node, reach=half, levels=OCTREE)
    full = occupied(node, reach=half, side=VOXELS)
    corners, sides, _ = shell(full, reach=half)
    return Implicit(
        title=title or node.text,
        expression=title or node.text,
        exact=node.exact,
        reach=half,
        vertices=vertices.astype(np.float32),
        faces=faces.astype(np.int32),
        resolution=resolution,
        area=found.area,
        volume=found.volume,
        watertight=found.watertight,
        genus=found.genus,
        pieces=found.parts,
        picture=seen,
        evaluations=asked,
        axis=axis,
        level=level,
        across=side_of_cut,
        upward=side_of_cut,
        cut=values_of_cut,
        probes=[probe(node, place) for place in probes],
        levels=list(tree.cells),
        asked=tree.evaluations,
        dense=tree.dense,
        voxels=int(full.sum()),
        voxel_side=VOXELS,
        voxel_vertices=corners.astype(np.float32),
        voxel_faces=sides.astype(np.int32),
    )


def probe(node: Node, place: tuple[float, float, float], step: float = 1e-4) -> dict[str, object]:
    """Return f, ‖∇f‖ by central differences, and which side it is on, at one place."""
    taps = np.array(place) + np.concatenate([[np.zeros(3)], step * np.eye(3), -step * np.eye(3)])
    values = np.asarray(node(taps), np.float64)
    slope = float(np.linalg.norm((values[1:4] - values[4:]) / (2 * step)))
    return {"at": list(place), "value": float(values[0]), "slope": slope, "inside": bool(values[0] < 0)}


def cut(
    node: Node, half: float, axis: str, level: float, *, places: int = CUT
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the values on a plane across the cube that is looked at.

    Args:
        node: The surface.
        half: Half the side of the cube.
        axis: The axis that the plane stands on.
        level: Where on it.
        places: How many along either side.

    Returns:
        Places along either side, and the values, one row for each place along the later axis.
    """
    side = np.linspace(-half, half, places)
    flat = dict(zip([name for name in "xyz" if name != axis], np.meshgrid(side, side), strict=True))
    flat[axis] = np.full((places, places), level)
    found = np.asarray(node.at(flat["x"], flat["y"], flat["z"]), np.float32)
    return side.astype(np.float32), found


def picture(
    node: Node,
    half: float,
    azimuth: float,
    elevation: float,
    *,
    size: tuple[int, int] = PICTURE,
    follow: Callable[..., Traced] = trace,
) -> tuple[NDArray[np.float32], float]:
    """Return a surface as the rays of a camera see it.

    Args:
        node: The surface.
        half: Half the side of the cube that is looked at.
        azimuth: From where it is seen, degrees.
        elevation: The same, above the ground.
        size: Pixels across and down.
        follow: What follows the rays: ``trace`` for distances, ``march`` for any function.

    Returns:
        Brightness, shape (height, width, 3), and how often the function was asked for a pixel.
    """
    a, e = math.radians(azimuth - 90), math.radians(max(-89.9, min(89.9, elevation)))
    cube, ball = half * math.sqrt(3), ROOM * node.reach
    reach = min(cube, ball)  # nothing stands beyond either
    far = reach / math.sin(math.radians(20))
    place = far * np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
    width, height = size
    focal = (
        height / 2 / math.tan(math.radians(20)) * (1.0 if ball < cube else 1.25)
    )  # few fill a cube's corners
    camera = Camera(looking(place, np.zeros(3)), width, height, focal, focal, width / 2, height / 2)
    origin, way = camera.rays()
    found = follow(node, origin, way, reach=reach)
    pixels = np.full((origin.shape[1], 3), PAPER, np.float32)
    hits = np.flatnonzero(found.hit)
    if hits.size:
        spots = origin[:, hits] + found.distance[hits] * way[:, hits]
        normal = normals(node, spots, CLOSE * reach)
        facing = -(normal * way[:, hits]).sum(axis=0)
        normal *= np.where(facing < 0, -1, 1).astype(
            np.float32
        )  # the inside is seen where a function has two sides
        lamp = (camera.pose[:3, :3] @ LAMP).astype(np.float32)
        open_ = ~shadowed(node, spots, normal, lamp, reach=reach, follow=follow)
        lit = np.maximum((normal * lamp[:, None]).sum(axis=0), 0) * open_
        light = AMBIENT + HEAD * np.abs(facing) + (1 - AMBIENT - HEAD) * lit
        pixels[hits] = (CLAY * light[:, None]).astype(np.float32)
    return pixels.reshape(height, width, 3), found.evaluations / origin.shape[1]
