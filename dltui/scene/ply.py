"""PLY files: any element, any property, text and both orders of bytes; large ones are mapped and not read.

The format is Greg Turk's (1994): a header that names elements and their properties, then the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dltui.errors import DltuiError

Array = NDArray[np.generic]
Numbers = NDArray[np.float64] | NDArray[np.int64]
TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8", "long": "i8", "int64": "i8",
}  # fmt: skip
ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
LONGEST = 1 << 20  # bytes of a header at most


@dataclass(frozen=True)
class Property:
    """One property of an element.

    Attributes:
        name: What it is called.
        kind: Type of its numbers, as numpy spells it.
        count: Type of the number before a list, or "" when it is no list.
    """

    name: str
    kind: str
    count: str = ""


@dataclass(frozen=True)
class Element:
    """What a header says of one element.

    Attributes:
        name: Such as ``vertex``.
        size: How many there are.
        properties: What each bears.
    """

    name: str
    size: int
    properties: tuple[Property, ...]

    @property
    def lists(self) -> bool:
        """Whether any property is a list."""
        return any(one.count for one in self.properties)


@dataclass(frozen=True, eq=False)
class Ragged:
    """Lists of unlike lengths.

    Attributes:
        counts: Length of each, shape (n,).
        values: All entries one after the other.
    """

    counts: NDArray[np.int64]
    values: Array


@dataclass(frozen=True, eq=False)
class Ply:
    """A file that was read.

    Attributes:
        order: ``ascii``, ``binary_little_endian`` or ``binary_big_endian``.
        elements: For each element its properties by name: numbers, shape (n,), lists of one length, shape (n, k), or
            ragged ones.
        comments: What the header says besides.
    """

    order: str
    elements: dict[str, dict[str, Array | Ragged]]
    comments: tuple[str, ...] = ()


def read_ply(path: Path) -> Ply:
    """Read a PLY file.

    Args:
        path: Where it is.

    Returns:
        Its elements; those of fixed size in a binary file are mapped into memory and read when they are used.

    Raises:
        DltuiError: If it is missing, none, or shorter than its header says.
    """
    try:
        with path.open("rb") as file:
            head = file.read(LONGEST)
            size = path.stat().st_size
    except OSError as error:
        raise DltuiError(f"can't read {path}: {error.strerror}; expected a PLY file") from error
    if not head:
        raise DltuiError(f"{path} is empty: expected a PLY file")
    order, elements, comments, start = _header(head, path)
    if order == "ascii":
        return Ply(order, _text(path, start, elements), comments)
    return Ply(order, _binary(path, start, size, elements, ORDERS[order]), comments)


def _header(head: bytes, path: Path) -> tuple[str, list[Element], tuple[str, ...], int]:
    """Return the order of bytes, the elements, the comments, and where the numbers begin."""
    if not head.startswith((b"ply\n", b"ply\r")):
        raise DltuiError(f"{path} is no PLY file: expected it to begin with the line ply")
    end = head.find(b"end_header")
    stop = head.find(b"\n", end)
    if end < 0 or stop < 0:
        raise DltuiError(f"the header of {path} has no end: expected a line end_header")
    order, elements, comments = "", list[Element](), list[str]()
    for line in head[:end].decode("utf-8", "replace").splitlines()[1:]:
        words = line.split()
        if not words:
            continue
        if words[0] in {"comment", "obj_info"}:
            comments.append(" ".join(words[1:]))
        elif words[0] == "format" and len(words) >= 2:
            order = words[1]
        elif words[0] == "element" and len(words) == 3 and words[2].isdecimal():
            elements.append(Element(words[1], int(words[2]), ()))
        elif words[0] == "property" and elements:
            last = elements[-1]
            elements[-1] = Element(last.name, last.size, (*last.properties, _property(words, path)))
        else:
            raise DltuiError(f"can't read the line {line.strip()!r} in the header of {path}")
    if order not in ORDERS:
        raise DltuiError(
            f"{path} is a PLY of format {order or 'nothing'}: expected one of {', '.join(ORDERS)}"
        )
    return order, elements, tuple(comments), stop + 1


def _property(words: list[str], path: Path) -> Property:
    """Return what one line of a header says."""
    if len(words) == 5 and words[1] == "list" and words[2] in TYPES and words[3] in TYPES:
        return Property(words[4], TYPES[words[3]], TYPES[words[2]])
    if len(words) == 3 and words[1] in TYPES:
        return Property(words[2], TYPES[words[1]])
    raise DltuiError(
        f"can't read the line {' '.join(words)!r} in the header of {path}: expected a type and a name"
    )


def _short(path: Path, element: Element) -> DltuiError:
    return DltuiError(
        f"{path} ends before its {element.size:,} elements {element.name} do: it was cut short, or its header is wrong"
    )


def _text(path: Path, start: int, elements: list[Element]) -> dict[str, dict[str, Array | Ragged]]:
    """Read the numbers of a text file."""
    body = path.read_bytes()[start:]
    by_lines = _text_by_lines(body, elements, path)
    if by_lines is not None:
        return by_lines
    try:
        numbers = np.fromstring(body, dtype=np.float64, sep=" ")
    except ValueError as error:
        raise DltuiError(f"{path} holds something that is no number: {error}") from error
    found, at = dict[str, dict[str, Array | Ragged]](), 0
    for element in elements:
        found[element.name], at = _text_element(numbers, at, element, path)
    return found


def _text_by_lines(
    body: bytes, elements: list[Element], path: Path
) -> dict[str, dict[str, Array | Ragged]] | None:
    """Read a text that has one element a line, whole numbers as such, which is faster; None where that doesn't fit."""
    ends = np.flatnonzero(np.frombuffer(body, np.uint8) == ord("\n")) + 1
    found, line, at = dict[str, dict[str, Array | Ragged]](), 0, 0
    for element in elements:
        line += element.size
        if line > len(ends) + 1:
            return None
        stop = at if not element.size else len(body) if line > len(ends) else int(ends[line - 1])
        kinds = "".join(one.kind + one.count for one in element.properties)
        try:
            numbers: Numbers = (
                np.fromstring(body[at:stop], dtype=np.float64, sep=" ")
                if "f" in kinds
                else np.fromstring(body[at:stop], dtype=np.int64, sep=" ")
            )
            found[element.name], used = _text_element(numbers, 0, element, path)
        except (ValueError, DltuiError):
            return None
        if used != numbers.size:
            return None
        at = stop
    return found


