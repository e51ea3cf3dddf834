"""Tensors inside whatever a module takes and gives: tuples, dictionaries, named fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor

Told = dict[str, Any]  # {"name": where it stands, "shape": sizes, "dtype": "float32"}


def tensors_in(value: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor with the name of its place, such as ``1.0`` or ``logits``.

    Args:
        value: Tensors in tuples, lists, mappings, dataclasses; all else is passed over.
        name: Name of the place of ``value`` itself.

    Yields:
        Name and tensor.
    """
    if isinstance(value, Tensor):
        yield name, value
        return
    for key, inner in _parts(value):
        yield from tensors_in(inner, f"{name}.{key}" if name else str(key))


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a container holds, with keys."""
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, tuple | list):
        yield from enumerate(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((part.name, getattr(value, part.name, None)) for part in fields(value))


def told(value: Any) -> list[Told]:
    """Return names, shapes and types of the tensors in a value, as JSON can say them."""
    return [
        {"name": name, "shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch.")}
        for name, tensor in tensors_in(value)
    ]


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return a value with every tensor replaced, containers rebuilt and all else as it is."""
    from torch.utils._pytree import tree_map_only

    return tree_map_only(Tensor, change, value)
