"""Losses of classes, margins and distances, exactly as PyTorch takes them on the CPU."""

from __future__ import annotations

from dltui.shapes.arguments import dimension, flag, number, whole
from dltui.shapes.families.broadcast import broadcast
from dltui.shapes.families.loss import reduced
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show


def _class_weight(weight: Shape | None, classes: int) -> None:
    """Refuse weights that are not one a class."""
    if weight is not None and weight != (classes,):
        raise ShapeError(
            f"weight must hold one number for each of the {classes} classes, not {show(weight)}", "weight"
        )


def _some_class(classes: int, target: Shape) -> None:
    """Refuse targets where there is no class that they could name."""
    if not classes and 0 not in target:
        raise ShapeError("the input has no class that a target could name", "input")


def _one_of_one(shape: Shape, target: Shape) -> bool:
    """Return whether a list of one class stands for the class of one sample; PyTorch takes it."""
    return len(shape) == 1 and target == (1,)


def cross_entropy(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    weight: Shape | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> ShapeReport:
    """Return what −ln softmax(logits) at the target does to shapes.

    Args:
        input: Logits (C), (N, C) or (N, C, …).
        target: Classes, the input's shape without C; or probabilities of the input's shape.
        weight: Shape (C) of weights of the classes.
        ignore_index: A class that does not count.
        reduction: none, mean or sum.
        label_smoothing: Share of the target that is spread evenly, at most 1.

    Returns:
        One number, or a loss for each place.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    number("label_smoothing", label_smoothing, high=1)
    if not input:
        raise ShapeError("CrossEntropyLoss takes C, N,C or N,C,…; the input is one number")
    each = () if len(input) == 1 else (input[0], *input[2:])
    target = each if target is None else target
    if target != input and target != each and not (_one_of_one(input, target) and label_smoothing <= 0):
        raise ShapeError(
            f"target must be classes of {show(each)} or probabilities of {show(input)}, not {show(target)}",
            "target",
        )
    whole("ignore_index", ignore_index, -(2**62))
    classes = input[0] if len(input) == 1 else input[1]
    if target != input:
        _some_class(classes, target)
    _class_weight(weight, classes)
    return reduced((input, target), each, reduction, weight=weight, operations=5)


def negative_log_likelihood(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    weight: Shape | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what −x at the target does to shapes.

    Args:
        input: Log-probabilities (C), (N, C) or (N, C, …).
        target: Classes, the input's shape without C.
        weight: Shape (C) of weights of the classes.
        ignore_index: A class that does not count.
        reduction: none, mean or sum.

    Returns:
        One number, or a loss for each place.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    if not input:
        raise ShapeError("NLLLoss takes C, N,C or N,C,…; the input is one number")
    each = () if len(input) == 1 else (input[0], *input[2:])
    target = each if target is None else target
    whole("ignore_index", ignore_index, -(2**62))
    if target != each and not _one_of_one(input, target):
        raise ShapeError(f"target must be classes of {show(each)}, not {show(target)}", "target")
    classes = input[0] if len(input) == 1 else input[1]
    _some_class(classes, target)
    _class_weight(weight, classes)
    return reduced((input, target), each, reduction, weight=weight, operations=1)


def multi_margin(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    p: int = 1,
    margin: float = 1.0,
    weight: Shape | None = None,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what Σ max(0, margin − x_target + x_i)ᵖ / C does to shapes.

    Args:
        input: Scores (N, C) or (C).
        target: Classes (N), or one number.
        p: 1 or 2.
        margin: The margin.
        weight: Shape (C) of weights of the classes.
        reduction: none, mean or sum.

    Returns:
        One number, or a loss for each sample.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    if p not in {1, 2}:
        raise ShapeError(f"p must be 1 or 2, not {p}", "p")
    number("margin", margin)
    rows = _rows("MultiMarginLoss", input)
    target = input[:-1] if target is None else target
    if target != (rows,) and not (rows == 1 and target in {(), (1,)}):
        raise ShapeError(f"target must be {show((rows,))}, not {show(target)}", "target")
    _class_weight(weight, input[-1] if input else 1)
    return reduced((input, target), target, reduction, weight=weight)


def _rows(name: str, shape: Shape) -> int:
    """Return how many samples there are."""
    if len(shape) > 2 or shape[-1:] == (0,):
        raise ShapeError(f"{name} takes N,C or C with at least one class; the input is {show(shape)}")
    return shape[0] if len(shape) == 2 else 1


def multi_label_margin(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what margins between right and wrong classes do to shapes.

    Args:
        input: Scores (N, C) or (C).
        target: Classes of the same shape, ended by −1; the input's shape when left out.
        reduction: none, mean or sum.

    Returns:
        One number, or a loss for each sample.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    _rows("MultiLabelMarginLoss", input)
    target = input if target is None else target
    if target != input and not (len(input) < 2 and target in {(), (1,)} and input in {(), (1,)}):
        raise ShapeError(f"target must have the input's shape {show(input)}, not {show(target)}", "target")
    return reduced((input, target), input[:-1], reduction)


def multi_label_soft_margin(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    weight: Shape | None = None,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what the mean binary cross-entropy over the last dimension does to shapes.

    Args:
        input: Logits, (…, C).
        target: The same or a shape that is spread; the input's when left out.
        weight: Shape of weights that are spread to the losses.
        reduction: none, mean or sum.

    Returns:
        One number, or a loss for each sample.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    if not input:
        raise ShapeError("MultiLabelSoftMarginLoss takes at least one dimension; the input is one number")
    target = input if target is None else target
    each = broadcast("target", input, target)
    if weight is not None:
        each = broadcast("weight", each, weight)
    place = len(input) - 1  # PyTorch counts it from the front, in the input
    return reduced((input, target), (*each[:place], *each[place + 1 :]), reduction, weight=weight)


def cosine_embedding(
    input1: Shape,
    input2: Shape | None = None,
    target: Shape | None = None,
    *,
    margin: float = 0.0,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what 1 − cos for target 1 and max(0, cos − margin) for −1 does to shapes.

    Args:
        input1: Vectors (N, D), or (D).
        input2: The same shape.
        target: Signs (N), or one number.
        margin: The margin.
        reduction: none, mean or sum.

    Returns:
        One number, or a loss for each pair.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    number("margin", margin)
    input2 = input1 if input2 is None else input2
    if len(input1) not in {1, 2}:
        raise ShapeError(f"CosineEmbeddingLoss takes N,D or D; the input is {show(input1)}", "input1")
    target = input1[:-1] if target is None else target
    if len(input2) != len(input1):
        raise ShapeError(f"input2 {show(input2)} must have as many dimensions as {show(input1)}", "input2")
    if len(target) != len(input1) - 1:
        raise ShapeError(f"target must have {len(input1) - 1} dimensions, not {len(target)}", "target")
    pairs = broadcast("input2", input1, input2)[:-1]
    return reduced((input1, input2, target), broadcast("target", pairs, target), reduction)


def margin_ranking(
    input1: Shape,
    input2: Shape | None = None,
    target: Shape | None = None,
    *,
    margin: float = 0.0,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what max(0, −target·(x₁ − x₂) + margin) does to shapes.

    Args:
        input1: Any shape.
        input2: As many dimensions, the same sizes or 1.
        target: Signs likewise.
        margin: The margin.
        reduction: none, mean or sum.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    number("margin", margin)
    input2 = input1 if input2 is None else input2
    target = input1 if target is None else target
    for name, shape in (("input2", input2), ("target", target)):
        if len(shape) != len(input1):
            raise ShapeError(f"{name} {show(shape)} must have as many dimensions as {show(input1)}", name)
    each = broadcast("target", broadcast("input2", input1, input2), target)
    return reduced((input1, input2, target), each, reduction)


def triplet_margin(
    anchor: Shape,
    positive: Shape | None = None,
    negative: Shape | None = None,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what max(0, d(anchor, positive) − d(anchor, negative) + margin) does to shapes.

    Args:
        anchor: Vectors (…, D).
        positive: As many dimensions, the same sizes or 1.
        negative: Likewise.
        margin: The margin, above 0.
        p: Which norm.
        eps: What is added to differences.
        swap: Whether the distance of positive and negative may stand in for the anchor's.
        reduction: none, mean or sum.

    Returns:
        One number, or a loss for each triple.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    if number("margin", margin) <= 0:
        raise ShapeError(f"margin must be above 0, not {margin:g}", "margin")
    number("p", p)
    number("eps", eps)
    flag("swap", swap)
    positive = anchor if positive is None else positive
    negative = anchor if negative is None else negative
    for name, shape in (("positive", positive), ("negative", negative)):
        if len(shape) != len(anchor):
            raise ShapeError(
                f"{name} {show(shape)} must have as many dimensions as anchor {show(anchor)}", name
            )
    near = broadcast("positive", anchor, positive)[:-1]
    far = broadcast("negative", anchor, negative)[:-1]
    if swap:
        far = broadcast("negative", far, broadcast("negative", positive, negative)[:-1])
    return reduced((anchor, positive, negative), broadcast("negative", near, far), reduction)


def ctc(
    log_probs: Shape,
    targets: Shape | None = None,
    input_lengths: Shape | None = None,
    target_lengths: Shape | None = None,
    *,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> ShapeReport:
    """Return what connectionist temporal classification does to shapes (Graves et al. 2006).

    Args:
        log_probs: (T, N, C), or (T, C) without a batch.
        targets: (N, S), or all in a row (sum of lengths).
        input_lengths: (N), or one number.
        target_lengths: (N), or one number.
        blank: The class that means nothing.
        reduction: none, mean or sum.
        zero_infinity: Whether infinite losses become 0.

    Returns:
        One number, or a loss for each sample.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    flag("zero_infinity", zero_infinity)
    if len(log_probs) not in {2, 3}:
        raise ShapeError(f"CTCLoss takes T,N,C or T,C; the input is {show(log_probs)}", "log_probs")
    if not 0 <= whole("blank", blank, -(2**62)) < log_probs[-1]:
        raise ShapeError(f"blank {blank} must be one of the {log_probs[-1]} classes", "blank")
    batch = log_probs[1:-1]
    for name, shape in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if shape is not None and shape != batch:
            raise ShapeError(f"{name} must be {show(batch)}, not {show(shape)}", name)
    if targets is not None and not (
        len(targets) == 1 or (batch and len(targets) == 2 and targets[0] == batch[0])
    ):
        raise ShapeError(f"targets must be N,S or all in a row, not {show(targets)}", "targets")
    return reduced((log_probs, targets, input_lengths, target_lengths), batch, reduction)


def cosine_similarity(x1: Shape, x2: Shape | None = None, *, dim: int = 1, eps: float = 1e-8) -> ShapeReport:
    """Return what the cosine of two tensors along one dimension does to shapes.

    Args:
        x1: Any shape.
        x2: The same or a shape that is spread; the first's when left out.
        dim: Along which dimension.
        eps: The least product of norms.

    Returns:
        The shape without that dimension.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    number("eps", eps)
    x2 = x1 if x2 is None else x2
    spread = broadcast("x2", x1, x2)
    place = dimension("dim", dim, len(spread))
    return reduced((x1, x2), (*spread[:place], *spread[place + 1 :]), "none", operations=6)


def pairwise_distance(
    x1: Shape,
    x2: Shape | None = None,
    *,
    p: float = 2.0,
    eps: float = 1e-6,
    keepdim: bool = False,
) -> ShapeReport:
    """Return what the distance of vectors along the last dimension does to shapes.

    Args:
        x1: Vectors (…, D).
        x2: The same or a shape that is spread; the first's when left out.
        p: Which norm.
        eps: What is added to differences.
        keepdim: Whether the last dimension stays, with size 1.

    Returns:
        The shape without the last dimension.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    number("p", p)
    number("eps", eps)
    x2 = x1 if x2 is None else x2
    spread = broadcast("x2", x1, x2)
    each = (*spread[:-1], 1) if flag("keepdim", keepdim) and spread else spread[:-1]
    return reduced((x1, x2), each, "none", operations=3)


crossentropyloss = layer("CrossEntropyLoss", cross_entropy)
nllloss = layer("NLLLoss", negative_log_likelihood)
multimarginloss = layer("MultiMarginLoss", multi_margin)
multilabelmarginloss = layer("MultiLabelMarginLoss", multi_label_margin)
multilabelsoftmarginloss = layer("MultiLabelSoftMarginLoss", multi_label_soft_margin)
cosineembeddingloss = layer("CosineEmbeddingLoss", cosine_embedding)
marginrankingloss = layer("MarginRankingLoss", margin_ranking)
tripletmarginloss = layer("TripletMarginLoss", triplet_margin)
ctcloss = layer("CTCLoss", ctc)
cosinesimilarity = layer("CosineSimilarity", cosine_similarity)
pairwisedistance = layer("PairwiseDistance", pairwise_distance)
