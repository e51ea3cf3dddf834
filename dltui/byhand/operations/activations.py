"""Smooth activations: the sigmoid and tanh, what is made with them, and gates."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Literal

from dltui.byhand import functions
from dltui.byhand.functions import absolute, erf, exp, log, number, sqrt
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value

FIVE = {"x": [-5, -1, 0, 1, 5]}
CUBE = 0.044715  # what brings the tanh form nearest to the error function (Hendrycks and Gimpel 2016)


def each(sheet: Sheet, x: Tensor, piece: Callable[[Value], Value], heading: str, name: str = "y") -> Tensor:
    """Work a function of every number.

    Args:
        sheet: Where it is worked.
        x: (…).
        piece: Returns the expression for one number; it may leave a note on the sheet.
        heading: Of this part of the sheet.
        name: Of what comes out.

    Returns:
        The shape of x.
    """
    sheet.heading(heading)
    y = sheet.tensor(name, x.shape)
    for place in x.places():
        y[place] = piece(x[place])
    return y


def times(sheet: Sheet, x: Tensor, gate: Tensor, heading: str) -> Tensor:
    """Work x times its gate, number by number."""
    sheet.heading(heading)
    y = sheet.tensor("y", x.shape)
    for place in x.places():
        y[place] = x[place] * gate[place]
    return y


@operation(
    formula="y = σ(x) = 1 / (1 + e^(−x))",
    examples={"five": FIVE, "004": {"x": [0, 1, 2, 4]}},
    remarks={"004": "the notes' 0.5, 0.731059, 0.880797 and 0.982014"},
)
def sigmoid(sheet: Sheet, x: Tensor) -> Tensor:
    """Sigmoid: any number made one between 0 and 1, ½ at 0.

    Its slope σ(1 − σ) is ¼ at 0, the most there is, and 0.0066 at ±5: behind many sigmoids hardly any gradient is left.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    return each(sheet, x, functions.sigmoid, "between 0 and 1")


@operation(formula="y = tanh x = (e^x − e^(−x)) / (e^x + e^(−x))", examples={"five": FIVE})
def tanh(sheet: Sheet, x: Tensor) -> Tensor:
    """Tanh: any number made one between −1 and 1, 0 at 0; 2·σ(2x) − 1.

    Its slope 1 − y² is 1 at 0 and 0.00018 at ±5.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    return each(sheet, x, functions.tanh, "between −1 and 1")


@operation(formula="y = ln σ(x) = −ln(1 + e^(−x))", examples={"five": FIVE})
def log_sigmoid(sheet: Sheet, x: Tensor) -> Tensor:
    """Log-sigmoid: the logarithm of the sigmoid, in the form that neither overflows nor becomes ln 0.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """

    def piece(one: Value) -> Value:
        above = one.value >= 0
        sheet.note("x ≥ 0" if above else "x < 0: x taken out, so that the exponent is not above 0")
        return -log(1 + exp(-one)) if above else one - log(1 + exp(one))

    return each(sheet, x, piece, "ln σ(x), without overflow")


@operation(
    formula="y = ln(1 + e^(βx)) / β; x itself where βx is above the threshold",
    examples={"five": FIVE, "steep": {**FIVE, "beta": 5, "threshold": 20}},
)
def softplus(sheet: Sheet, x: Tensor, *, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Softplus: a ReLU without its kink; its slope is the sigmoid.

    Args:
        sheet: Where it is worked.
        x: (…).
        beta: β; the larger, the nearer it comes to the ReLU.
        threshold: Where βx is above it, y is x itself, so that nothing overflows.

    Returns:
        The shape of x.
    """
    if not beta > 0:
        refuse("beta", f"beta must be above 0, not {beta:g}: the logarithm is divided by it")

    def piece(one: Value) -> Value:
        return _softplus(sheet, one, beta, threshold)

    return each(sheet, x, piece, "ln(1 + e^(βx)) over β")


def _softplus(sheet: Sheet, x: Value, beta: float, threshold: float) -> Value:
    """Return ln(1 + e^(βx)) / β, and x where that is as good."""
    if x.value * beta > threshold:
        sheet.note(f"βx > {threshold:g}: x itself")
        return x
    if beta == 1:
        return log(1 + exp(x))
    factor = number(beta, "β")
    return log(1 + exp(factor * x)) / factor


@operation(formula="y = x / (1 + |x|)", examples={"five": FIVE})
def softsign(sheet: Sheet, x: Tensor) -> Tensor:
    """Softsign: between −1 and 1 like tanh, but it comes to them slowly.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    return each(sheet, x, lambda one: one / (1 + absolute(one)), "over one more than its size")


@operation(formula="y = x − tanh x", examples={"five": FIVE})
def tanhshrink(sheet: Sheet, x: Tensor) -> Tensor:
    """Tanhshrink: what tanh takes off; small numbers are made almost 0.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    return each(sheet, x, lambda one: one - functions.tanh(one), "less its tanh")


