"""The GGUF format of llama.cpp: named values, then tensors in blocks of a few bits a number."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from math import prod
from pathlib import Path
from struct import error as StructError  # noqa: N812 - the module calls it error
from struct import unpack_from
from typing import TYPE_CHECKING, Any, NamedTuple

from dltui.archives.base import LIMIT, MOST_TENSORS, Scalar, damaged
from dltui.archives.placed import Place, PlacedArchive, mapped
from dltui.contents import BITS, Entry
from dltui.errors import DltuiError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

MAGIC = b"GGUF"
MOST_VALUES = 100_000
MOST_ITEMS = 3_000_000  # texts in lists; the largest vocabularies have 300,000 words and as many merges
MOST_DIMENSIONS = 8
KEPT = 8  # items of a list that is told whole
LONG_TEXT = 4000  # characters of a text that is told whole
ALIGNMENT = "general.alignment"
FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
SIZES = {"B": 1, "b": 1, "H": 2, "h": 2, "I": 4, "i": 4, "f": 4, "?": 1, "Q": 8, "q": 8, "d": 8}
TEXT, LIST = 8, 9


class Blocks(NamedTuple):
    """How numbers of a type are kept: its name, how many share a block, and the bytes of a block."""

    name: str
    numbers: int
    nbytes: int


TYPES = {
    0: Blocks("float32", 1, 4),
    1: Blocks("float16", 1, 2),
    2: Blocks("Q4_0", 32, 18),
    3: Blocks("Q4_1", 32, 20),
    6: Blocks("Q5_0", 32, 22),
    7: Blocks("Q5_1", 32, 24),
    8: Blocks("Q8_0", 32, 34),
    9: Blocks("Q8_1", 32, 40),
    10: Blocks("Q2_K", 256, 84),
    11: Blocks("Q3_K", 256, 110),
    12: Blocks("Q4_K", 256, 144),
    13: Blocks("Q5_K", 256, 176),
    14: Blocks("Q6_K", 256, 210),
    15: Blocks("Q8_K", 256, 292),
    16: Blocks("IQ2_XXS", 256, 66),
    17: Blocks("IQ2_XS", 256, 74),
    18: Blocks("IQ3_XXS", 256, 98),
    19: Blocks("IQ1_S", 256, 50),
    20: Blocks("IQ4_NL", 32, 18),
    21: Blocks("IQ3_S", 256, 110),
    22: Blocks("IQ2_S", 256, 82),
    23: Blocks("IQ4_XS", 256, 136),
    24: Blocks("int8", 1, 1),
    25: Blocks("int16", 1, 2),
    26: Blocks("int32", 1, 4),
    27: Blocks("int64", 1, 8),
    28: Blocks("float64", 1, 8),
    29: Blocks("IQ1_M", 256, 56),
    30: Blocks("bfloat16", 1, 2),
    34: Blocks("TQ1_0", 256, 54),
    35: Blocks("TQ2_0", 256, 66),
    39: Blocks("MXFP4", 32, 17),
    40: Blocks("NVFP4", 64, 36),
    41: Blocks("Q1_0", 128, 18),
}
BY_NAME = {one.name: (number, one) for number, one in TYPES.items()}


def open_gguf(path: Path) -> PlacedArchive:
    """Open a ``.gguf`` file; only its header is read.

    Args:
        path: The file.

    Returns:
        Its tensors, the slowest axis first as in torch, and its named values: numbers and short texts as scalars, of
        long lists how many items they have.

    Raises:
        DltuiError: If it is damaged or of an unknown version.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _Header(path, data).archive()
        except (StructError, IndexError, UnicodeDecodeError) as error:
            raise damaged(path, "its header breaks off") from error


