"""Receptive fields through any code: how far every output looks back along each axis of the input.

Each tensor carries, for every axis of an input that it depends on, either the dimension in which that axis lies, with
size, jump and left edge of the window (Araujo, Norris and Sim 2019, distill.pub 10.23915/distill.00021), or the note
that every place is seen. What an operation does to them is read off its arguments; an unknown one is taken to mix all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import torch
from torch import Tensor

Shape = Sequence[int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an axis of the input lies in a tensor, and what an entry there sees of it.

    Attributes:
        dim: The dimension.
        inner: Entries of that dimension that stand for one place; 1 unless dimensions were joined.
        count: Places along the axis.
        size: Places of the input that are seen.
        jump: Distance of the windows of neighbours.
        left: Where the first window begins.
    """

    dim: int
    inner: int
    count: int
    size: int = 1
    jump: int = 1
    left: int = 0


View = dict[int, Place | None]  # by number of the input's axis; None where everything is seen
Rule = Callable[["Places", Sequence[Any], Mapping[str, Any], Tensor], View]


class Places:
    """The fields of all tensors of a pass, kept by where they lie in memory."""

    def __init__(self) -> None:
        self._views: dict[Any, View] = {}
        self._axes = 0

    def begin(self, tensor: Tensor) -> None:
        """Take a tensor as an input, each entry of which sees itself; its first dimension is the batch."""
        first = 2 if tensor.dim() >= 4 else 1
        view: View = {}
        for dim in range(first, tensor.dim()):
            view[self._axes] = Place(dim, 1, tensor.shape[dim])
            self._axes += 1
        self._views[_key(tensor)] = view

    def told(self, tensor: Tensor) -> list[int] | None:
        """Return the sizes along the axes that are still places, or None when everything is seen."""
        view = self._views.get(_key(tensor))
        sizes = [min(place.size, 1 << 62) for place in (view or {}).values() if place is not None]
        return sizes or None

    def of(self, tensor: Any) -> View:
        """Return what a tensor sees; nothing for weights and constants."""
        return self._views.get(_key(tensor), {}) if isinstance(tensor, Tensor) else {}

    def follow(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], out: Any) -> None:
        """Note what an operation's outputs see."""
        made = out if isinstance(out, tuple | list) else (out,)
        name = func._schema.name
        rule = RULES.get(name)
        if rule is None:
            rule = _merge if torch.Tag.pointwise in func.tags else _all
        for place, tensor in enumerate(made):
            if not isinstance(tensor, Tensor):
                continue
            view = _split(self, args, tensor, place) if name in SPLITS else rule(self, args, kwargs, tensor)
            self._views[_key(tensor)] = view


def _key(tensor: Tensor) -> Any:
    """Return what tells one tensor's entries from all others that are alive."""
    try:
        return tensor.untyped_storage()._cdata, tensor.storage_offset(), tuple(tensor.shape), tensor.stride()
    except (NotImplementedError, RuntimeError):  # sparse and nested tensors have no storage
        return id(tensor)


def _tensors(args: Sequence[Any]) -> list[Tensor]:
    """Return the tensors among arguments, those in lists too."""
    found: list[Tensor] = []
    for value in args:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, tuple | list):
            found += [one for one in value if isinstance(one, Tensor)]
    return found


