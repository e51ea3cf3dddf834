"""Wavefront OBJ: vertices, their colours, faces of any number of corners; the rest is left out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.scene.fan import fan
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.hints import Hints
from dltui.scene.readers._bytes import bytes_of, numbers_of

LINE = re.compile(rb"^[ \t]*(v|f|vn)[ \t]+([^\r\n#]*)", re.MULTILINE)
REST = re.compile(rb"/[^\s]*")  # what follows the number of a vertex in a face


def read_obj(path: Path, hints: Hints) -> Geometry:  # noqa: ARG001 - every reader takes them
    """Read an OBJ file.

    Args:
        path: Where it is.
        hints: Not needed.

    Returns:
        Its vertices and triangles; polygons are cut into those.

    Raises:
        DltuiError: If it has no vertices, or a line of it can't be read.
    """
    body = bytes_of(path, "an OBJ file").replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")
    found = LINE.findall(body)
    vertices = [rest for word, rest in found if word == b"v"]
    faces = [rest for word, rest in found if word == b"f"]
    if not vertices:
        raise DltuiError(f"{path} has no vertices: expected lines such as v 0 1 2")
    wide = len(vertices[0].split())
    table = numbers_of(b"\n".join(vertices), path)
    if table.size != wide * len(vertices) or not 3 <= wide <= 7:
        bad = next(
            (i for i, rest in enumerate(vertices) if len(rest.split()) not in {wide} & {3, 4, 6, 7}), 0
        )
        held = len(vertices[bad].split())
        raise DltuiError(
            f"{path} gives {held} numbers for its vertex {bad + 1}: expected 3, or 6 with a colour"
        )
    table = table.reshape(len(vertices), wide)
    places = table[:, :3]
    if wide in {4, 7}:  # a weight of rational curves, which divides
        with np.errstate(divide="ignore", invalid="ignore"):
            places = np.where(table[:, 3:4] == 0, table[:, :3], table[:, :3] / table[:, 3:4])
    corners = _corners(found, faces, path)
    return geometry_of(
        places,
        title=path.name,
        faces=corners,
        rgb=_colours(table[:, -3:]) if wide >= 6 else None,
        up="y",
        format="obj",
    )


def _colours(held: NDArray[np.float64]) -> NDArray[np.generic]:
    """Return colours that are shares or bytes."""
    return held if held.max(initial=0) <= 1 else np.clip(held, 0, 255).astype(np.uint8)


def _corners(found: list[tuple[bytes, bytes]], faces: list[bytes], path: Path) -> NDArray[np.int64]:
    """Return the triangles by the numbers of their vertices, which count from 1, or backwards from the last one."""
    text = b"\n".join(faces)
    flat = numbers_of(REST.sub(b"", text) if b"/" in text else text, path)
    numbers = flat.astype(np.int64)
    if (numbers != flat).any() or (numbers == 0).any():
        raise DltuiError(
            f"{path} has a face with vertex {flat[(numbers != flat) | (numbers == 0)][0]:g}: they count from 1"
        )
    counts = np.array([len(rest.split()) for rest in faces], np.int64)
    if (numbers < 0).any():
        seen = np.cumsum([word == b"v" for word, _ in found])
        before = seen[[i for i, (word, _) in enumerate(found) if word == b"f"]]
        told, numbers = numbers, np.where(numbers < 0, np.repeat(before, counts) + numbers + 1, numbers)
    else:
        told = numbers
    last = sum(word == b"v" for word, _ in found)
    off = (numbers < 1) | (numbers > last)
    if off.any():
        raise DltuiError(f"{path} has a face with vertex {told[off][0]}, but its vertices are 1 … {last}")
    return fan(counts, numbers - 1)
