"""What ``torch.save`` wrote before torch 1.6: five pickles, then the storages one after the other."""

from __future__ import annotations

import mmap
from pathlib import Path
from struct import unpack_from
from typing import Any

from dltui.archives.base import damaged
from dltui.archives.described import Spot, archive_of, described, refused
from dltui.archives.pickled import Broken, unpickle
from dltui.archives.placed import PlacedArchive
from dltui.archives.rebuilt import UNTYPED, Storage
from dltui.contents import BITS
from dltui.errors import DltuiError

MAGIC = 0x1950A86A20F9469CFC6C
LONGEST_OLD = 1_000_000  # bytes of a pickle without a mark that are looked at


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
            raise _another(path)
        at = magic.end
        for _ in range(2):  # the protocol and the sizes of C's types
            at = described(path, data, at).end
        stored = described(path, data, at)
        keys = described(path, data, stored.end)
        if not isinstance(keys.value, list):
            raise damaged(path, "the list of its storages is missing")
        spots = _spots(path, data, keys.end, [str(key) for key in keys.value], stored.storages)
    return archive_of(path, "pytorch-legacy", stored.value, lambda storage: spots.get(storage.key))


def refuse_old_pickle(path: Path) -> None:
    """Refuse a pickle of protocol 0 or 1, which has no mark that it begins with; do nothing about other files.

    Args:
        path: The file.

    Raises:
        DltuiError: If it is one, with the list of what it wants.
    """
    with path.open("rb") as file:
        head = file.read(LONGEST_OLD)
    try:
        found = unpickle(head)
    except Broken:
        return
    raise refused(path, found.wanted) if found.wanted else _another(path)


def _another(path: Path) -> DltuiError:
    """Return the error for a pickle of something else."""
    return DltuiError(
        f"{path} is a pickle, but not one that torch.save wrote: save model.state_dict() with torch.save, or arrays "
        "with np.savez"
    )


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
