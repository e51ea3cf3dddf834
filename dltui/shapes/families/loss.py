"""Losses of numbers against numbers of the same place, exactly as PyTorch takes them on the CPU."""

from __future__ import annotations

from collections.abc import Iterable

from dltui.shapes.arguments import flag, number, word
from dltui.shapes.families.broadcast import broadcast, fits_into
from dltui.shapes.layer import layer
from dltui.shapes.report import Shape, ShapeError, ShapeReport, show
from dltui.shapes.symbol import product

REDUCTIONS = ("mean", "sum", "none")


def reduced(
    inputs: Iterable[Shape | None],
    each: Shape,
    reduction: str,
    *,
    allowed: tuple[str, ...] = REDUCTIONS,
    weight: Shape | None = None,
    operations: int = 4,
) -> ShapeReport:
    """Return the report of a loss.

    Args:
        inputs: Shapes that go in.
        each: The shape of the losses one by one.
        reduction: none, mean or sum.
        allowed: The reductions that the loss takes.
        weight: A weight that the module keeps.
        operations: Element-wise operations a number, roughly.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If the reduction is unknown.
    """
    word("reduction", reduction, allowed)
    given = tuple(shape for shape in inputs if shape is not None)
    return ShapeReport(
        inputs=given,
        outputs=(each if reduction == "none" else (),),
        buffers={} if weight is None else {"weight": weight},
        pointwise=operations * product(given[0]),
        why=lambda: [
            f"a loss for each of {show(each)}"
            if reduction == "none"
            else f"the {reduction} over {show(each)} is one number"
        ],
    )


def pairwise(input: Shape, target: Shape | None = None, *, reduction: str = "mean") -> ShapeReport:  # noqa: A002
    """Return what a loss of each number against its target does to shapes.

    Args:
        input: Any shape.
        target: The same, or one that is spread; the input's when left out.
        reduction: none, mean or sum.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    target = input if target is None else target
    return reduced((input, target), broadcast("target", input, target), reduction)


def soft_margin(input: Shape, target: Shape | None = None, *, reduction: str = "mean") -> ShapeReport:  # noqa: A002
    """Return what ln(1 + e^(−y·x)) does to shapes.

    Args:
        input: Scores, any shape.
        target: Signs of a shape that is spread to the input's; the input's when left out.
        reduction: none, mean or sum.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    target = input if target is None else target
    fits_into("target", target, input)
    return reduced((input, target), input, reduction)


def huber_(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    reduction: str = "mean",
    delta: float = 1.0,
) -> ShapeReport:
    """Return what ½·e² near 0 and δ·(|e| − ½δ) beyond does to shapes.

    Args:
        input: Any shape.
        target: The same, or one that is spread; the input's when left out.
        reduction: none, mean or sum.
        delta: Where the loss turns straight, above 0.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    if number("delta", delta) <= 0:
        raise ShapeError(f"delta must be above 0, not {delta:g}", "delta")
    return pairwise(input, target, reduction=reduction)


def smooth_l1(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    reduction: str = "mean",
    beta: float = 1.0,
) -> ShapeReport:
    """Return what ½·e²/β near 0 and |e| − ½β beyond does to shapes.

    Args:
        input: Any shape.
        target: The same, or one that is spread; the input's when left out.
        reduction: none, mean or sum.
        beta: Where the loss turns straight, at least 0.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    number("beta", beta, 0)
    return pairwise(input, target, reduction=reduction)


