"""Normalisation: which numbers share a mean and a variance is all that tells the kinds apart."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from dltui.byhand.functions import mean, number, sqrt
from dltui.byhand.operation import Fixed, Ints, operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Place, Tensor
from dltui.byhand.value import Value

GREEK = {"weight": "γ", "bias": "β"}
TWO_OF_TWO = [[[[1, 2], [3, 4]], [[0, 0], [2, 2]]], [[[5, 6], [7, 8]], [[4, 4], [6, 6]]]]
UP_TWO = [[[[1, 0], [0, 0]], [[0, 1], [0, 0]]], [[[0, 0], [0, 0]], [[0, 0], [0, 0]]]]
Set = tuple[int, ...]  # which statistics a cell belongs to


@operation(
    formula="y = γ·(x − μ)/σ + β, σ = √(v + ε), mean μ and variance v of every channel over batch and places",
    examples={
        "batch": {"x": TWO_OF_TWO, "upstream": UP_TWO},
        "rows": {
            "x": [[1, 10], [2, 20], [3, 60]],
            "weight": [1, 2],
            "bias": [0, 1],
            "upstream": [[1, 0], [0, 1], [0, 0]],
        },
    },
    symbols=GREEK,
)
def batchnorm(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    running_mean: Fixed | None = None,
    running_var: Fixed | None = None,
    *,
    training: bool = True,
    eps: float = 1e-5,
) -> Tensor:
    """Batch normalisation: every channel gets mean 0 and variance 1 over the batch, then a scale and a shift.

    The variance divides by the number of values n, not by n − 1; only the running variance that is kept for later
    divides by n − 1. With training off, the running statistics stand in for those of the batch.

    Args:
        sheet: Where it is worked.
        x: (N, C) or (N, C, …).
        weight: γ, (C); 1 when left out.
        bias: β, (C); 0 when left out.
        running_mean: (C), used when training is off.
        running_var: (C), used when training is off.
        training: Take the statistics of the batch.
        eps: What keeps the root from 0.

    Returns:
        The shape of x.
    """
    if len(x.shape) < 2:
        refuse("x", f"batch norm takes (N, C) or (N, C, …), so that there is a batch; x is {x.shape}")
    channels = x.shape[1]
    _check_affine(channels, weight, bias)
    if training and len(x.cells) == channels:
        refuse(
            "x",
            "one value a channel has no variance: give a larger batch, or --no-training with running statistics",
            f"Expected more than 1 value per channel when training, got input size torch.Size({list(x.shape)})",
        )
    if not training and (running_mean is None or running_var is None):
        refuse("running_mean", "without training, running_mean and running_var must be given")
    if training and eps <= 0:
        refuse(
            "eps",
            f"eps must be above 0, not {eps}",
            f"batch_norm eps must be positive during training, but got {eps}",
        )
    given = None if training else (running_mean, running_var)
    return _normalise(
        sheet, x, (channels,), lambda p: (p[1],), _affine(weight, bias, lambda p: p[1]), eps, given
    )


@operation(
    formula="y = γ·(x − μ)/σ + β, σ = √(v + ε), mean μ and variance v of every sample over its last dimensions",
    examples={
        "rows": {
            "x": [[1, 2, 3, 4], [2, 0, 0, 6]],
            "weight": [1, 1, 1, 2],
            "bias": [0, 0, 0, 1],
            "upstream": [[1, 0, 0, 0], [0, 0, 0, 1]],
        },
    },
    symbols=GREEK,
)
def layernorm(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    normalized_shape: Ints | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Layer normalisation: every sample gets mean 0 and variance 1 over its last dimensions, then scale and shift.

    Args:
        sheet: Where it is worked.
        x: (…, *normalized_shape).
        weight: γ, of the normalized shape; 1 when left out.
        bias: β, of the normalized shape; 0 when left out.
        normalized_shape: The last dimensions that share statistics; that of weight, or the last one.
        eps: What keeps the root from 0.

    Returns:
        The shape of x.
    """
    tail = _tail(x, weight if weight is not None else bias, normalized_shape)
    _check_affine(tail, weight, bias)
    lead = len(x.shape) - len(tail)
    affine = _affine(weight, bias, lambda p: p[lead:])
    return _normalise(sheet, x, x.shape[:lead], lambda p: p[:lead], affine, eps)


