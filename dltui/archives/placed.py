"""Files that say at which byte the numbers of each tensor begin."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.archives.base import LIMIT, Archive, Scalar, damaged
from dltui.archives.buffers import aligned
from dltui.archives.decode import PACKED, carrier, decode, decoded_size, is_native
from dltui.contents import BITS, Entry
from dltui.errors import DltuiError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the numbers of a tensor are.

    Attributes:
        path: The file.
        offset: Byte at which they begin.
        strides: Numbers from one to the next along each axis, or None when they lie in order.
        swapped: Whether the most significant byte comes first.
    """

    path: Path
    offset: int
    strides: tuple[int, ...] | None = None
    swapped: bool = False


class PlacedArchive(Archive):
    """An archive whose tensors lie in files as they are."""

    forkable = True

    def __init__(
        self,
        path: Path,
        kind: str,
        entries: Sequence[Entry],
        places: Mapping[str, Place],
        *,
        scalars: dict[str, Scalar] | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        super().__init__(path, kind, entries, scalars=scalars, metadata=metadata)
        self._places = places
        self._files: dict[Path, int] = {}

    def close(self) -> None:
        """Close every file that was read."""
        for handle in self._files.values():
            os.close(handle)
        self._files.clear()

    def place(self, name: str) -> Place:
        """Return where the numbers of a tensor are."""
        return self._places[name]

    def values(self, name: str) -> Array:
        """Return the numbers of a tensor, mapped from the file where they lie as numpy has them."""
        import numpy as np

        entry = self.entry(name)
        place = self.place(name)
        if not entry.elements:
            return np.empty(entry.shape, np.float32 if not is_native(entry.dtype) else np.dtype(entry.dtype))
        raw = self._mapped(entry, place)
        if place.strides is None and is_native(entry.dtype) and not place.swapped:
            return raw.reshape(entry.shape)
        return decode(raw, entry.dtype, entry.elements).reshape(entry.shape)

    def blocks(self, name: str, limit: int = LIMIT) -> Iterator[Array]:
        """Yield the numbers of a tensor in pieces, each read into the same buffer."""
        import numpy as np

        entry = self.entry(name)
        place = self.place(name)
        if place.strides is not None or entry.dtype not in BITS:
            yield from super().blocks(name, limit)
            return
        kind = carrier(entry.dtype, swapped=place.swapped)
        step = max(24, limit // decoded_size(entry.dtype) // 24 * 24)  # whole bytes of packed types
        step = min(step, max(1, entry.elements))
        buffer = aligned((step * BITS[entry.dtype] + 7) // 8, np.uint8)
        # fresh pages cost more than widening
        room = aligned(step, np.uint32) if entry.dtype == "bfloat16" else None
        handle = self._file(place.path)
        for start in range(0, entry.elements, step):
            count = min(step, entry.elements - start)
            part = buffer[: (count * BITS[entry.dtype] + 7) // 8]
            _read_into(handle, part, place.offset + start * BITS[entry.dtype] // 8, place.path)
            yield decode(part.view(kind), entry.dtype, count, room)

    def codes(self, name: str, room: Array) -> Iterator[Array] | None:
        """Return the bits of a tensor of 16-bit floats in pieces."""
        entry = self.entry(name)
        if entry.dtype not in {"float16", "bfloat16"} or name not in self._places:
            return None
        place = self.place(name)
        return None if place.strides is not None or place.swapped else self._codes(entry, place, room)

    def _codes(self, entry: Entry, place: Place, room: Array) -> Iterator[Array]:
        """Yield the bits of a tensor of 16-bit floats."""
        handle = self._file(place.path)
        for start in range(0, entry.elements, room.size):
            part = room[: entry.elements - start]
            _read_into(handle, part, place.offset + 2 * start, place.path)
            yield part

    def _file(self, path: Path) -> int:
        """Return the open file, opening it when it is first read."""
        if path not in self._files:
            try:
                self._files[path] = os.open(path, os.O_RDONLY)
            except OSError as error:
                raise _gone(path, error) from error
        return self._files[path]

    def _mapped(self, entry: Entry, place: Place) -> Array:
        """Return the bits of a tensor, flat, or in its shape where they don't lie in order."""
        from numpy.lib.stride_tricks import as_strided

        kind = carrier(entry.dtype, swapped=place.swapped)
        count = stretch(entry, place) if entry.dtype not in PACKED else entry.nbytes
        count *= 2 if entry.dtype == "complex32" else 1
        raw = mapped(place, kind, (count,), entry.name)
        if place.strides is None:
            return raw
        steps = tuple(step * raw.itemsize for step in place.strides)
        return as_strided(raw, entry.shape, steps, writeable=False)


def mapped(place: Place, kind: Any, shape: tuple[int, ...], name: str) -> Array:
    """Return the bits of a tensor, mapped from its file.

    Args:
        place: Where they are.
        kind: Type of the array.
        shape: Its shape.
        name: The tensor.

    Returns:
        An array that is read as it is used.

    Raises:
        DltuiError: If the file is gone, or too short.
    """
    import numpy as np

    try:
        return np.memmap(place.path, kind, "r", place.offset, shape)
    except OSError as error:
        raise _gone(place.path, error) from error
    except ValueError as error:
        raise damaged(place.path, f"the numbers of {name} are not all there") from error


def _gone(path: Path, error: OSError) -> DltuiError:
    """Return the error for a file that was read before and can't be any more."""
    return DltuiError(f"can't read {path}: {error.strerror}; it was there a moment ago")


def stretch(entry: Entry, place: Place) -> int:
    """Return how many stored numbers lie from the first to the last of a tensor."""
    if place.strides is None or not entry.elements:
        return prod(entry.shape)
    return 1 + sum((size - 1) * step for size, step in zip(entry.shape, place.strides, strict=True))


def _read_into(handle: int, part: Array, offset: int, path: Path) -> None:
    """Fill an array with bytes of a file."""
    view = memoryview(part)  # type: ignore[arg-type]
    while view:
        done = os.preadv(handle, [view], offset)
        if not done:
            raise damaged(path, "it ends before its numbers do")
        view, offset = view[done:], offset + done