class _Header:
    """A reader that goes through the header once."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self.path, self.data, self.at, self.items = path, data, 4, 0
        version = unpack_from("<I", data, 4)[0]
        self.swapped = version > 0xFFFF  # written on a machine of the other byte order
        self.version = self.number("I")
        if self.version not in {1, 2, 3}:
            raise DltuiError(f"{path} is GGUF of version {self.version}; 1, 2 and 3 can be read")
        self.wide = "I" if self.version == 1 else "Q"

    def number(self, kind: str) -> Any:
        """Return the next number."""
        found = unpack_from((">" if self.swapped else "<") + kind, self.data, self.at)[0]
        self.at += SIZES[kind]
        return found

    def text(self) -> str:
        """Return the next text."""
        length = self.number(self.wide)
        if length > len(self.data) - self.at:
            raise damaged(self.path, "a text of its header is longer than the file")
        found = self.data[self.at : self.at + min(length, LONG_TEXT)]
        self.at += length
        return found.decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Scalar:
        """Return the next value; of a list, what can be told of it in a line."""
        if kind == TEXT:
            return self.text()
        if kind == LIST and depth < 4:
            return self.list_of(depth)
        if kind not in FIXED:
            raise damaged(self.path, f"its header has a value of the unknown type {kind}")
        found: Scalar = self.number(FIXED[kind])
        return found

    def list_of(self, depth: int) -> str:
        """Return what can be told of a list in a line, and step over it."""
        kind, count = self.number("I"), self.number(self.wide)
        self.items += count if kind not in FIXED else 0
        if self.items > MOST_ITEMS or count > len(self.data) - self.at:
            raise damaged(self.path, f"a list of its header claims {count:,} items")
        if count <= KEPT:
            return "[" + ", ".join(str(self.value(kind, depth + 1)) for _ in range(count)) + "]"
        if kind in FIXED:
            self.at += count * SIZES[FIXED[kind]]
        elif kind == TEXT:
            self.skip_texts(count)
        else:
            for _ in range(count):
                self.value(kind, depth + 1)
        return f"{count:,} items"

    def skip_texts(self, count: int) -> None:
        """Step over texts, quickly: there may be hundreds of thousands."""
        at, data, end = self.at, self.data, len(self.data)
        code, width = (">" if self.swapped else "<") + self.wide, SIZES[self.wide]
        for _ in range(count):
            at += width + unpack_from(code, data, at)[0]
            if at > end:
                raise damaged(self.path, "a text of its header is longer than the file")
        self.at = at

    def archive(self) -> PlacedArchive:
        """Return what the header tells."""
        tensors, values = self.number(self.wide), self.number(self.wide)
        if tensors > MOST_TENSORS or values > MOST_VALUES:
            raise damaged(self.path, f"its header claims {tensors:,} tensors and {values:,} values")
        scalars: dict[str, Scalar] = {}
        for _ in range(values):
            key = self.text()
            scalars[key] = self.value(self.number("I"))
        told = [self.tensor() for _ in range(tensors)]
        alignment = scalars.get(ALIGNMENT, 32)
        if type(alignment) is not int or not 0 < alignment <= 1 << 20:
            raise damaged(self.path, f"its numbers are aligned to {alignment}")
        start = -(-self.at // alignment) * alignment
        self.check(told, start)
        places = {entry.name: Place(self.path, start + offset, None, self.swapped) for entry, offset in told}
        if len(places) < len(told):
            raise damaged(self.path, "two tensors have the same name")
        return _Quantised(self.path, "gguf", [one for one, _ in told], places, scalars=scalars)

    def tensor(self) -> tuple[Entry, int]:
        """Return the next tensor, and where its numbers begin after the header."""
        name, dimensions = self.text(), self.number("I")
        if dimensions > MOST_DIMENSIONS:
            raise damaged(self.path, f"{name!r} has {dimensions} axes")
        shape = tuple(self.number(self.wide) for _ in range(dimensions))[::-1]
        kind, offset = self.number("I"), self.number("Q")
        if kind not in TYPES:
            raise DltuiError(f"{self.path} keeps {name!r} in the unknown block format {kind}: update dltui")
        known, row = TYPES[kind], shape[-1] if shape else 1
        if row % known.numbers:
            raise damaged(self.path, f"a row of {name!r} has {row} numbers, no multiple of {known.numbers}")
        return Entry(name, shape, known.name, prod(shape) // known.numbers * known.nbytes), offset

    def check(self, told: list[tuple[Entry, int]], start: int) -> None:
        """Refuse tensors that lie over each other or beyond the end."""
        end, before = 0, ""
        for entry, offset in sorted(told, key=lambda one: one[1]):
            if offset < end:
                raise damaged(self.path, f"the numbers of {before!r} and {entry.name!r} overlap")
            end, before = offset + entry.nbytes, entry.name
        if start + end > len(self.data):
            raise damaged(
                self.path, f"it is cut short: it has {len(self.data)} bytes and needs {start + end}"
            )


class _Quantised(PlacedArchive):
    """Tensors in blocks; those are decoded by the package ``gguf``."""

    def values(self, name: str) -> Array:
        """Return the numbers of a tensor; blocks become float32."""
        import numpy as np

        entry = self.entry(name)
        if entry.dtype in BITS:
            return super().values(name)
        found = np.empty(entry.elements, np.float32)
        at = 0
        for piece in self.blocks(name):
            found[at : at + piece.size] = piece
            at += piece.size
        return found.reshape(entry.shape)

    def blocks(self, name: str, limit: int = LIMIT) -> Iterator[Array]:
        """Yield the numbers of a tensor in pieces of whole blocks."""
        import numpy as np

        entry = self.entry(name)
        if entry.dtype in BITS:
            yield from super().blocks(name, limit)
            return
        decode = _decoder(entry, self.path)
        _, kind = BY_NAME[entry.dtype]
        count = entry.elements // kind.numbers
        step = max(1, min(limit, 1 << 22) // (4 * kind.numbers))  # decoding needs several times its result
        place = self.place(name)
        if not count:
            return
        raw = mapped(place, np.uint8, (count, kind.nbytes), name)
        for start in range(0, count, step):
            yield decode(np.array(raw[start : start + step])).reshape(-1)


def _decoder(entry: Entry, path: Path) -> Any:
    """Return the function that makes numbers of blocks."""
    import numpy as np

    try:
        from gguf import GGMLQuantizationType, dequantize
    except ImportError as error:
        raise DltuiError(
            f"{entry.name} of {path} is in blocks of the format {entry.dtype}: pip install 'dltui[gguf]' to decode them"
        ) from error
    kind = GGMLQuantizationType(BY_NAME[entry.dtype][0])

    def decode(raw: Array) -> Array:
        try:
            return np.asarray(dequantize(raw, kind), np.float32)
        except NotImplementedError as error:
            raise DltuiError(
                f"{entry.name} of {path} is in blocks of the format {entry.dtype}, which the "
                "package gguf can't decode yet"
            ) from error

    return decode
