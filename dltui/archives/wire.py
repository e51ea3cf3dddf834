"""The wire format of protocol buffers, walked without building anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

VARINT, FIXED8, SPAN, FIXED4 = 0, 1, 2, 5


class Garbled(Exception):
    """Bytes that are no message."""


class Field(NamedTuple):
    """A field of a message.

    Attributes:
        number: Its number.
        kind: How it is written: ``VARINT``, ``FIXED8``, ``SPAN`` or ``FIXED4``.
        value: The number of a ``VARINT``, otherwise 0.
        start: Its first byte.
        end: The byte after it.
    """

    number: int
    kind: int
    value: int
    start: int
    end: int


def varint(data: Any, at: int, end: int) -> tuple[int, int]:
    """Return a number of variable length, and the byte after it.

    Args:
        data: The bytes.
        at: Where it begins.
        end: Where it must have ended.

    Returns:
        The number, without sign, and the byte after it.

    Raises:
        Garbled: If it is longer than ten bytes, or the message ends first.
    """
    found = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise Garbled("a number breaks off")


def fields(data: Any, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of a message.

    Args:
        data: Bytes, or a mapped file.
        start: Where the message begins.
        end: The byte after it.

    Yields:
        The fields in their order.

    Raises:
        Garbled: If it is no message.
    """
    at = start
    while at < end:
        key, at = varint(data, at, end)
        number, kind = key >> 3, key & 7
        value, stop = 0, at
        if kind == VARINT:
            value, stop = varint(data, at, end)
        elif kind == SPAN:
            length, at = varint(data, at, end)
            stop = at + length
        elif kind in {FIXED4, FIXED8}:
            stop = at + (4 if kind == FIXED4 else 8)
        else:
            raise Garbled(f"there is no way {kind} to write a field")
        if stop > end or not number:
            raise Garbled("a field is longer than its message")
        yield Field(number, kind, value, at, stop)
        at = stop


def signed(value: int) -> int:
    """Return a 64-bit number with its sign.

    >>> signed(2**64 - 1)
    -1
    """
    return value - (1 << 64) if value >> 63 else value
