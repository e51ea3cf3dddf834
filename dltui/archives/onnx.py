"""ONNX models: initialisers, constants, and those of graphs within nodes, walked without loading the model."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.archives.base import LIMIT, MOST_TENSORS, Archive, Scalar, damaged
from dltui.archives.decode import PACKED, carrier, decode
from dltui.archives.placed import Place, PlacedArchive
from dltui.archives.wire import SPAN, VARINT, Field, Garbled, fields, signed, varint
from dltui.contents import BITS, Entry, stored_bytes
from dltui.errors import DltuiError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "str",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8_e4m3fn",
    18: "float8_e4m3fnuz",
    19: "float8_e5m2",
    20: "float8_e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4_e2m1fn",
    24: "float8_e8m0fnu",
    25: "uint2",
    26: "int2",
}
DEEPEST = 20  # graphs within graphs
MOST_FIELDS = 3_000_000
LONG_TEXT = 200
MODEL_GRAPH, MODEL_OPSET, MODEL_PROPERTY, MODEL_FUNCTION = 7, 8, 14, 25
MODEL_TEXTS = {2: "producer_name", 3: "producer_version", 4: "domain", 6: "doc_string"}
MODEL_NUMBERS = {1: "ir_version", 5: "model_version"}
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALISER, GRAPH_SPARSE = 1, 2, 5, 15
NODE_OUTPUT, NODE_NAME, NODE_OPERATOR, NODE_ATTRIBUTE = 2, 3, 4, 5
FUNCTION_NAME, FUNCTION_NODE = 1, 7
DIMS, DATA_TYPE, FLOATS, INT32S, TEXTS, INT64S, NAME, RAW, DOUBLES, UINT64S, EXTERNAL, LOCATION = (
    1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14,
)  # fmt: skip
TYPED = {FLOATS, INT32S, TEXTS, INT64S, DOUBLES, UINT64S}


@dataclass(eq=False)
class Found:
    """A tensor of a model.

    Attributes:
        shape: Its sizes.
        dtype: Type of a number.
        name: Its own name.
        raw: First and last byte of its numbers as they are, or None.
        typed: Parts of its numbers in a field of their type.
        external: Where they are in another file: ``location``, ``offset``, ``length``.
    """

    shape: list[int] = field(default_factory=list)
    dtype: str = ""
    name: str = ""
    raw: tuple[int, int] | None = None
    typed: list[Field] = field(default_factory=list)
    external: dict[str, str] = field(default_factory=dict)


def open_onnx(path: Path) -> Archive:
    """Open an ``.onnx`` model; numbers are stepped over.

    Args:
        path: The file.

    Returns:
        Its initialisers by their names, and constants by the names of their nodes' outputs; those of graphs within a
        node, such as the branches of an ``If``, after the node's name and the attribute's.

    Raises:
        DltuiError: If it is no such model, damaged, or its numbers lie outside its folder.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        walk = _Walk(path, data)
        try:
            walk.model()
        except Garbled as error:
            raise damaged(path, f"it is no ONNX model that can be read: {error}") from error
        return walk.archive()