def kl_div(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    reduction: str = "mean",
    log_target: bool = False,
) -> ShapeReport:
    """Return what the divergence of log-probabilities from a target does to shapes.

    Args:
        input: Log-probabilities, any shape.
        target: The same, or one that is spread; the input's when left out.
        reduction: none, mean, sum or batchmean.
        log_target: Whether the target is logarithms too.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    flag("log_target", log_target)
    target = input if target is None else target
    return reduced(
        (input, target), broadcast("target", input, target), reduction, allowed=(*REDUCTIONS, "batchmean")
    )


def binary(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    weight: Shape | None = None,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what binary cross-entropy of probabilities does to shapes.

    Args:
        input: Probabilities, any shape.
        target: The same; the input's when left out.
        weight: Shape of weights that are spread to the losses.
        reduction: none, mean or sum.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    target = input if target is None else target
    _equal(input, target)
    if weight is not None:
        fits_into("weight", weight, input)
    return reduced((input, target), input, reduction, weight=weight)


def _equal(given: Shape, target: Shape) -> None:
    """Refuse a target of another shape."""
    if given != target:
        raise ShapeError(f"target must have the input's shape {show(given)}, not {show(target)}", "target")


def binary_logits(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    weight: Shape | None = None,
    reduction: str = "mean",
    pos_weight: Shape | None = None,
) -> ShapeReport:
    """Return what binary cross-entropy of logits does to shapes.

    Args:
        input: Logits, any shape.
        target: The same; the input's when left out.
        weight: Shape of weights that are spread to the losses.
        reduction: none, mean or sum.
        pos_weight: Shape of weights of positive targets.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    target = input if target is None else target
    _equal(input, target)
    for name, shape in (("pos_weight", pos_weight), ("weight", weight)):
        if shape is not None:
            fits_into(name, shape, input)
    report = reduced((input, target), input, reduction, weight=weight)
    if pos_weight is not None:
        report.buffers["pos_weight"] = pos_weight
    return report


def poisson(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what the negative log-likelihood of a Poisson distribution does to shapes.

    Args:
        input: Rates or their logarithms, any shape.
        target: Counts, the same or a shape that is spread; the input's when left out.
        log_input: Whether the input is logarithms.
        full: Whether Stirling's term is added.
        eps: What is added within a logarithm.
        reduction: none, mean or sum.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    flag("log_input", log_input)
    number("eps", eps)
    flag("full", full)
    target = input if target is None else target
    return reduced((input, target), broadcast("target", input, target), reduction)


def gaussian(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    var: Shape | None = None,
    *,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what the negative log-likelihood of a normal distribution does to shapes.

    Args:
        input: Means, any shape.
        target: Samples, the same or a shape that is spread; the input's when left out.
        var: Variances of the input's shape, the same with one dimension 1, or without the last.
        full: Whether the constant is added.
        eps: The least variance.
        reduction: none, mean or sum.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    flag("full", full)
    number("eps", eps)
    target = input if target is None else target
    spread = input if var is None else var
    if spread != input:
        if spread == input[:-1]:
            spread = (*spread, 1)
        elif len(spread) != len(input) or sum(v for n, v in zip(input, spread, strict=True) if n != v) != 1:
            raise ShapeError(
                f"var must be {show(input)}, with one dimension 1 or without the last, not {show(spread)}",
                "var",
            )
    errors = broadcast("target", input, target)
    return reduced((input, target, var), broadcast("var", errors, spread), reduction, operations=6)


def hinge_embedding(
    input: Shape,  # noqa: A002
    target: Shape | None = None,
    *,
    margin: float = 1.0,
    reduction: str = "mean",
) -> ShapeReport:
    """Return what x for target 1 and max(0, margin − x) for −1 does to shapes.

    Args:
        input: Distances, any shape.
        target: Signs, the same or a shape that is spread; the input's when left out.
        margin: The margin.
        reduction: none, mean or sum.

    Returns:
        One number, or the losses one by one.

    Raises:
        ShapeError: If PyTorch would refuse the inputs.
    """
    number("margin", margin)
    return pairwise(input, target, reduction=reduction)


l1loss = layer("L1Loss", pairwise)
mseloss = layer("MSELoss", pairwise)
softmarginloss = layer("SoftMarginLoss", soft_margin)
huberloss = layer("HuberLoss", huber_)
smoothl1loss = layer("SmoothL1Loss", smooth_l1)
kldivloss = layer("KLDivLoss", kl_div)
bceloss = layer("BCELoss", binary)
bcewithlogitsloss = layer("BCEWithLogitsLoss", binary_logits)
poissonnllloss = layer("PoissonNLLLoss", poisson)
gaussiannllloss = layer("GaussianNLLLoss", gaussian)
hingeembeddingloss = layer("HingeEmbeddingLoss", hinge_embedding)
