"""From a model's modules and what was seen of them to the rows of a summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from dltui.instruments.summary.trace import Seen

Row = dict[str, Any]
SUMS = ("parameters", "trainable", "tied", "buffers", "parameter_bytes")
COSTS = ("macs", "bias_adds", "pointwise", "activation_bytes")


@dataclass
class _Build:
    """What the walk through the tree has met so far."""

    seen: Mapping[int, Seen]
    kept: Mapping[int, int]
    read: set[int]
    rows: list[Row] = field(default_factory=list)
    modules: dict[int, int] = field(default_factory=dict)  # id of a module -> its row
    tensors: set[int] = field(default_factory=set)
    firsts: dict[int, int] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)  # depth -> rows so far


def rows_of(model: nn.Module, seen: Mapping[int, Seen], kept: Mapping[int, int], read: set[int]) -> list[Row]:
    """Return a row a module, parents before children, in the order of first calls.

    Args:
        model: The copy that ran.
        seen: What is known of each module, by id.
        kept: Bytes that each module saved, by id.
        read: Ids of the parameters that some operation read.

    Returns:
        Rows as ``dltui.results.summary.Summary`` describes them.
    """
    build = _Build(seen, kept, read)
    _add(build, model, "", -1, 0)
    return build.rows


def _add(build: _Build, module: nn.Module, path: str, parent: int, depth: int) -> int:
    """Add a module and all within it, and return its row."""
    number = len(build.rows)
    place = build.places[depth] = build.places.get(depth, 0) + 1
    seen = build.seen.get(id(module), Seen())
    first = build.modules.get(id(module))
    row = _empty(module, path, parent, depth) | {"number": number, "place": place}
    build.rows.append(row)
    if first is not None:  # also where a module holds itself
        same = build.rows[first]
        known = ("calls", "inputs", "outputs", "varies", "receptive_field", "use", *COSTS)
        row.update({key: same[key] for key in known}, shared_with=same["path"] or "the model itself")
        return number
    build.modules[id(module)] = number
    row.update(calls=seen.calls, inputs=seen.inputs, outputs=seen.outputs, varies=seen.varies)
    row["receptive_field"] = seen.field
    _own(build, module, row)
    children = [
        build.rows[_add(build, child, f"{path}.{name}" if path else name, number, depth + 1)]
        for name, child in _in_order(build, module)
    ]
    for key in SUMS:
        row[key] += sum(child[key] for child in children)
    _cost(build, module, row, seen, [child for child in children if not child["shared_with"]])
    row["use"] = _use(build, module, row, children)
    return number


def _empty(module: nn.Module, path: str, parent: int, depth: int) -> Row:
    """Return a row that knows only what a module is called."""
    kernel = getattr(module, "kernel_size", None)
    sizes = [kernel] if isinstance(kernel, int) else kernel
    known = isinstance(sizes, tuple | list) and all(isinstance(n, int) for n in sizes)
    settings = "" if any(True for _ in module.children()) else " ".join(module.extra_repr().split())
    return {
        "path": path,
        "name": path.rpartition(".")[2],
        "kind": type(module).__name__,
        "settings": settings,
        "depth": depth,
        "parent": parent,
        "shared_with": "",
        "kernel": list(sizes) if sizes is not None and known else None,
        **dict.fromkeys((*SUMS, *COSTS), 0),
    }


def _own(build: _Build, module: nn.Module, row: Row) -> None:
    """Count the tensors that a module holds itself, each once in the whole model."""
    for tensor in module._parameters.values():
        if tensor is None or is_lazy(tensor):
            continue
        if id(tensor) in build.tensors:
            row["tied"] += tensor.numel()
            continue
        build.tensors.add(id(tensor))
        row["parameters"] += tensor.numel()
        row["trainable"] += tensor.numel() if tensor.requires_grad else 0
        row["parameter_bytes"] += _bytes(tensor)
    for buffer in module._buffers.values():
        if buffer is not None and not is_lazy(buffer) and id(buffer) not in build.tensors:
            build.tensors.add(id(buffer))
            row["buffers"] += buffer.numel()


def _bytes(tensor: Tensor) -> int:
    """Return the bytes of a tensor's numbers."""
    return tensor.numel() * tensor.element_size()


def _in_order(build: _Build, module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Return the modules inside in the order in which they, or modules in them, first ran; the others last."""
    named = [(name, child) for name, child in module._modules.items() if child is not None]
    return sorted(named, key=lambda pair: _first(build, pair[1]))


def _first(build: _Build, module: nn.Module) -> int:
    """Return when a module, or one within it, first ran; after all others where none did."""
    known = build.firsts.get(id(module))
    if known is None:
        seen = build.seen.get(id(module))
        last = build.firsts[id(module)] = len(build.seen) if seen is None else seen.first
        inner = (_first(build, child) for child in module._modules.values() if child is not None)
        known = build.firsts[id(module)] = min((last, *inner))
    return known


def _cost(build: _Build, module: nn.Module, row: Row, seen: Seen, children: list[Row]) -> None:
    """Put in what the calls cost; a container that is never called itself has the sums of what it holds."""
    if seen.calls:
        macs, biases, others = seen.totals
        kept = build.kept.get(id(module), 0)
        row.update(macs=macs, bias_adds=biases, pointwise=others, activation_bytes=kept)
        return
    for key in COSTS:
        row[key] = sum(child[key] for child in children)


def _use(build: _Build, module: nn.Module, row: Row, children: list[Row]) -> str:
    """Return how a module was used in the pass."""
    if row["calls"]:
        return "called"
    if any(id(p) in build.read for p in module._parameters.values() if p is not None):
        return "read"
    return "inside" if any(child["use"] != "unused" for child in children) else "unused"
