"""Attention: values averaged by how well queries match keys, with one head and with several."""

from __future__ import annotations

from itertools import product
from math import inf

from dltui.byhand.batches import Rows
from dltui.byhand.functions import dot, exp, largest, number, sqrt, total
from dltui.byhand.operation import Mask, operation
from dltui.byhand.refusal import refuse, said_of_sum
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor

SHIFT = "only keeps e from overflowing: no gradient goes through it"
TWO = [[1, 0], [0, 1]]
TURN = [[0, 1], [1, 0]]
DOUBLE = [[2, 0], [0, 2]]


@operation(
    formula="softmax(Q·Kᵀ/√d)·V",
    examples={
        "d6": {"query": [[1, 0]], "key": TWO, "value": [[10, 0], [0, 10]]},
        "w31": {
            "query": [[1, 0, 1, 0, 0, 0], [0, 1, 0, 1, 0, 0], [0, 0, 1, 0, 1, 0], [1, 0, 0, 0, 0, 1]],
            "key": [[0, 1, 0, 0, 1, 0], [1, 0, 0, 1, 0, 0], [0, 0, 1, 0, 0, 1], [1, 1, 0, 0, 0, 0]],
            "value": [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0]],
        },
        "causal": {
            "query": [[1, 0], [0, 2], [1, 1]],
            "key": [[1, 0], [0, 1], [1, 1]],
            "value": [[1, 0], [0, 1], [2, 2]],
            "is_causal": True,
        },
    },
    remarks={
        "w31": "the shapes of the notes: four tokens of six numbers give (4, 6); the numbers are chosen here",
        "causal": "masked scores are −∞ before the softmax, not 0 after it",
    },
)
def attention(
    sheet: Sheet,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Mask | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Scaled dot-product attention: scores q·k/√d, a softmax over the keys, a weighted sum of the values.

    Args:
        sheet: Where it is worked.
        query: (…, L, E).
        key: (…, S, E).
        value: (…, S, Ev).
        attn_mask: (L, S), true where a query may look.
        is_causal: Let every query look at keys up to its own place only.
        scale: What scores are multiplied by; 1/√E by default.

    Returns:
        (…, L, Ev).
    """
    q, k, v = (one.lifted(2) if len(one.shape) < 2 else one for one in (query, key, value))
    _check(q, k, v, attn_mask, is_causal=is_causal)
    lead, (length, width), many = q.shape[:-2], q.shape[-2:], k.shape[-2]
    sheet.heading("scores: every query with every key")
    scores = sheet.tensor("s", (*lead, length, many))
    for *batch, i, j in scores.places():
        if not _may_look(attn_mask, is_causal, i, j):
            sheet.note("masked")
            scores[*batch, i, j] = number(-inf)
            continue
        product_ = dot(q.row(*batch, i), k.row(*batch, j))
        scores[*batch, i, j] = product_ / sqrt(number(width)) if scale is None else scale * product_
    weights = over_keys(sheet, scores, "a")
    sheet.heading("values averaged by the weights")
    out = sheet.tensor("y", (*lead, length, v.shape[-1]))
    for *batch, i, c in out.places():
        out[*batch, i, c] = dot(weights.row(*batch, i), [v[*batch, j, c] for j in range(many)])
    return out.view(*out.shape[1:]) if len(query.shape) < 2 else out


@operation(
    formula="Concat(head₁ … headₕ)·Wᵒᵀ, headᵢ = softmax(Qᵢ·Kᵢᵀ/√(E/h))·Vᵢ",
    examples={
        "two": {
            "query": [[1, 0], [0, 1], [1, 1]],
            "in_proj_weight": [*TWO, *TURN, *DOUBLE],
            "out_proj_weight": TWO,
            "num_heads": 2,
            "upstream": [[1, 0], [0, 0], [0, 1]],
        },
    },
    symbols={
        "query": "x",
        "key": "k",
        "value": "v",
        "in_proj_weight": "w",
        "in_proj_bias": "b",
        "out_proj_weight": "u",
        "out_proj_bias": "d",
    },
)
def multihead_attention(
    sheet: Sheet,
    query: Tensor,
    in_proj_weight: Tensor,
    out_proj_weight: Tensor,
    key: Tensor | None = None,
    value: Tensor | None = None,
    in_proj_bias: Tensor | None = None,
    out_proj_bias: Tensor | None = None,
    attn_mask: Mask | None = None,
    *,
    num_heads: int = 1,
    batch_first: bool = False,
) -> Tensor:
    """Multi-head attention: projections to queries, keys and values, attention in each head, one more projection.

    Every head has E/h of the numbers, and its scores are divided by √(E/h). Here a mask is true where a query may
    NOT look, as torch has it in this layer, contrary to scaled_dot_product_attention.

    Args:
        sheet: Where it is worked.
        query: (L, E), or (L, N, E) for N samples.
        in_proj_weight: (3·E, E): weights of queries, of keys, of values below each other.
        out_proj_weight: (E, E).
        key: (S, E) or (S, N, E); the query when left out (self-attention).
        value: The shape of key; the key when left out.
        in_proj_bias: (3·E).
        out_proj_bias: (E).
        attn_mask: (L, S), true where a query may not look.
        num_heads: Heads h, which divide E.
        batch_first: Whether a batch stands in front: (N, L, E).

    Returns:
        The shape of query.
    """
    keys = query if key is None else key
    values = keys if value is None else value
    width = _check_heads(query, keys, values, in_proj_weight, out_proj_weight, num_heads)
    for name, bias, size in (
        ("in_proj_bias", in_proj_bias, 3 * width),
        ("out_proj_bias", out_proj_bias, width),
    ):
        if bias is not None and bias.shape != (size,):
            inputs = (query, key, value) if name == "in_proj_bias" else ()
            said = _said_of_bias(len(bias.cells), size, inputs, batch_first=batch_first)
            refuse(
                name,
                f"{name} must have {size} numbers, not {bias.shape}",
                said if len(bias.shape) == 1 else "",
            )
    each = width // num_heads
    ask, find = (Rows(one.shape[:-1], batch_first=batch_first) for one in (query, keys))
    if ask.batch != find.batch:
        refuse("key", f"query {query.shape} and key {keys.shape} must hold the same samples")
    _check_open(attn_mask, (ask.length, find.length), opened=False)
    projected = []
    for part, (name, source) in enumerate((("q", query), ("K", keys), ("V", values))):
        sheet.heading(f"{name}: rows {part * width + 1} … {(part + 1) * width} of the weights")
        one = sheet.tensor(name, source.shape)
        for *at, j in one.places():
            weighed = dot(source.row(*at), in_proj_weight.row(part * width + j))
            one[*at, j] = weighed if in_proj_bias is None else weighed + in_proj_bias[part * width + j]
        projected.append(one)
    q, k, v = projected
    sheet.heading("scores of every head")
    scores = sheet.tensor("s", (*ask.batch, num_heads, ask.length, find.length))
    for *n, h, i, j in scores.places():
        own, sample = slice(h * each, (h + 1) * each), tuple(n)
        if attn_mask is not None and attn_mask[i, j].value:
            sheet.note("masked")
            scores[*n, h, i, j] = number(-inf)
        else:
            met = dot(q.row(*ask.at(sample, i))[own], k.row(*find.at(sample, j))[own])
            scores[*n, h, i, j] = met / sqrt(number(each))
    weights = over_keys(sheet, scores, "a")
    sheet.heading("values averaged in every head, the heads side by side")
    heads = sheet.tensor("z", query.shape)
    for sample, i, c in product(ask.samples(), range(ask.length), range(width)):
        known = [v[*find.at(sample, j), c] for j in range(find.length)]
        heads[*ask.at(sample, i), c] = dot(weights.row(*sample, c // each, i), known)
    sheet.heading("the last projection")
    out = sheet.tensor("y", query.shape)
    for *at, c in out.places():
        weighed = dot(heads.row(*at), out_proj_weight.row(c))
        out[*at, c] = weighed if out_proj_bias is None else weighed + out_proj_bias[c]
    return out


def over_keys(sheet: Sheet, scores: Tensor, name: str) -> Tensor:
    """Work a softmax over the last dimension.

    Args:
        sheet: Where it is worked.
        scores: (…, S).
        name: What the weights are called.

    Returns:
        The shape of the scores.
    """
    lead = scores.shape[:-1]
    sheet.heading("softmax over the keys")
    shift = sheet.tensor("m", lead)
    for n, place in enumerate(shift.places()):
        sheet.note("" if n else SHIFT)
        shift[place] = largest(*scores.row(*place))
    sheet.hold(shift)
    e = sheet.tensor("e", scores.shape)
    for place in e.places():
        e[place] = exp(scores[place] - shift[place[:-1]])
    sums = sheet.tensor("S", lead)
    for place in sums.places():
        sums[place] = total(e.row(*place))
    weights = sheet.tensor(name, scores.shape)
    for place in weights.places():
        weights[place] = e[place] / sums[place[:-1]]
    return weights


def _may_look(mask: Tensor | None, causal: bool, i: int, j: int) -> bool:
    """Return whether a query may look at a key."""
    return (mask is None or bool(mask[i, j].value)) and not (causal and j > i)


def _check(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, *, is_causal: bool) -> None:
    """Refuse shapes that do not go together."""
    if q.shape[:-2] != k.shape[:-2] or k.shape[:-2] != v.shape[:-2]:
        refuse(
            "key", f"query {q.shape}, key {k.shape} and value {v.shape} must have the same leading dimensions"
        )
    if q.shape[-1] != k.shape[-1]:
        refuse(
            "key",
            f"a query of {q.shape[-1]} numbers can't be multiplied with a key of {k.shape[-1]}: make them equal",
            f"mat1 and mat2 shapes cannot be multiplied "
            f"({q.shape[-2]}x{q.shape[-1]} and {k.shape[-1]}x{k.shape[-2]})"
            if len(q.shape) == 2
            else "",
        )
    if k.shape[-2] != v.shape[-2]:
        refuse("value", f"every key needs a value: there are {k.shape[-2]} keys and {v.shape[-2]} values")
    if mask is not None and is_causal:
        refuse(
            "attn_mask",
            "is_causal is a mask already: give one of the two",
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True",
        )
    _check_open(mask, (q.shape[-2], k.shape[-2]), opened=True)


def _check_open(mask: Tensor | None, size: Place, *, opened: bool) -> None:
    """Refuse a mask of another size, or one that leaves a query nothing to look at."""
    if mask is None:
        return
    if mask.shape != size:
        refuse("attn_mask", f"attn_mask must be (L, S) = {size}, not {mask.shape}")
    for i in range(size[0]):
        if all(bool(mask[i, j].value) != opened for j in range(size[1])):
            refuse(
                "attn_mask",
                f"row {i} of attn_mask leaves that query nothing to look at: its softmax would be 0/0",
            )


def _said_of_bias(count: int, size: int, inputs: tuple[Tensor | None, ...], *, batch_first: bool) -> str:
    """Return what torch says of a bias of the wrong size.

    Args:
        count: Numbers that it has.
        size: Numbers that it should have.
        inputs: Query, key and value as given, where it is the bias of all three; else none.
        batch_first: Whether a batch comes before the length.

    Returns:
        The text; empty where torch takes the bias.
    """
    if not inputs:
        return said_of_sum(size, count)
    query, key, value = inputs
    assert query is not None
    strided = batch_first and len(query.shape) == 3 and min(query.shape[:2]) > 1
    if len(query.shape) == 3 and value is None:
        if key is None:  # one product for all three
            return said_of_sum(size, count, strided=strided)
        return (
            f"split_with_sizes expects split_sizes to sum exactly to {count} (input tensor's size at dimension 0), "
            f"but got split_sizes=[{size // 3}, {size - size // 3}]"
        )
    each = -(-count // 3)
    parts = [min(each, count - start) for start in range(0, count, each)]
    if len(parts) < 3:
        return f"not enough values to unpack (expected 3, got {len(parts)})"
    return next(filter(None, (said_of_sum(size // 3, part, strided=strided) for part in parts)), "")


def _check_heads(
    query: Tensor, key: Tensor, value: Tensor, weight: Tensor, out: Tensor, num_heads: int
) -> int:
    """Return E, or refuse sizes that do not go together."""
    width = query.shape[-1] if query.shape else 1
    for name, one in (("query", query), ("key", key), ("value", value)):
        if len(one.shape) not in {2, 3} or one.shape[-1] != width:
            refuse(name, f"{name} must be (length, E = {width}), or so with a batch, not {one.shape}")
    if weight.shape != (3 * width, width):
        refuse(
            "in_proj_weight", f"in_proj_weight must be (3·E, E) = {(3 * width, width)}, not {weight.shape}"
        )
    if out.shape != (width, width):
        refuse("out_proj_weight", f"out_proj_weight must be (E, E) = {(width, width)}, not {out.shape}")
    if key.shape != value.shape:
        refuse("value", f"every key needs a value: there are {key.shape} keys and {value.shape} values")
    if num_heads < 1 or width % num_heads:
        refuse(
            "num_heads",
            f"{width} numbers can't be shared among {num_heads} heads: num_heads must divide E",
            "embed_dim must be divisible by num_heads",
        )
    return width
