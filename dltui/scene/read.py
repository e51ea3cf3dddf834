"""From a file, a shipped or a made shape to a geometry; files are told by their bytes where they say what they are."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError, UsageError
from dltui.scene.fan import fan
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.hints import Hints
from dltui.scene.made import is_made, made
from dltui.scene.ply import Ragged, read_ply
from dltui.scene.solids import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable

SHIPPED = {
    "bunny": "The Stanford bunny, 1,839 vertices.",
    "teapot": "The Utah teapot, 992 triangles.",
    "lidar": "A piece of an aerial laser scan with colours, 1,065 points.",
    "motorcycle": "What a pair of cameras saw of a motorcycle, by its disparities.",
}
# Ending -> where it is read; PLY is told by its first bytes.
_ROOM = "dltui.scene.readers."
READERS: dict[str, str] = (
    {".obj": f"{_ROOM}wavefront:read_obj", ".stl": f"{_ROOM}stl:read_stl", ".off": f"{_ROOM}off:read_off"}
    | {".pcd": f"{_ROOM}pcd:read_pcd", ".npy": f"{_ROOM}arrays:read_npy", ".npz": f"{_ROOM}arrays:read_npz"}
    | {
        ".bin": f"{_ROOM}kitti:read_bin",
        ".las": "dltui.scene.las:read_las_file",
        ".laz": "dltui.scene.las:read_las_file",
    }
    | dict.fromkeys((".xyz", ".csv", ".pts", ".txt", ".asc"), f"{_ROOM}rows:read_rows")
    | dict.fromkeys((".pfm", ".png", ".pgm", ".tif", ".tiff"), f"{_ROOM}depth:read_depth")
    | dict.fromkeys((".glb", ".gltf", ".3mf", ".dae"), f"{_ROOM}foreign:read_foreign")
)
TABLES = {".xyz", ".csv", ".pts", ".txt", ".asc", ".npy", ".npz", ".bin"}
DEPTHS = {".pfm", ".png", ".pgm", ".tif", ".tiff", ".npy", ".npz"}
CHANNELS = ("red", "green", "blue"), ("r", "g", "b"), ("diffuse_red", "diffuse_green", "diffuse_blue")
NORMALS = ("nx", "ny", "nz")
FACES = ("vertex_indices", "vertex_index")
SH0 = 0.28209479177387814  # Y₀₀, by which the colour of a splat is scaled


def read_geometry(spec: str, *, hints: Hints | None = None, seed: int = 0, points: bool = False) -> Geometry:
    """Read or make a shape.

    Args:
        spec: A file, something shipped (``bunny``, ``teapot``, ``lidar``, ``motorcycle``), or a shape that is made,
            such as ``torus:n=5000,noise=0.02``.
        hints: What a person knows of the file besides.
        seed: Seed of what is made.
        points: Make points where a shape could be a mesh as well.

    Returns:
        What is there.

    Raises:
        UsageError: If there is no such file and nothing of that name.
        DltuiError: If it can't be read.
    """
    path, told = Path(spec).expanduser(), hints or Hints()
    _fitting(told, spec, path.suffix.lower() if path.exists() and spec not in SHIPPED else "")
    if spec in SHIPPED:
        return _shipped(spec)
    if not path.exists():
        if is_made(spec):
            return made(spec, seed=seed, points=points)
        raise UsageError(
            f"no file {spec}, and no shape of that name: expected a file or one of {', '.join((*SHIPPED, *SHAPES))}"
        )
    if path.is_dir():
        raise UsageError(f"{spec} is a folder: expected a file of points or triangles")
    return _from_file(path, told)


def _fitting(hints: Hints, spec: str, ending: str) -> None:
    """Refuse hints that a file of such an ending has no use for."""
    asked = (
        ("--columns", bool(hints.columns), TABLES, "no table whose columns could be named"),
        ("--intrinsics", bool(hints.intrinsics), DEPTHS, "no depth map"),
        ("--depth-scale", hints.depth_scale != 1, DEPTHS, "no depth map"),
    )
    for option, given, endings, what in asked:
        if given and ending not in endings:
            raise UsageError(f"{option} doesn't fit {spec}: it is {what}; leave it out")


def _from_file(path: Path, hints: Hints) -> Geometry:
    """Read a file: PLY is told by its first bytes, the rest by its ending."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise DltuiError(
            f"can't read {path}: {error.strerror}; expected a file of points or triangles"
        ) from error
    if not head:
        raise DltuiError(f"{path} is empty: expected points or triangles")
    ending = path.suffix.lower()
    if head[:3] == b"ply" or ending == ".ply":
        return from_ply(path)
    where = READERS.get(ending)
    if where is None:
        known = ", ".join(sorted({".ply", *READERS}))
        raise UsageError(f"can't read {path.name}: expected one of {known}")
    module, _, name = where.partition(":")
    reader: Callable[[Path, Hints], Geometry] = getattr(import_module(module), name)
    return reader(path, hints)


