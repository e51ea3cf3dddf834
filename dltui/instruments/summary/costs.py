"""What an operation of ATen costs: multiply-accumulates, additions of biases, element-wise work.

The conventions are those of ``dltui.shapes``: a MAC is one product that is added up in a matrix product, a
convolution counts the places of its output and a transposed one those of its input, attention counts every pair as if
nothing were masked, and averages, normalisation and activations have no MACs at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import Any

import torch
from torch import Tensor

Cost = tuple[int, int, int]  # MACs, additions of biases, element-wise operations (roughly)
Formula = Callable[[Sequence[Any], Any], Cost]
NONE: Cost = (0, 0, 0)
aten = torch.ops.aten


def _mm(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """(n, k) × (k, m)."""
    return args[0].numel() * args[1].shape[-1], 0, 0


def _addmm(args: Sequence[Any], out: Any) -> Cost:
    """A bias and (n, k) × (k, m), or batches of such."""
    return args[1].numel() * args[2].shape[-1], out.numel(), 0


def _mv(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """(n, k) × (k)."""
    return args[0].numel(), 0, 0


def _addmv(args: Sequence[Any], out: Any) -> Cost:
    """A bias and (n, k) × (k)."""
    return args[1].numel(), out.numel(), 0


def _addr(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """A matrix and (n, 1) × (1, m)."""
    return out.numel(), out.numel(), 0


def _linear(args: Sequence[Any], out: Any) -> Cost:
    """(…, k) × (m, k)ᵀ and perhaps a bias."""
    biased = len(args) > 2 and args[2] is not None
    return args[0].numel() * args[1].shape[0], out.numel() if biased else 0, 0


def _convolution(args: Sequence[Any], out: Any) -> Cost:
    """Places × window: places of the output, or of the input where the convolution is transposed."""
    x, weight, bias = args[:3]
    transposed = args[6]
    seen = x if transposed else out
    return seen.numel() * prod(weight.shape[1:]), 0 if bias is None else out.numel(), 0


def _attention(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """Scores and mixture of every query with every key; 5 operations a score for the softmax."""
    query, key, value = args[:3]
    pairs = prod(query.shape[:-1]) * key.shape[-2]
    return pairs * (query.shape[-1] + value.shape[-1]), 0, 5 * pairs


def _trilinear(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """Σ a·b·c over some dimensions: the last sum first, then the others, as a chain of matrix products."""
    sizes: list[int] = []
    for tensor, expand in zip(args[:3], args[3:6], strict=True):
        shape = list(tensor.shape)
        for place in sorted(expand):
            shape.insert(place, 1)
        sizes = [max(pair) for pair in zip(sizes or shape, shape, strict=True)]
    macs, left = 0, prod(sizes)
    for place in sorted(args[6], reverse=True):
        macs += left
        left //= sizes[place]
    return macs, 0, 0


def _recurrent(args: Sequence[Any], out: Any) -> Cost:
    """One layer and direction of oneDNN's kernel: every step meets both matrices."""
    x, first, second, bias = args[0], args[1], args[2], args[3]
    lengths = args[8]
    rows = sum(lengths) if lengths else prod(x.shape[:2])
    added = 2 * bias.numel() if args[12] else 0
    return rows * (first.numel() + second.numel()), rows * added, 12 * out[0].numel()


def _recurrent_cuda(args: Sequence[Any], out: Any) -> Cost:
    """All layers of cuDNN's kernel: every step meets every matrix."""
    x, weights, lengths = args[0], args[1], args[14]
    rows = sum(lengths) if lengths else prod(x.shape[:2])
    macs = rows * sum(w.numel() for w in weights if w.dim() == 2)
    return macs, rows * sum(w.numel() for w in weights if w.dim() == 1), 12 * out[0].numel()


def _cell(args: Sequence[Any], out: Any) -> Cost:
    """The gates of one step, after their matrix products."""
    biases = sum(a.numel() for a in args[3:] if isinstance(a, Tensor) and a.dim() == 1)
    return 0, biases * len(args[0]), 12 * out[0].numel()


