"""Expressions: numbers that remember how they were computed, so that what is printed is what gave them.

A ``Value`` is a float with the operation and the values it came from. Arithmetic builds expressions, exactly
evaluated; ``dltui.byhand.printing`` writes them, ``dltui.byhand.backward`` differentiates them. Results of 0/0, 1/0
and overflow are those of float64 (nan, inf), not exceptions.
"""

from __future__ import annotations

import math
from collections.abc import Callable

INF, NAN = math.inf, math.nan


class Label:
    """What a value is called: a symbol with the place of a cell.

    Attributes:
        symbol: Such as ``x`` or ``∂w``.
        place: Indices from 0 on, those of dimensions of size 1 left out.
        tensor: Name of the tensor that it is a cell of.
        cell: Which cell, counted in row-major order.
    """

    __slots__ = ("cell", "place", "symbol", "tensor")

    def __init__(self, symbol: str, place: tuple[int, ...] = (), tensor: str = "", cell: int = 0) -> None:
        self.symbol = symbol
        self.place = place
        self.tensor = tensor
        self.cell = cell


class Value:
    """A number with its expression.

    Attributes:
        op: ``name`` (an input, or the result of a line), ``number``, or a key of ``EVALUATE``.
        parts: What it was computed from; for the result of a line its one expression.
        value: The number, exact to float64.
        label: What it is called; None for what is no name.
    """

    __slots__ = ("label", "op", "parts", "value")

    def __init__(self, op: str, parts: tuple[Value, ...], value: float, label: Label | None = None) -> None:
        self.op = op
        self.parts = parts
        self.value = value
        self.label = label

    def __add__(self, other: Value | float) -> Value:
        terms = self.parts if self.op == "sum" else (self,)
        return apply("sum", *terms, lift(other))

    def __radd__(self, other: float) -> Value:
        return apply("sum", lift(other), self)

    def __sub__(self, other: Value | float) -> Value:
        terms = self.parts if self.op == "sum" else (self,)
        return apply("sum", *terms, apply("neg", lift(other)))

    def __rsub__(self, other: float) -> Value:
        return apply("sum", lift(other), apply("neg", self))

    def __mul__(self, other: Value | float) -> Value:
        factors = self.parts if self.op == "prod" else (self,)
        return apply("prod", *factors, lift(other))

    def __rmul__(self, other: float) -> Value:
        return apply("prod", lift(other), self)

    def __truediv__(self, other: Value | float) -> Value:
        return apply("div", self, lift(other))

    def __rtruediv__(self, other: float) -> Value:
        return apply("div", lift(other), self)

    def __pow__(self, other: Value | float) -> Value:
        return apply("pow", self, lift(other))

    def __neg__(self) -> Value:
        return apply("neg", self)

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        return f"Value({self.op}, {self.value!r})"


def lift(number: Value | float) -> Value:
    """Return a plain number as an expression, and an expression as it is."""
    return number if isinstance(number, Value) else Value("number", (), float(number))


def apply(op: str, *parts: Value) -> Value:
    """Return an operation on values, evaluated."""
    return Value(op, parts, EVALUATE[op](*[part.value for part in parts]))


def _sum(*terms: float) -> float:
    """Return the sum from left to right, as on paper."""
    total = terms[0]
    for term in terms[1:]:
        total += term
    return total


def _product(*factors: float) -> float:
    """Return the product from left to right."""
    total = factors[0]
    for factor in factors[1:]:
        total *= factor
    return total


def _quotient(above: float, below: float) -> float:
    """Return a quotient; over zero as float64 has it."""
    if below:
        return above / below
    if above == 0 or above != above:
        return NAN
    return math.copysign(INF, above) * math.copysign(1.0, below)


def _power(base: float, exponent: float) -> float:
    """Return a power; nan where there is no real one."""
    try:
        found = base**exponent
    except ZeroDivisionError:
        return INF
    except OverflowError:
        return INF if base > 0 or exponent % 2 == 0 else -INF
    return found if isinstance(found, float) else NAN


def _exponential(x: float) -> float:
    """Return e to the power of x."""
    try:
        return math.exp(x)
    except OverflowError:
        return INF


def _logarithm(x: float) -> float:
    """Return the natural logarithm."""
    return math.log(x) if x > 0 else -INF if x == 0 else NAN


def _sigmoid(x: float) -> float:
    """Return 1 / (1 + e^−x) without overflow."""
    return 1 / (1 + _exponential(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _root(x: float) -> float:
    """Return the square root."""
    return math.sqrt(x) if x >= 0 else NAN


def _sign(x: float) -> float:
    """Return −1, 0 or 1."""
    return float((x > 0) - (x < 0))


def _floor(x: float) -> float:
    """Return the whole number below."""
    return float(math.floor(x)) if math.isfinite(x) else x


def _largest(*numbers: float) -> float:
    """Return the largest; nan where one is nan."""
    return NAN if any(map(math.isnan, numbers)) else max(numbers)


def _least(*numbers: float) -> float:
    """Return the smallest; nan where one is nan."""
    return NAN if any(map(math.isnan, numbers)) else min(numbers)


# "group" is a sum that keeps its brackets within another sum
EVALUATE: dict[str, Callable[..., float]] = {
    "sum": _sum,
    "group": _sum,
    "prod": _product,
    "neg": lambda x: -x,
    "div": _quotient,
    "pow": _power,
    "exp": _exponential,
    "log": _logarithm,
    "sqrt": _root,
    "abs": abs,
    "sign": _sign,
    "floor": _floor,
    "max": _largest,
    "min": _least,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "erf": math.erf,
    "sin": lambda x: math.sin(x) if math.isfinite(x) else NAN,
    "cos": lambda x: math.cos(x) if math.isfinite(x) else NAN,
}
