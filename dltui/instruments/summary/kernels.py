"""Results of operations on the meta device, as the kernels of the CPU would leave them behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from dltui.instruments.summary.workspace import workspace_bytes

aten = torch.ops.aten
Quick = Callable[[Sequence[Any]], Any]


def _like(tensor: Tensor, shape: Sequence[int] | None = None) -> Tensor:
    """Return a tensor of a type, as it lies in memory or in another shape."""
    if shape is None:
        return hollow(tensor)
    return torch.empty(shape, dtype=tensor.dtype, device="meta")


def _batch_norm(args: Sequence[Any]) -> Any:
    """Return output, mean and deviation; in evaluation the CPU keeps none of the latter, meta does."""
    x, weight, training = args[0], args[1], args[5]
    kept = x.shape[1] if training else 0
    like = x if weight is None else weight
    return _like(x), _like(like, (kept,)), _like(like, (kept,))


def _layer_norm(args: Sequence[Any]) -> Any:
    """Return output, mean and deviation."""
    x, normalized, weight = args[:3]
    axis = x.dim() - len(normalized)
    if list(x.shape[axis:]) != list(normalized) or (weight is not None and weight.shape != x.shape[axis:]):
        return NotImplemented
    kept = (*x.shape[:axis], *(1 for _ in normalized))
    like = x if weight is None else weight
    return _like(x, x.shape), _like(like, kept), _like(like, kept)


MEAN = 1  # as ATen numbers the modes of an embedding bag


def _embedding_bag(args: Sequence[Any]) -> Any:
    """Return what meta gives, with the lists that the CPU makes beside it."""
    weight, indices, offsets, rest = args[0], args[1], args[2], args[3:]
    found = list(aten._embedding_bag.default(*args))
    mode = rest[1] if len(rest) > 1 else 0
    padding = rest[5] if len(rest) > 5 else -1
    if mode or padding >= 0 or weight.stride(-1) != 1:
        found[1] = offsets.new_empty(indices.numel() + 1)[: indices.numel()]
    if mode == MEAN:
        found[3] = offsets.new_empty(found[2].shape)
    return tuple(found)


def _mm(args: Sequence[Any]) -> Any:
    """Return a matrix product, or a batch of them."""
    one, other = args
    fits = (
        one.dim() == other.dim() and one.shape[:-2] == other.shape[:-2] and one.shape[-1] == other.shape[-2]
    )
    return (
        _like(one, (*one.shape[:-1], other.shape[-1]))
        if fits and one.dtype == other.dtype
        else NotImplemented
    )


def _addmm(args: Sequence[Any]) -> Any:
    """Return a bias and a matrix product."""
    bias, one, other = args
    found = _mm((one, other))
    return found if bias.dtype == one.dtype and bias.shape == other.shape[1:] else NotImplemented


def _convolution(args: Sequence[Any]) -> Any:
    """Return what a convolution gives, where it is none of the rarer kinds and fits."""
    x, weight, _, stride, padding, dilation, transposed, _, groups = args
    fits = x.dim() == weight.dim() and x.shape[1] == weight.shape[1] * groups and x.dtype == weight.dtype
    if transposed or not (
        fits and x.is_contiguous() and weight.is_contiguous() and weight.shape[0] % groups == 0
    ):
        return NotImplemented
    every = [list(v) * (x.dim() - 2) if len(v) == 1 else list(v) for v in (stride, padding, dilation)]
    sizes = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, s, p, d in zip(x.shape[2:], weight.shape[2:], *every, strict=True)
    ]
    return _like(x, (x.shape[0], weight.shape[0], *sizes)) if min(sizes) > 0 else NotImplemented


def _max_pool(args: Sequence[Any]) -> Any:
    """Return the largest of each window and where it was, where no window sticks out."""
    given: list[Any] = [*args, *([], 0, 1, False)[len(args) - 2 :]]
    x, kernel, stride, padding, dilation, ceil_mode = given
    if ceil_mode or x.dim() != 4 or not x.is_contiguous() or not x.is_floating_point():
        return NotImplemented
    every = [_both(values) for values in (kernel, stride or kernel, padding, dilation)]
    if any(2 * p > k for k, _, p, _ in zip(*every, strict=True)):
        return NotImplemented
    sizes = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in zip(x.shape[2:], *every, strict=True)
    ]
    if min(sizes) < 1:
        return NotImplemented
    shape = (*x.shape[:2], *sizes)
    return _like(x, shape), torch.empty(shape, dtype=torch.int64, device="meta")


def _both(values: Any) -> list[int]:
    """Return one value for each of two axes."""
    listed = list(values) if isinstance(values, tuple | list) else [values]
    return listed * 2 if len(listed) == 1 else listed


def _mean(args: Sequence[Any]) -> Any:
    """Return the mean over some dimensions."""
    x, dims, keep = args[0], args[1], args[2] if len(args) > 2 else False
    if not dims or not x.is_floating_point() or not x.is_contiguous():
        return NotImplemented
    gone = {dim + x.dim() if dim < 0 else dim for dim in dims}
    if len(gone) < len(dims) or not gone <= set(range(x.dim())):
        return NotImplemented
    shape = [1 if d in gone else n for d, n in enumerate(x.shape) if keep or d not in gone]
    return _like(x, shape)


def _flash(args: Sequence[Any]) -> Any:
    """Return output and logarithms of fused attention as the CPU lays them out."""
    query = args[0]
    layout = _packed(query)
    if layout is None:
        return NotImplemented
    batch, heads, length, _ = query.shape
    kept = torch.promote_types(query.dtype, torch.float32)
    logarithms = torch.empty((batch, length, heads), dtype=kept, device="meta").transpose(1, 2)
    return torch.empty_strided(query.shape, layout, dtype=query.dtype, device="meta"), logarithms


def _stack(args: Sequence[Any]) -> Any:
    """Return tensors of two dimensions or fewer, which have no other layout than their order, as one."""
    tensors, dim = args[0], args[1] if len(args) > 1 else 0
    first = tensors[0]
    if first.dim() > 2 or not _are_alike(tensors) or any(t.shape != first.shape for t in tensors):
        return NotImplemented
    shape = list(first.shape)
    shape.insert(dim if dim >= 0 else dim + first.dim() + 1, len(tensors))
    return _like(first, shape)


def _cat(args: Sequence[Any]) -> Any:
    """Return tensors of three dimensions or fewer, which have no other layout than their order, behind each other."""
    tensors, dim = args[0], args[1] if len(args) > 1 else 0
    shapes = [list(t.shape) for t in tensors]
    sizes = [shape.pop(dim) for shape in shapes if shape]
    if tensors[0].dim() > 3 or not _are_alike(tensors) or any(shape != shapes[0] for shape in shapes):
        return NotImplemented
    made = list(tensors[0].shape)
    made[dim] = sum(sizes)
    return _like(tensors[0], made)


def _are_alike(tensors: Sequence[Tensor]) -> bool:
    """Return whether tensors lie on meta, in order, and have one type and as many dimensions."""
    first = tensors[0]
    return all(
        t.device.type == "meta" and t.is_contiguous() and t.dtype == first.dtype and t.dim() == first.dim()
        for t in tensors
    )


def _lstm_layer(args: Sequence[Any]) -> Any:
    """Return output, last state and cell of one layer of an LSTM, and the workspace that only training needs."""
    x, hx, cx, hidden = args[0], args[5], args[6], args[10]
    steps, batch, features = x.shape
    kept = workspace_bytes(steps, batch, features, hidden, x.dtype) if torch.is_grad_enabled() else 0
    workspace = torch.empty(kept, dtype=torch.uint8, device="meta")
    return _like(x, (*x.shape[:2], hidden)), _like(hx, hx.shape), _like(cx, cx.shape), workspace


def _alike(args: Sequence[Any]) -> Any:
    """Return another tensor like the first, where the rules of promotion and spreading have nothing to say."""
    one, *others = args
    if not one.is_floating_point():
        return NotImplemented
    layout = _packed(one)
    for other in others:
        if isinstance(other, Tensor) and (other.dtype != one.dtype or not _lies_alike(one, other, layout)):
            return NotImplemented
        if isinstance(other, complex):
            return NotImplemented
    return (
        NotImplemented
        if layout is None
        else torch.empty_strided(one.shape, layout, dtype=one.dtype, device="meta")
    )


def _lies_alike(one: Tensor, other: Tensor, layout: Sequence[int] | None) -> bool:
    """Return whether a tensor, or a row that is spread over one that is in order, leaves a result's layout as it is."""
    if other.shape == one.shape:
        both = one.is_contiguous() and other.is_contiguous()
        return both or one.stride() == other.stride() or (layout is not None and layout == _packed(other))
    return (
        other.dim() == 1 and other.shape == one.shape[-1:] and one.is_contiguous() and other.is_contiguous()
    )