def _shipped(name: str) -> Geometry:
    """Return something that comes with dltui."""
    from dltui.data import open_asset

    if name == "lidar":
        from dltui.scene.las import read_las

        with open_asset("simple.las") as file:
            return read_las(file.read(), "lidar")
    if name == "motorcycle":
        return _motorcycle()
    with open_asset(f"{name}.npz") as file, np.load(file, allow_pickle=False) as held:
        return geometry_of(held["positions"], title=name, faces=held["triangles"], up="y")


def _motorcycle() -> Geometry:
    """Return the shipped pair of pictures as points: depth is focal length · baseline / disparity."""
    from dltui.data import open_asset
    from dltui.scene.readers.depth import depth_points

    with open_asset("stereo.npz") as file, np.load(file, allow_pickle=False) as held:
        focal, cx, cy, offset, baseline = held["calibration"].astype(np.float64).tolist()
        disparity, left = held["disparity"].astype(np.float64), held["left"]
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = focal * baseline / (disparity + offset)
    depth[~np.isfinite(disparity) | (disparity <= 0)] = np.nan
    camera = Hints(intrinsics=(focal, focal, cx, cy), depth_scale=1000)
    return depth_points(depth, camera, title="motorcycle", format="stereo pair", colours=left)


def from_ply(path: Path) -> Geometry:
    """Return the vertices and faces of a PLY file.

    Args:
        path: Where it is.

    Returns:
        The geometry; every number of a vertex is a channel, colours of splats are those of their first coefficient.

    Raises:
        DltuiError: If it has no vertices with x, y and z.
    """
    ply = read_ply(path)
    vertex = ply.elements.get("vertex", {})
    columns = {
        name: values for name, values in vertex.items() if not isinstance(values, Ragged) and values.ndim == 1
    }
    if not {"x", "y", "z"} <= columns.keys():
        held = ", ".join(columns) or "none"
        raise DltuiError(f"{path} has no vertices with x, y and z: its vertices have {held}")
    places = _together(columns, ("x", "y", "z"))
    named = next((names for names in CHANNELS if set(names) <= columns.keys()), None)
    rgb = None if named is None else _together(columns, named)
    if rgb is None and {"f_dc_0", "f_dc_1", "f_dc_2"} <= columns.keys():
        base = _together(columns, ("f_dc_0", "f_dc_1", "f_dc_2"))
        rgb = np.clip((0.5 + SH0 * np.asarray(base, np.float32)) * 255, 0, 255).astype(np.uint8)
    normals = _together(columns, NORMALS) if set(NORMALS) <= columns.keys() else None
    used = {"x", "y", "z", *(named or ()), *(NORMALS if normals is not None else ())}
    return geometry_of(
        places,
        title=path.name,
        faces=_faces(ply.elements.get("face", {}), path),
        channels={name: values for name, values in columns.items() if name not in used},
        rgb=rgb,
        normals=normals if normals is None or np.any(normals) else None,  # splats carry zeros there
        format=f"ply, {ply.order.replace('_', ' ')}",
    )


def _together(columns: dict[str, NDArray[np.generic]], names: tuple[str, ...]) -> NDArray[np.generic]:
    """Return columns as one array, shape (n, k)."""
    return np.stack([columns[name] for name in names], axis=1)


def _faces(element: dict[str, NDArray[np.generic] | Ragged], path: Path) -> NDArray[np.int64] | None:
    """Return the triangles of a file, polygons cut into them."""
    held = next((element[name] for name in FACES if name in element), None)
    if held is None:
        return None
    if isinstance(held, Ragged):
        return fan(held.counts, _whole(held.values, path))
    if held.ndim != 2:
        return np.zeros((0, 3), np.int64)
    return fan(np.full(len(held), held.shape[1]), _whole(held, path).ravel())


def _whole(numbers: NDArray[np.generic], path: Path) -> NDArray[np.int64]:
    """Return vertex numbers as whole ones."""
    if np.issubdtype(numbers.dtype, np.integer):
        return np.asarray(numbers, np.int64)
    raise DltuiError(f"{path} numbers the corners of its faces by {numbers.dtype}: expected whole numbers")
