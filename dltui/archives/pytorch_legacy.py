"""What ``torch.save`` wrote before torch 1.6: five pickles, then the storages one after the other."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any

from dltui.archives.base import damaged
from dltui.archives.described import Spot, archive_of, described
from dltui.archives.pickled import Thing
from dltui.archives.placed import PlacedArchive
from dltui.archives.rebuilt import UNTYPED, Storage, Tensor
from dltui.contents import BITS
from dltui.errors import DltuiError

MAGIC = 0x1950A86A20F9469CFC6C


def open_legacy(path: Path) -> PlacedArchive:
    """Open a file of the older container; only its pickles are read.

    Args:
        path: The file, which begins as pickles do.

    Returns:
        Its tensors.

    Raises:
        DltuiError: If it is damaged, another kind of pickle, or would run code when read.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        magic = described(path, data)
        if magic.value != MAGIC:
            raise DltuiError(
                f"{path} is a pickle, but not one that torch.save wrote: save model.state_dict() with torch.save, or "
                "arrays with np.savez"
            )
        at = magic.end
        for _ in range(2):  # the protocol and the sizes of C's types
            at = described(path, data, at).end
        stored = described(path, data, at)
        keys = described(path, data, stored.end)
        if not isinstance(keys.value, list):
            raise damaged(path, "the list of its storages is missing")
        spots = _spots(path, data, keys.end, [str(key) for key in keys.value], dict(_storages(stored.value)))
    return archive_of(path, "pytorch-legacy", stored.value, lambda storage: spots.get(storage.key))


def _storages(value: Any) -> Iterator[tuple[str, Storage]]:
    """Yield the storages that tensors lie in, by their keys."""
    todo, seen = [value], set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Tensor) and one.storage is not None:
            yield one.storage.key, one.storage
        elif isinstance(one, Storage):
            yield one.key, one
        elif isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list | tuple):
            todo += one
        elif isinstance(one, Thing):
            todo.append(one.state)


def _spots(path: Path, data: Any, at: int, keys: list[str], storages: dict[str, Storage]) -> dict[str, Spot]:
    """Return where each storage is; they follow each other, each after the number of its elements."""
    spots = {}
    for key in keys:
        if at + 8 > len(data):
            raise damaged(path, f"it is cut short at byte {len(data)}")
        count = unpack_from("<q", data, at)[0]
        storage = storages.get(key)
        if count < 0 or (storage is not None and count != storage.elements):
            raise damaged(path, f"the storage {key} has {count} numbers, but its pickle says otherwise")
        if storage is None and key != keys[-1]:
            raise damaged(path, f"the type of the storage {key} is not told")
        dtype = storage.dtype if storage is not None else UNTYPED
        nbytes = count * (1 if dtype == UNTYPED else BITS[dtype] // 8)
        spots[key] = Spot(path, at + 8, nbytes)
        at += 8 + nbytes
    if at > len(data):
        raise damaged(path, f"it is cut short: it ends at byte {len(data)}, its numbers at {at}")
    return spots