def _packed(tensor: Tensor) -> Sequence[int] | None:
    """Return the strides of a result that lies in the order of a tensor's dimensions, without its gaps."""
    strides, shape = tensor.stride(), tensor.shape
    if tensor.is_contiguous():
        return strides
    if any(n > 1 and s == 0 for n, s in zip(shape, strides, strict=True)):
        return None
    packed, below = [0] * len(shape), 1
    for dim in sorted(range(len(shape)), key=lambda d: (strides[d], -d)):
        packed[dim] = below
        below *= max(shape[dim], 1)
    return packed


def _changed(args: Sequence[Any]) -> Any:
    """Return a tensor that was changed in place by numbers, or by one that is alike."""
    one, *others = args
    alike = all(not isinstance(other, Tensor) or other.shape == one.shape for other in others)
    whole = all(isinstance(other, int) for other in others)
    return one if alike and (one.is_floating_point() or whole) else NotImplemented


QUICK: dict[Any, Quick] = {
    op: quick
    for quick, ops in (
        (_batch_norm, [aten.native_batch_norm.default]),
        (_layer_norm, [aten.native_layer_norm.default]),
        (_embedding_bag, [aten._embedding_bag.default]),
        (_mm, [aten.mm.default, aten.bmm.default]),
        (_addmm, [aten.addmm.default]),
        (_convolution, [aten.convolution.default]),
        (_max_pool, [aten.max_pool2d_with_indices.default]),
        (_mean, [aten.mean.dim]),
        (_stack, [aten.stack.default]),
        (_cat, [aten.cat.default]),
        (_flash, [aten._scaled_dot_product_flash_attention_for_cpu.default]),
        (_lstm_layer, [aten.mkldnn_rnn_layer.default]),
        (_alike, [aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.mul.Scalar, aten.div.Scalar]),
        (
            _alike,
            [
                aten.relu.default,
                aten.gelu.default,
                aten.silu.default,
                aten.sigmoid.default,
                aten.tanh.default,
            ],
        ),
        (_alike, [aten._safe_softmax.default, aten._softmax.default, aten._log_softmax.default]),
        (_changed, [aten.add_.Tensor, aten.mul_.Tensor, aten.div_.Scalar]),
        (_changed, [aten.relu_.default, aten.sigmoid_.default, aten.tanh_.default]),
    )
    for op in ops
}


