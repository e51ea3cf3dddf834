"""Arrays that numpy saved: ``.npy`` and ``.npz``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from math import prod
from pathlib import Path
from struct import unpack_from
from typing import TYPE_CHECKING, Any

from dltui.archives.base import LIMIT, Archive, damaged
from dltui.archives.placed import Place, PlacedArchive
from dltui.archives.zipped import Zip
from dltui.contents import BITS, Entry
from dltui.errors import DltuiError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MAGIC = b"\x93NUMPY"
MOST_HEADER = 10_000  # bytes, numpy's own limit
KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex", "b": "bool"}
DESCRIBED = re.compile(r"([<>|=])([a-zA-Z])(\d*)(\[[^\]]*\])?")


class Header:
    """What stands before the numbers of a ``.npy`` file.

    Attributes:
        shape: Sizes.
        dtype: Our name of the type.
        width: Bytes of a number.
        descr: numpy's name of the type.
        columns: Whether the first axis runs fastest.
        length: Bytes of the header.
    """

    __slots__ = ("columns", "descr", "dtype", "length", "shape", "width")

    def __init__(self, head: bytes, path: Path, name: str) -> None:
        """Read it from the beginning of a file.

        Raises:
            DltuiError: If it is no such header, or one of Python objects.
        """
        if head[:6] != MAGIC or len(head) < 12:
            raise damaged(path, f"{name} is no array of numpy's")
        wide = head[6] > 1
        length = unpack_from("<I" if wide else "<H", head, 8)[0]
        self.length = length + (12 if wide else 10)
        text = head[self.length - length : self.length].decode(
            "latin-1" if head[6] < 3 else "utf-8", "replace"
        )
        try:
            told: Any = ast.literal_eval(text.strip()) if length <= MOST_HEADER else None
            self.descr, self.columns, self.shape = told["descr"], told["fortran_order"], told["shape"]
        except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
            raise damaged(path, f"the header of {name} can't be read") from error
        if not isinstance(self.shape, tuple) or not all(
            type(n) is int and 0 <= n < 1 << 63 for n in self.shape
        ):
            raise damaged(path, f"the shape of {name} can't be read")
        self.dtype, self.width = _dtype(self.descr, path, name)


def _dtype(descr: object, path: Path, name: str) -> tuple[str, int]:
    """Return our name of a numpy type, and its bytes."""
    match = DESCRIBED.fullmatch(descr) if isinstance(descr, str) else None
    if match is None:
        return "record", 0
    kind, width = match[2], int(match[3] or 1)
    if kind == "O":
        raise DltuiError(
            f"{path} is refused: {name} is an array of Python objects, a pickle that could run code when read; "
            "save it as numbers with np.savez(…, allow_pickle=False)"
        )
    if kind == "V" and width == 2:
        return "bfloat16", 2  # so ml_dtypes are saved
    if kind not in KINDS or (found := KINDS[kind] + ("" if kind == "b" else str(8 * width))) not in BITS:
        return {"U": "str", "S": "bytes", "M": "datetime64", "m": "timedelta64"}.get(kind, "other"), width * (
            4 if kind == "U" else 1
        )
    return found, width


def open_npy(path: Path) -> PlacedArchive:
    """Open a ``.npy`` file.

    Args:
        path: The file.

    Returns:
        Its one array, by the name of the file without its suffix.

    Raises:
        DltuiError: If it is damaged or holds Python objects.
    """
    with path.open("rb") as file:
        head = Header(file.read(MOST_HEADER + 12), path, "it")
    room = path.stat().st_size - head.length
    entry = _entry(path.stem, head, room, path)
    return _Arrays(path, [entry], {entry.name: (head, None)})


def open_npz(path: Path, found: Zip) -> Archive:
    """Open an ``.npz`` file; only the header of each array is read.

    Args:
        path: The file.
        found: Its directory.

    Returns:
        Its arrays by their names.

    Raises:
        DltuiError: If it is damaged or holds Python objects.
    """
    entries: list[Entry] = []
    heads: dict[str, tuple[Header, str | None]] = {}
    for member in found.members.values():
        if not member.name.endswith(".npy"):
            continue
        name = member.name.removesuffix(".npy")
        head = Header(
            found.head(member.name, 128 if member.size < 128 else _needed(found, member.name)), path, name
        )
        entries.append(_entry(name, head, member.size - head.length, path))
        heads[name] = (head, member.name)
    return _Arrays(path, entries, heads, found)


def _needed(found: Zip, name: str) -> int:
    """Return how long the header of an array is, from its first bytes."""
    first = found.head(name, 12)
    if len(first) < 12 or first[:6] != MAGIC:
        return 12
    return min(MOST_HEADER, int(unpack_from("<I" if first[6] > 1 else "<H", first, 8)[0])) + 12


def _entry(name: str, head: Header, room: int, path: Path) -> Entry:
    """Return what a header describes, refusing one that doesn't fit the bytes after it."""
    if head.dtype == "record":
        return Entry(name, head.shape, head.dtype, room)
    nbytes = prod(head.shape) * head.width
    if nbytes > room:
        raise damaged(path, f"it is cut short: {name} needs {nbytes} bytes and has {room}")
    return Entry(name, head.shape, head.dtype, nbytes)


