"""Activations with a bend: the ReLU and what was made of it, hard forms of smooth ones, shrinkage.

Where two pieces meet, the slope is the one that torch takes.
"""

from __future__ import annotations

from dltui.byhand.functions import exp, largest, number
from dltui.byhand.operation import operation
from dltui.byhand.operations.activations import FIVE, each
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


@operation(formula="y = max(0, x)", examples={"five": FIVE})
def relu(sheet: Sheet, x: Tensor) -> Tensor:
    """ReLU: what is below 0 becomes 0.

    Its slope is 1 above 0 and 0 below; at 0 itself, where it has none, torch takes 0. A unit whose sums are all below
    0 has no gradient and stays as it is.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    return each(sheet, x, lambda one: largest(number(0.0), one), "nothing below 0")


@operation(formula="y = x above 0, else a·x", examples={"five": FIVE, "-3": {"x": [-3]}})
def leaky_relu(sheet: Sheet, x: Tensor, *, negative_slope: float = 0.01) -> Tensor:
    """Leaky ReLU: a small slope below 0, so that no unit is without gradient.

    Args:
        sheet: Where it is worked.
        x: (…).
        negative_slope: a, the slope below 0.

    Returns:
        The shape of x.
    """
    slope = number(negative_slope, "a")
    return each(sheet, x, lambda one: _split(sheet, one, slope * one), "a small slope below 0")


@operation(
    formula="y = x above 0, else a·x, a learned",
    examples={
        "one": {**FIVE, "weight": [0.25]},
        "channels": {"x": [[-1, -2], [3, -4]], "weight": [0.25, 0.5]},
    },
    symbols={"weight": "a"},
)
def prelu(sheet: Sheet, x: Tensor, weight: Tensor) -> Tensor:
    """PReLU: the slope below 0 is learned, one for all or one for each channel.

    Args:
        sheet: Where it is worked.
        x: (…), or (N, C, …) for a slope for each channel.
        weight: (1) or (C), the slopes below 0.

    Returns:
        The shape of x.
    """
    channels = x.shape[1] if len(x.shape) > 1 else 1
    count = len(weight.cells)
    if len(weight.shape) > 1:
        refuse(
            "weight",
            f"weight must be one number or a list with one for each channel, not {weight.shape}",
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(weight.shape)}",
        )
    if count not in {1, channels}:
        refuse(
            "weight",
            f"x has {channels} channels, so weight needs 1 or {channels} numbers, not {count}",
            f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel size "
            f"= {channels}.",
        )
    sheet.heading("a learned slope below 0")
    y = sheet.tensor("y", x.shape)
    for place in x.places():
        slope = weight.cells[place[1] if count > 1 else 0]
        y[place] = _split(sheet, x[place], slope * x[place])
    return y


@operation(formula="y = x above 0, else α(e^x − 1)", examples={"five": FIVE, "notes": {"x": [-1, -3]}})
def elu(sheet: Sheet, x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """ELU: below 0 it bends towards −α, which keeps the mean of what comes out nearer to 0.

    Args:
        sheet: Where it is worked.
        x: (…).
        alpha: α, how far down it goes.

    Returns:
        The shape of x.
    """
    low = number(alpha, "α")
    return each(sheet, x, lambda one: _split(sheet, one, low * (exp(one) - 1)), "bent towards −α below 0")


@operation(formula="y = λ·x above 0, else λα(e^x − 1)", examples={"five": FIVE})
def selu(sheet: Sheet, x: Tensor) -> Tensor:
    """SELU: an ELU scaled so that mean 0 and variance 1 come back to themselves, layer after layer.

    α = 1.67326 and λ = 1.0507 are the solution of those two equations (Klambauer et al. 2017).

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    low, scale = number(SELU_ALPHA, "α"), number(SELU_SCALE, "λ")

    def piece(one: Value) -> Value:
        return _split(sheet, scale * one, scale * low * (exp(one) - 1), above=one.value > 0)

    return each(sheet, x, piece, "an ELU, scaled")


@operation(
    formula="y = x above 0, else α(e^(x/α) − 1)",
    examples={"five": FIVE, "wide": {**FIVE, "alpha": 2}},
)
def celu(sheet: Sheet, x: Tensor, *, alpha: float = 1.0) -> Tensor:
    """CELU: an ELU whose slope is 1 on both sides of 0 for every α.

    Torch rounds α to float32 in the gradient, so that its answer for α = 0.2 differs in the ninth decimal.

    Args:
        sheet: Where it is worked.
        x: (…).
        alpha: α, how far down it goes.

    Returns:
        The shape of x.
    """
    if alpha == 0:
        refuse(
            "alpha",
            "alpha must not be 0: x is divided by it",
            "ZeroDivisionError: alpha cannot be 0 for CELU",
        )
    low = number(alpha, "α")
    return each(
        sheet, x, lambda one: _split(sheet, one, low * (exp(one / low) - 1)), "bent towards −α below 0"
    )


