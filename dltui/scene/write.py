"""Writing triangles and points: OBJ, PLY, STL."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import UsageError
from dltui.files import check_target, write_bytes
from dltui.scene.geometry import Geometry

ENDINGS = (".ply", ".obj", ".stl")


def write_geometry(geometry: Geometry, path: Path) -> None:
    """Write points or triangles to a file; its ending says which kind.

    Args:
        geometry: What is written; the origin is put back.
        path: Where to; replaced whole or not at all.

    Raises:
        UsageError: If the ending is none of ``.ply``, ``.obj``, ``.stl``, or points shall become STL.
        DltuiError: If the folder can't be written.
    """
    check_target(path, ENDINGS)
    ending = path.suffix.lower()
    if ending == ".stl" and not geometry.is_mesh:
        raise UsageError("STL holds triangles alone: write points to .ply or .obj")
    places = geometry.vertices.astype(np.float64) + geometry.origin
    write = {".ply": _ply, ".obj": obj, ".stl": _stl}[ending]
    write_bytes(path, write(places, geometry))


def _ply(places: NDArray[np.float64], geometry: Geometry) -> bytes:
    """Return binary PLY with colours, normals and channels."""
    exact = bool(geometry.origin.any())
    fields: list[tuple[str, str]] = [(axis, "<f8" if exact else "<f4") for axis in "xyz"]
    columns = [places[:, i] for i in range(3)]
    if geometry.normals is not None:
        fields += [(name, "<f4") for name in ("nx", "ny", "nz")]
        columns += list(geometry.normals.T)
    if geometry.rgb is not None:
        fields += [(name, "u1") for name in ("red", "green", "blue")]
        columns += list(geometry.rgb.T)
    for name, values in geometry.channels.items():
        fields.append((name, "<f4"))
        columns.append(np.asarray(values))
    table = np.empty(len(places), np.dtype(fields))
    for (name, _), column in zip(fields, columns, strict=True):
        table[name] = column
    words = {"<f4": "float", "<f8": "double", "u1": "uchar"}
    head = [
        "ply",
        "format binary_little_endian 1.0",
        "comment written by dltui",
        f"element vertex {len(places)}",
    ]
    head += [f"property {words[kind]} {name}" for name, kind in fields]
    body = table.tobytes()
    if geometry.is_mesh:
        head += [f"element face {len(geometry.faces)}", "property list uchar int vertex_indices"]
        faces = np.empty(len(geometry.faces), np.dtype([("count", "u1"), ("corners", "<i4", (3,))]))
        faces["count"], faces["corners"] = 3, geometry.faces
        body += faces.tobytes()
    return "\n".join([*head, "end_header", ""]).encode("ascii", "replace") + body


def obj(places: NDArray[np.float64], geometry: Geometry) -> bytes:
    """Return Wavefront OBJ of places and of the faces between them; vertices bear their colours where there are any."""
    parts = ["# written by dltui"]
    rows = places if geometry.rgb is None else np.concatenate([places, geometry.rgb / 255], axis=1)
    parts += ["v " + " ".join(f"{number:.9g}" for number in row) for row in rows.tolist()]
    parts += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in geometry.faces.tolist()]
    return ("\n".join(parts) + "\n").encode("ascii")


def _stl(places: NDArray[np.float64], geometry: Geometry) -> bytes:
    """Return binary STL."""
    corners = places[geometry.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(across, axis=1, keepdims=True)
    table = np.zeros(
        len(corners), np.dtype([("normal", "<f4", (3,)), ("corners", "<f4", (3, 3)), ("rest", "<u2")])
    )
    table["normal"], table["corners"] = across / np.where(size > 0, size, 1), corners
    return b"written by dltui".ljust(80) + np.uint32(len(corners)).tobytes() + table.tobytes()