@operation(
    formula="y = x·σ(x)",
    examples={"five": FIVE, "least": {"x": [-1.2784645]}},
    remarks={"least": "its least value, −0.278465; its slope is 0 there"},
)
def silu(sheet: Sheet, x: Tensor) -> Tensor:
    """SiLU or swish: x times its own sigmoid, a smooth ReLU that dips below 0.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    return times(sheet, x, each(sheet, x, functions.sigmoid, "the gate σ(x)", "s"), "x times its gate")


@operation(formula="y = x·tanh(ln(1 + e^x))", examples={"five": FIVE})
def mish(sheet: Sheet, x: Tensor) -> Tensor:
    """Mish: x times the tanh of its softplus.

    Args:
        sheet: Where it is worked.
        x: (…).

    Returns:
        The shape of x.
    """
    soft = each(sheet, x, lambda one: _softplus(sheet, one, 1.0, 20.0), "the softplus", "s")
    return times(sheet, x, each(sheet, soft, functions.tanh, "its tanh, the gate", "t"), "x times its gate")


@operation(
    formula="y = x·Φ(x), Φ(x) = ½(1 + erf(x/√2)); ≈ ½x(1 + tanh(√(2/π)·(x + 0.044715x³)))",
    examples={"five": FIVE, "tanh": {**FIVE, "approximate": "tanh"}},
)
def gelu(sheet: Sheet, x: Tensor, *, approximate: Literal["none", "tanh"] = "none") -> Tensor:
    """GELU: x times the share of a standard normal distribution that lies below x.

    Args:
        sheet: Where it is worked.
        x: (…).
        approximate: none for the error function, tanh for the older form that comes within 0.0005 of it.

    Returns:
        The shape of x.
    """
    if approximate not in {"none", "tanh"}:
        refuse(
            "approximate",
            f"approximate is none or tanh, not {approximate}",
            "approximate argument must be either none or tanh.",
        )
    if approximate == "tanh":
        scale = sqrt(2 / number(pi, "π"))
        bent = each(sheet, x, lambda one: scale * (one + CUBE * one**3), "what tanh is taken of", "u")
        turned = each(sheet, bent, functions.tanh, "its tanh", "t")
        gate = each(sheet, turned, lambda one: 0.5 * (1 + one), "from −1 … 1 to 0 … 1", "g")
        return times(sheet, x, gate, "x times its gate")
    half = sqrt(number(2.0))
    share = each(sheet, x, lambda one: 0.5 * (1 + erf(one / half)), "the share below x", "Φ")
    return times(sheet, x, share, "x times that share")


@operation(
    formula="y = a·σ(b), a and b the halves of x",
    examples={"halves": {"x": [[1, 2, 0, -1], [3, -4, 2, 5]]}},
)
def glu(sheet: Sheet, x: Tensor, *, dim: int = -1) -> Tensor:
    """Gated linear unit: the first half of x, let through as far as the second half says.

    Args:
        sheet: Where it is worked.
        x: (…), of even size along dim.
        dim: The dimension that is halved.

    Returns:
        The shape of x, half as long along dim.
    """
    axis = _even(x, dim)
    half = x.shape[axis] // 2
    shape = (*x.shape[:axis], half, *x.shape[axis + 1 :])
    sheet.heading("the gates")
    gates = sheet.tensor("s", shape)
    for place in gates.places():
        gates[place] = functions.sigmoid(x[(*place[:axis], place[axis] + half, *place[axis + 1 :])])
    sheet.heading("the first half times them")
    y = sheet.tensor("y", shape)
    for place in y.places():
        y[place] = x[place] * gates[place]
    return y


def _even(x: Tensor, dim: int) -> int:
    """Return the dimension to be halved, counted from the front."""
    count = len(x.shape)
    if not count:
        refuse(
            "x",
            "a single number has no halves: give a list of even length",
            "glu does not support scalars because halving size must be even",
        )
    if not -count <= dim < count:
        refuse(
            "dim",
            f"x has {count} dimensions, so dim must be within {-count} … {count - 1}, not {dim}",
            f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {dim})",
        )
    axis = dim % count
    if x.shape[axis] % 2:
        refuse(
            "x",
            f"dimension {axis} of x is to be halved, but its size {x.shape[axis]} is odd: give an even one",
            f"Halving dimension must be even, but dimension {axis} is size {x.shape[axis]}",
        )
    return axis
