"""The messages of event files (tensorboard/compat/proto/event.proto, summary.proto, tensor.proto), scalars alone."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from dltui.runs.tensorboard.protobuf import DOUBLE, FLOAT, fields, put, put_float, signed, varint

VERSION = b"brain.Event:2"
SCALARS = b"scalars"
START = 1  # of SessionLog.SessionStatus: what stands at this step or after it counts no more
KINDS = {  # DataType: number of the field that holds such values, how one is laid out, or "" for varints
    1: (5, "<f"),
    2: (6, "<d"),
    3: (7, ""),
    4: (7, "<B"),
    5: (7, "<h"),
    6: (7, "<b"),
    9: (10, ""),
    10: (11, "<?"),
    17: (7, "<H"),
    19: (13, "<e"),
    22: (16, "<I"),
    23: (17, "<Q"),
}
TIME_KEY, STEP_KEY, SUMMARY_KEY = 0x09, 0x10, 0x2A  # number and layout of fields of an event
VALUE_KEY, TAG_KEY, SIMPLE_KEY = 0x0A, 0x0A, 0x15  # … of a summary, and of its values
CONTENT = {3: "<i", 9: "<q"}  # how varints are laid out in tensor_content


class Event(NamedTuple):
    """What an event tells.

    Attributes:
        time: When, in seconds since 1970.
        step: Of the training.
        scalars: Tags with their values, in order.
        again: Whether training began again at this step.
    """

    time: float
    step: int
    scalars: tuple[tuple[str, float], ...]
    again: bool = False


@dataclass
class EventParser:
    """Reads events in order: what kind of thing a tag is, is told only the first time.

    Attributes:
        plugins: The plugin of each tag, as far as it was told.
    """

    plugins: dict[bytes, bytes] = field(default_factory=dict)

    def event(self, data: bytes) -> Event:
        """Return what an event tells.

        Args:
            data: The message.

        Returns:
            Its scalars; none when it tells of something else.

        Raises:
            ValueError: If it is no such message.
        """
        plain = _plain(data)
        if plain is not None:
            return plain
        time, step, scalars, again = 0.0, 0, [], False
        for number, value in fields(data):
            if number == 1:
                time = _double(value)
            elif number == 2 and isinstance(value, int):
                step = signed(value)
            elif number == 5 and isinstance(value, bytes):
                for part, inner in fields(value):
                    if part == 1 and isinstance(inner, bytes):
                        scalars += self._scalar(inner)
            elif number == 7 and isinstance(value, bytes):
                again = dict(fields(value)).get(1) == START
        return Event(time, step, tuple(scalars), again)

    def _scalar(self, data: bytes) -> list[tuple[str, float]]:
        """Return tag and number of one value of a summary; nothing where it is no number."""
        tag, number, tensor = b"", None, None
        for part, value in fields(data):
            if part == 1 and isinstance(value, bytes):
                tag = value
            elif part == 2 and isinstance(value, bytes) and len(value) == FLOAT.size:
                (number,) = FLOAT.unpack(value)
            elif part == 8:
                tensor = value
            elif part == 9 and isinstance(value, bytes):
                self._note(tag, value)
        if number is None and isinstance(tensor, bytes) and self.plugins.get(tag, SCALARS) == SCALARS:
            number = _number(tensor)
        return [] if number is None else [(tag.decode("utf-8", "replace"), number)]

    def _note(self, tag: bytes, metadata: bytes) -> None:
        """Take note of the plugin of a tag."""
        for part, value in fields(metadata):
            if part == 1 and isinstance(value, bytes):
                name = dict(fields(value)).get(1, b"")
                if isinstance(name, bytes) and name:
                    self.plugins.setdefault(tag, name)


def _plain(data: bytes) -> Event | None:
    """Return an event that holds one old-style scalar, as nearly all do, in a fifth of the time; None for others."""
    try:
        if data[0] != TIME_KEY or data[9] != STEP_KEY:
            return None
        step, at = varint(data, 10)
        for key in (SUMMARY_KEY, VALUE_KEY):
            if data[at] != key:
                return None
            size, at = varint(data, at + 1)
            if at + size != len(data):
                return None
        if data[at] != TAG_KEY:
            return None
        size, at = varint(data, at + 1)
        end = at + size
        if data[end] != SIMPLE_KEY or end + 1 + FLOAT.size != len(data):
            return None
    except (IndexError, ValueError):
        return None
    tag, (value,) = data[at:end].decode("utf-8", "replace"), FLOAT.unpack_from(data, end + 1)
    return Event(DOUBLE.unpack_from(data, 1)[0], signed(step), ((tag, value),))


def _double(value: int | bytes) -> float:
    """Return a number of eight bytes.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(value, bytes) or len(value) != DOUBLE.size:
        raise ValueError("no number of eight bytes")
    return float(DOUBLE.unpack(value)[0])


def _number(tensor: bytes) -> float | None:
    """Return the number in a tensor that holds one, else None."""
    parts: dict[int, list[int | bytes]] = {}
    for number, value in fields(tensor):
        parts.setdefault(number, []).append(value)
    kind = parts.get(1, [0])[0]
    if kind not in KINDS or not isinstance(kind, int):
        return None
    place, layout = KINDS[kind]
    content, values = parts.get(4, [b""])[0], parts.get(place, [])
    if isinstance(content, bytes) and content:
        layout = layout or CONTENT[kind]
        return float(struct.unpack(layout, content)[0]) if len(content) == struct.calcsize(layout) else None
    if len(values) != 1 or _size(parts.get(2, [b""])[0]) != 1:
        return None
    return _value(values[0], layout)


def _value(value: int | bytes, layout: str) -> float | None:
    """Return the only number of a field, packed or not."""
    if isinstance(value, int):  # a varint; halves are kept as the bits of an integer
        return (
            float(struct.unpack("<e", struct.pack("<H", value))[0])
            if layout == "<e"
            else float(signed(value))
        )
    if layout in {"<f", "<d"}:
        return float(struct.unpack(layout, value)[0]) if len(value) == struct.calcsize(layout) else None
    inner, end = varint(value, 0)
    return _value(inner, layout) if end == len(value) else None


def _size(shape: int | bytes) -> int:
    """Return how many numbers a tensor of a shape holds."""
    size = 1
    for number, dimension in fields(shape) if isinstance(shape, bytes) else ():
        if number == 2 and isinstance(dimension, bytes):
            extent = dict(fields(dimension)).get(1, 0)
            size *= extent if isinstance(extent, int) else 0
    return size


def first_event(time: float) -> bytes:
    """Return the event that every file begins with."""
    return put(1, float(time)) + put(3, VERSION)


def scalar_event(time: float, step: int, scalars: dict[str, float]) -> bytes:
    """Return an event of scalars as every version of TensorBoard reads them.

    Args:
        time: When, in seconds since 1970.
        step: Of the training.
        scalars: Values by tag.

    Returns:
        The message.
    """
    values = (put(1, tag.encode()) + put_float(2, value) for tag, value in scalars.items())
    return put(1, float(time)) + put(2, step) + put(5, b"".join(put(1, value) for value in values))
