"""Losses of one class among many: cross-entropy, its second half, and the divergence between distributions."""

from __future__ import annotations

from dltui.byhand.functions import exp, log, number, total
from dltui.byhand.operation import Fixed, Indices, operation
from dltui.byhand.operations.reduction import Reduction, reduced, same_shape
from dltui.byhand.operations.softmax import shifts
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

BATCH = {"x": [[2, 1, 0.5, -1], [1, 2, -0.5, 0.5], [-0.5, 1, 1.5, 2]], "target": [0, 1, 3]}
IGNORED = -100
FRACTIONS = "expected target dtype to be Long or Byte, but got Float"


@operation(
    formula="ℓₙ = −w_t·ln(e^(x_t) / Σ_c e^(x_c)), the mean over Σ w_t",
    examples={
        "w14": BATCH,
        "w20": {"x": [[0.2, 0.1, -0.1]], "target": [0]},
        "weighted": {**BATCH, "weight": [1, 2, 1, 0.5]},
        "ignored": {**BATCH, "target": [0, -100, 3]},
        "smoothed": {**BATCH, "label_smoothing": 0.1},
    },
    remarks={
        "w20": "0.9729: hardly less than ln 3 = 1.0986, what a guess among three costs",
        "ignored": "the second sample has the target −100 and counts for nothing, also in what the mean divides by",
    },
    fractions=FRACTIONS,
)
def cross_entropy_loss(
    sheet: Sheet,
    x: Tensor,
    target: Indices,
    weight: Fixed | None = None,
    *,
    ignore_index: int = IGNORED,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Cross-entropy of logits: the surprise at the right class, after a softmax.

    Its gradient is p − t for every logit: the probability, less 1 at the right class. A guess among C classes costs
    ln C.

    Args:
        sheet: Where it is worked.
        x: (N, C) or (C), logits.
        target: (N) or one number, the right class of each, from 0 on.
        weight: (C), what each class counts; 1 when left out.
        ignore_index: The target of samples that don't count.
        label_smoothing: ε: so much of the right answer is spread over all classes.
        reduction: What is made of the losses of all samples.

    Returns:
        One number; the shape of target without reduction.
    """
    rows, classes = _rows(x, target, weight, ignore_index)
    if not 0 <= label_smoothing <= 1:
        refuse(
            "label_smoothing",
            f"label_smoothing is a share from 0 to 1, not {label_smoothing:g}",
            f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}",
        )
    shift = shifts(sheet, rows, 1)
    sheet.heading("ln of the sum of exponentials")
    sums = sheet.tensor("s", (rows.shape[0],))
    for n in range(rows.shape[0]):
        sums[n] = log(total([exp(one - shift[n]) for one in rows.row(n)]))
    sheet.heading("the surprise at each class")
    surprise = sheet.tensor("u", rows.shape)
    for n, c in rows.places():
        surprise[n, c] = sums[n] - (rows[n, c] - shift[n])
    return _picked(sheet, surprise, target, weight, classes, ignore_index, label_smoothing, reduction)


@operation(
    formula="ℓₙ = −w_t·x_t, x log-probabilities; the mean over Σ w_t",
    examples={"logs": {"x": [[-0.5, -1.2, -2.3], [-1.6, -0.4, -2.0]], "target": [0, 2]}},
    fractions=FRACTIONS,
)
def nll_loss(
    sheet: Sheet,
    x: Tensor,
    target: Indices,
    weight: Fixed | None = None,
    *,
    ignore_index: int = IGNORED,
    reduction: Reduction = "mean",
) -> Tensor:
    """Negative log-likelihood: what cross-entropy does after the log-softmax.

    Args:
        sheet: Where it is worked.
        x: (N, C) or (C), log-probabilities.
        target: (N) or one number, the right class of each, from 0 on.
        weight: (C), what each class counts; 1 when left out.
        ignore_index: The target of samples that don't count.
        reduction: What is made of the losses of all samples.

    Returns:
        One number; the shape of target without reduction.
    """
    rows, classes = _rows(x, target, weight, ignore_index)
    sheet.heading("the surprise at each class")
    surprise = sheet.tensor("u", rows.shape)
    for n, c in rows.places():
        surprise[n, c] = -rows[n, c]
    return _picked(sheet, surprise, target, weight, classes, ignore_index, 0.0, reduction)


def _rows(x: Tensor, target: Indices, weight: Fixed | None, ignore_index: int) -> tuple[Tensor, int]:
    """Return logits as rows and the number of classes; refuse what does not fit."""
    if not 1 <= len(x.shape) <= 2 or target.shape != x.shape[:-1]:
        if target.shape == x.shape and x.shape:
            refuse(
                "target",
                "target has the shape of x: cross-entropy takes the number of the right class, not one-hot rows; use "
                "their position of the 1",
                "Expected floating point type for target with class probabilities, got Long",
            )
        refuse(
            "target",
            f"x must be (N, C) with target (N), or (C) with one number: x is {x.shape}, target is {target.shape}",
        )
    rows = x if len(x.shape) == 2 else x.view(1, *x.shape)
    classes = rows.shape[1]
    wrong = next(
        (c.value for c in target.cells if c.value != ignore_index and not 0 <= c.value < classes), None
    )
    if wrong is not None:
        refuse(
            "target",
            f"class {wrong:g} is not among the {classes} of x: expected 0 … {classes - 1}, or {ignore_index} to leave "
            "a sample out",
            f"Target {wrong:g} is out of bounds.",
        )
    if weight is not None and weight.shape != (classes,):
        refuse(
            "weight",
            f"weight needs one number for each of {classes} classes, and it is {weight.shape}",
        )
    return rows, classes


def _picked(
    sheet: Sheet,
    surprise: Tensor,
    target: Indices,
    weight: Fixed | None,
    classes: int,
    ignore_index: int,
    smoothing: float,
    reduction: Reduction,
) -> Tensor:
    """Work the loss of each sample from the surprise at its class, and what is made of all."""
    sheet.heading("at the right class" if not smoothing else "at the right class, and a share of all")
    losses = sheet.tensor("l", target.shape, "ℓ")
    weights: list[Value] = []
    for n, (place, right) in enumerate(zip(target.places(), target.cells, strict=True)):
        if right.value == ignore_index:
            sheet.note(f"target {ignore_index}: it does not count")
            losses[place] = number(0.0)
            continue
        c = int(right.value)
        own = surprise[n, c] if weight is None else weight[c] * surprise[n, c]
        if smoothing:
            spread = [
                surprise[n, k] if weight is None else weight[k] * surprise[n, k] for k in range(classes)
            ]
            own = (1 - smoothing) * own + number(smoothing / classes, "ε/C") * total(spread)
        losses[place] = own
        weights.append(number(1.0) if weight is None else weight[c])
    if reduction != "mean":
        return reduced(sheet, losses, reduction)
    over: Value | float = float(len(weights)) if weight is None else total(weights)
    return reduced(sheet, losses, reduction, over=over)


@operation(
    formula="ℓ = t·(ln t − x), x log-probabilities; batchmean divides by N",
    examples={
        "two": {"x": [[-1.2, -0.7, -1.6]], "target": [[0.2, 0.5, 0.3]]},
    },
)
def kl_div_loss(
    sheet: Sheet, x: Tensor, target: Fixed, *, log_target: bool = False, reduction: str = "batchmean"
) -> Tensor:
    """Kullback-Leibler divergence: the surprise too much when x is believed and t is true.

    x are logarithms of probabilities, t probabilities, as torch wants them. Only batchmean is the divergence itself:
    mean divides by the number of all cells.

    Args:
        sheet: Where it is worked.
        x: (…), log-probabilities.
        target: The shape of x, probabilities; their logarithms with log_target.
        log_target: The targets are logarithms.
        reduction: batchmean, mean, sum or none.

    Returns:
        One number; the shape of x without reduction.
    """
    same_shape(x, target)
    if reduction not in {"batchmean", "mean", "sum", "none"}:
        refuse("reduction", f"reduction is batchmean, mean, sum or none, not {reduction}")
    sheet.heading("each cell")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        t = target[place]
        if log_target:
            losses[place] = exp(t) * (t - x[place])
        elif t.value == 0:
            sheet.note("0·ln 0 counts as 0")
            losses[place] = number(0.0)
        else:
            losses[place] = t * (log(t) - x[place])
    if reduction == "batchmean":
        return reduced(sheet, losses, "mean", over=float(x.shape[0] if x.shape else 1))
    return reduced(sheet, losses, reduction)  # type: ignore[arg-type]
