"""TorchScript programs: which tensors of a module are its parameters and buffers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from dltui.archives.pickled import Thing
from dltui.archives.rebuilt import Tensor
from dltui.archives.zipped import Zip

MOST_CODE = 4_000_000  # bytes of one file of code
PREFIX = "__torch__"
CLASS = re.compile(r"^class (\w+)\(Module\):\n", re.MULTILINE)
REGISTERED = re.compile(r"^  __(?:parameters|buffers)__ = \[(.*?)\]", re.MULTILINE)
NAME = re.compile(r'"([^"]+)"')


def keep_registered(value: Any, found: Zip, folder: str) -> None:
    """Make plain values of the tensors of modules that are neither parameters nor buffers.

    Args:
        value: The program's modules as stand-ins; changed.
        found: The zip.
        folder: Where the program is in it.
    """
    known: dict[str, dict[str, set[str]]] = {}
    for thing, state in _modules(value):
        module, _, word = thing.path.rpartition(".")
        path = f"{folder}code/{module.replace('.', '/')}.py"
        if path not in found.members:
            continue
        if path not in known:
            known[path] = registered(found.read(path, MOST_CODE).decode("utf-8", "replace"))
        names = known[path].get(word)
        for name, one in state.items():
            if isinstance(one, Tensor) and names is not None and name not in names:
                state[name] = f"a tensor of shape {list(one.shape)}, an attribute"


def registered(code: str) -> dict[str, set[str]]:
    r"""Return the names of the parameters and buffers of each class in a file of TorchScript.

    >>> registered('class Linear(Module):\n  __parameters__ = ["weight", ]\n  __buffers__ = []\n')
    {'Linear': {'weight'}}
    """
    found = {}
    starts = [*CLASS.finditer(code)]
    for place, match in enumerate(starts):
        end = starts[place + 1].start() if place + 1 < len(starts) else len(code)
        listed = REGISTERED.finditer(code, match.end(), min(end, match.end() + 200_000))
        found[match[1]] = {name for one in listed for name in NAME.findall(one[1])}
    return found


def _modules(value: Any) -> Iterator[tuple[Thing, dict[Any, Any]]]:
    """Yield the modules within modules."""
    todo, seen = [value], set()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Thing):
            if one.path.startswith(PREFIX) and isinstance(one.state, dict):
                yield one, one.state
            todo.append(one.state)
        elif isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list | tuple):
            todo += one
