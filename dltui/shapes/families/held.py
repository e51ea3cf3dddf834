"""Losses that hold the last linear layer themselves, and a triplet loss of any distance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dltui.shapes.arguments import flag, inferred, number, whole
from dltui.shapes.families.classes import cross_entropy, triplet_margin
from dltui.shapes.families.loss import REDUCTIONS
from dltui.shapes.layer import Inferred, layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product


def adaptive_log_softmax(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    in_features: Inferred = None,
    n_classes: int,
    cutoffs: Sequence[int],
    div_value: float = 4.0,
    head_bias: bool = False,
) -> ShapeReport:
    """Return what a softmax with a short list of frequent classes and narrow clusters of rare ones does.

    Classes below the first cutoff stand in the head, with one entry for each cluster; cluster i projects to
    in_features / div_valueⁱ⁺¹ features first (Grave et al. 2017, arXiv:1609.04309).

    Args:
        input: (N, E), or (E) without a batch.
        target: Classes (N), or one number.
        in_features: Features E; read off the input when left out.
        n_classes: Classes, the most frequent first.
        cutoffs: Where clusters begin, rising, between 1 and n_classes − 1.
        div_value: By what each cluster is narrower than the one before.
        head_bias: Whether the head has a bias.

    Returns:
        Log-probabilities at the targets and their mean loss; parameters; the cost when every cluster is asked.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    if not 1 <= len(input) <= 2:
        raise ShapeError(f"AdaptiveLogSoftmaxWithLoss takes N,E or E; the input is {show(input)}")
    rows = product(input[:-1])
    target = input[:-1] if target is None else target
    if target != input[:-1]:
        raise ShapeError(f"target must be {show(input[:-1])}, not {show(target)}", "target")
    width = inferred("in_features", in_features, input[-1], "the input's last dimension")
    ends = _ends(whole("n_classes", n_classes), cutoffs)
    if number("div_value", div_value) <= 0:
        raise ShapeError(f"div_value must be above 0, not {div_value:g}", "div_value")
    head = ends[0] + len(ends) - 1
    tensors: dict[str, Shape] = {"head.weight": (head, width)}
    if flag("head_bias", head_bias):
        tensors["head.bias"] = (head,)
    for index, (start, end) in enumerate(pairwise(ends)):
        narrow = int(width // div_value ** (index + 1))
        tensors |= {
            f"tail.{index}.0.weight": (narrow, width),
            f"tail.{index}.1.weight": (end - start, narrow),
        }
    weights = sum(product(shape) for shape in tensors.values() if len(shape) == 2)

    def why() -> Iterator[str]:
        yield f"head = {ends[0]} frequent classes + {len(ends) - 1} clusters = {head}"
        yield f"parameters = {report.parameters:,}, against {width} × {n_classes} = {width * n_classes:,} in one matrix"
        yield f"MACs = rows × weights = {rows} × {weights:,} = {rows * weights:,} when every cluster is asked"

    report = ShapeReport(
        inputs=(input, target),
        outputs=(target, ()),
        tensors=tensors,
        macs=rows * weights,
        bias_adds=rows * head if head_bias else 0,
        pointwise=5 * rows * n_classes,
        keeps="i",
        why=why,
        told={"in_features": width},
    )
    return report


def _ends(classes: int, cutoffs: Sequence[int]) -> tuple[int, ...]:
    """Return where head and clusters end."""
    if not isinstance(cutoffs, list | tuple) or not cutoffs:
        raise ShapeError(f"cutoffs must be one number or more, such as 10,100, not {cutoffs!r}", "cutoffs")
    for cutoff in cutoffs:
        whole("cutoffs", cutoff)
    if list(cutoffs) != sorted(set(cutoffs)) or cutoffs[-1] > classes - 1:
        raise ShapeError(f"cutoffs {show(tuple(cutoffs))} must rise and stay below {classes}", "cutoffs")
    return (*cutoffs, classes)


def linear_cross_entropy(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    in_features: Inferred = None,
    num_classes: int,
    out_features: Sequence[int] = (),
    bias: bool = False,
    reduction: str = "mean",
    weight: Shape | None = None,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> ShapeReport:
    """Return what a linear layer to logits and their cross-entropy in one do to shapes.

    Args:
        input: (N, E), or (E) without a batch.
        target: Classes (N, …), or probabilities (N, C, …).
        in_features: Features E; read off the input when left out.
        num_classes: Classes C.
        out_features: Further dimensions of a loss for each place.
        bias: Whether the linear layer has a bias.
        reduction: none, mean or sum.
        weight: Shape (C) of weights of the classes.
        ignore_index: A class that does not count; only with classes as targets.
        label_smoothing: Share of the target that is spread evenly, at most 1.

    Returns:
        One number, or a loss for each place; parameters of the linear layer and its cost.

    Raises:
        ShapeError: If PyTorch would refuse the layer or the inputs.
    """
    if not 1 <= len(input) <= 2:
        raise ShapeError(f"LinearCrossEntropyLoss takes N,E or E; the input is {show(input)}")
    places = tuple(whole("out_features", n) for n in out_features)
    if places and len(input) == 1:
        raise ShapeError("out_features need a batch; the input has none", "input")
    width = inferred("in_features", in_features, input[-1], "the input's last dimension")
    logits = (*input[:-1], whole("num_classes", num_classes), *places)
    number("label_smoothing", label_smoothing, 0, 1)
    if ignore_index is not None and target == logits:
        raise ShapeError("ignore_index has no meaning where the target is probabilities", "ignore_index")
    index = -100 if ignore_index is None else ignore_index
    loss = cross_entropy(
        logits,
        target,
        weight=weight,
        ignore_index=index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )
    count = num_classes * product(places)
    tensors: dict[str, Shape] = {"linear.weight": (count, width)}
    if flag("bias", bias):
        tensors["linear.bias"] = (count,)
    macs = product(logits) * width
    return ShapeReport(
        inputs=(input, loss.inputs[1]),
        outputs=loss.outputs,
        tensors=tensors,
        buffers=loss.buffers,
        macs=macs,
        bias_adds=product(logits) if bias else 0,
        pointwise=loss.pointwise,
        keeps="i",
        why=lambda: [f"logits {show(logits)}: MACs = {product(logits):,} × {width} = {macs:,}", *loss.why()],
        told={"in_features": width},
    )


def triplet_with_distance(
    anchor: Shape,
    positive: Shape | None = None,
    negative: Shape | None = None,
    *,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what max(0, d(anchor, positive) − d(anchor, negative) + margin) does to shapes.

    Args:
        anchor: Vectors (…, D).
        positive: What shall be near; the anchor's shape when left out.
        negative: What shall be far; the anchor's shape when left out.
        margin: By how much, above 0.
        swap: Whether the nearer of anchor and positive is taken.
        reduction: none, mean or sum.

    Returns:
        One number, or a loss for each triple, with PyTorch's own distance.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    if reduction not in REDUCTIONS:
        raise ShapeError(f"reduction {reduction!r} is unknown; expected {', '.join(REDUCTIONS)}", "reduction")
    return triplet_margin(anchor, positive, negative, margin=margin, swap=swap, reduction=reduction)


adaptivelogsoftmaxwithloss = layer("AdaptiveLogSoftmaxWithLoss", adaptive_log_softmax)
linearcrossentropyloss = layer("LinearCrossEntropyLoss", linear_cross_entropy)
tripletmarginwithdistanceloss = layer("TripletMarginWithDistanceLoss", triplet_with_distance)
