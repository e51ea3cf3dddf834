"""Matrix products with learned weights, and tables of vectors, exactly as PyTorch computes them on the CPU."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.shapes.arguments import flag, inferred, number, whole, word
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def identity_(input: Shape) -> ShapeReport:  # noqa: A002
    """Return what goes in.

    Args:
        input: Any shape.

    Returns:
        The same shape.
    """
    return ShapeReport(inputs=(input,), outputs=(input,), window=(), view=True)


def linear_(
    input: Shape,  # noqa: A002
    *,
    in_features: Inferred = None,
    out_features: int,
    bias: bool = True,
) -> ShapeReport:
    """Return what y = x·Wᵀ + b does to the last dimension; all others stay.

    Args:
        input: (…, in_features).
        in_features: Numbers that go in; read off the input when left out.
        out_features: Numbers that come out.
        bias: Whether each output adds a number.

    Returns:
        Shapes, parameters, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    whole("out_features", out_features, 0)
    flag("bias", bias)
    if not input:
        raise ShapeError("Linear takes at least one dimension, (…, in_features); the input is one number")
    features = inferred("in_features", in_features, input[-1], "the input's last dimension")
    output = (*input[:-1], out_features)
    rows = product(input[:-1])
    macs = rows * features * out_features

    def why() -> Iterator[str]:
        yield f"(…, {features}) × ({features}, {out_features}) → (…, {out_features})"
        told = f" + {out_features}" if bias else ""
        yield f"parameters = {out_features} × {features}{told} = {report.parameters:,}"
        yield f"MACs = rows × in × out = {rows:,} × {features} × {out_features} = {macs:,}"

    weight = (out_features, features)
    report = ShapeReport(
        inputs=(input,),
        outputs=(output,),
        tensors={"weight": weight, "bias": (out_features,)} if bias else {"weight": weight},
        macs=macs,
        bias_adds=rows * out_features if bias else 0,
        window=() if len(input) == 3 else None,
        keeps="i",
        why=why,
        told={"in_features": features},
    )
    return report


