"""Nested plain values with tensors among them, taken apart into JSON and named tensors, and put together again.

This is how the state of a training is kept without pickle: ``{"opt": [{0: {"exp_avg": tensor, "step": 3}}]}`` becomes
the tensor ``opt/0/0/exp_avg`` and a JSON document in which its place is marked.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

TENSOR, TABLE, TUPLE = "tensor", "table", "tuple"  # marks, each the only key of a JSON object


def pack(tree: Any, name: str = "") -> tuple[Any, dict[str, Tensor]]:
    """Take a tree apart.

    Args:
        tree: Dictionaries, lists and tuples of tensors, numbers, texts, booleans and None.
        name: What the names of its tensors begin with.

    Returns:
        What JSON can hold, and the tensors by name, copied to the CPU.

    Raises:
        TypeError: If there is something else in it.
    """
    tensors: dict[str, Tensor] = {}
    return _packed(tree, name, tensors), tensors


def unpack(plain: Any, tensors: dict[str, Tensor]) -> Any:
    """Put a tree together again.

    Args:
        plain: What ``pack`` returned first, perhaps by way of JSON.
        tensors: What it returned second.

    Returns:
        The tree; keys that were whole numbers are so again.
    """
    if isinstance(plain, list):
        return [unpack(item, tensors) for item in plain]
    if not isinstance(plain, dict):
        return plain
    (mark, held), *_ = plain.items()
    if mark == TENSOR:
        return tensors[held]
    if mark == TUPLE:
        return tuple(unpack(item, tensors) for item in held)
    return {key: unpack(value, tensors) for key, value in held}


def _packed(tree: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Return what JSON can hold of a tree, and put its tensors aside."""
    if isinstance(tree, Tensor):
        tensors[name] = tree.detach().to("cpu", copy=True).contiguous()
        return {TENSOR: name}
    if isinstance(tree, dict):
        return {TABLE: [[key, _packed(value, _under(name, key), tensors)] for key, value in tree.items()]}
    if isinstance(tree, list | tuple):
        items = [_packed(item, _under(name, place), tensors) for place, item in enumerate(tree)]
        return items if isinstance(tree, list) else {TUPLE: items}
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    if isinstance(tree, torch.dtype | torch.device):
        return str(tree)
    raise TypeError(f"{name} is a {type(tree).__name__}, which no checkpoint holds")


def _under(name: str, key: object) -> str:
    """Return the name of what stands below another."""
    return f"{name}/{key}" if name else str(key)
