"""LAS files, versions 1.0 to 1.4, formats 0 to 10: a fixed header, then records of one length.

After the specification of the ASPRS (LAS 1.4 R15). Compressed ones (LAZ) need laspy.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np

from dltui.errors import DltuiError
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.hints import Hints
from dltui.scene.readers._bytes import bytes_of

XYZ = [("x", "<i4"), ("y", "<i4"), ("z", "<i4"), ("intensity", "<u2")]
OLD = [*XYZ, ("returns", "u1"), ("classification", "u1"), ("angle", "i1"), ("user", "u1"), ("source", "<u2")]
NEW = [
    *XYZ, ("returns", "u1"), ("flags", "u1"), ("classification", "u1"), ("user", "u1"), ("angle", "<i2"),
    ("source", "<u2"), ("time", "<f8"),
]  # fmt: skip
TIME, RGB = [("time", "<f8")], [("red", "<u2"), ("green", "<u2"), ("blue", "<u2")]
NIR = [("infrared", "<u2")]
WAVE = [("wave", "V29")]
RECORDS = {
    0: OLD, 1: OLD + TIME, 2: OLD + RGB, 3: OLD + TIME + RGB, 4: OLD + TIME + WAVE, 5: OLD + TIME + RGB + WAVE,
    6: NEW, 7: NEW + RGB, 8: NEW + RGB + NIR, 9: NEW + WAVE, 10: NEW + RGB + NIR + WAVE,
}  # fmt: skip


def read_las_file(path: Path, hints: Hints) -> Geometry:  # noqa: ARG001 - every reader takes them
    """Read a LAS file, or a LAZ file by laspy.

    Args:
        path: Where it is.
        hints: Not needed.

    Returns:
        Its points.

    Raises:
        DltuiError: If it is none, is cut short, or laspy is missing for a compressed one.
    """
    body = bytes_of(path, "a LAS file")
    if len(body) > 104 and body[:4] == b"LASF" and body[104] & 0x80:
        return read_las(_unpacked(body, path), path.name)
    return read_las(body, path.name)


def _unpacked(body: bytes, path: Path) -> bytes:
    """Return a compressed file as laspy unpacks it."""
    try:
        import laspy
    except ImportError as error:
        raise DltuiError(
            f"{path.name} is compressed (LAZ): pip install 'dltui[mesh]' reads it, or convert it to .las"
        ) from error
    stream = io.BytesIO()
    try:
        laspy.read(io.BytesIO(body)).write(stream, do_compress=False)
    except Exception as error:
        told = str(error).partition("\n")[0] or type(error).__name__
        raise DltuiError(f"laspy can't unpack {path.name}: {told}") from error
    return stream.getvalue()


def read_las(body: bytes, title: str) -> Geometry:
    """Read a LAS file.

    Args:
        body: All its bytes.
        title: What to call it.

    Returns:
        Points with intensity, classification, return number and what else there is; colours where it has them.

    Raises:
        DltuiError: If it is none, is compressed, or is cut short.
    """
    if len(body) < 227 or body[:4] != b"LASF":
        raise DltuiError(f"{title} is no LAS file: expected it to begin with LASF")
    major, minor = body[24], body[25]
    (start,) = struct.unpack_from("<I", body, 96)
    form, length = struct.unpack_from("<BH", body, 104)
    (count,) = struct.unpack_from("<I", body, 107)
    if (major, minor) >= (1, 4) and len(body) >= 255:
        count = struct.unpack_from("<Q", body, 247)[0] or count
    scale, offset = np.frombuffer(body, "<f8", 3, 131), np.frombuffer(body, "<f8", 3, 155)
    if form & 0x80:
        raise DltuiError(f"{title} is compressed (LAZ): expected LAS")
    if not (np.isfinite(offset).all() and np.isfinite(scale).all() and (scale > 0).all()):
        told = ", ".join(f"{number:g}" for number in scale)
        raise DltuiError(f"{title} scales its coordinates by {told}: expected numbers above 0")
    fields = RECORDS.get(form)
    if fields is None:
        raise DltuiError(f"{title} has points of format {form}: expected one of 0 to 10")
    kind = np.dtype(fields)
    if length < kind.itemsize:
        raise DltuiError(
            f"{title} says that its points take {length} bytes: format {form} needs {kind.itemsize}"
        )
    if start + count * length > len(body):
        raise DltuiError(f"{title} ends before its {count:,} points do: it was cut short")
    padded = np.dtype([*fields, ("rest", f"V{length - kind.itemsize}")]) if length > kind.itemsize else kind
    table = np.frombuffer(body, padded, count, start)
    places = np.stack([table[axis] * scale[i] + offset[i] for i, axis in enumerate("xyz")], axis=1)
    channels = {
        "intensity": table["intensity"],
        "classification": table["classification"] & 31 if form < 6 else table["classification"],
        "return": table["returns"] & (7 if form < 6 else 15),
    }
    channels |= {name: table[name] for name in ("time", "infrared") if name in fields_of(kind)}
    colours = (
        np.stack([table[name] for name in ("red", "green", "blue")], axis=1)
        if "red" in fields_of(kind)
        else None
    )
    return geometry_of(
        places, title=title, channels=channels, rgb=colours if colours is not None and colours.any() else None,
        format=f"las {major}.{minor}, format {form}",
    )  # fmt: skip


def fields_of(kind: np.dtype[np.void]) -> tuple[str, ...]:
    """Return the names of the fields of a record."""
    return kind.names or ()
