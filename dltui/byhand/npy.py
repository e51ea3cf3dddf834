"""Arrays from ``.npy`` files, without numpy: the header is a Python literal, the numbers follow row-major."""

from __future__ import annotations

import struct
from ast import literal_eval
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from dltui.byhand.tensor import nested

MAGIC = b"\x93NUMPY"
CODES = {
    "f8": "d",
    "f4": "f",
    "f2": "e",
    "i8": "q",
    "i4": "i",
    "i2": "h",
    "i1": "b",
    "u8": "Q",
    "u4": "I",
    "u2": "H",
}
CODES |= {"u1": "B", "b1": "?"}
LARGEST = 10_000_000  # bytes


def read_npy(path: Path) -> Any:
    """Return the numbers of a ``.npy`` file as nested lists.

    The format is that of https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

    Args:
        path: The file.

    Returns:
        Nested lists, or a number where the array has no dimensions.

    Raises:
        ValueError: If it is no such file, or its numbers are of another kind.
    """
    if path.stat().st_size > LARGEST:
        raise ValueError(f"a file of more than {LARGEST:,} bytes is nothing to be worked by hand")
    data = path.read_bytes()
    if not data.startswith(MAGIC) or len(data) < 12:
        raise ValueError("no .npy file")
    wide = 2 if data[6] == 1 else 4
    begin = 8 + wide
    end = begin + int.from_bytes(data[8:begin], "little")
    header = literal_eval(data[begin:end].decode("latin-1"))
    kind, shape = str(header["descr"]), tuple(header["shape"])
    if kind[1:] not in CODES:
        raise ValueError(f"numbers of the kind {kind}")
    order = ">" if kind[0] == ">" else "<"
    numbers = struct.unpack_from(f"{order}{prod(shape)}{CODES[kind[1:]]}", data, end)
    if not header["fortran_order"]:
        return nested(numbers, shape)
    # the first index runs fastest: number the cells row-major and pick each from where it lies
    steps = [prod(shape[:i]) for i in range(len(shape))]
    places = product(*map(range, shape))
    picked = [numbers[sum(i * step for i, step in zip(place, steps, strict=True))] for place in places]
    return nested(picked, shape)
