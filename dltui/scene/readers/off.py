"""OFF, the object file format of Geomview: OFF, COFF, NOFF and CNOFF as text."""

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

COMMENT = re.compile(rb"#[^\n]*")
KINDS = {
    b"OFF": (0, 0),
    b"NOFF": (3, 0),
    b"COFF": (0, 4),
    b"CNOFF": (3, 4),
}  # numbers of a normal, of a colour


def read_off(path: Path, hints: Hints) -> Geometry:  # noqa: ARG001 - every reader takes them
    """Read an OFF file.

    Args:
        path: Where it is.
        hints: Not needed.

    Returns:
        Its vertices and triangles; polygons are cut into those, colours of faces left out.

    Raises:
        DltuiError: If it is none, or cut short.
    """
    body = COMMENT.sub(b"", bytes_of(path, "an OFF file"))
    head = re.match(rb"\s*([A-Za-z0-9]*OFF)(\s+BINARY)?", body)
    if head is None or head[1] not in KINDS or head[2]:
        kind = " ".join(part.decode() for part in (head[0].split() if head else [])) or "something else"
        raise DltuiError(f"{path} begins with {kind}: expected OFF, COFF or NOFF as text")
    lines = [line for line in body[head.end() :].split(b"\n") if line.strip()]
    counts = numbers_of(lines[0], path) if lines else np.zeros(0)
    if counts.size < 2 or (counts < 0).any() or (counts != np.round(counts)).any():
        raise DltuiError(f"{path} does not say how many vertices and faces it has")
    total, faces = int(counts[0]), int(counts[1])
    if len(lines) < 1 + total + faces:
        raise DltuiError(
            f"{path} ends before its {total:,} vertices and {faces:,} faces do: it was cut short"
        )
    normals, colours = KINDS[head[1]]
    table = _vertices(lines[1 : 1 + total], path)
    wide = table.shape[1]
    if wide not in {3 + normals + colours, 3 + normals + min(colours, 3)}:
        raise DltuiError(f"{path} gives {wide} numbers for a vertex: expected {3 + normals + colours}")
    return geometry_of(
        table[:, :3],
        title=path.name,
        faces=_faces(lines[1 + total : 1 + total + faces], path),
        normals=table[:, 3:6] if normals else None,
        rgb=table[:, 3 + normals : 6 + normals] if colours else None,
        format=head[1].decode().lower(),
    )


def _vertices(lines: list[bytes], path: Path) -> NDArray[np.float64]:
    """Return the numbers of the vertices, one a row."""
    numbers = numbers_of(b"\n".join(lines), path)
    wide = len(lines[0].split()) if lines else 3
    if numbers.size != wide * len(lines):
        bad = next((i for i, line in enumerate(lines) if len(line.split()) != wide), 0)
        raise DltuiError(
            f"{path} gives {len(lines[bad].split())} numbers for its vertex {bad}, and {wide} for the first"
        )
    return numbers.reshape(-1, wide)


def _faces(lines: list[bytes], path: Path) -> NDArray[np.int64]:
    """Return the triangles; after the corners of a face there may be its colour."""
    if not lines:
        return np.zeros((0, 3), np.int64)
    numbers = numbers_of(b"\n".join(lines), path)
    wide = np.array([len(line.split()) for line in lines], np.int64)
    if (numbers != np.round(numbers)).any():  # colours may be broken numbers: only the corners are taken
        numbers = np.floor(numbers)
    start = np.cumsum(wide) - wide
    counts = numbers[start].astype(np.int64)
    if numbers.size != wide.sum() or (counts < 0).any() or (counts > wide - 1).any():
        raise DltuiError(f"{path} has a face with fewer corners than it says")
    at = (
        np.repeat(start + 1, counts) + np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    )
    return fan(counts, numbers[at].astype(np.int64))