def _text_element(
    numbers: Numbers, at: int, element: Element, path: Path
) -> tuple[dict[str, Array | Ragged], int]:
    """Return the properties of one element, and where the next one begins."""
    if element.lists:
        return _text_lists(numbers, at, element, path)
    wide = len(element.properties)
    part = numbers[at : at + element.size * wide]
    if part.size < element.size * wide:
        raise _short(path, element)
    table = part.reshape(element.size, wide)
    columns = {one.name: table[:, i].astype(one.kind) for i, one in enumerate(element.properties)}
    return dict(columns), at + element.size * wide


def _text_lists(
    numbers: Numbers, at: int, element: Element, path: Path
) -> tuple[dict[str, Array | Ragged], int]:
    """Read an element with lists: at once where all are of the length of the first, else one by one."""
    wide, places = 0, list[int]()
    for one in element.properties:
        places.append(at + wide)
        if not one.count:
            wide += 1
        elif places[-1] < numbers.size:
            wide += 1 + int(numbers[places[-1]])
    if element.size == 0:
        return {one.name: np.zeros(0, one.kind) for one in element.properties}, at
    block = numbers[at : at + element.size * wide]
    if wide > 0 and block.size == element.size * wide:
        table, starts = block.reshape(element.size, wide), [place - at for place in places]
        alike = all(
            (table[:, s] == table[0, s]).all()
            for s, one in zip(starts, element.properties, strict=True)
            if one.count
        )
        if alike:
            found: dict[str, Array | Ragged] = {}
            for s, one in zip(starts, element.properties, strict=True):
                length = int(table[0, s]) if one.count else 0
                part = table[:, s + 1 : s + 1 + length] if one.count else table[:, s]
                found[one.name] = part.astype(one.kind)
            return found, at + element.size * wide
    return _walk(iter(numbers[at:].tolist()), at, element, path)


