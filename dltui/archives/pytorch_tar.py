"""What ``torch.save`` wrote before torch 0.1.12: a tar of a pickle, tensors and storages."""

from __future__ import annotations

import mmap
import tarfile
from pathlib import Path
from struct import unpack_from
from typing import Any

from dltui.archives.base import MOST_TENSORS, damaged
from dltui.archives.described import Spot, archive_of, described
from dltui.archives.placed import PlacedArchive
from dltui.archives.rebuilt import STORAGES, Storage, Tensor, rebuild
from dltui.contents import BITS
from dltui.errors import DltuiError

PARTS = ("storages", "tensors", "pickle")
MOST_MEMBERS = 100


def open_tar(path: Path) -> PlacedArchive:
    """Open a tar that an early torch wrote.

    Args:
        path: The file.

    Returns:
        Its tensors.

    Raises:
        DltuiError: If it is damaged, another tar, or would run code when read.
    """
    found = _members(path)
    if not set(PARTS) <= found.keys():
        some = ", ".join(list(found)[:4]) or "nothing"
        raise DltuiError(f"{path} is a tar of {some}: unpack it first, and inspect what is in it")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            spots, kinds = _storages(path, data, *found["storages"])
            tensors = _tensors(path, data, *found["tensors"], kinds)
        except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise damaged(path, "its storages or tensors can't be read") from error
        value = described(path, data, found["pickle"][0]).value
    return archive_of(path, "pytorch-legacy", value, lambda storage: spots.get(storage.key), tensors)


def _members(path: Path) -> dict[str, tuple[int, int]]:
    """Return the first and the last byte of each file in a tar."""
    found = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                found[member.name] = (member.offset_data, member.offset_data + member.size)
                if len(found) > MOST_MEMBERS:
                    break
    except (tarfile.TarError, ValueError, OverflowError, EOFError) as error:
        raise damaged(path, "the tar can't be read") from error
    if any(end > path.stat().st_size for _, end in found.values()):
        raise damaged(path, "the tar is cut short")
    return found


def _counted(path: Path, data: Any, at: int) -> tuple[int, int]:
    """Return how many things follow, and where the first begins."""
    found = described(path, data, at)
    if type(found.value) is not int or not 0 <= found.value <= MOST_TENSORS:
        raise damaged(path, "it doesn't say how many tensors it holds")
    return found.value, found.end


def _storages(path: Path, data: Any, at: int, end: int) -> tuple[dict[str, Spot], dict[str, Storage]]:
    """Return where each storage is, and what it holds."""
    spots: dict[str, Spot] = {}
    kinds: dict[str, Storage] = {}
    count, at = _counted(path, data, at)
    for _ in range(count):
        told = described(path, data, at)
        key, _, kind = told.value
        elements = _number(data, "<q", told.end)
        dtype = STORAGES[kind.path]
        nbytes = elements * BITS[dtype] // 8
        if elements < 0 or told.end + 8 + nbytes > end:
            raise damaged(path, f"it is cut short: the storage {key} needs {nbytes} bytes")
        spots[str(key)] = Spot(path, told.end + 8, nbytes)
        kinds[str(key)] = Storage(str(key), dtype, elements)
        at = told.end + 8 + nbytes
    for target, root, offset, elements in described(path, data, at).value:
        whole, width = spots[str(root)], BITS[kinds[str(root)].dtype] // 8
        if offset < 0 or elements < 0 or (offset + elements) * width > whole.nbytes:
            raise damaged(path, f"the storage {target} lies outside another")
        spots[str(target)] = Spot(path, whole.offset + offset * width, elements * width)
        kinds[str(target)] = Storage(str(target), kinds[str(root)].dtype, elements)
    return spots, kinds


def _tensors(path: Path, data: Any, at: int, end: int, kinds: dict[str, Storage]) -> dict[str, Tensor]:
    """Return the tensors by number."""
    found: dict[str, Tensor] = {}
    count, at = _counted(path, data, at)
    for _ in range(count):
        told = described(path, data, at)
        key, storage, _ = told.value
        dimensions = _number(data, "<i", told.end)
        if not 0 <= dimensions <= 64 or told.end + 16 + 16 * dimensions > end:
            raise damaged(path, f"the tensor {key} can't be read")
        numbers = unpack_from(f"<{2 * dimensions + 1}q", data, told.end + 8)
        shape, strides, offset = numbers[:dimensions], numbers[dimensions:-1], numbers[-1]
        found[str(key)] = rebuild(kinds[str(storage)], offset, shape, strides)
        at = told.end + 16 + 16 * dimensions
    return found


def _number(data: Any, kind: str, at: int) -> int:
    """Return a number at a place.

    Raises:
        ValueError: If the file ends before it.
    """
    if at + 8 > len(data):
        raise ValueError("the file ends")
    return int(unpack_from(kind, data, at)[0])
