"""PCD, the files of the Point Cloud Library, version 0.7: text, bytes, and bytes pressed by LZF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError
from dltui.scene.columns import named
from dltui.scene.geometry import Array, Geometry
from dltui.scene.hints import Hints
from dltui.scene.readers._bytes import bytes_of, numbers_of

LETTERS = {"F": "f", "I": "i", "U": "u"}
PACKED = {"rgb", "rgba"}  # three bytes of colour in one number
LONGEST = 1 << 16  # bytes of a header at most


@dataclass(frozen=True)
class Head:
    """What the first lines say.

    Attributes:
        record: The fields of one point.
        points: How many there are.
        data: ``ascii``, ``binary`` or ``binary_compressed``.
        start: Where the numbers begin.
    """

    record: np.dtype[np.void]
    points: int
    data: str
    start: int


def read_pcd(path: Path, hints: Hints) -> Geometry:  # noqa: ARG001 - every reader takes them
    """Read a PCD file.

    Args:
        path: Where it is.
        hints: Not needed.

    Returns:
        Its points; every field is a channel, packed colours are unpacked.

    Raises:
        DltuiError: If it is none, or cut short.
    """
    body = bytes_of(path, "a PCD file")
    head = _head(body, path)
    table = {"ascii": _text, "binary": _plain, "binary_compressed": _pressed}[head.data](body, head, path)
    columns: dict[str, Array] = {}
    for name in head.record.names or ():
        values: Array = table[name]
        if name in PACKED:
            bits = np.ascontiguousarray(values).view(np.uint32)
            columns |= {part: bits >> shift & 255 for part, shift in (("red", 16), ("green", 8), ("blue", 0))}
        elif values.ndim == 1 and name != "_":
            columns[name] = values
    return named(columns, title=path.name, format=f"pcd, {head.data.replace('_', ' ')}")


def _head(body: bytes, path: Path) -> Head:
    """Return what the header says."""
    said: dict[str, list[str]] = {}
    at = 0
    while "DATA" not in said:
        stop = body.find(b"\n", at, LONGEST)
        if stop < 0:
            raise DltuiError(f"{path} is no PCD file: its header has no line DATA")
        words = body[at:stop].decode("ascii", "replace").split()
        at = stop + 1
        if words and not words[0].startswith("#"):
            said[words[0]] = words[1:]
    names = said.get("FIELDS", [])
    sizes, letters = said.get("SIZE", []), said.get("TYPE", [])
    counts = said.get("COUNT", ["1"] * len(names))
    try:
        fields = [
            (f"_{i}" if name == "_" else name, f"<{LETTERS[letter]}{int(size)}", (int(count),))
            if int(count) != 1
            else (f"_{i}" if name == "_" else name, f"<{LETTERS[letter]}{int(size)}")
            for i, (name, size, letter, count) in enumerate(zip(names, sizes, letters, counts, strict=True))
        ]
        record = np.dtype(fields)
        points = int(said["POINTS"][0] if "POINTS" in said else 0) or (
            int(said["WIDTH"][0]) * int(said["HEIGHT"][0])
        )
        data = said["DATA"][0].lower()
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise DltuiError(
            f"the header of {path} can't be read: expected FIELDS, SIZE, TYPE, COUNT of one length and POINTS"
        ) from error
    if data not in {"ascii", "binary", "binary_compressed"} or points < 0 or not fields:
        raise DltuiError(f"{path} holds its points as {data}: expected ascii, binary or binary_compressed")
    return Head(record, points, data, at)


def _short(head: Head, path: Path) -> DltuiError:
    return DltuiError(
        f"{path} ends before its {head.points:,} points do: it was cut short, or its header is wrong"
    )


def _text(body: bytes, head: Head, path: Path) -> NDArray[np.void]:
    """Read numbers that are written out; packed colours are whole numbers, or floats with their bits."""
    numbers = numbers_of(body[head.start :], path)
    wide = sum(int(np.prod(head.record[name].shape, dtype=int)) for name in head.record.names or ())
    if numbers.size < head.points * wide:
        raise _short(head, path)
    rows = numbers[: head.points * wide].reshape(head.points, wide)
    table = np.zeros(head.points, head.record)
    at = 0
    for name in head.record.names or ():
        kind = head.record[name]
        count = int(np.prod(kind.shape, dtype=int))
        part = rows[:, at : at + count].reshape(head.points, *kind.shape)
        if (
            name in PACKED
            and kind == np.dtype("<f4")
            and (part == np.round(part)).all()
            and part.max(initial=0) > 1
        ):
            table[name] = part.astype(np.uint32).view(
                np.float32
            )  # the whole number, though the type says float
        elif np.issubdtype(kind.base, np.integer):
            with np.errstate(invalid="ignore"):
                table[name] = np.nan_to_num(part).astype(kind.base)
        else:
            table[name] = part
        at += count
    return table


def _plain(body: bytes, head: Head, path: Path) -> NDArray[np.void]:
    """Read records one after the other."""
    if head.start + head.points * head.record.itemsize > len(body):
        raise _short(head, path)
    return np.frombuffer(body, head.record, head.points, head.start)


def _pressed(body: bytes, head: Head, path: Path) -> NDArray[np.void]:
    """Read fields one after the other, pressed."""
    if head.start + 8 > len(body):
        raise _short(head, path)
    small, large = np.frombuffer(body, "<u4", 2, head.start).tolist()
    if large != head.points * head.record.itemsize or head.start + 8 + small > len(body):
        raise _short(head, path)
    bare = unpressed(body[head.start + 8 : head.start + 8 + small], large)
    if bare is None:
        raise DltuiError(f"{path} can't be unpacked: what is pressed in it is damaged")
    table, at = np.zeros(head.points, head.record), 0
    for name in head.record.names or ():
        kind = head.record[name]
        table[name] = np.frombuffer(bare, kind, head.points, at)
        at += head.points * kind.itemsize
    return table


def unpressed(body: bytes, size: int) -> bytes | None:
    """Return what LZF (Lehmann 2005) pressed.

    Args:
        body: What was pressed.
        size: Bytes that must come out.

    Returns:
        The bytes, or None where ``body`` is damaged.
    """
    out, at = bytearray(), 0
    try:
        while at < len(body):
            control = body[at]
            at += 1
            if control < 32:  # so many bytes and one more as they are
                out += body[at : at + control + 1]
                at += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += body[at]
                at += 1
            back = ((control & 31) << 8) + body[at] + 1
            at += 1
            begin, length = len(out) - back, length + 2
            if begin < 0:
                return None
            piece = out[begin : begin + length]
            while len(piece) < length:  # what is copied may overlap what comes out
                piece += piece[: length - len(piece)]
            out += piece
    except IndexError:
        return None
    return bytes(out) if len(out) == size else None
