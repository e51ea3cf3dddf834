"""Losses of yes and no: binary cross-entropy with and without logits, the focal loss, the hinge."""

from __future__ import annotations

from dltui.byhand.functions import exp, largest, log, number, sigmoid
from dltui.byhand.operation import Fixed, Indices, operation
from dltui.byhand.operations.reduction import Reduction, reduced, same_shape
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

LOGITS = {"x": [[2, 1], [1, 2], [-0.5, 1]], "target": [[1, 0], [0, 1], [0, 1]]}
MANY = {
    "x": [[2, 1, 0.5, -1], [1, 2, -0.5, 0.5], [-0.5, 1, 1.5, 2]],
    "target": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
}
FLOOR = -100.0  # what torch puts in place of ln 0


@operation(
    formula="ℓ = −w·(t·ln x + (1 − t)·ln(1 − x)), x a probability",
    examples={
        "w18": {"x": [[0.8808, 0.7311], [0.7311, 0.8808], [0.3775, 0.7311]], "target": LOGITS["target"]},
        "as printed": {
            "x": [[0.8808, 0.7311], [0.7311, 0.8808], [0.3755, 0.7311]],
            "target": LOGITS["target"],
        },
    },
    remarks={
        "w18": "the notes print 0.3755 for σ(−0.5) = 0.3775, and so 0.61078 for a loss that is 0.61132",
        "as printed": "0.3755 stands for σ(−0.5) = 0.3775, which the notes printed wrongly; the loss comes out smaller",
    },
)
def bce_loss(
    sheet: Sheet, x: Tensor, target: Tensor, weight: Fixed | None = None, *, reduction: Reduction = "mean"
) -> Tensor:
    """Binary cross-entropy of probabilities: how surprised one is at each yes and no.

    Where x is exactly 0 or 1, ln 0 counts as −100, as in torch, so that nothing is infinite. The gradient there is the
    slope of what is computed; torch's is (x − t)/max(x·(1 − x), 1e-12) instead, which is 0 or about 1e12.

    Args:
        sheet: Where it is worked.
        x: (…), probabilities from 0 to 1.
        target: The shape of x, from 0 for no to 1 for yes.
        weight: The shape of x, what each counts; 1 when left out.
        reduction: What is made of the losses of all numbers.

    Returns:
        One number; the shape of x without reduction.
    """
    same_shape(x, target)
    if any(not 0 <= cell.value <= 1 for cell in x.cells):
        worst = next(cell.value for cell in x.cells if not 0 <= cell.value <= 1)
        refuse(
            "x",
            f"x holds {worst:g}, but a probability lies from 0 to 1: give logits to bcewithlogitsloss instead",
            "all elements of input should be between 0 and 1",
        )
    _fits(x, weight)
    sheet.heading("the surprise of each")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        yes, no = _log(sheet, x[place]), _log(sheet, 1 - x[place])
        found = -(target[place] * yes + (1 - target[place]) * no)
        losses[place] = found if weight is None else weight[place] * found
    return reduced(sheet, losses, reduction)


def _log(sheet: Sheet, x: Value) -> Value:
    """Return ln x, and −100 where that is less, through which no gradient goes."""
    if x.value > 0 and log(x).value >= FLOOR:
        return log(x)
    sheet.note("ln 0 counts as −100")
    return number(FLOOR)


@operation(
    formula="ℓ = (1 − t)·x + (1 + (p − 1)·t)·ln(1 + e^(−x))",
    examples={"w16": LOGITS, "w17": MANY},
    remarks={
        "w17": "the notes call the first row of sigmoids a softmax; each is a yes or no of its own, and they don't add "
        "up to 1"
    },
    symbols={"pos_weight": "p"},
)
def bce_with_logits_loss(
    sheet: Sheet,
    x: Tensor,
    target: Tensor,
    weight: Fixed | None = None,
    pos_weight: Fixed | None = None,
    *,
    reduction: Reduction = "mean",
) -> Tensor:
    """Binary cross-entropy of logits: −t·ln σ(x) − (1 − t)·ln(1 − σ(x)), in the form that never overflows.

    Its gradient is σ(x) − t: no sigmoid flattens it where the answer is most wrong.

    Args:
        sheet: Where it is worked.
        x: (…), logits: any numbers.
        target: The shape of x, from 0 for no to 1 for yes.
        weight: The shape of x, what each counts; 1 when left out.
        pos_weight: The last dimension of x: how many times a yes counts; 1 when left out.
        reduction: What is made of the losses of all numbers.

    Returns:
        One number; the shape of x without reduction.
    """
    same_shape(x, target, _mismatch(x, target))
    _fits(x, weight)
    if pos_weight is not None and pos_weight.shape != x.shape[-1:]:
        refuse(
            "pos_weight", f"pos_weight needs one number for each of the last dimension of x, {x.shape[-1:]}"
        )
    sheet.heading("ln(1 + e^(−x)), without overflow")
    soft = sheet.tensor("s", x.shape)
    for place in x.places():
        above = x[place].value >= 0
        sheet.note("x ≥ 0" if above else "x < 0: −x taken out, so that the exponent is not above 0")
        soft[place] = log(1 + exp(-x[place])) if above else log(1 + exp(x[place])) - x[place]
    sheet.heading("the surprise of each")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        t = target[place]
        scale = None if pos_weight is None else 1 + (pos_weight[place[-1:]] - 1) * t
        found = (1 - t) * x[place] + (soft[place] if scale is None else scale * soft[place])
        losses[place] = found if weight is None else weight[place] * found
    return reduced(sheet, losses, reduction)


