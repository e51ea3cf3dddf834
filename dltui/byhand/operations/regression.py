"""Losses of numbers against numbers: squared, absolute, and what lies between."""

from __future__ import annotations

from dltui.byhand.functions import absolute, number
from dltui.byhand.operation import operation
from dltui.byhand.operations.reduction import Reduction, reduced, same_shape
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor

PAIR = {"x": [[0.5, 0.2], [0.7, 0.9]], "target": [[0.6, 0.4], [0.3, 0.5]]}


def _residuals(sheet: Sheet, x: Tensor, target: Tensor) -> Tensor:
    """Work x − t."""
    same_shape(x, target)
    sheet.heading("residuals")
    r = sheet.tensor("r", x.shape)
    for place in x.places():
        r[place] = x[place] - target[place]
    return r


@operation(formula="L = (1/n) Σᵢ (xᵢ − tᵢ)²", examples={"w11": PAIR})
def mse_loss(sheet: Sheet, x: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Mean squared error.

    Its gradient 2(x − t)/n grows with the error, so that one outlier pulls hard.

    Args:
        sheet: Where it is worked.
        x: (…), what the model says.
        target: The shape of x, what is right.
        reduction: What is made of the losses of all numbers.

    Returns:
        One number; the shape of x without reduction.
    """
    r = _residuals(sheet, x, target)
    sheet.heading("squared")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        losses[place] = r[place] ** 2
    return reduced(sheet, losses, reduction)


@operation(formula="L = (1/n) Σᵢ |xᵢ − tᵢ|", examples={"w12": PAIR})
def l1_loss(sheet: Sheet, x: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
    """Mean absolute error.

    Its gradient is ±1/n wherever x is not right, and 0 where it is: an outlier pulls no harder than the others.

    Args:
        sheet: Where it is worked.
        x: (…), what the model says.
        target: The shape of x, what is right.
        reduction: What is made of the losses of all numbers.

    Returns:
        One number; the shape of x without reduction.
    """
    r = _residuals(sheet, x, target)
    sheet.heading("without sign")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        losses[place] = absolute(r[place])
    return reduced(sheet, losses, reduction)


@operation(
    formula="ℓ = ½r² if |r| ≤ δ, else δ(|r| − ½δ), with r = x − t",
    examples={"w13": PAIR, "small": {**PAIR, "delta": 0.2}},
)
def huber_loss(
    sheet: Sheet, x: Tensor, target: Tensor, *, reduction: Reduction = "mean", delta: float = 1.0
) -> Tensor:
    """Huber's loss: squared near 0, straight further out, with no kink between.

    Args:
        sheet: Where it is worked.
        x: (…), what the model says.
        target: The shape of x, what is right.
        reduction: What is made of the losses of all numbers.
        delta: δ from which on it is straight.

    Returns:
        One number; the shape of x without reduction.
    """
    if not delta > 0:
        refuse(
            "delta",
            f"delta must be above 0, not {delta:g}: it is where the square becomes a line",
            "huber_loss does not support non-positive values for delta.",
        )
    r = _residuals(sheet, x, target)
    edge = number(delta, "δ")
    sheet.heading("squared up to δ, straight beyond")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        near = abs(r[place].value) <= delta
        sheet.note("|r| ≤ δ" if near else "|r| > δ")
        losses[place] = 0.5 * r[place] ** 2 if near else edge * (absolute(r[place]) - 0.5 * edge)
    return reduced(sheet, losses, reduction)


@operation(
    formula="ℓ = ½r²/β if |r| < β, else |r| − ½β, with r = x − t",
    examples={"pair": PAIR, "small": {**PAIR, "beta": 0.2}},
)
def smooth_l1_loss(
    sheet: Sheet, x: Tensor, target: Tensor, *, reduction: Reduction = "mean", beta: float = 1.0
) -> Tensor:
    """Smooth L1: Huber's loss over δ, so that its straight part always has slope 1.

    Args:
        sheet: Where it is worked.
        x: (…), what the model says.
        target: The shape of x, what is right.
        reduction: What is made of the losses of all numbers.
        beta: β from which on it is straight.

    Returns:
        One number; the shape of x without reduction.
    """
    if beta < 0:
        refuse(
            "beta",
            f"beta must not be below 0, and it is {beta:g}; 0 is the absolute error",
            "smooth_l1_loss does not support negative values for beta.",
        )
    r = _residuals(sheet, x, target)
    edge = number(beta, "β")
    sheet.heading("squared below β, straight beyond")
    losses = sheet.tensor("l", x.shape, "ℓ")
    for place in x.places():
        near = abs(r[place].value) < beta
        sheet.note("|r| < β" if near else "|r| ≥ β")
        losses[place] = 0.5 * r[place] ** 2 / edge if near else absolute(r[place]) - 0.5 * edge
    return reduced(sheet, losses, reduction)