def looks_like_onnx(path: Path) -> bool:
    """Return whether a file is a message with a graph, as ONNX models are, going through its outermost fields only."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kinds = {1: VARINT, MODEL_GRAPH: SPAN, MODEL_OPSET: SPAN}
        seen = set()
        try:
            for count, one in enumerate(fields(data, 0, len(data))):
                if kinds.get(one.number, one.kind) != one.kind or one.number > 100 or count > 10_000:
                    return False
                seen.add(one.number)
        except Garbled:
            return 1 in seen and MODEL_GRAPH not in seen and data[0] == 8
        return MODEL_GRAPH in seen


class _Walk:
    """One way through a model."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self.path, self.data, self.left = path, data, MOST_FIELDS
        self.tensors: dict[str, Found] = {}
        self.scalars: dict[str, Scalar] = {}
        self.metadata: dict[str, str] = {}
        self.operators: dict[str, int] = {}

    def inside(self, start: int, end: int) -> Iterator[Field]:
        """Yield the fields of a message, of which there may be only so many."""
        for one in fields(self.data, start, end):
            self.left -= 1
            if self.left < 0:
                raise Garbled(f"it has more than {MOST_FIELDS:,} fields")
            yield one

    def text(self, one: Field, most: int = LONG_TEXT) -> str:
        """Return a field as text."""
        return bytes(self.data[one.start : min(one.end, one.start + most)]).decode("utf-8", "replace")

    def model(self) -> None:
        """Walk the whole file."""
        for one in self.inside(0, len(self.data)):
            if one.number in MODEL_NUMBERS and one.kind == VARINT:
                self.scalars[MODEL_NUMBERS[one.number]] = signed(one.value)
            elif one.kind != SPAN:
                continue
            elif one.number in MODEL_TEXTS:
                self.metadata[MODEL_TEXTS[one.number]] = self.text(one)
            elif one.number == MODEL_GRAPH:
                self.graph(one, "", 0)
            elif one.number == MODEL_FUNCTION:
                self.function(one)
            elif one.number == MODEL_OPSET:
                self.opset(one)
            elif one.number == MODEL_PROPERTY:
                key, value = self.pair(one)
                self.metadata[key] = value

    def pair(self, whole: Field) -> tuple[str, str]:
        """Return a key and a value."""
        told = {
            one.number: self.text(one, 4096)
            for one in self.inside(whole.start, whole.end)
            if one.kind == SPAN
        }
        return told.get(1, ""), told.get(2, "")

    def opset(self, whole: Field) -> None:
        """Keep which version of the operators is used."""
        domain, version = "", 0
        for one in self.inside(whole.start, whole.end):
            if one.number == 1 and one.kind == SPAN:
                domain = self.text(one)
            elif one.number == 2 and one.kind == VARINT:
                version = one.value
        self.scalars[f"opset.{domain}" if domain else "opset"] = version

    def graph(self, whole: Field, before: str, depth: int) -> None:
        """Walk a graph."""
        if depth > DEEPEST:
            raise Garbled("its graphs hold each other without end")
        for one in self.inside(whole.start, whole.end):
            if one.kind != SPAN:
                continue
            if one.number == GRAPH_INITIALISER:
                self.keep(before, self.tensor(one))
            elif one.number == GRAPH_SPARSE:
                self.sparse(one, before)
            elif one.number == GRAPH_NODE:
                self.node(one, before, depth)
            elif one.number == GRAPH_NAME and not before:
                self.metadata["graph"] = self.text(one)

    def function(self, whole: Field) -> None:
        """Walk a function that the model defines for itself."""
        found = list(self.inside(whole.start, whole.end))
        name = next((self.text(one) for one in found if one.number == FUNCTION_NAME and one.kind == SPAN), "")
        for one in found:
            if one.number == FUNCTION_NODE and one.kind == SPAN:
                self.node(one, f"{name}/", 1)

    def node(self, whole: Field, before: str, depth: int) -> None:
        """Walk a node: constants, and graphs within it."""
        name = output = operator = ""
        attributes = []
        for one in self.inside(whole.start, whole.end):
            if one.kind != SPAN:
                continue
            if one.number == NODE_ATTRIBUTE:
                attributes.append(one)
            elif one.number == NODE_NAME:
                name = self.text(one)
            elif one.number == NODE_OUTPUT and not output:
                output = self.text(one)
            elif one.number == NODE_OPERATOR:
                operator = self.text(one)
        self.operators[operator] = self.operators.get(operator, 0) + 1
        for one in attributes:
            self.attribute(one, before, operator, name or output, output, depth)

    def attribute(self, whole: Field, before: str, operator: str, name: str, output: str, depth: int) -> None:
        """Walk an attribute of a node."""
        found = list(self.inside(whole.start, whole.end))
        word = next((self.text(one) for one in found if one.number == 1 and one.kind == SPAN), "")
        constant = operator == "Constant"
        numbers = [one for one in found if one.number in {2, 3, 7, 8}]
        if constant and word.startswith("value_") and numbers:
            self.keep(before, self.numbers(word, numbers, output))
        for place, one in enumerate(
            part for part in found if part.kind == SPAN and part.number in {5, 6, 10, 11, 22}
        ):
            if one.number in {6, 11}:
                self.graph(one, f"{before}{name}/{word}{place or ''}/", depth + 1)
            elif one.number == 22:
                self.sparse(one, before, output)
            else:
                tensor = self.tensor(one)
                told = output if constant else f"{name}/{word}{place or ''}"
                self.keep(before, tensor, told)

    def numbers(self, word: str, parts: list[Field], output: str) -> Found:
        """Return the tensor that a constant spells as numbers."""
        found = Found(name=output, dtype="float32" if "float" in word else "int64")
        found.typed = [
            Field(FLOATS if "float" in word else INT64S, one.kind, one.value, one.start, one.end)
            for one in parts
        ]
        if word.endswith("s"):
            found.shape = [_count(self.data, found)]
        return found

    def sparse(self, whole: Field, before: str, name: str = "") -> None:
        """Keep the values and the indices of a sparse tensor."""
        parts = {}
        for one in self.inside(whole.start, whole.end):
            if one.kind == SPAN and one.number in {1, 2}:
                parts[one.number] = self.tensor(one)
        own = name or (parts[1].name if 1 in parts else "")
        for number, word in ((1, "values"), (2, "indices")):
            if number in parts:
                self.keep(before, parts[number], f"{own}/{word}")

    def tensor(self, whole: Field) -> Found:
        """Return what a tensor's message tells."""
        found = Found()
        for one in self.inside(whole.start, whole.end):
            if one.number == DIMS and one.kind == VARINT:
                found.shape.append(signed(one.value))
            elif one.number == DIMS and one.kind == SPAN:
                found.shape += _varints(self.data, one, 64)
            elif one.number == DATA_TYPE and one.kind == VARINT:
                found.dtype = TYPES.get(one.value, f"type {one.value}")
            elif one.number == NAME and one.kind == SPAN:
                found.name = self.text(one, 4096)
            elif one.number == RAW and one.kind == SPAN:
                found.raw = one.start, one.end
            elif one.number in TYPED:
                found.typed.append(one)
            elif one.number == EXTERNAL and one.kind == SPAN:
                key, value = self.pair(one)
                found.external[key] = value
        return found

    def keep(self, before: str, found: Found, name: str = "") -> None:
        """Keep a tensor under a name of its own."""
        whole = before + (name or found.name or "unnamed")
        number = 1
        while whole in self.tensors:
            number += 1
            whole = f"{before}{name or found.name or 'unnamed'}#{number}"
        self.tensors[whole] = found
        if len(self.tensors) > MOST_TENSORS:
            raise Garbled(f"it holds more than {MOST_TENSORS:,} tensors")

    def archive(self) -> Archive:
        """Return what was found."""
        entries, places = [], {}
        for name, found in self.tensors.items():
            entry, place = self.placed(name, found)
            entries.append(entry)
            if place is not None:
                places[name] = place
        if self.operators:
            self.scalars["nodes"] = sum(self.operators.values())
            self.metadata["operators"] = ", ".join(
                f"{operator} {count}"
                for operator, count in sorted(self.operators.items(), key=lambda one: -one[1])
            )
        return _Model(self.path, entries, places, self.tensors, scalars=self.scalars, metadata=self.metadata)

    def placed(self, name: str, found: Found) -> tuple[Entry, Place | None]:
        """Return a tensor's entry and, where its numbers lie as they are, its place."""
        if any(not 0 <= size < 1 << 63 for size in found.shape) or len(found.shape) > 64:
            raise damaged(self.path, f"{name!r} has the shape {found.shape[:8]}")
        shape = tuple(found.shape)
        if found.dtype == "str":
            return Entry(name, shape, "str", sum(one.end - one.start for one in found.typed)), None
        if found.dtype not in BITS:
            raise damaged(self.path, f"{name!r} is of no known type")
        entry = Entry(name, shape, found.dtype, stored_bytes(prod(shape), found.dtype))
        if found.external:
            return entry, _outside(self.path, entry, found.external)
        if found.raw is not None:
            if found.raw[1] - found.raw[0] != entry.nbytes:
                raise damaged(
                    self.path,
                    f"{name!r} has {found.raw[1] - found.raw[0]} bytes, its shape needs {entry.nbytes}",
                )
            return entry, Place(self.path, found.raw[0])
        if sum(one.end - one.start for one in found.typed) * 16 < entry.elements:
            raise damaged(self.path, f"{name!r} lacks its numbers")
        return entry, None


