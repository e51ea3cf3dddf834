"""Attention: the bare product of queries, keys and values, and PyTorch's layer with heads and projections."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.shapes.arguments import flag, inferred, number, whole
from dltui.shapes.families.broadcast import broadcast, fits_into
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def sdpa(
    query: Shape,
    key: Shape | None = None,
    value: Shape | None = None,
    *,
    attn_mask: Shape | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> ShapeReport:
    """Return what softmax(Q·Kᵀ / √d)·V does to shapes.

    Args:
        query: (…, heads, L, d).
        key: (…, key heads, S, d); the query's shape when left out.
        value: (…, key heads, S, e); the key's shape when left out.
        attn_mask: Shape of a mask that can be spread to (…, L, S).
        dropout_p: Dropout of the weights.
        is_causal: Whether no query sees later keys; without a mask. The cost is told as if all were computed.
        scale: What replaces 1/√d.
        enable_gqa: Whether several query heads share one key head.

    Returns:
        (…, heads, L, e) and the cost.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    key = query if key is None else key
    value = key if value is None else value
    number("dropout_p", dropout_p, 0, 1)
    if scale is not None:
        number("scale", scale)
    _check_dimensions(2, query, key, value)
    if flag("is_causal", is_causal) or attn_mask is not None:
        _check_mask(query, key, value, attn_mask, is_causal, enable_gqa)
    if flag("enable_gqa", enable_gqa):
        key, value = _shared(query, key, value)
    length, width, keys = query[-2], query[-1], key[-2]
    if key[-1] != width:
        raise ShapeError(f"query has {width} features and key {key[-1]}; they must be equal", "key")
    if value[-2] != keys:
        raise ShapeError(f"key has {keys} places and value {value[-2]}; they must be equal", "value")
    front = broadcast("key", query[:-2], key[:-2])
    if attn_mask is not None:
        fits_into("attn_mask", attn_mask, (*front, length, keys))
    whole_front = broadcast("value", front, value[:-2])
    scores, mixed = product((*front, length, keys)), product((*whole_front, length, keys))
    macs = scores * width + mixed * value[-1]
    output = (*whole_front, length, value[-1])

    def why() -> Iterator[str]:
        yield f"scores = Q·Kᵀ: {show((*front, length, keys))}, each {width} MACs = {scores * width:,}"
        yield f"output = weights·V: {show(output)}, each {keys} MACs = {mixed * value[-1]:,}"
        if is_causal:
            yield f"causal: a kernel that skips what is masked does about half of these {macs:,}"

    return ShapeReport(
        inputs=(query, key, value),
        outputs=(output,),
        macs=macs,
        pointwise=5 * scores,
        why=why,
    )


def _check_dimensions(least: int, query: Shape, key: Shape, value: Shape) -> None:
    """Refuse shapes with too few dimensions."""
    for name, shape in (("query", query), ("key", key), ("value", value)):
        if len(shape) < least:
            letters = ("heads, length, features", "length, features")[least == 2]
            raise ShapeError(f"{name} needs at least {least} dimensions ({letters}), not {show(shape)}", name)


def _check_mask(
    query: Shape, key: Shape, value: Shape, mask: Shape | None, causal: bool, grouped: bool
) -> None:
    """Refuse a mask that PyTorch's choice of a kernel refuses."""
    if mask is None:
        return
    alike = _alike(query, key, value, grouped)
    if causal and not (alike and query[-1] == key[-1] == value[-1] and len(mask) in {2, 4}):
        raise ShapeError("attn_mask and is_causal exclude each other", "attn_mask")
    if len(mask) < 2 and alike:
        raise ShapeError("attn_mask needs two dimensions, (L, S), beside four of the query", "attn_mask")


def _alike(query: Shape, key: Shape, value: Shape, grouped: bool) -> bool:
    """Return whether PyTorch considers its fused CPU kernel, the one that accepts a mask beside ``is_causal``.

    The rule is that of ``use_flash_attention_cpp`` in aten/src/ATen/native/transformers/sdp_utils_cpp.cpp.
    """
    if not len(query) == len(key) == len(value) == 4:
        return False
    heads = key[1] == value[1] and (query[1] == key[1] or (grouped and query[1] % key[1] == 0))
    return heads and query[0] == key[0] == value[0]


