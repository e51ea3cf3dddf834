"""The ``.safetensors`` format: a JSON header of names, types, shapes and offsets, then the numbers."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

from dltui.archives.base import MOST_TENSORS, damaged
from dltui.archives.placed import Place, PlacedArchive
from dltui.contents import BITS, Entry

MOST_HEADER = 64_000_000  # bytes; 200,000 tensors take about 30,000,000
LARGEST = 1 << 63
METADATA = "__metadata__"
DTYPES = {
    "BOOL": "bool",
    "F4": "float4_e2m1fn",
    "F6_E2M3": "float6_e2m3fn",
    "F6_E3M2": "float6_e3m2fn",
    "U8": "uint8",
    "I8": "int8",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "I16": "int16",
    "U16": "uint16",
    "F16": "float16",
    "BF16": "bfloat16",
    "I32": "int32",
    "U32": "uint32",
    "F32": "float32",
    "C64": "complex64",
    "F64": "float64",
    "I64": "int64",
    "U64": "uint64",
}


def open_safetensors(path: Path) -> PlacedArchive:
    """Open a ``.safetensors`` file; only its header is read.

    Args:
        path: The file.

    Returns:
        Its tensors, in the order in which their numbers lie.

    Raises:
        DltuiError: If the header contradicts itself or the size of the file.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(8), "little")
        if length > size - 8:
            raise damaged(path, f"its header claims {length} bytes, more than the file has")
        if length > MOST_HEADER:
            raise damaged(path, f"its header claims {length} bytes, more than {MOST_HEADER} are never needed")
        text = file.read(length)
    entries, offsets, metadata = read_header(text, path, size - 8 - length)
    places = {one.name: Place(path, 8 + length + offsets[one.name]) for one in entries}
    return PlacedArchive(path, "safetensors", entries, places, metadata=metadata)


def read_header(text: bytes, path: Path, room: int) -> tuple[list[Entry], dict[str, int], dict[str, str]]:
    """Return what the header of a ``.safetensors`` file says.

    Args:
        text: The JSON.
        path: The file, for errors.
        room: Bytes after the header.

    Returns:
        The tensors in the order of their offsets, where each begins after the header, and the file's own remarks.

    Raises:
        DltuiError: If the header is no such JSON, or offsets overlap, leave holes or miss the end of the file.
    """
    found = _pairs(text, path)
    metadata = found.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(one, str) for one in metadata.values()):
        raise damaged(path, f"the {METADATA} of its header are not texts by name")
    placed = sorted((_entry(name, told, path) for name, told in found.items()), key=lambda one: one[1:])
    end = 0
    for entry, start, stop in placed:
        if start != end:
            how = "overlap" if start < end else "leave a hole"
            raise damaged(path, f"the numbers of {entry.name!r} and of the tensor before it {how}")
        end = stop
    if end != room:
        how = f"its numbers end at byte {end} of {room}"
        raise damaged(path, f"it is cut short: {how}" if end > room else how)
    return [one[0] for one in placed], {one[0].name: one[1] for one in placed}, metadata


def _pairs(text: bytes, path: Path) -> dict[str, Any]:
    """Return the header as a dictionary, refusing what would swell in memory."""
    if not text.startswith(b"{"):
        raise damaged(path, "its header is no JSON object")
    if text.count(b"[") > 2 * MOST_TENSORS + 1000 or text.count(b"{") > MOST_TENSORS + 1000:
        raise damaged(path, f"its header holds more than {MOST_TENSORS} tensors")
    if text.count(b",") > 16 * MOST_TENSORS:
        raise damaged(path, "its header holds more numbers than tensors have sizes")
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"its header is no JSON that can be read ({_first(error)})") from error
    return dict(found)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, refusing a key that comes twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _first(error: Exception) -> str:
    """Return the beginning of a complaint."""
    return "too deep" if isinstance(error, RecursionError) else str(error).splitlines()[0][:80]


def _entry(name: str, told: Any, path: Path) -> tuple[Entry, int, int]:
    """Return one tensor with its first byte and the one after its last."""
    try:
        dtype = DTYPES[told["dtype"]]
        shape = tuple(told["shape"])
        start, stop = told["data_offsets"]
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path, f"what its header says of {name!r} can't be read") from error
    for one in (*shape, start, stop):
        if type(one) is not int or not 0 <= one < LARGEST:
            raise damaged(path, f"what its header says of {name!r} can't be read")
    bits = prod(shape) * BITS[dtype]
    if bits != (stop - start) * 8:
        raise damaged(path, f"{name!r} has {stop - start} bytes, but its shape needs {(bits + 7) // 8}")
    return Entry(name, shape, dtype, stop - start), start, stop