def _outside(path: Path, entry: Entry, told: dict[str, str]) -> Place:
    """Return the place of numbers in a file beside the model, refusing one that is elsewhere."""
    location = told.get("location", "")
    parts = location.replace("\\", "/").split("/")
    if (
        not location
        or location.startswith(("/", "\\"))
        or ".." in parts
        or "\0" in location
        or ":" in parts[0]
    ):
        raise damaged(
            path, f"the numbers of {entry.name!r} are said to be outside its folder, in {location!r}"
        )
    try:
        offset, length = int(told.get("offset", "0")), int(told.get("length", str(entry.nbytes)))
        size = (path.parent / location).stat().st_size
    except ValueError as error:
        raise damaged(path, f"where the numbers of {entry.name!r} are can't be read") from error
    except OSError as error:
        raise DltuiError(
            f"the numbers of {path} are in {location}, which is missing: put it beside the model"
        ) from error
    if offset < 0 or length != entry.nbytes or offset + length > size:
        raise damaged(
            path, f"{location} is cut short: {entry.name!r} needs bytes {offset} to {offset + entry.nbytes}"
        )
    return Place(path.parent / location, offset)


def _varints(data: Any, one: Field, most: int = 1 << 40) -> list[int]:
    """Return the numbers of a packed field, or the one of a plain field."""
    if one.kind == VARINT:
        return [signed(one.value)]
    found: list[int] = []
    at = one.start
    while at < one.end and len(found) < most:
        value, at = varint(data, at, one.end)
        found.append(signed(value))
    return found