def _shared(query: Shape, key: Shape, value: Shape) -> tuple[Shape, Shape]:
    """Return key and value with as many heads as the query."""
    _check_dimensions(3, query, key, value)
    heads = query[-3]
    for name, shape in (("key", key), ("value", value)):
        if not shape[-3] or heads % shape[-3]:
            raise ShapeError(f"{heads} query heads don't split over {shape[-3]} heads of {name}", name)
    return (*key[:-3], heads, *key[-2:]), (*value[:-3], heads, *value[-2:])


def multihead_attention(
    query: Shape,
    key: Shape | None = None,
    value: Shape | None = None,
    *,
    embed_dim: Inferred = None,
    num_heads: int,
    dropout: float = 0.0,
    bias: bool = True,
    add_bias_kv: bool = False,
    add_zero_attn: bool = False,
    kdim: int | None = None,
    vdim: int | None = None,
    batch_first: bool = False,
    key_padding_mask: Shape | None = None,
    need_weights: bool = True,
    attn_mask: Shape | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> ShapeReport:
    """Return what multi-head attention does to shapes (Vaswani et al. 2017, arXiv:1706.03762).

    Args:
        query: (L, N, E), (N, L, E) with ``batch_first``, or (L, E).
        key: (S, N, kdim) likewise; the query's shape when left out.
        value: (S, N, vdim) likewise; the key's shape when left out.
        embed_dim: Features E of the query; read off it when left out.
        num_heads: Heads, a divisor of E.
        dropout: Dropout of the weights.
        bias: Whether the projections have biases.
        add_bias_kv: Whether one learned key and value are added.
        add_zero_attn: Whether a key and value of zeros are added.
        kdim: Features of the key; E when left out.
        vdim: Features of the value; E when left out.
        batch_first: Whether the batch stands first.
        key_padding_mask: Shape (N, S) of a mask over keys.
        need_weights: Whether the weights come out too.
        attn_mask: Shape (L, S) or (N·heads, L, S) of a mask over pairs.
        average_attn_weights: Whether the weights are averaged over heads.
        is_causal: A hint that ``attn_mask`` is causal.

    Returns:
        Output and weights, parameters, cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    cross = key is not None
    key = query if key is None else key
    value = key if value is None else value
    number("dropout", dropout, 0, 1)
    for name, told in (
        ("bias", bias),
        ("add_bias_kv", add_bias_kv),
        ("add_zero_attn", add_zero_attn),
        ("batch_first", batch_first),
        ("need_weights", need_weights),
        ("average_attn_weights", average_attn_weights),
    ):
        flag(name, told)
    if len(query) not in {2, 3}:
        raise ShapeError(
            f"query takes (length, batch, features) or (length, features), not {show(query)}", "query"
        )
    width = inferred("embed_dim", embed_dim, query[-1], "the query")
    whole("num_heads", num_heads)
    if not width or width % num_heads:
        raise ShapeError(
            f"embed_dim {width} does not split into {num_heads} heads; take a divisor", "num_heads"
        )
    widths = (width if kdim is None else whole("kdim", kdim), width if vdim is None else whole("vdim", vdim))
    batch, length, keys = _lengths(query, key, value, widths, batch_first, packed=widths == (width, width))
    if flag("is_causal", is_causal) and attn_mask is None:
        raise ShapeError("is_causal is only a hint here: give attn_mask too", "is_causal")
    unread = is_causal and key_padding_mask is None and not need_weights
    _check_masks(attn_mask, key_padding_mask, len(query) == 3, batch, num_heads, length, keys, unread)
    seen = keys + add_bias_kv + add_zero_attn
    tensors = attention_tensors(width, widths, bias, add_bias_kv)
    projections = length * width * width + keys * width * (widths[0] + widths[1])
    macs = batch * (projections + 2 * length * seen * width + length * width * width)
    middle = (batch,) if len(query) == 3 else ()
    weights = (*middle, length, seen) if average_attn_weights else (*middle, num_heads, length, seen)

    def why() -> Iterator[str]:
        yield f"head: {width} / {num_heads} = {width // num_heads} features; keys seen: {seen}"
        yield f"parameters = {report.parameters:,}"
        yield (
            f"MACs = N·(L·E² + S·E·kdim + S·E·vdim + 2·L·S'·E + L·E²) = {batch}·({length}·{width}² + "
            f"{keys}·{width}·{widths[0]} + {keys}·{width}·{widths[1]} + 2·{length}·{seen}·{width} + "
            f"{length}·{width}²) = {macs:,}"
        )

    report = ShapeReport(
        inputs=(query, key, value) if cross else (query,),
        outputs=(query, weights) if need_weights else (query,),
        tensors=tensors,
        macs=macs,
        bias_adds=batch * (2 * length + 2 * keys) * width if bias else 0,
        pointwise=5 * batch * num_heads * length * seen,
        why=why,
        told={"embed_dim": width},
    )
    return report


def attention_tensors(width: int, widths: tuple[int, int], bias: bool, bias_kv: bool) -> dict[str, Shape]:
    """Return the parameters of ``MultiheadAttention``.

    Args:
        width: Features of the query.
        widths: Features of key and value.
        bias: Whether the projections have biases.
        bias_kv: Whether one learned key and value are added.

    Returns:
        Shapes by name.
    """
    tensors: dict[str, Shape]
    if widths == (width, width):
        tensors = {"in_proj_weight": (3 * width, width)}
    else:
        tensors = {
            "q_proj_weight": (width, width),
            "k_proj_weight": (width, widths[0]),
            "v_proj_weight": (width, widths[1]),
        }
    if bias:
        tensors["in_proj_bias"] = (3 * width,)
    tensors["out_proj.weight"] = (width, width)
    if bias:
        tensors["out_proj.bias"] = (width,)
    if bias_kv:
        tensors |= {"bias_k": (1, 1, width), "bias_v": (1, 1, width)}
    return tensors


def _lengths(
    query: Shape, key: Shape, value: Shape, widths: tuple[int, int], batch_first: bool, *, packed: bool
) -> tuple[int, int, int]:
    """Return batch, length of the query and length of the keys."""
    for name, shape, width in (("key", key, widths[0]), ("value", value, widths[1])):
        if len(shape) != len(query):
            raise ShapeError(
                f"{name} {show(shape)} must have as many dimensions as query {show(query)}", name
            )
        if shape[-1] != width:
            told = "embed_dim" if packed else f"{name[0]}dim"
            raise ShapeError(f"{name} has {shape[-1]} features, {told} is {width}; make them equal", name)
    if key[:-1] != value[:-1]:
        raise ShapeError(
            f"key {show(key)} and value {show(value)} must have the same length and batch", "value"
        )
    if len(query) == 2:
        return 1, query[0], key[0]
    place = 0 if batch_first else 1
    if key[place] != query[place]:
        raise ShapeError(f"query has a batch of {query[place]} and key one of {key[place]}", "key")
    return query[place], query[1 - place], key[1 - place]


def _check_masks(
    mask: Shape | None,
    padding: Shape | None,
    batched: bool,
    batch: int,
    heads: int,
    length: int,
    keys: int,
    unread: bool,
) -> None:
    """Refuse masks that do not fit the pairs or the keys."""
    wanted = (batch, keys) if batched else (keys,)
    if padding is not None and padding != wanted:
        raise ShapeError(f"key_padding_mask must be {show(wanted)}, not {show(padding)}", "key_padding_mask")
    if mask is None:
        return
    full = ((length, keys), (batch * heads, length, keys))
    if len(mask) not in {2, 3} or (mask not in full and (not unread or (len(mask) == 3 and not batched))):
        raise ShapeError(
            f"attn_mask must be {show(full[0])} or {show(full[1])}, not {show(mask)}", "attn_mask"
        )


scaleddotproductattention = layer("scaled_dot_product_attention", sdpa)
multiheadattention = layer("MultiheadAttention", multihead_attention)
