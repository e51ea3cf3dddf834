"""STL, as text and as bytes: triangles one by one, put together where their corners meet."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.hints import Hints
from dltui.scene.readers._bytes import bytes_of, numbers_of

FACET = np.dtype([("normal", "<f4", (3,)), ("corners", "<f4", (3, 3)), ("colour", "<u2")])
ENDING = 1024  # bytes at the end of a text, in which its last line is looked for
HEAD = 84  # bytes before the first triangle
CORNER = re.compile(rb"^[ \t]*vertex[ \t]+([^\r\n]*)", re.MULTILINE | re.IGNORECASE)


def read_stl(path: Path, hints: Hints) -> Geometry:  # noqa: ARG001 - every reader takes them
    """Read an STL file.

    Args:
        path: Where it is.
        hints: Not needed.

    Returns:
        Its triangles; corners at one place are one vertex, unless the triangles have colours of their own.

    Raises:
        DltuiError: If it is cut short, or has no triangles.
    """
    body = bytes_of(path, "an STL file")
    count = int.from_bytes(body[80:HEAD], "little") if len(body) >= HEAD else 0
    whole = len(body) >= HEAD and len(body) >= HEAD + count * FACET.itemsize and count > 0
    text = body.lstrip()[:5].lower() == b"solid" and (not whole or b"facet" in body[:2048].lower())
    if text:
        return _text(body, path)
    if not whole:
        raise DltuiError(
            f"{path} ends before its {count:,} triangles do: it was cut short, or is no STL file"
            if count
            else f"{path} has no triangles: expected an STL file"
        )
    table = np.frombuffer(body, FACET, count, HEAD)
    corners = table["corners"].reshape(-1, 3)
    own = table["colour"]
    if (own & 0x8000).any():  # as VisCAM and SolidView write it: five bits a colour
        each = np.stack([own >> 10 & 31, own >> 5 & 31, own & 31], axis=1) * (255 / 31)
        rgb = np.repeat(np.where((own & 0x8000)[:, None] > 0, each, 200), 3, axis=0).astype(np.uint8)
        faces = np.arange(3 * count).reshape(-1, 3)
        return geometry_of(corners, title=path.name, faces=faces, rgb=rgb, format="stl, binary, coloured")
    return _joined(corners, path, "stl, binary")


def _text(body: bytes, path: Path) -> Geometry:
    """Read the triangles of a text."""
    lines = CORNER.findall(body)
    numbers = numbers_of(b"\n".join(lines), path)
    if not lines:
        raise DltuiError(f"{path} has no triangles: expected lines such as vertex 0 1 2")
    if numbers.size != 3 * len(lines) or len(lines) % 3:
        raise DltuiError(
            f"{path} ends within a triangle, or has a vertex without three numbers: it was cut short"
        )
    found = _joined(numbers.reshape(-1, 3), path, "stl, text")
    whole = b"endsolid" in body[-ENDING:].lower()
    return (
        found if whole else replace(found, remarks=("it has no line endsolid: it may have been cut short",))
    )


def _joined(corners: NDArray[np.floating], path: Path, format: str) -> Geometry:  # noqa: A002
    """Return triangles whose corners at one place are one vertex."""
    places, number = joined(np.asarray(corners, np.float32))
    return geometry_of(places, title=path.name, faces=number.reshape(-1, 3), format=format)


def joined(places: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the distinct places in the order in which they come, and for each place its number among them.

    Args:
        places: Places, shape (n, 3).

    Returns:
        The distinct ones, shape (m, 3), and the numbers, shape (n,).
    """
    if not len(places):
        return places, np.zeros(0, np.int64)
    bits = np.ascontiguousarray(places + np.float32(0)).view(np.uint32)  # −0 is 0
    order = np.lexsort(bits.T)
    fresh = np.ones(len(places), np.bool_)
    fresh[1:] = (bits[order[1:]] != bits[order[:-1]]).any(axis=1)
    group = np.cumsum(fresh) - 1
    first = order[fresh]  # lexsort is stable, so that it is the earliest of each
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    number = np.empty(len(places), np.int64)
    number[order] = rank[group]
    return places[np.sort(first)], number