def bilinear_(
    input1: Shape,
    input2: Shape,
    *,
    in1_features: Inferred = None,
    in2_features: Inferred = None,
    out_features: int,
    bias: bool = True,
) -> ShapeReport:
    """Return what y = x₁ᵀ·A·x₂ + b does to two inputs; all but the last dimension stay.

    Args:
        input1: (…, in1_features).
        input2: (…, in2_features), with the same dimensions before.
        in1_features: Numbers of the first input; read off it when left out.
        in2_features: Numbers of the second input; read off it when left out.
        out_features: Numbers that come out.
        bias: Whether each output adds a number.

    Returns:
        Shapes, parameters, cost and the formulas filled in.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    whole("out_features", out_features, 0)
    flag("bias", bias)
    if not input1 or not input2:
        raise ShapeError("Bilinear takes at least one dimension in each input", "input1")
    first = inferred("in1_features", in1_features, input1[-1], "the first input's last dimension")
    second = inferred("in2_features", in2_features, input2[-1], "the second input's last dimension")
    if first < 1:
        raise ShapeError("in1_features must be at least 1, not 0", "in1_features")
    if input1[:-1] != input2[:-1]:
        raise ShapeError(
            f"the inputs {show(input1)} and {show(input2)} must agree before the last dimension", "input2"
        )
    rows = product(input1[:-1])
    macs = rows * out_features * (first * second + first)
    weight = (out_features, first, second)
    return ShapeReport(
        inputs=(input1, input2),
        outputs=((*input1[:-1], out_features),),
        tensors={"weight": weight, "bias": (out_features,)} if bias else {"weight": weight},
        macs=macs,
        bias_adds=rows * out_features if bias else 0,
        why=lambda: [
            f"parameters = {show(weight)}{f' + {out_features}' if bias else ''}",
            f"MACs = rows × out × (in1·in2 + in1), A·x₂ first, then x₁ᵀ: "
            f"{rows:,} × {out_features} × ({first}·{second} + {first}) = {macs:,}",
        ],
        told={"in1_features": first, "in2_features": second},
    )


def _table(num_embeddings: int, embedding_dim: int, padding_idx: int | None, max_norm: float | None) -> Shape:
    """Return the shape of a table of vectors."""
    rows = whole("num_embeddings", num_embeddings, 0)
    whole("embedding_dim", embedding_dim, 0)
    if padding_idx is not None:
        whole("padding_idx", padding_idx, -(2**62))
        if not -rows <= padding_idx < rows:
            raise ShapeError(f"padding_idx {padding_idx} must lie within −{rows} … {rows - 1}", "padding_idx")
    if max_norm is not None:
        number("max_norm", max_norm)
    return (rows, embedding_dim)


def embedding_(
    input: Shape,  # noqa: A002
    *,
    num_embeddings: int,
    embedding_dim: int,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> ShapeReport:
    """Return one row of a table for each index; no multiplication.

    Args:
        input: Indices, any shape.
        num_embeddings: Rows of the table.
        embedding_dim: Numbers in a row.
        padding_idx: A row that gets no gradient.
        max_norm: Rows are scaled down to this norm.
        norm_type: Which norm.
        scale_grad_by_freq: Whether gradients are divided by how often an index comes.
        sparse: Whether the gradient is sparse.

    Returns:
        Shapes and parameters.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the input.
    """
    number("norm_type", norm_type)
    flag("scale_grad_by_freq", scale_grad_by_freq)
    flag("sparse", sparse)
    weight = _table(num_embeddings, embedding_dim, padding_idx, max_norm)
    if not weight[0] and product(input):
        raise ShapeError("num_embeddings is 0, so that no index is legal", "num_embeddings")
    return ShapeReport(
        inputs=(input,),
        outputs=((*input, embedding_dim),),
        tensors={"weight": weight},
        window=() if len(input) == 2 else None,
        extra=((product(input), 8),),
        why=lambda: [
            f"parameters = {num_embeddings} × {embedding_dim} = {product(weight):,}",
            f"indices 0 … {num_embeddings - 1} pick rows: {show(input)} → {show((*input, embedding_dim))}",
        ],
    )


def embedding_bag(
    input: Shape,  # noqa: A002
    offsets: Shape | None = None,
    per_sample_weights: Shape | None = None,
    *,
    num_embeddings: int,
    embedding_dim: int,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> ShapeReport:
    """Return the sum, mean or maximum of table rows for each bag of indices.

    Args:
        input: (bags, indices), or one row of indices with offsets.
        offsets: Where each bag begins, when the input has one dimension.
        per_sample_weights: A weight for each index, of the input's shape; with mode sum only.
        num_embeddings: Rows of the table.
        embedding_dim: Numbers in a row.
        max_norm: Rows are scaled down to this norm.
        norm_type: Which norm.
        scale_grad_by_freq: Whether gradients are divided by how often an index comes.
        mode: mean, sum or max.
        sparse: Whether the gradient is sparse; not with max.
        include_last_offset: Whether the last offset is the end.
        padding_idx: A row that counts in no bag.

    Returns:
        Shapes and parameters.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    word("mode", mode, ("mean", "sum", "max"))
    number("norm_type", norm_type)
    for name, value in (
        ("scale_grad_by_freq", scale_grad_by_freq),
        ("sparse", sparse),
        ("include_last_offset", include_last_offset),
    ):
        flag(name, value)
    weight = _table(num_embeddings, embedding_dim, padding_idx, max_norm)
    bags = _bags(input, offsets, include_last_offset)
    if per_sample_weights is not None:
        if per_sample_weights != input:
            raise ShapeError(
                f"per_sample_weights must have the input's shape {show(input)}", "per_sample_weights"
            )
        if mode != "sum":
            raise ShapeError(f"per_sample_weights goes with mode sum only, not {mode}", "per_sample_weights")
    if not weight[0] and product(input):
        raise ShapeError("num_embeddings is 0, so that no index is legal", "num_embeddings")
    return ShapeReport(
        inputs=tuple(s for s in (input, offsets, per_sample_weights) if s is not None),
        outputs=((bags, embedding_dim),),
        tensors={"weight": weight},
        pointwise=product(input) * embedding_dim,
        why=lambda: [f"{bags} bags of rows, {mode}: parameters = {show(weight)} = {product(weight):,}"],
    )


def _bags(indices: Shape, offsets: Shape | None, include_last: bool) -> int:
    """Return how many bags the indices fill."""
    if len(indices) == 2:
        if not indices[1]:
            raise ShapeError("bags of one length need at least one index each", "input")
        if offsets is not None:
            raise ShapeError(
                "offsets go with one row of indices only; these are bags of one length", "offsets"
            )
        return indices[0]
    if len(indices) != 1:
        raise ShapeError(
            f"EmbeddingBag takes (bags, indices), or (indices) with offsets; not {show(indices)}"
        )
    if offsets is None or len(offsets) != 1:
        raise ShapeError(
            "one row of indices needs offsets with one dimension, where each bag begins", "offsets"
        )
    bags = offsets[0] - include_last
    if bags < 0:
        raise ShapeError("include_last_offset needs at least one offset", "offsets")
    return bags


identity = layer("Identity", identity_)
linear = layer("Linear", linear_)
bilinear = layer("Bilinear", bilinear_)
embedding = layer("Embedding", embedding_)
embeddingbag = layer("EmbeddingBag", embedding_bag)