def _softmax(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """Subtract the largest, exponential, sum, divide."""
    return 0, 0, 4 * out.numel()


def _norm(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """Subtract, multiply, scale, shift."""
    return 0, 0, 4 * args[0].numel()


def _pool(args: Sequence[Any], out: Any) -> Cost:
    """Every number of every window."""
    made = out[0] if isinstance(out, tuple) else out
    kernel = args[1]
    axes = made.dim() - 2
    return 0, 0, made.numel() * (prod(kernel) if len(kernel) > 1 else kernel[0] ** axes)


def _each_in(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """One operation for every number that goes in."""
    return 0, 0, args[0].numel()


def _each_out(args: Sequence[Any], out: Any) -> Cost:  # noqa: ARG001
    """One operation for every number that comes out."""
    made = out[0] if isinstance(out, tuple | list) else out
    return 0, 0, made.numel() if isinstance(made, Tensor) else 0


FORMULAS: dict[str, Formula] = {
    name: formula
    for formula, names in (
        (_mm, "mm bmm _int_mm _scaled_mm"),
        (_addmm, "addmm baddbmm addbmm"),
        (_mv, "mv dot vdot"),
        (_addmv, "addmv"),
        (_addr, "addr"),
        (_linear, "linear"),
        (_trilinear, "_trilinear"),
        (_convolution, "convolution _convolution convolution_overrideable"),
        (_attention, "_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu"),
        (_attention, "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention"),
        (_attention, "_scaled_dot_product_fused_attention_overrideable"),
        (_recurrent, "mkldnn_rnn_layer"),
        (_recurrent_cuda, "_cudnn_rnn"),
        (_cell, "_thnn_fused_lstm_cell _thnn_fused_gru_cell"),
        (_softmax, "_softmax _log_softmax _safe_softmax"),
        (_norm, "native_batch_norm cudnn_batch_norm miopen_batch_norm batch_norm_with_update"),
        (_norm, "_batch_norm_with_update native_layer_norm native_group_norm _fused_rms_norm"),
        (_pool, "avg_pool2d avg_pool3d max_pool2d_with_indices max_pool3d_with_indices"),
        (_each_in, "_adaptive_avg_pool2d _adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d"),
        (_each_in, "sum mean var var_mean std std_mean amax amin max min prod logsumexp cumsum cumprod"),
        (_each_in, "linalg_vector_norm"),
    )
    for name in names.split()
}
# beginnings of matrix work for which there is no formula; it is named instead of being passed over in silence
UNCOUNTED = (
    "_fft_",
    "linalg_",
    "_linalg_",
    "cholesky",
    "_cholesky",
    "lu_",
    "geqrf",
    "ormqr",
    "triangular_solve",
    "_cdist_forward",
    "_pdist_forward",
    "_native_multi_head",
    "_transformer_encoder",
    "_sparse_mm",
    "quantized",
)
COPIES = frozenset({"clone", "copy", "copy_", "_to_copy", "fill_", "zero_", "lift_fresh", "detach", "alias"})


@cache
def formula_of(op: Any) -> Formula | None:
    """Return how the cost of an operation is told, or None when it costs nothing.

    Args:
        op: An overload such as ``aten.mm.default``.

    Returns:
        A function of its arguments and its output.
    """
    name = op._schema.name.partition("::")[2]
    found = FORMULAS.get(name)
    if found is None and op.namespace == "aten" and name not in COPIES and torch.Tag.pointwise in op.tags:
        return _each_out
    return found


@cache
def is_uncounted(op: Any) -> bool:
    """Return whether an operation does matrix work that no formula here covers."""
    space, _, name = op._schema.name.partition("::")
    if space not in {"aten", "prim", "prims"}:
        return True
    return name not in FORMULAS and name.startswith(UNCOUNTED)


@cache
def is_addition(op: Any) -> bool:
    """Return whether an operation adds two tensors, as a bias is added where no kernel does it on the way."""
    return op._schema.name in {"aten::add", "aten::add_"}
