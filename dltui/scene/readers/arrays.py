"""NumPy's own files: one table of points, several arrays by name, or a depth map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.scene.columns import named, unnamed
from dltui.scene.geometry import Array, Geometry, geometry_of
from dltui.scene.hints import Hints
from dltui.scene.readers.depth import depth_points

PLACES = ("positions", "vertices", "points", "xyz", "pos", "arr_0")
FACES = ("triangles", "faces")
COLOURS = ("rgb", "colors", "colours", "color")
CAMERAS = ("intrinsics", "K")


def read_npy(path: Path, hints: Hints) -> Geometry:
    """Read a table of points, or a depth map where intrinsics are told.

    Args:
        path: Where it is.
        hints: Names of the columns, or the camera.

    Returns:
        The points.

    Raises:
        DltuiError: If it holds objects, or no table.
    """
    table = _loaded(path)
    if not isinstance(table, np.ndarray):
        raise DltuiError(f"{path} is an archive of arrays: its name must end in .npz")
    if hints.intrinsics:
        return depth_points(table, hints, title=path.name, format="npy, depth map")
    if table.dtype.names:
        columns = {name: table[name] for name in table.dtype.names if table[name].ndim == 1}
        return named(columns, title=path.name, format="npy, named")
    return unnamed(_flat(table, path), hints.columns, title=path.name, format="npy")


def read_npz(path: Path, hints: Hints) -> Geometry:
    """Read points, and triangles where there are any, from arrays by name.

    Args:
        path: Where they are.
        hints: Names of the columns, or the camera of a depth map.

    Returns:
        The points; arrays with one number a point are channels.

    Raises:
        DltuiError: If no array holds places.
    """
    held = _loaded(path)
    if isinstance(held, np.ndarray):
        raise DltuiError(f"{path} holds one array: its name must end in .npy")
    camera = next((held[name] for name in CAMERAS if name in held), None)
    if "depth" in held and (camera is not None or hints.intrinsics):
        return depth_points(
            held["depth"],
            hints,
            title=path.name,
            format="npz, depth map",
            camera=camera,
            colours=_one_of(held, COLOURS),
        )
    name = next((name for name in PLACES if name in held), "")
    if not name and len(held) == 1:
        name = next(iter(held))
    if not name:
        raise DltuiError(f"{path} has no array {', '.join(PLACES[:3])}: it has {', '.join(held) or 'none'}")
    places = _flat(held[name], path)
    faces, colours, normals = (_one_of(held, names) for names in (FACES, COLOURS, ("normals",)))
    if places.shape[1] != 3 or hints.columns:
        return unnamed(places, hints.columns, title=path.name, format="npz")
    used = {name, *FACES, *COLOURS, "normals"}
    rest = {n: values for n, values in held.items() if n not in used and values.shape == places.shape[:1]}
    return geometry_of(
        places,
        title=path.name,
        faces=None if faces is None else _threes(faces, "triangles", path, None).astype(np.int64),
        channels={n: values for n, values in rest.items() if values.dtype.kind in "fiub"},
        rgb=None if colours is None else _threes(colours, "colours", path, len(places)),
        normals=None if normals is None else _threes(normals, "normals", path, len(places)),
        format="npz",
    )


def _one_of(held: dict[str, Array], names: tuple[str, ...]) -> Array | None:
    """Return the first array that bears one of the names."""
    return next((held[name] for name in names if name in held), None)


def _threes(array: Array, what: str, path: Path, count: int | None) -> Array:
    """Return an array of threes, one for each of so many."""
    if array.ndim != 2 or array.shape[1] < 3 or (count is not None and len(array) != count):
        raise DltuiError(f"{path} has {what} of shape {array.shape}: expected ({count or 'n'}, 3)")
    return array[:, :3]


def _loaded(path: Path) -> NDArray[Any] | dict[str, Array]:
    """Return what a file holds, nothing unpickled."""
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        if not zipped:
            mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
            return mapped
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        told = str(error).partition("\n")[0]
        why = "it holds Python objects, which are never loaded" if "object" in told.lower() else told
        if "mmap length" in why:
            why = "it ends before its numbers do: it was cut short"
        raise DltuiError(f"can't read {path}: {why or 'it was cut short'}") from error
    except Exception as error:  # zipfile and zlib have errors of their own
        raise DltuiError(f"can't read {path}: {error}; it was cut short or damaged") from error


def _flat(table: Array, path: Path) -> Array:
    """Return a table as points, one a row: pictures of points are laid out, (3, n) is turned."""
    if table.dtype.kind not in "fiub":
        raise DltuiError(f"{path} holds {table.dtype}: expected numbers")
    if table.ndim == 3:
        table = table.reshape(-1, table.shape[2])
    if table.ndim != 2:
        raise DltuiError(
            f"{path} holds an array of shape {table.shape}: expected points, one a row; a depth map needs --intrinsics"
        )
    if table.shape[0] == 3 and table.shape[1] > 9:
        table = table.T
    if table.shape[1] > 64:
        raise DltuiError(
            f"{path} holds an array of shape {table.shape}: a depth map needs --intrinsics fx,fy,cx,cy"
        )
    return table
