"""What the functions that a state dict's pickle names would make: descriptions of tensors, and plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dltui.contents import BITS

# torch's classes of storage -> the type of their numbers
STORAGE_KINDS = {
    "Double": "float64",
    "Float": "float32",
    "Half": "float16",
    "BFloat16": "bfloat16",
    "Long": "int64",
    "Int": "int32",
    "Short": "int16",
    "Char": "int8",
    "Byte": "uint8",
    "Bool": "bool",
    "ComplexDouble": "complex128",
    "ComplexFloat": "complex64",
    "QInt8": "qint8",
    "QUInt8": "quint8",
    "QInt32": "qint32",
    "QUInt4x2": "quint8",
    "QUInt2x4": "quint8",
}
UNTYPED = "bytes"  # a storage that leaves the type of its numbers to its tensors
STORAGES = {
    f"{module}.{kind}Storage": dtype
    for kind, dtype in STORAGE_KINDS.items()
    for module in ("torch", "torch.cuda")
} | {
    f"torch.{word}": UNTYPED
    for word in ("UntypedStorage", "storage.UntypedStorage", "cuda.UntypedStorage", "storage.TypedStorage")
}
TYPES = {f"torch.{name}": name for name in BITS} | {
    "torch.half": "float16",
    "torch.float": "float32",
    "torch.double": "float64",
    "torch.long": "int64",
    "torch.int": "int32",
    "torch.short": "int16",
}


@dataclass(frozen=True, slots=True)
class Storage:
    """Where numbers are kept, and of what type they are.

    Attributes:
        key: The name of the record, or the mark of the storage in older containers.
        dtype: Type of a number, or ``bytes``.
        elements: How many there are, in that type.
        first: The number in it at which a view of it begins.
    """

    key: str
    dtype: str
    elements: int
    first: int = 0

    @classmethod
    def told(cls, told: Any) -> Storage:
        """Return the storage that a persistent id names.

        Raises:
            ValueError: If it names something else.
        """
        if not isinstance(told, tuple):  # the oldest container refers to tensors and storages by number
            return cls(str(told), "", -1)
        word, kind, key, _, elements = told[:5]
        view = told[5] if len(told) > 5 else None
        dtype = STORAGES.get(getattr(kind, "path", ""))
        if word != "storage" or dtype is None or type(elements) is not int or elements < 0:
            raise ValueError(f"no storage: {word!r}")
        first = int(view[1]) if view is not None else 0
        return cls(str(key), dtype, elements, first)


@dataclass(eq=False, slots=True)
class Tensor:
    """A tensor without its numbers.

    Attributes:
        storage: Where they are, or None where they are nowhere.
        offset: The first of them in the storage.
        shape: Its sizes.
        strides: Numbers from one to the next along each axis.
        dtype: Type of a number where the storage doesn't tell.
    """

    storage: Storage | None
    offset: int = 0
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    dtype: str = ""

    def become(self, storage: Any, offset: Any, shape: Any, strides: Any) -> None:
        """Take what an old pickle sets afterwards."""
        made = rebuild(storage, offset, shape, strides)
        self.storage, self.offset, self.shape, self.strides = (
            made.storage,
            made.offset,
            made.shape,
            made.strides,
        )


def rebuild(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    """Return a tensor over a storage, as ``_rebuild_tensor`` and ``_rebuild_tensor_v2`` would.

    Raises:
        ValueError: If the numbers are of another kind, negative, or lie outside the storage.
    """
    shape, strides = tuple(shape), tuple(strides)
    if not isinstance(storage, Storage) or len(shape) != len(strides):
        raise ValueError("no tensor")
    if not all(type(one) is int and 0 <= one < 1 << 63 for one in (offset, *shape, *strides)):
        raise ValueError("no sizes")
    if storage.elements >= 0 and storage.dtype != UNTYPED and all(shape):
        last = (
            storage.first + offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
        )
        if last >= storage.elements + storage.first:
            raise ValueError("beyond the end of its storage")
    return Tensor(storage, offset, shape, strides)


def _typed(
    storage: Any, offset: Any, shape: Any, strides: Any, _: Any, __: Any, dtype: Any, *more: Any
) -> Tensor:
    """Return what ``_rebuild_tensor_v3`` would: the type is told beside an untyped storage."""
    made = rebuild(storage, offset, shape, strides, *more)
    made.dtype = TYPES[dtype.path]
    return made


def _nowhere(dtype: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    """Return what ``_rebuild_meta_tensor_no_storage`` would: a tensor without numbers."""
    return Tensor(None, 0, tuple(shape), tuple(strides), TYPES[dtype.path])


def _sparse(_: Any, data: Any) -> dict[str, Any]:
    """Return the parts of a sparse tensor by name."""
    parts = [part for part in data if isinstance(part, Tensor)]
    names = ("indices", "values") if len(parts) == 2 else ("compressed_indices", "plain_indices", "values")
    return dict(zip(names, parts, strict=False))


def _first(first: Any, *_: Any) -> Any:
    """Return the first argument: wrappers of a tensor."""
    return first


def _subclassed(function: Any, _: Any, arguments: Any, *__: Any) -> Any:
    """Return what ``_rebuild_from_type_v2`` would make: the tensor below a class of its own."""
    return CALLS[function.path](*arguments)


def _pairs(items: Any = ()) -> dict[Any, Any]:
    """Return a dictionary from a dictionary or from pairs."""
    return dict(items) if isinstance(items, dict) else {pair[0]: pair[1] for pair in items}


def _list(items: Any = ()) -> list[Any]:
    """Return the items of a set."""
    return list(items)


def _encoded(text: Any, *_: Any) -> bytes:
    """Return the bytes that protocol 2 spells as text."""
    return str(text).encode("latin-1", "replace")


def _raw(data: Any = b"", *_: Any) -> bytes:
    """Return the bytes of a byte array."""
    return bytes(data) if isinstance(data, bytes) else b""


def _complex(real: Any = 0, imaginary: Any = 0) -> complex:
    """Return a complex number."""
    return complex(float(real), float(imaginary))


def _text(*parts: Any) -> str:
    """Return a device as text."""
    return ":".join(map(str, parts))


def _new_tensor(*_: Any) -> Tensor:
    """Return a tensor that is told afterwards."""
    return Tensor(None)


TENSOR_CLASSES = [f"{module}.{kind}Tensor" for kind in STORAGE_KINDS for module in ("torch", "torch.cuda")]
CALLS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": rebuild,
    "torch._utils._rebuild_tensor_v2": rebuild,
    "torch._utils._rebuild_tensor_v3": _typed,
    "torch._utils._rebuild_qtensor": rebuild,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _first,
    "torch._utils._rebuild_sparse_tensor": _sparse,
    "torch._utils._rebuild_meta_tensor_no_storage": _nowhere,
    "torch._utils._rebuild_nested_tensor": _first,
    "torch._tensor._rebuild_from_type_v2": _subclassed,
    "torch.nn.parameter.Parameter": _first,
    "torch.serialization._get_layout": _text,
    "torch.Tensor": _new_tensor,
    "torch.Size": _list,
    "torch.device": _text,
    "collections.OrderedDict": _pairs,
    "collections.Counter": _pairs,
    "builtins.set": _list,
    "builtins.complex": _complex,
    "builtins.bytearray": _raw,
    "_codecs.encode": _encoded,
    **dict.fromkeys(TENSOR_CLASSES, _new_tensor),
}
PLAIN = {  # names that stand for themselves
    *TYPES,
    "torch.per_tensor_affine",
    "torch.per_tensor_symmetric",
    "torch.per_channel_affine",
    "torch.per_channel_symmetric",
    "torch.per_channel_affine_float_qparams",
}
