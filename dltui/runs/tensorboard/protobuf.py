"""As much of Protocol Buffers as event files need: fields of a message, read and written."""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, WIDE, BYTES, NARROW = 0, 1, 2, 5  # how a field is laid out
LONGEST = 10  # bytes of a varint
DOUBLE = struct.Struct("<d")
FLOAT = struct.Struct("<f")


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message in order.

    Args:
        data: The message.

    Yields:
        The number of a field with its value: an integer for a varint, else the bytes.

    Raises:
        ValueError: If it is no message.
    """
    at, end = 0, len(data)
    while at < end:
        key, at = varint(data, at)
        layout = key & 7
        if layout == VARINT:
            value, at = varint(data, at)
            yield key >> 3, value
            continue
        if layout == BYTES:
            size, at = varint(data, at)
        elif layout in {WIDE, NARROW}:
            size = 8 if layout == WIDE else 4
        else:
            raise ValueError(f"a field of layout {layout}")
        if at + size > end:
            raise ValueError("a field beyond the end")
        yield key >> 3, data[at : at + size]
        at += size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of varying length, and where what follows it begins.

    Args:
        data: The message.
        at: Where the number begins.

    Returns:
        The number without a sign, and the next place.

    Raises:
        ValueError: If there is none.
    """
    value = shift = 0
    for place in range(at, min(at + LONGEST, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place + 1
        shift += 7
    raise ValueError("a number without an end")


def signed(value: int) -> int:
    """Return a varint as the 64-bit integer with a sign that it stands for."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value


def put_varint(value: int) -> bytes:
    """Return a number as a varint; a negative one as its 64-bit complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def put(number: int, value: int | float | bytes) -> bytes:
    """Return a field.

    Args:
        number: Its number.
        value: An integer for a varint, a float for a double, else bytes.

    Returns:
        The field as it stands in a message.
    """
    if isinstance(value, bytes):
        return put_varint(number << 3 | BYTES) + put_varint(len(value)) + value
    if isinstance(value, float):
        return put_varint(number << 3 | WIDE) + DOUBLE.pack(value)
    return put_varint(number << 3 | VARINT) + put_varint(value)


def put_float(number: int, value: float) -> bytes:
    """Return a field of four bytes that holds a number; one that is too large becomes infinite."""
    try:
        return put_varint(number << 3 | NARROW) + FLOAT.pack(value)
    except OverflowError:
        return put_varint(number << 3 | NARROW) + FLOAT.pack(float("inf") if value > 0 else float("-inf"))
