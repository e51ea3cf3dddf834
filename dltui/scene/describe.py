"""From a geometry to the result that is shown, saved and printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from dltui.errors import UsageError
from dltui.results.cloud import Cloud
from dltui.results.mesh import Mesh
from dltui.scene.mesh import measure

if TYPE_CHECKING:
    from dltui.figures import Array, Projection, Shade
    from dltui.scene.geometry import Geometry

SAMPLE = 256  # points whose nearest neighbours are looked for
MOST = 1_000_000  # points among which they are
PRIMES = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))
Up = Literal["z", "y"]
Rulers = tuple[tuple[int, int], ...]


def cloud_of(
    geometry: Geometry,
    *,
    colour: str = "",
    up: Up | None = None,
    projection: Projection = "perspective",
    size: int = 0,
    box: bool = False,
    eye_dome: bool = True,
    rulers: Rulers = (),
) -> Cloud:
    """Return the points of a geometry as a result.

    Args:
        geometry: What was read or made.
        colour: A channel, ``height``, ``depth``, ``normal``, ``rgb`` or ``none``; what suits it when empty.
        up: The axis that points up; the geometry's own when None.
        projection: ``perspective`` or ``orthographic``.
        size: Pixels of a point; 0 for what suits their number.
        box: Draw the box around them.
        eye_dome: Darken points beside nearer ones.
        rulers: Pairs of points between which it is measured.

    Returns:
        The cloud.

    Raises:
        UsageError: If it has nothing of that name to be coloured by.
    """
    chosen = _colour(geometry, colour, ("height", "depth", "normal", "none"))
    if chosen == "normal" and geometry.normals is None:
        raise UsageError(f"{geometry.title} has no normals: expected another colour, such as height")
    names = list(geometry.channels)
    return Cloud(
        title=geometry.title,
        vertices=geometry.vertices,
        origin=geometry.origin.tolist(),
        rgb=geometry.rgb,
        normals=geometry.normals,
        channels=names,
        values=_values(geometry),
        colour=chosen,
        up=up or geometry.up,  # type: ignore[arg-type]
        projection=projection,
        size=size,
        box=box,
        eye_dome=eye_dome,
        dropped=geometry.dropped,
        duplicates=duplicates(geometry.vertices),
        spacing=spacing(geometry.vertices),
        file=geometry.format,
        remarks=list(geometry.remarks),
        rulers=_ends(geometry, rulers),
    )


def mesh_of(
    geometry: Geometry,
    *,
    colour: str = "",
    shade: Shade = "flat",
    up: Up | None = None,
    projection: Projection = "perspective",
    box: bool = False,
    rulers: Rulers = (),
) -> Mesh:
    """Return the triangles of a geometry as a result, measured.

    Args:
        geometry: What was read or made.
        colour: A channel, ``height``, ``rgb`` or ``none``; what suits it when empty.
        shade: How it is lit.
        up: The axis that points up; the geometry's own when None.
        projection: ``perspective`` or ``orthographic``.
        box: Draw the box around it.
        rulers: Pairs of vertices between which it is measured.

    Returns:
        The mesh.

    Raises:
        UsageError: If it has no triangles, or nothing of that name to be coloured by.
    """
    if not geometry.is_mesh:
        raise UsageError(f"{geometry.title} has points and no triangles: look at it with dltui cloud")
    found = measure(geometry.vertices, geometry.faces)
    return Mesh(
        title=geometry.title,
        vertices=geometry.vertices,
        faces=geometry.faces,
        origin=geometry.origin.tolist(),
        rgb=geometry.rgb,
        channels=list(geometry.channels),
        values=_values(geometry),
        colour=_colour(geometry, colour, ("height", "none")),
        shade=shade,
        up=up or geometry.up,  # type: ignore[arg-type]
        projection=projection,
        box=box,
        area=found.area,
        volume=found.volume,
        watertight=found.watertight,
        oriented=found.oriented,
        edges=found.edges,
        boundary=found.boundary,
        crowded=found.crowded,
        pieces=found.parts,
        euler=found.euler,
        genus=found.genus,
        flat=found.flat,
        distinct=found.vertices,
        dropped=geometry.dropped,
        file=geometry.format,
        remarks=list(geometry.remarks),
        rulers=_ends(geometry, rulers),
    )


def shape_of(found: Cloud | Mesh) -> Geometry:
    """Return what a result shows as a geometry that can be written.

    Args:
        found: Points or triangles.

    Returns:
        The same, with all that its points bear.
    """
    from dltui.scene.geometry import Geometry

    normals = found.normals if isinstance(found, Cloud) else None
    return Geometry(
        title=found.title,
        vertices=np.asarray(found.vertices, np.float32),
        faces=np.zeros((0, 3), np.int32) if isinstance(found, Cloud) else np.asarray(found.faces, np.int32),
        channels=dict(zip(found.channels, np.asarray(found.values), strict=True)),
        rgb=None if found.rgb is None else np.asarray(found.rgb, np.uint8),
        normals=None if normals is None else np.asarray(normals, np.float32),
        origin=np.array(found.origin, np.float64),
        up=found.up,
    )


def _colour(geometry: Geometry, wanted: str, always: tuple[str, ...]) -> str:
    """Return what colours the picture."""
    known = [*(["rgb"] if geometry.rgb is not None else []), *geometry.channels, *always]
    if not wanted:
        return "rgb" if geometry.rgb is not None else "none"
    if wanted not in known:
        raise UsageError(
            f"{geometry.title} has no {wanted!r} to be coloured by: expected one of {', '.join(known)}"
        )
    return wanted


def _ends(geometry: Geometry, rulers: Rulers) -> Array:
    """Return the ends of rulers, shape (r, 2, 3)."""
    return np.asarray(geometry.vertices[np.array(rulers, np.int64).reshape(-1, 2)])


def _values(geometry: Geometry) -> Array:
    """Return the channels one below the other, shape (channels, n)."""
    if not geometry.channels:
        return np.zeros((0, 0), np.float32)
    return np.stack([np.asarray(values, np.float32) for values in geometry.channels.values()])


def duplicates(vertices: Array) -> int:
    """Return how many points lie exactly where another one does; told by 64 bits of each place."""
    bits = np.ascontiguousarray(vertices + np.float32(0)).view(np.uint32).astype(np.uint64)  # −0 is 0
    with np.errstate(over="ignore"):
        mixed = bits[:, 0] * PRIMES[0]
        mixed ^= mixed >> np.uint64(29)
        mixed = (mixed + bits[:, 1]) * PRIMES[1]
        mixed ^= mixed >> np.uint64(31)
        mixed = (mixed + bits[:, 2]) * PRIMES[2]
    mixed.sort()
    return int((mixed[1:] == mixed[:-1]).sum())


def spacing(vertices: Array) -> float:
    """Return the mean distance to the nearest other point, over a sample; NaN for fewer than two or too many points."""
    count = len(vertices)
    if not 2 <= count <= MOST:
        return float("nan")
    chosen = np.unique(np.linspace(0, count - 1, min(SAMPLE, count)).astype(np.int64))
    nearest = [np.partition(((vertices - vertices[i]) ** 2).sum(axis=1), 1)[1] for i in chosen.tolist()]
    return float(np.sqrt(np.array(nearest, float)).mean())
