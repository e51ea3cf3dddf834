"""From what a pickle describes to a list of tensors with their places, and the plain values beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from dltui.archives.base import MOST_TENSORS, Scalar, damaged
from dltui.archives.pickled import Broken, Thing, Unpickled, unpickle
from dltui.archives.placed import Place, PlacedArchive
from dltui.archives.rebuilt import UNTYPED, Storage, Tensor
from dltui.contents import BITS, Entry, stored_bytes
from dltui.errors import DltuiError

DEEPEST = 60  # dictionaries within dictionaries
MOST_AGAIN = 5000  # containers that are met a second time
SHORT = 8  # values of a list that is told whole
LONG_TEXT = 200  # characters of a text that is told whole


class Spot(NamedTuple):
    """Where a storage is: a file, its first byte, how many bytes it has, and whether bytes are swapped."""

    path: Path
    offset: int
    nbytes: int
    swapped: bool = False


def described(path: Path, data: Any, start: int = 0, *, script: bool = False) -> Unpickled:
    """Return what a pickle of a file describes, or refuse the file.

    Args:
        path: The file, for errors.
        data: The bytes.
        start: Where the pickle begins.
        script: Whether it belongs to a TorchScript program.

    Returns:
        Its value.

    Raises:
        DltuiError: If it is damaged, or asks for functions or classes beyond those of a state dict.
    """
    try:
        found = unpickle(data, start, script=script)
    except Broken as error:
        raise damaged(path, str(error)) from error
    if found.wanted:
        raise refused(path, found.wanted)
    return found


def refused(path: Path, wanted: tuple[str, ...]) -> DltuiError:
    """Return the error for a pickle that would run code.

    Args:
        path: The file.
        wanted: The functions and classes that it asks for.

    Returns:
        A ``DltuiError``, to be raised by the caller.
    """
    return DltuiError(
        f"{path} would run code when read, so it is refused and nothing of it was run: it wants {', '.join(wanted)}; "
        "save model.state_dict() alone"
    )


def archive_of(
    path: Path,
    kind: str,
    value: Any,
    spot_of: Callable[[Storage], Spot | None],
    tensors: Mapping[str, Tensor] | None = None,
) -> PlacedArchive:
    """Return the archive of what a pickle describes.

    Args:
        path: The file.
        kind: Its format.
        value: What the pickle describes.
        spot_of: Tells where a storage is.
        tensors: Tensors by number, in the oldest container.

    Returns:
        Its tensors by their way through the dictionaries, parted by dots; other values as scalars.

    Raises:
        DltuiError: If a tensor lies outside its storage, or there are too many.
    """
    entries: list[Entry] = []
    places: dict[str, Place] = {}
    scalars: dict[str, Scalar] = {}
    first: dict[tuple[Path, int], str] = {}
    for name, found in leaves(value, path):
        tensor = (
            (tensors or {}).get(found.key) if isinstance(found, Storage) and found.elements < 0 else found
        )
        if not isinstance(tensor, Tensor):
            if not isinstance(tensor, Storage):
                scalars[name] = _scalar(tensor)
            continue
        if name in places:
            raise damaged(path, f"two tensors are called {name!r}")
        entry, place = _placed(name, tensor, spot_of, path)
        if entry.nbytes and tensor.storage is not None:
            shared = first.setdefault((place.path, place.offset), name)
            entry = Entry(name, entry.shape, entry.dtype, entry.nbytes, shared if shared != name else "")
        entries.append(entry)
        places[name] = place
        if len(entries) > MOST_TENSORS:
            raise damaged(path, f"it holds more than {MOST_TENSORS} tensors")
    return PlacedArchive(path, kind, entries, places, scalars=scalars)


def leaves(value: Any, path: Path) -> Iterator[tuple[str, Any]]:
    """Yield tensors and plain values with their names.

    Args:
        value: Dictionaries, lists and stand-ins within each other.
        path: The file, for errors.

    Yields:
        The way to each, parted by dots, and what is there.

    Raises:
        DltuiError: If it goes too deep or never ends.
    """
    yield from _leaves(value, "", 0, _Visits(path))


@dataclass(eq=False)
class _Visits:
    """Which containers were seen, so that those that hold each other come to an end.

    Attributes:
        path: The file, for errors.
        seen: Marks of containers.
        again: How often one was met a second time.
    """

    path: Path
    seen: set[int] = field(default_factory=set)
    again: int = 0

    def enter(self, container: object, depth: int) -> None:
        """Note a container.

        Raises:
            DltuiError: If it goes too deep, or too much is met again and again.
        """
        self.again += id(container) in self.seen
        self.seen.add(id(container))
        if depth > DEEPEST or self.again > MOST_AGAIN:
            raise damaged(self.path, "its dictionaries hold each other without end")


def _leaves(value: Any, name: str, depth: int, visits: _Visits) -> Iterator[tuple[str, Any]]:
    """Yield what is below one value."""
    if isinstance(value, Thing) and isinstance(value.state, dict | tuple):
        value = value.state
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list | tuple) and not _plain(value):
        inside = {str(i): one for i, one in enumerate(value)}.items()
    else:
        if not isinstance(value, Thing):
            yield name or "value", value
        return
    visits.enter(value, depth)
    for key, one in inside:
        yield from _leaves(one, f"{name}.{key}" if name else str(key), depth + 1, visits)


def _plain(values: list[Any] | tuple[Any, ...]) -> bool:
    """Return whether a list holds nothing but plain values."""
    return all(isinstance(one, int | float | str | bytes | complex | None) for one in values)


def _scalar(value: Any) -> Scalar:
    """Return a plain value as JSON can tell it."""
    if isinstance(value, list | tuple):
        if len(value) > SHORT:
            return f"{len(value)} values"
        return "[" + ", ".join(str(one)[:LONG_TEXT] for one in value) + "]"
    if isinstance(value, str):
        return value if len(value) <= LONG_TEXT else value[:LONG_TEXT] + "…"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 63:
        return hex(value)[:LONG_TEXT]
    return value if isinstance(value, int | float | bool | None) else str(getattr(value, "path", value))


def _placed(
    name: str, tensor: Tensor, spot_of: Callable[[Storage], Spot | None], path: Path
) -> tuple[Entry, Place]:
    """Return a tensor's entry and place, refusing one that lies outside its storage."""
    storage = tensor.storage
    dtype = tensor.dtype or (storage.dtype if storage else "")
    dtype = "uint8" if dtype == UNTYPED else dtype
    if dtype not in BITS:
        raise damaged(path, f"the type of {name!r} is not told")
    elements = 1
    for size in tensor.shape:
        elements *= size
    nbytes = stored_bytes(elements, dtype)
    entry = Entry(name, tensor.shape, dtype, nbytes)
    strides = None if in_order(tensor.shape, tensor.strides) else tensor.strides
    if storage is None or not elements:
        return entry, Place(path, 0, strides)
    spot = spot_of(storage)
    if spot is None:
        raise damaged(path, f"the numbers of {name!r} are missing")
    width = BITS[dtype] // 8
    begin = (storage.first + tensor.offset) * width
    reach = 1 + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    if begin + reach * width > spot.nbytes:
        raise damaged(
            path, f"it is cut short: {name!r} needs {reach * width} bytes, {spot.nbytes - begin} are there"
        )
    return entry, Place(spot.path, spot.offset + begin, strides, spot.swapped)


def in_order(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Return whether numbers with such steps lie in the order of the shape, without gaps."""
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides), strict=True):
        if size != 1 and stride != step:
            return False
        step *= size
    return True