def _walk(
    rest: Iterator[float], at: int, element: Element, path: Path
) -> tuple[dict[str, Array | Ragged], int]:
    """Read lists of unlike lengths."""
    counts: dict[str, list[int]] = {one.name: [] for one in element.properties}
    values: dict[str, list[float]] = {one.name: [] for one in element.properties}
    used = 0
    try:
        for _ in range(element.size):
            for one in element.properties:
                length = int(next(rest)) if one.count else 1
                used += length + bool(one.count)
                counts[one.name].append(length)
                values[one.name].extend(next(rest) for _ in range(length))
    except (StopIteration, RuntimeError) as error:
        raise _short(path, element) from error
    return {
        one.name: Ragged(np.array(counts[one.name]), np.array(values[one.name]).astype(one.kind))
        if one.count
        else np.array(values[one.name]).astype(one.kind)
        for one in element.properties
    }, at + used


def _binary(
    path: Path, start: int, size: int, elements: list[Element], order: str
) -> dict[str, dict[str, Array | Ragged]]:
    """Map the numbers of a binary file."""
    found, at = dict[str, dict[str, Array | Ragged]](), start
    whole = np.memmap(path, np.uint8, "r") if size > start else np.zeros(start, np.uint8)
    for element in elements:
        if not element.size or not element.properties:
            found[element.name] = {one.name: np.zeros(0, one.kind) for one in element.properties}
            continue
        kind = _row(whole, at, element, order, path)
        stop = at + element.size * kind.itemsize
        if stop <= size:
            table = whole[at:stop].view(kind)
            if _alike(table, element):
                found[element.name], at = {one.name: table[one.name] for one in element.properties}, stop
                continue
        elif not element.lists:
            raise _short(path, element)
        found[element.name], at = _binary_walk(whole, at, element, order, path)
    return found


def _row(whole: NDArray[np.uint8], at: int, element: Element, order: str, path: Path) -> np.dtype[np.void]:
    """Return what one element looks like in memory, if all lists are as long as those of the first."""
    fields: list[tuple[str, object] | tuple[str, object, tuple[int]]] = []
    place = at
    for one in element.properties:
        if one.count:
            count = np.dtype(order + one.count)
            if place + count.itemsize > whole.size:
                raise _short(path, element)
            length = int(whole[place : place + count.itemsize].view(count)[0])
            if not 0 <= length <= whole.size:
                raise _short(path, element)
            fields += [(f"#{one.name}", count), (one.name, np.dtype(order + one.kind), (length,))]
            place += count.itemsize + length * np.dtype(one.kind).itemsize
        else:
            fields.append((one.name, np.dtype(order + one.kind)))
            place += np.dtype(one.kind).itemsize
    try:
        return np.dtype(fields)
    except ValueError as error:
        raise DltuiError(f"{path} names a property of its {element.name} twice") from error


def _alike(table: NDArray[np.void], element: Element) -> bool:
    """Return whether all lists are as long as the first."""
    return all(
        bool((table[f"#{one.name}"] == table[f"#{one.name}"][0]).all())
        for one in element.properties
        if one.count
    )


def _binary_walk(
    whole: NDArray[np.uint8], at: int, element: Element, order: str, path: Path
) -> tuple[dict[str, Array | Ragged], int]:
    """Read lists of unlike lengths, one by one."""
    body, place = whole[at:].tobytes(), 0
    counts: dict[str, list[int]] = {one.name: [] for one in element.properties}
    parts: dict[str, list[bytes]] = {one.name: [] for one in element.properties}
    kinds = {
        one.name: (np.dtype(order + one.count) if one.count else None, np.dtype(order + one.kind))
        for one in element.properties
    }
    for _ in range(element.size):
        for name, (count, kind) in kinds.items():
            length = 1
            if count is not None:
                if place + count.itemsize > len(body):
                    raise _short(path, element)
                length = int(np.frombuffer(body, count, 1, place)[0])
                place += count.itemsize
            stop = place + length * kind.itemsize
            if length < 0 or stop > len(body):
                raise _short(path, element)
            counts[name].append(length)
            parts[name].append(body[place:stop])
            place = stop
    found: dict[str, Array | Ragged] = {}
    for name, (count, kind) in kinds.items():
        values = np.frombuffer(b"".join(parts[name]), kind)
        found[name] = values if count is None else Ragged(np.array(counts[name]), values)
    return found, at + place
