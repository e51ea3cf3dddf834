"""From a file or a shipped name to a geometry; files are told by their bytes where they say what they are."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError, UsageError
from dltui.scene.fan import fan
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.ply import Ragged, read_ply

if TYPE_CHECKING:
    from collections.abc import Callable

SHIPPED = {
    "bunny": "The Stanford bunny, 1,839 vertices.",
    "teapot": "The Utah teapot, 992 triangles.",
    "lidar": "A piece of an aerial laser scan with colours, 1,065 points.",
}
# Ending -> where it is read; PLY is told by its first bytes.
READERS: dict[str, str] = {}
CHANNELS = ("red", "green", "blue"), ("r", "g", "b"), ("diffuse_red", "diffuse_green", "diffuse_blue")
NORMALS = ("nx", "ny", "nz")
FACES = ("vertex_indices", "vertex_index")
SH0 = 0.28209479177387814  # Y₀₀, by which the colour of a splat is scaled


def read_geometry(spec: str) -> Geometry:
    """Read a shape.

    Args:
        spec: A file, or the name of something shipped: ``bunny``, ``teapot``, ``lidar``.

    Returns:
        What is there.

    Raises:
        UsageError: If there is no such file and nothing of that name.
        DltuiError: If it can't be read.
    """
    if spec in SHIPPED:
        return _shipped(spec)
    path = Path(spec).expanduser()
    if not path.exists():
        raise UsageError(
            f"no file {spec}, and nothing shipped of that name: expected a file or one of {_names()}"
        )
    if path.is_dir():
        raise UsageError(f"{spec} is a folder: expected a file of points or triangles")
    with path.open("rb") as file:
        head = file.read(4)
    if head[:3] == b"ply":
        return from_ply(path)
    where = READERS.get(path.suffix.lower())
    if where is None:
        known = ", ".join(sorted({".ply", *READERS}))
        raise UsageError(f"can't read {path.name}: expected one of {known}")
    module, _, name = where.partition(":")
    reader: Callable[[Path], Geometry] = getattr(import_module(module), name)
    return reader(path)


def _names() -> str:
    return ", ".join(SHIPPED)


def _shipped(name: str) -> Geometry:
    """Return something that comes with dltui."""
    from dltui.data.shipped import open_asset

    if name == "lidar":
        from dltui.scene.las import read_las

        with open_asset("simple.las") as file:
            return read_las(file.read(), "lidar")
    with open_asset(f"{name}.npz") as file, np.load(file, allow_pickle=False) as held:
        return geometry_of(held["positions"], title=name, faces=held["triangles"], up="y")


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