@operation(formula="y = min(6, max(0, x))", examples={"five": {"x": [-5, -1, 0, 1, 7]}})
def relu6(sheet: Sheet, x: Tensor) -> Tensor:
    """ReLU6: a ReLU that stops at 6, for numbers with few bits.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    return each(sheet, x, lambda one: _clipped(sheet, one, 0.0, 6.0), "from 0 to 6")


@operation(
    formula="y = min(b, max(a, x))", examples={"five": FIVE, "wide": {**FIVE, "min_val": -2, "max_val": 2}}
)
def hardtanh(sheet: Sheet, x: Tensor, *, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Hard tanh: x itself between two bounds, the bound beyond.

    Args:
        sheet: Where it is worked.
        x: (…).
        min_val: a, the lower bound.
        max_val: b, the upper bound.

    Returns:
        The shape of x.
    """
    if min_val > max_val:
        refuse(
            "min_val",
            f"min_val {min_val:g} is above max_val {max_val:g}: exchange them",
            "min_val cannot be greater than max_val",
        )
    return each(sheet, x, lambda one: _clipped(sheet, one, min_val, max_val), "between the bounds")


@operation(formula="y = 0 up to −3, 1 from 3 on, (x + 3)/6 between", examples={"five": FIVE})
def hardsigmoid(sheet: Sheet, x: Tensor) -> Tensor:
    """Hard sigmoid: a straight line in place of the S.

    Its slope is 1/6. Torch's own is 0.16666667163, also in float64: the factor is stored in float32.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """

    def piece(one: Value) -> Value:
        if -3 < one.value < 3:
            return (one + 3) / 6
        sheet.note("x ≤ −3" if one.value <= -3 else "x ≥ 3")
        return number(0.0 if one.value <= -3 else 1.0)

    return each(sheet, x, piece, "a straight line from 0 to 1")


@operation(formula="y = 0 up to −3, x from 3 on, x·(x + 3)/6 between", examples={"five": FIVE})
def hardswish(sheet: Sheet, x: Tensor) -> Tensor:
    """Hard swish: x times its hard sigmoid.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """

    def piece(one: Value) -> Value:
        if -3 < one.value < 3:
            return one * (one + 3) / 6
        sheet.note("x ≤ −3" if one.value <= -3 else "x ≥ 3")
        return number(0.0) if one.value <= -3 else one

    return each(sheet, x, piece, "x times its hard sigmoid")


@operation(formula="y = x − λ above λ, x + λ below −λ, else 0", examples={"five": FIVE})
def softshrink(sheet: Sheet, x: Tensor, *, lambd: float = 0.5) -> Tensor:
    """Soft shrinkage: everything λ nearer to 0, and what is nearer than that becomes 0.

    Args:
        sheet: Where it is worked.
        x: (…).
        lambd: λ.

    Returns:
        The shape of x.
    """
    if lambd < 0:
        refuse(
            "lambd",
            f"lambd must not be below 0, and it is {lambd:g}",
            f"but found {lambd:g}",
        )
    width = number(lambd, "λ")

    def piece(one: Value) -> Value:
        if abs(one.value) <= lambd:
            sheet.note("|x| ≤ λ")
            return number(0.0)
        sheet.note("x > λ" if one.value > 0 else "x < −λ")
        return one - width if one.value > 0 else one + width

    return each(sheet, x, piece, "λ nearer to 0")


@operation(formula="y = x where |x| > λ, else 0", examples={"five": FIVE})
def hardshrink(sheet: Sheet, x: Tensor, *, lambd: float = 0.5) -> Tensor:
    """Hard shrinkage: what is near 0 becomes 0, the rest stays as it is.

    Args:
        sheet: Where it is worked.
        x: (…).
        lambd: λ.

    Returns:
        The shape of x.
    """

    def piece(one: Value) -> Value:
        near = -lambd <= one.value <= lambd
        sheet.note("|x| ≤ λ" if near else "|x| > λ")
        return number(0.0) if near else one

    return each(sheet, x, piece, "what is near 0 is made 0")


@operation(
    formula="y = x where x > t, else v",
    examples={"torch": {**FIVE, "threshold": 0.1, "value": 20}},
    remarks={"torch": "the numbers of torch's own documentation"},
)
def threshold(sheet: Sheet, x: Tensor, *, threshold: float = 0.0, value: float = 0.0) -> Tensor:
    """Threshold: x above a threshold, one number for all the rest.

    Args:
        sheet: Where it is worked.
        x: (…).
        threshold: t.
        value: v, what stands in place of what is not above t.

    Returns:
        The shape of x.
    """

    def piece(one: Value) -> Value:
        above = one.value > threshold
        sheet.note("x > t" if above else "x ≤ t")
        return one if above else number(value)

    return each(sheet, x, piece, "above the threshold")


def _split(sheet: Sheet, right: Value, left: Value, *, above: bool | None = None) -> Value:
    """Return the piece for x above 0 or the other, with a note."""
    above = right.value > 0 if above is None else above
    sheet.note("x > 0" if above else "x ≤ 0")
    return right if above else left


def _clipped(sheet: Sheet, x: Value, low: float, high: float) -> Value:
    """Return x between two bounds, and the bound beyond, which has no slope."""
    if low < x.value < high:
        return x
    sheet.note(f"at or below {low:g}" if x.value <= low else f"at or above {high:g}")
    return number(low if x.value <= low else high)