class _Arrays(PlacedArchive):
    """Arrays of numpy's; those that are compressed are unpacked as they are read."""

    def __init__(
        self,
        path: Path,
        entries: list[Entry],
        heads: dict[str, tuple[Header, str | None]],
        found: Zip | None = None,
    ) -> None:
        super().__init__(path, "npz", entries, {})
        self._heads, self._zip = heads, found

    def place(self, name: str) -> Place:
        """Return where the numbers of an array are."""
        head, member = self._heads[name]
        start = 0 if self._zip is None or member is None else self._zip.start(self._zip.members[member])
        return Place(self.path, start + head.length, _strides(head), str(head.descr).startswith(">"))

    def _packed(self, name: str) -> bool:
        """Return whether an array is compressed, or of a type that is not of numbers."""
        head, member = self._heads[name]
        deflated = self._zip is not None and member is not None and self._zip.members[member].deflated
        return deflated or head.dtype not in BITS

    def values(self, name: str) -> Array:
        """Return the numbers of an array."""
        import numpy as np

        from dltui.archives.decode import carrier, decode

        entry = self.entry(name)
        if not self._packed(name):
            return super().values(name)
        head, member = self._heads[name]
        if self._zip is None or member is None:
            with self.path.open("rb") as file:
                file.seek(head.length)
                raw = bytearray(file.read(entry.nbytes))
        else:
            raw = bytearray().join(self._zip.pieces(member, head.length))
        if head.dtype not in BITS:
            kind = np.dtype(head.descr)
            if kind.hasobject:
                raise DltuiError(f"{name} of {self.path} is of Python objects, which are not read")
            flat: Array = np.frombuffer(raw, kind)
        else:
            flat = decode(
                np.frombuffer(raw, carrier(head.dtype, swapped=str(head.descr)[:1] == ">")), head.dtype
            )
        shaped = flat.reshape(head.shape, order="F" if head.columns else "C")
        shaped.flags.writeable = False
        return shaped

    def blocks(self, name: str, limit: int = LIMIT) -> Iterator[Array]:
        """Yield the numbers of an array in pieces, in the order of the file."""
        head, member = self._heads[name]
        if (
            not self._packed(name)
            or head.dtype not in BITS
            or head.columns
            or self._zip is None
            or member is None
        ):
            yield from (
                super().blocks(name, limit) if not self._packed(name) else Archive.blocks(self, name, limit)
            )
            return
        self.entry(name)
        yield from _unpacked(self._zip.pieces(member, head.length), head, limit)


def _unpacked(pieces: Iterator[bytes], head: Header, limit: int) -> Iterator[Array]:
    """Yield numbers from bytes as they are unpacked."""
    import numpy as np

    from dltui.archives.decode import carrier, decode, decoded_size

    kind, rest = carrier(head.dtype, swapped=str(head.descr)[:1] == ">"), b""
    step = max(1, limit // decoded_size(head.dtype))
    for piece in pieces:
        rest += piece
        whole = len(rest) // head.width * head.width
        flat = decode(np.frombuffer(rest[:whole], kind), head.dtype)
        rest = rest[whole:]
        for start in range(0, flat.size, step):
            yield flat[start : start + step]


def _strides(head: Header) -> tuple[int, ...] | None:
    """Return the steps along each axis where the first runs fastest."""
    if not head.columns or len(head.shape) < 2:
        return None
    steps, step = [], 1
    for size in head.shape:
        steps.append(step)
        step *= size
    return tuple(steps)