@operation(
    formula="y = γ·(x − μ)/σ + β, σ = √(v + ε), mean μ and variance v of every channel of every sample over its places",
    examples={"pictures": {"x": TWO_OF_TWO, "upstream": UP_TWO}},
    symbols=GREEK,
)
def instancenorm(
    sheet: Sheet, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, *, eps: float = 1e-5
) -> Tensor:
    """Instance normalisation: every channel of every sample gets mean 0 and variance 1 over its places.

    Args:
        sheet: Where it is worked.
        x: (N, C, …).
        weight: γ, (C); 1 when left out.
        bias: β, (C); 0 when left out.
        eps: What keeps the root from 0.

    Returns:
        The shape of x.
    """
    if len(x.shape) < 3:
        refuse("x", f"instance norm takes (N, C, …) with places to average over; x is {x.shape}")
    if prod(x.shape[2:]) == 1:
        refuse(
            "x",
            "a channel of one place has no variance: give it more places",
            f"Expected more than 1 spatial element when training, got input size torch.Size({list(x.shape)})",
        )
    _check_affine(x.shape[1], weight, bias)
    return _normalise(sheet, x, x.shape[:2], lambda p: p[:2], _affine(weight, bias, lambda p: p[1]), eps)


@operation(
    formula="y = γ·(x − μ)/σ + β, σ = √(v + ε), mean μ and variance v of every group of channels of every sample",
    examples={"pictures": {"x": TWO_OF_TWO, "num_groups": 1, "upstream": UP_TWO}},
    symbols=GREEK,
)
def groupnorm(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    *,
    num_groups: int = 1,
    eps: float = 1e-5,
) -> Tensor:
    """Group normalisation: every group of channels of every sample gets mean 0 and variance 1.

    With one group it is a layer norm over channels and places, with as many groups as channels an instance norm.

    Args:
        sheet: Where it is worked.
        x: (N, C, …).
        weight: γ, (C); 1 when left out.
        bias: β, (C); 0 when left out.
        num_groups: How many groups the channels make.
        eps: What keeps the root from 0.

    Returns:
        The shape of x.
    """
    if len(x.shape) < 2:
        refuse("x", f"group norm takes (N, C, …); x is {x.shape}")
    channels = x.shape[1]
    if num_groups < 1 or channels % num_groups:
        refuse(
            "num_groups",
            f"{channels} channels can't be split into {num_groups} groups: num_groups must divide them",
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(x.shape)} and num_groups={num_groups}",
        )
    _check_affine(channels, weight, bias)
    each = channels // num_groups
    if x.shape[0] * each * prod(x.shape[2:]) == 1:
        refuse(
            "x",
            "a group of one value has no variance: give more channels, places or samples, or fewer groups",
            f"Expected more than 1 value per channel when training, got input size {[1, num_groups, *x.shape[2:]]}",
        )
    affine = _affine(weight, bias, lambda p: p[1])
    return _normalise(sheet, x, (x.shape[0], num_groups), lambda p: (p[0], p[1] // each), affine, eps)


@operation(
    formula="y = γ·x/√(mean(x²) + ε) over the last dimensions",
    examples={
        "rows": {
            "x": [[3, 4, 0, 0], [1, 1, 1, 1]],
            "weight": [1, 1, 1, 1],
            "upstream": [[1, 0, 0, 0], [0, 1, 0, 0]],
        }
    },
    symbols=GREEK,
)
def rmsnorm(
    sheet: Sheet,
    x: Tensor,
    weight: Tensor | None = None,
    *,
    normalized_shape: Ints | None = None,
    eps: float | None = None,
) -> Tensor:
    """RMS normalisation: every sample is divided by its root mean square; no mean is taken away.

    Args:
        sheet: Where it is worked.
        x: (…, *normalized_shape).
        weight: γ, of the normalized shape; 1 when left out.
        normalized_shape: The last dimensions that share the root; that of weight, or the last one.
        eps: What keeps the root from 0; by default the distance of 1 from the next number of float64.

    Returns:
        The shape of x.
    """
    tail = _tail(x, weight, normalized_shape)
    _check_affine(tail, weight, None)
    _check_eps(eps or 0.0)
    small = number(2.0**-52 if eps is None else eps, "ε")
    lead = len(x.shape) - len(tail)
    sheet.heading("root mean square")
    root = sheet.tensor("r", x.shape[:lead])
    for place in root.places():
        root[place] = sqrt(mean([cell**2 for cell in x.row(*place)]) + small)
    sheet.heading("divided by it")
    y = sheet.tensor("y", x.shape)
    for place in y.places():
        scaled = x[place] / root[place[:lead]]
        y[place] = scaled if weight is None else weight[place[lead:]] * scaled
    return y


def _normalise(
    sheet: Sheet,
    x: Tensor,
    sets: tuple[int, ...],
    of: Callable[[Place], Set],
    affine: Callable[[Value, Place], Value],
    eps: float,
    given: tuple[Tensor | None, Tensor | None] | None = None,
) -> Tensor:
    """Work any norm with mean and variance.

    Args:
        sheet: Where it is worked.
        x: What is normalised.
        sets: How many statistics there are, as a shape.
        of: Which of them a cell belongs to.
        affine: Scale and shift of a cell.
        eps: What keeps the root from 0.
        given: Mean and variance that are known already.

    Returns:
        The shape of x.
    """
    _check_eps(eps)
    members: dict[Set, list[Value]] = {}
    for place in x.places():
        members.setdefault(of(place), []).append(x[place])
    centre, spread = given or (None, None)
    if centre is None or spread is None:
        sheet.heading("means")
        centre = sheet.tensor("mean", sets, "μ")
        for one in centre.places():
            centre[one] = mean(members[one])
        sheet.heading("variances, over n and not over n − 1")
        spread = sheet.tensor("variance", sets, "v")
        for one in spread.places():
            spread[one] = mean([(cell - centre[one]) ** 2 for cell in members[one]])
    sheet.heading("deviations: the roots of the variances")
    deviation = sheet.tensor("deviation", sets, "σ")
    for one in deviation.places():
        deviation[one] = sqrt(spread[one] + number(eps, "ε"))
    sheet.heading("away from the mean, over the deviation")
    y = sheet.tensor("y", x.shape)
    for place in y.places():
        one = of(place)
        y[place] = affine((x[place] - centre[one]) / deviation[one], place)
    return y


def _affine(
    weight: Tensor | None, bias: Tensor | None, at: Callable[[Place], Place | int]
) -> Callable[[Value, Place], Value]:
    """Return what scales and shifts a normalised number."""

    def scaled(value: Value, place: Place) -> Value:
        found = value if weight is None else weight[at(place)] * value
        return found if bias is None else found + bias[at(place)]

    return scaled


def _tail(x: Tensor, weight: Tensor | None, given: Ints | None) -> tuple[int, ...]:
    """Return the last dimensions that share statistics."""
    shape = x.shape or (1,)
    if given is None:
        tail = shape[-1:] if weight is None else weight.shape
    else:
        tail = given if isinstance(given, tuple) else (given,)
    if not tail or shape[len(shape) - len(tail) :] != tail:
        refuse(
            "normalized_shape",
            f"x {shape} must end in the normalized shape {tail}",
            f"Given normalized_shape={list(tail)}, expected input with shape "
            f"[*, {', '.join(map(str, tail))}], but got input of size{list(shape)}",
        )
    return tail


def _check_affine(shape: Place | int, weight: Tensor | None, bias: Tensor | None) -> None:
    """Refuse a scale or shift of another size."""
    whole = shape if isinstance(shape, tuple) else (shape,)
    for name, one in (("weight", weight), ("bias", bias)):
        if one is not None and one.shape != whole:
            told = " × ".join(map(str, whole))
            refuse(
                name, f"{name} must have {told} numbers, one for each that is scaled alike, not {one.shape}"
            )


def _check_eps(eps: float) -> None:
    """Refuse what could make the root one of a number below 0."""
    if eps < 0:
        refuse("eps", f"eps keeps the root from 0, so it must be 0 or more, not {eps}")
