"""Blocks of large models that PyTorch has no class for: patches, shared key heads, gated and expert feed-forward."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.shapes.arguments import Ints, copies, flag, inferred, several, whole
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import least, product


def patch_embedding(
    input: Shape,  # noqa: A002
    *,
    in_channels: Inferred = None,
    embed_dim: int,
    patch_size: Ints = 16,
    cls_token: bool = True,
    pos_embedding: bool = True,
    bias: bool = True,
) -> ShapeReport:
    """Return a picture cut into patches, each one token (Dosovitskiy et al. 2021, arXiv:2010.11929).

    Args:
        input: (N, C, H, W).
        in_channels: Channels C; read off the input when left out.
        embed_dim: Features of a token.
        patch_size: Height and width of a patch; they must divide the picture's.
        cls_token: Whether one learned token is put in front.
        pos_embedding: Whether a learned vector for each place is added.
        bias: Whether the projection has a bias.

    Returns:
        (N, tokens, embed_dim), parameters, cost.

    Raises:
        ShapeError: If the patches do not cover the picture.
    """
    whole("embed_dim", embed_dim)
    patch = several("patch_size", patch_size, 2)
    if len(input) != 4 or 0 in input[1:]:
        raise ShapeError(f"PatchEmbedding takes N,C,H,W; the input is {show(input)}")
    batch, channels, *sizes = input
    inferred("in_channels", in_channels, channels)
    for axis, n, p in zip("HW", sizes, patch, strict=True):
        if n % p:
            raise ShapeError(
                f"{axis} = {n} does not split into patches of {p}; resize it to a multiple", "patch_size"
            )
    grid = tuple(n // p for n, p in zip(sizes, patch, strict=True))
    patches, tokens = product(grid), product(grid) + flag("cls_token", cls_token)
    weight = (embed_dim, channels, *patch)
    tensors: dict[str, Shape] = {"proj.weight": weight}
    if flag("bias", bias):
        tensors["proj.bias"] = (embed_dim,)
    if cls_token:
        tensors["cls_token"] = (1, 1, embed_dim)
    if flag("pos_embedding", pos_embedding):
        tensors["pos_embedding"] = (1, tokens, embed_dim)
    macs = batch * patches * product(weight)

    def why() -> Iterator[str]:
        yield f"patches = {show(grid)} = {patches}{', and one class token' if cls_token else ''}: {tokens} tokens"
        yield f"MACs = N × patches × {show(weight)} = {macs:,}, a convolution with stride {show(patch)}"
        yield f"parameters = {report.parameters:,}"

    report = ShapeReport(
        inputs=(input,),
        outputs=((batch, tokens, embed_dim),),
        tensors=tensors,
        macs=macs,
        bias_adds=batch * patches * embed_dim if bias else 0,
        pointwise=batch * tokens * embed_dim if pos_embedding else 0,
        keeps="i",
        why=why,
        told={"in_channels": channels},
    )
    return report


def grouped_query_attention(
    input: Shape,  # noqa: A002
    *,
    embed_dim: Inferred = None,
    num_heads: int,
    num_kv_heads: int | None = None,
    head_dim: int | None = None,
    past: int = 0,
    window: int | None = None,
    softcap: float | None = None,
    bias: bool = False,
) -> ShapeReport:
    """Return what causal self-attention with shared key heads and a cache does to (N, L, E).

    Several query heads share one key head (Ainslie et al. 2023, arXiv:2305.13245). The cache holds keys and values
    of all tokens so far, at most ``window`` of them.

    Args:
        input: (N, L, E): the new tokens.
        embed_dim: Features E; read off the input when left out.
        num_heads: Query heads.
        num_kv_heads: Key and value heads, a divisor; as many as query heads when left out, 1 for multi-query.
        head_dim: Features of a head; E / num_heads when left out.
        past: Tokens that are in the cache already.
        window: How many tokens back a token sees; all when left out.
        softcap: Scores are squeezed to ±this by tanh; no effect on shapes, one more operation a score.
        bias: Whether the projections have biases.

    Returns:
        Output, cached keys and cached values; parameters; cost as if every query saw every cached key.

    Raises:
        ShapeError: If the heads do not fit.
    """
    if len(input) != 3:
        raise ShapeError(f"GroupedQueryAttention takes N,L,E; the input is {show(input)}")
    batch, length, _ = input
    width = inferred("embed_dim", embed_dim, input[-1], "the input's last dimension")
    whole("num_heads", num_heads)
    shared = num_heads if num_kv_heads is None else whole("num_kv_heads", num_kv_heads)
    if num_heads % shared:
        raise ShapeError(
            f"{num_heads} query heads don't split over {shared} key heads; take a divisor", "num_kv_heads"
        )
    if head_dim is None and width % num_heads:
        raise ShapeError(
            f"embed_dim {width} does not split into {num_heads} heads; give head_dim", "num_heads"
        )
    each = width // num_heads if head_dim is None else whole("head_dim", head_dim)
    seen = whole("past", past, 0) + length
    if window is not None:
        seen = least(seen, whole("window", window))
    rows = {"q_proj": num_heads * each, "k_proj": shared * each, "v_proj": shared * each}
    tensors: dict[str, Shape] = {f"{name}.weight": (out, width) for name, out in rows.items()}
    tensors["o_proj.weight"] = (width, num_heads * each)
    if flag("bias", bias):
        tensors |= {f"{name}.bias": (out,) for name, out in rows.items()} | {"o_proj.bias": (width,)}
    weights = sum(product(shape) for shape in tensors.values() if len(shape) == 2)
    scores = product((batch, num_heads, length, seen))
    macs = batch * length * weights + 2 * scores * each
    cache = (batch, shared, seen, each)

    def why() -> Iterator[str]:
        yield f"{num_heads} query heads on {shared} key heads of {each} features; {seen} keys seen"
        yield f"parameters = {report.parameters:,}"
        yield (
            f"MACs = N·L × weights + 2 × scores × head = {batch * length:,} × {weights:,} + 2 × {scores:,} × {each} "
            f"= {macs:,}"
        )
        yield f"cache = 2 × {show(cache)} numbers = {2 * product(cache):,}, {2 * shared * each:,} a token"

    report = ShapeReport(
        inputs=(input,),
        outputs=(input, cache, cache),
        tensors=tensors,
        macs=macs,
        bias_adds=batch * length * (sum(rows.values()) + width) if bias else 0,
        pointwise=(5 + (softcap is not None)) * scores,
        why=why,
        told={"embed_dim": width},
    )
    return report


def gated_feed_forward(
    input: Shape,  # noqa: A002
    *,
    embed_dim: Inferred = None,
    hidden_dim: int,
    bias: bool = False,
) -> ShapeReport:
    """Return what down(silu(gate(x))·up(x)) does to the last dimension (Shazeer 2020, arXiv:2002.05202).

    Args:
        input: (…, E).
        embed_dim: Features E; read off the input when left out.
        hidden_dim: Hidden features.
        bias: Whether the three projections have biases.

    Returns:
        The same shape, parameters, cost.

    Raises:
        ShapeError: If the input has no dimension.
    """
    whole("hidden_dim", hidden_dim)
    if not input:
        raise ShapeError("SwiGLU takes at least one dimension; the input is one number")
    width = inferred("embed_dim", embed_dim, input[-1], "the input's last dimension")
    tensors: dict[str, Shape] = {
        "gate_proj.weight": (hidden_dim, width),
        "up_proj.weight": (hidden_dim, width),
        "down_proj.weight": (width, hidden_dim),
    }
    if flag("bias", bias):
        tensors |= {
            "gate_proj.bias": (hidden_dim,),
            "up_proj.bias": (hidden_dim,),
            "down_proj.bias": (width,),
        }
    rows = product(input[:-1])
    macs = 3 * rows * hidden_dim * width
    return ShapeReport(
        inputs=(input,),
        outputs=(input,),
        tensors=tensors,
        macs=macs,
        bias_adds=rows * (2 * hidden_dim + width) if bias else 0,
        pointwise=5 * rows * hidden_dim,
        window=() if len(input) == 3 else None,
        why=lambda: [f"MACs = 3 × rows × hidden × E = 3 × {rows:,} × {hidden_dim} × {width} = {macs:,}"],
        told={"embed_dim": width},
    )


def mixture_of_experts(
    input: Shape,  # noqa: A002
    *,
    embed_dim: Inferred = None,
    num_experts: int,
    top_k: int = 2,
    hidden_dim: int,
    gated: bool = True,
    shared_experts: int = 0,
    bias: bool = False,
) -> ShapeReport:
    """Return what a feed-forward network chosen anew for each token does to (…, E).

    Every token goes to its ``top_k`` best experts and to all shared ones (Shazeer et al. 2017, arXiv:1701.06538).

    Args:
        input: (…, E).
        embed_dim: Features E; read off the input when left out.
        num_experts: Experts that are chosen from.
        top_k: Experts that a token goes to.
        hidden_dim: Hidden features of an expert.
        gated: Whether an expert is down(silu(gate)·up), three matrices, or two.
        shared_experts: Experts that every token goes to.
        bias: Whether the experts' projections have biases.

    Returns:
        Output and router scores; all parameters; the cost of the experts that are used.

    Raises:
        ShapeError: If there are fewer experts than a token goes to.
    """
    copies("num_experts", num_experts)
    whole("hidden_dim", hidden_dim)
    copies("shared_experts", shared_experts, 0)
    if whole("top_k", top_k) > num_experts:
        raise ShapeError(f"top_k {top_k} exceeds the {num_experts} experts", "top_k")
    if not input:
        raise ShapeError("MixtureOfExperts takes at least one dimension; the input is one number")
    width = inferred("embed_dim", embed_dim, input[-1], "the input's last dimension")
    names = ("gate_proj", "up_proj", "down_proj") if flag("gated", gated) else ("up_proj", "down_proj")
    one: dict[str, Shape] = {}
    for name in names:
        out, into = (width, hidden_dim) if name == "down_proj" else (hidden_dim, width)
        one[f"{name}.weight"] = (out, into)
        if flag("bias", bias):
            one[f"{name}.bias"] = (out,)
    tensors: dict[str, Shape] = {"router.weight": (num_experts, width)}
    for front, times in (("experts", num_experts), ("shared", shared_experts)):
        tensors |= {f"{front}.{index}.{name}": shape for index in range(times) for name, shape in one.items()}
    rows, matrices, used = product(input[:-1]), len(names), top_k + shared_experts
    expert = matrices * hidden_dim * width
    macs = rows * (num_experts * width + used * expert)
    active = num_experts * width + used * sum(map(product, one.values()))

    def why() -> Iterator[str]:
        told = f"{num_experts} + {shared_experts} of them"
        yield f"an expert: {matrices} × {width} × {hidden_dim} = {expert:,} weights; {told}"
        yield f"parameters = {report.parameters:,}, of which a token uses {active:,} ({used} experts and the router)"
        yield (
            f"MACs = rows × (experts·E + used × expert) = {rows:,} × ({num_experts}·{width} + {used} × {expert:,}) "
            f"= {macs:,}"
        )

    report = ShapeReport(
        inputs=(input,),
        outputs=(input, (*input[:-1], num_experts)),
        tensors=tensors,
        macs=macs,
        bias_adds=rows * used * ((matrices - 1) * hidden_dim + width) if bias else 0,
        pointwise=rows * (5 * used * hidden_dim + 4 * num_experts),
        why=why,
        told={"embed_dim": width},
    )
    return report


patchembedding = layer("PatchEmbedding", patch_embedding)
groupedqueryattention = layer("GroupedQueryAttention", grouped_query_attention)
swiglu = layer("SwiGLU", gated_feed_forward)
mixtureofexperts = layer("MixtureOfExperts", mixture_of_experts)