@operation(
    formula="ℓ = α_t·(1 − p_t)^γ·s, s = −ln p_t, p_t = σ(x) for a yes and 1 − σ(x) for a no",
    examples={"easy and hard": {"x": [3, -2, 0.5, -1], "target": [1, 0, 0, 1]}},
    remarks={"easy and hard": "Lin et al. 2017: what is right already hardly counts"},
)
def focal_loss(
    sheet: Sheet,
    x: Tensor,
    target: Indices,
    *,
    alpha: float = 0.25,
    gamma: float = 2.0,
    reduction: Reduction = "mean",
) -> Tensor:
    """Focal loss: binary cross-entropy that counts what is right already less.

    Args:
        sheet: Where it is worked.
        x: (…), logits.
        target: The shape of x, 1 for yes and 0 for no.
        alpha: What a yes counts; a no counts 1 − α.
        gamma: γ; 0 leaves the weighted cross-entropy.
        reduction: What is made of the losses of all numbers.

    Returns:
        One number; the shape of x without reduction.
    """
    same_shape(x, target)
    if any(cell.value not in {0, 1} for cell in target.cells):
        refuse("target", "focal loss takes 1 for yes and 0 for no")
    sheet.heading("the probability of what is right")
    p = sheet.tensor("p", x.shape)
    for place in x.places():
        p[place] = sigmoid(x[place]) if target[place].value else sigmoid(-x[place])
    sheet.heading("its surprise −ln p, without overflow")
    soft = sheet.tensor("s", x.shape)
    for place in x.places():
        z, less = (x[place], -x[place]) if target[place].value else (-x[place], x[place])
        soft[place] = log(1 + exp(less)) if z.value >= 0 else log(1 + exp(z)) + less
    sheet.heading("weighed")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        share = alpha if target[place].value else 1 - alpha
        sheet.note("a yes counts α" if target[place].value else "a no counts 1 − α")
        losses[place] = number(share) * (1 - p[place]) ** gamma * soft[place]
    return reduced(sheet, losses, reduction)


@operation(
    formula="ℓ = Σ_{j≠t} max(0, s_j − s_t + Δ)",
    examples={
        "cat": {
            "x": [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]],
            "target": [0, 1, 2],
            "margin": 1.0,
        }
    },
    remarks={"cat": "scores of cat, car and frog for three pictures: 2.9, 0 and 12.9 with margin 1"},
    fractions="expected scalar type Long but found Float",
    symbols={"x": "s"},
)
def hinge_loss(
    sheet: Sheet, x: Tensor, target: Indices, *, margin: float = 1.0, reduction: Reduction = "mean"
) -> Tensor:
    """Hinge loss of many classes: how much the wrong scores come too close to the right one.

    As for a support vector machine (Weston and Watkins 1999). Past the margin it is exactly 0, and so is its gradient.
    Torch's multi_margin_loss is the same over the number of classes.

    Args:
        sheet: Where it is worked.
        x: (N, C), scores.
        target: (N), the right class of each, from 0 on.
        margin: Δ by which the right score must lead.
        reduction: What is made of the losses of all samples.

    Returns:
        One number; (N) without reduction.
    """
    if len(x.shape) != 2 or target.shape != x.shape[:1]:
        refuse(
            "target",
            f"hinge loss takes scores (N, C) and classes (N); x is {x.shape}, target is {target.shape}",
        )
    count = x.shape[1]
    wrong = next((cell.value for cell in target.cells if not 0 <= cell.value < count), None)
    if wrong is not None:
        refuse(
            "target", f"class {wrong:g} is not among the {count} that have a score: expected 0 … {count - 1}"
        )
    lead = number(margin, "Δ")
    sheet.heading("how far each wrong score reaches into the margin")
    h = sheet.tensor("h", x.shape)
    for n, c in x.places():
        right = int(target[n].value)
        if c == right:
            sheet.note("the right class itself does not count")
            h[n, c] = number(0.0)
        else:
            h[n, c] = largest(0.0, x[n, c] - x[n, right] + lead)
    sheet.heading("together")
    losses = sheet.tensor("l", x.shape[:1], "ℓ")
    for n in range(x.shape[0]):
        found = h.row(n)
        losses[n] = sum(found[1:], start=found[0])
    return reduced(sheet, losses, reduction)


def _fits(x: Tensor, weight: Fixed | None) -> None:
    """Refuse weights of another shape."""
    if weight is not None and weight.shape != x.shape:
        refuse("weight", f"weight needs one number for each of x: x is {x.shape}, weight is {weight.shape}")


def _mismatch(x: Tensor, target: Tensor) -> str:
    """Return what torch says to a target of another shape."""
    one, other = (f"torch.Size({list(shape)})" for shape in (target.shape, x.shape))
    return f"Target size ({one}) must be the same as input size ({other})"
