"""LAS files, versions 1.0 to 1.4, formats 0 to 10: a fixed header, then records of one length.

After the specification of the ASPRS (LAS 1.4 R15). Compressed ones (LAZ) need laspy.
"""

from __future__ import annotations

import struct

import numpy as np

from dltui.errors import DltuiError
from dltui.scene.geometry import Geometry, geometry_of

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
        raise DltuiError(f"{title} is compressed (LAZ): expected LAS; pip install 'laspy[lazrs]' reads it")
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