PRODUCTS = frozenset({
    aten.mm.default,
    aten.bmm.default,
    aten.addmm.default,
    aten.baddbmm.default,
    aten.mv.default,
    aten.dot.default,
    aten.convolution.default,
})


def _refuse(func: Any, args: Sequence[Any]) -> None:
    """Refuse what meta lets pass and the CPU does not: types that differ, and too much output padding."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if len({t.dtype for t in tensors}) > 1:
        raise RuntimeError(f"{func._schema.name} of {' and '.join(str(t.dtype) for t in tensors)}")
    if func is aten.convolution.default and args[6]:
        stride, dilation, more = args[3], args[5], args[7]
        if any(o >= max(s, d) for o, s, d in zip(more, stride, dilation, strict=False)):
            raise RuntimeError(f"output padding {more} is not smaller than stride or dilation")


COPIES = frozenset({aten.clone.default, aten.empty_like.default})


def hollow(tensor: Tensor) -> Tensor:
    """Return a tensor on meta that lies in memory as another does.

    ``torch.empty_like`` would do; on meta it is written in Python, and imports half of torch's compiler.

    Args:
        tensor: On any device.

    Returns:
        One without numbers and without a gradient.
    """
    try:
        size, stride = tensor.shape, tensor.stride()
    except (NotImplementedError, RuntimeError):  # sparse and nested tensors have no strides
        return torch.empty_like(tensor, device="meta", requires_grad=False)
    return torch.empty_strided(size, stride, dtype=tensor.dtype, device="meta")


def computed(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return the result of an operation of ATen.

    Args:
        func: The overload.
        args: Its positional arguments.
        kwargs: Its other arguments.

    Returns:
        What the CPU's kernel would return, without numbers where the arguments have none.

    Raises:
        RuntimeError: If the CPU would refuse what meta lets pass.
    """
    if func in PRODUCTS:
        _refuse(func, args)
    quick = QUICK.get(func)
    if (
        quick is not None
        and not kwargs
        and all(a.device.type == "meta" for a in args if isinstance(a, Tensor))
    ):
        found = quick(args)
        if found is not NotImplemented:
            return found
    if func in COPIES and args[0].device.type == "meta" and kwargs.keys() <= {"memory_format", "pin_memory"}:
        found = _copied(args[0], kwargs.get("memory_format"))
        if found is not NotImplemented:
            return found
    return func(*args, **kwargs)


def _copied(tensor: Tensor, layout: torch.memory_format | None) -> Any:
    """Return a copy that lies as it is asked to."""
    if layout is torch.contiguous_format:
        return _like(tensor, tensor.shape)
    packed = _packed(tensor) if layout in {None, torch.preserve_format} else None
    if packed is None:
        return NotImplemented
    return torch.empty_strided(tensor.shape, packed, dtype=tensor.dtype, device="meta")


class Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A mode that torch's compiler need not be imported for."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


class Quickly(Mode):  # type: ignore[no-untyped-call]
    """Runs every operation through ``computed``."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operation."""
        return computed(func, args, kwargs or {})