def _count(data: Any, found: Found) -> int:
    """Return how many numbers typed fields hold."""
    if found.dtype == "float32":
        return sum(one.end - one.start for one in found.typed) // 4
    return sum(len(_varints(data, one)) for one in found.typed)


class _Model(PlacedArchive):
    """Tensors of a model; some are spelled as numbers of their own."""

    def __init__(
        self,
        path: Path,
        entries: list[Entry],
        places: dict[str, Place],
        tensors: dict[str, Found],
        *,
        scalars: dict[str, Scalar],
        metadata: dict[str, str],
    ) -> None:
        super().__init__(path, "onnx", entries, places, scalars=scalars, metadata=metadata)
        self._tensors = tensors

    def values(self, name: str) -> Array:
        """Return the numbers of a tensor."""
        entry = self.entry(name)
        if name in self._places:
            return super().values(name)
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _spelled(self.path, entry, self._tensors[name], data)

    def blocks(self, name: str, limit: int = LIMIT) -> Iterator[Array]:
        """Yield the numbers of a tensor in pieces."""
        self.entry(name)
        yield from super().blocks(name, limit) if name in self._places else Archive.blocks(self, name, limit)


def _spelled(path: Path, entry: Entry, found: Found, data: mmap.mmap) -> Array:
    """Return numbers that stand in fields of their type."""
    import numpy as np

    if entry.dtype == "str":
        texts = [bytes(data[one.start : one.end]).decode("utf-8", "replace") for one in found.typed]
        return np.array(texts).reshape(entry.shape)
    kind = carrier(entry.dtype)
    fixed = [one for one in found.typed if one.number in {FLOATS, DOUBLES}]
    if fixed:
        flat: Array = np.frombuffer(b"".join(bytes(data[one.start : one.end]) for one in fixed), kind)
    else:
        words = [word for one in found.typed for word in _varints(data, one, entry.elements)]
        mask = (1 << (8 * kind.itemsize)) - 1
        flat = np.array([word & mask for word in words], f"uint{8 * kind.itemsize}").view(kind)
    flat = decode(flat, entry.dtype, entry.elements)
    if flat.size != entry.elements:
        raise damaged(path, f"{entry.name!r} has {flat.size} numbers, its shape needs {entry.elements}")
    assert entry.dtype not in PACKED or flat.size == entry.elements
    return flat.reshape(entry.shape)