def _all(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Everything that goes in is seen everywhere."""
    given = _tensors([*args, *kwargs.values()])
    return {axis: None for tensor in given for axis in places.of(tensor)}


def _same(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Each output sees what the first argument saw there."""
    return dict(places.of(args[0]))


def _merge(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:
    """Each output sees what all arguments saw there, dimensions aligned at the right."""
    merged: View = {}
    for tensor in _tensors([*args, *kwargs.values()]):
        shift = out.dim() - tensor.dim()
        for axis, place in places.of(tensor).items():
            moved = place and replace(place, dim=place.dim + shift)
            merged[axis] = _hull(merged[axis], moved) if axis in merged else moved
    return merged


def _hull(one: Place | None, other: Place | None) -> Place | None:
    """Return what two branches see together: the least left edge, the greatest right one."""
    if (
        one is None
        or other is None
        or (one.dim, one.inner, one.count) != (other.dim, other.inner, other.count)
    ):
        return None
    left = min(one.left, other.left)
    right = max(one.left + one.size, other.left + other.size)
    return replace(one, left=left, size=right - left, jump=max(one.jump, other.jump))


def _mixed(view: View, dims: set[int]) -> View:
    """Return a view after everything along some dimensions was mixed."""
    return {axis: None if p is None or p.dim in dims else p for axis, p in view.items()}


def _windowed(view: View, shape: Shape, windows: dict[int, tuple[int, int, int, int]]) -> View:
    """Return a view after windows of (reach, stride, left border, places out) moved along some dimensions."""
    grown: View = {}
    for axis, place in view.items():
        if place is None or place.dim not in windows:
            grown[axis] = place
        elif place.inner != 1 or place.count != shape[place.dim]:
            grown[axis] = None
        else:
            reach, stride, border, count = windows[place.dim]
            grown[axis] = replace(
                place,
                count=count,
                size=place.size + (reach - 1) * place.jump,
                left=place.left - border * place.jump,
                jump=place.jump * stride,
            )
    return grown


def _convolution(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Windows over the places, all channels mixed; a transposed one is taken to mix places too."""
    x, weight, _, stride, padding, dilation, transposed = args[:7]
    axes = x.dim() - 2
    if transposed:
        return _mixed(places.of(x), set(range(1, x.dim())))
    every = [_spread(values, axes) for values in (stride, padding, dilation)]
    windows = {
        2 + i: (d * (weight.shape[2 + i] - 1) + 1, s, p, out.shape[2 + i])
        for i, (s, p, d) in enumerate(zip(*every, strict=True))
    }
    return _windowed(_mixed(places.of(x), {1}), x.shape, windows)


def _pool(axes: int) -> Rule:
    """Return the rule of windows over the last dimensions."""

    def rule(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
        x, kernel = args[:2]
        stride = args[2] if len(args) > 2 and args[2] else kernel
        padding = args[3] if len(args) > 3 else 0
        dilation = args[4] if len(args) > 4 and not isinstance(args[4], bool) else 1
        every = [_spread(values, axes) for values in (kernel, stride, padding, dilation)]
        first = x.dim() - axes
        windows = {
            first + i: (d * (k - 1) + 1, s, p, out.shape[first + i])
            for i, (k, s, p, d) in enumerate(zip(*every, strict=True))
        }
        return _windowed(places.of(x), x.shape, windows)

    return rule


def _adaptive(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Windows of one size where the sizes divide, everything where they do not or one place is left."""
    x, sizes = args[:2]
    first = x.dim() - len(sizes)
    windows, mixed = {}, set()
    for dim in range(first, x.dim()):
        n, o = x.shape[dim], out.shape[dim]
        if o == 1 or n % o:
            mixed.add(dim)
        else:
            windows[dim] = (n // o, n // o, 0, o)
    return _windowed(_mixed(places.of(x), mixed), x.shape, windows)


def _spread(values: Any, count: int) -> list[int]:
    """Return one value for each axis."""
    listed = list(values) if isinstance(values, tuple | list) else [values]
    return listed * count if len(listed) == 1 else listed


def _reduced(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:
    """Everything along the reduced dimensions is seen; the others move up unless dimensions are kept."""
    x = args[0]
    given = args[1] if len(args) > 1 else kwargs.get("dim")
    dims = given if isinstance(given, tuple | list) else [given] if isinstance(given, int) else range(x.dim())
    gone = {d % max(x.dim(), 1) for d in dims} or set(range(x.dim()))
    view = _mixed(places.of(x), gone)
    if out.dim() == x.dim():
        return view
    return {a: p and replace(p, dim=p.dim - sum(d < p.dim for d in gone)) for a, p in view.items()}


def _along(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Everything along the dimension of a softmax is seen."""
    return _mixed(places.of(args[0]), {args[1] % max(args[0].dim(), 1)})


def _layer_norm(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Everything along the normalised dimensions is seen."""
    x, normalized = args[:2]
    return _mixed(places.of(x), set(range(x.dim() - len(normalized), x.dim())))


def _product(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Rows stay, what is summed over is seen wholly; so is an axis that stands on both sides."""
    first, second = [a for a in args if isinstance(a, Tensor)][-2:]
    left = _mixed(places.of(first), {first.dim() - 1})
    right = _mixed(places.of(second), {max(second.dim() - 2, 0)})
    return {
        axis: None if axis in left and axis in right else {**left, **right}[axis]
        for axis in {**left, **right}
    }


def _viewed(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Dimensions joined and split again keep their places."""
    x = args[0]
    view: View = {}
    for axis, place in places.of(x).items():
        view[axis] = None if place is None else _relocated(place, x.shape, out.shape)
    return view


def _relocated(place: Place, before: Shape, after: Shape) -> Place | None:
    """Return where an axis lies in another shape with the same entries, or None where it lies in none."""
    step = place.inner * prod(before[place.dim + 1 :])
    for dim in range(len(after) - 1, -1, -1):
        below = prod(after[dim + 1 :])
        if step % below == 0 and (step * place.count) <= below * after[dim] and after[dim] > 1:
            return replace(place, dim=dim, inner=step // below)
    return None if place.count > 1 else replace(place, dim=len(after) - 1, inner=1)


def _moved(dims: Callable[[Sequence[Any], int], Sequence[int]]) -> Rule:
    """Return the rule of an operation that puts dimensions into another order."""

    def rule(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
        x = args[0]
        order = [d % max(x.dim(), 1) for d in dims(args, x.dim())]
        return {a: p and replace(p, dim=order.index(p.dim)) for a, p in places.of(x).items()}

    return rule


def _swapped(args: Sequence[Any], count: int) -> list[int]:
    """Return the order of dimensions after two were exchanged."""
    one, other = (args[1] % count, args[2] % count) if len(args) > 2 else (count - 2, count - 1)
    order = list(range(count))
    if count > 1:
        order[one], order[other] = order[other], order[one]
    return order


def _unsqueezed(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """One more dimension before or after the places."""
    at = args[1] % out.dim()
    return {a: p and replace(p, dim=p.dim + (p.dim >= at)) for a, p in places.of(args[0]).items()}


def _sliced(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Every step-th place from a start on."""
    x = args[0]
    dim = (args[1] if len(args) > 1 else 0) % max(x.dim(), 1)
    start = args[2] if len(args) > 2 and args[2] is not None else 0
    step = args[4] if len(args) > 4 else 1
    start = max(start + x.shape[dim], 0) if start < 0 else start
    if out.shape == x.shape:
        return dict(places.of(x))
    return _windowed(places.of(x), x.shape, {dim: (1, step, -start, out.shape[dim])})


def _padded(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:  # noqa: ARG001
    """Places added on both sides."""
    x, pads = args[:2]
    windows = {
        x.dim() - 1 - i: (1, 1, pads[2 * i], out.shape[x.dim() - 1 - i])
        for i in range(len(pads) // 2)
        if pads[2 * i] or pads[2 * i + 1]
    }
    return _windowed(places.of(x), x.shape, windows)


def _joined(places: Places, args: Sequence[Any], kwargs: Mapping[str, Any], out: Tensor) -> View:
    """What all parts saw there; everything along the dimension in which they are joined."""
    dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    return _mixed(_merge(places, [args[0]], {}, out), {dim % max(out.dim(), 1)})


def _split(places: Places, args: Sequence[Any], tensor: Tensor, place: int) -> View:
    """One of several parts along a dimension; a part of the places starts where the parts before it end."""
    x = args[0]
    dim = (args[2] if len(args) > 2 else 0) % max(x.dim(), 1)
    sizes = args[1]
    start = sum(sizes[:place]) if isinstance(sizes, tuple | list) else place * sizes
    return _windowed(places.of(x), x.shape, {dim: (1, 1, -start, tensor.shape[dim])})


RULES: dict[str, Rule] = {
    f"aten::{name}": rule
    for rule, names in (
        (_same, "clone detach alias contiguous _to_copy native_dropout dropout fill_ zero_ copy"),
        (_merge, "expand"),
        (_same, "native_batch_norm cudnn_batch_norm native_group_norm bernoulli_ relu_ lift_fresh constant"),
        (_convolution, "convolution _convolution"),
        (_pool(2), "max_pool2d_with_indices avg_pool2d"),
        (_pool(3), "max_pool3d_with_indices avg_pool3d"),
        (_adaptive, "_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d"),
        (_reduced, "mean sum amax amin var std logsumexp linalg_vector_norm"),
        (_along, "_softmax _log_softmax _safe_softmax"),
        (_layer_norm, "native_layer_norm _fused_rms_norm"),
        (_product, "mm addmm bmm baddbmm"),
        (_viewed, "view _unsafe_view reshape squeeze _reshape_alias"),
        (_moved(lambda args, _: args[1]), "permute"),
        (_moved(_swapped), "transpose t"),
        (_unsqueezed, "unsqueeze"),
        (_sliced, "slice"),
        (_padded, "constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d"),
        (_joined, "cat"),
    )
    for name in names.split()
}  # fmt: skip
SPLITS = frozenset({"aten::split", "aten::split_with_sizes"})
