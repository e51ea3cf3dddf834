"""What operations are written with, beside + − · ÷ and powers: functions of values, sums and products of rows."""

from __future__ import annotations

from collections.abc import Sequence

from dltui.byhand.value import Label, Value, apply, lift

Terms = Sequence[Value]


def number(value: float, symbol: str = "") -> Value:
    """Return a constant; with a symbol, formulas show that and lines with numbers put in show the number."""
    return Value("number", (), float(value), Label(symbol) if symbol else None)


def exp(x: Value) -> Value:
    """Return e to the power of x."""
    return apply("exp", x)


def log(x: Value) -> Value:
    """Return the natural logarithm, written ln."""
    return apply("log", x)


def sqrt(x: Value) -> Value:
    """Return the square root."""
    return apply("sqrt", x)


def tanh(x: Value) -> Value:
    """Return the hyperbolic tangent."""
    return apply("tanh", x)


def sigmoid(x: Value) -> Value:
    """Return the logistic function, written σ."""
    return apply("sigmoid", x)


def erf(x: Value) -> Value:
    """Return the error function."""
    return apply("erf", x)


def sin(x: Value) -> Value:
    """Return the sine."""
    return apply("sin", x)


def cos(x: Value) -> Value:
    """Return the cosine."""
    return apply("cos", x)


def absolute(x: Value) -> Value:
    """Return |x|; its slope at 0 is 0, as in torch."""
    return apply("abs", x)


def floor(x: Value) -> Value:
    """Return the whole number below x, written ⌊x⌋; its slope is 0."""
    return apply("floor", x)


def largest(*values: Value | float) -> Value:
    """Return the largest; the gradient goes to the first that is."""
    return apply("max", *map(lift, values)) if len(values) > 1 else lift(values[0])


def least(*values: Value | float) -> Value:
    """Return the smallest; the gradient goes to the first that is."""
    return apply("min", *map(lift, values)) if len(values) > 1 else lift(values[0])


def total(terms: Terms) -> Value:
    """Return the sum of many terms in one step; 0 for none."""
    return apply("sum", *terms) if len(terms) > 1 else terms[0] if terms else lift(0.0)


def group(terms: Terms) -> Value:
    """Return a sum that keeps its brackets within another: (a + b) + (c + d)."""
    return apply("group", *terms) if len(terms) > 1 else total(terms)


def mean(terms: Terms) -> Value:
    """Return the sum over the number of terms."""
    return total(terms) / float(len(terms)) if len(terms) > 1 else terms[0]


def dot(one: Terms, other: Terms) -> Value:
    """Return Σ aₖ·bₖ of two rows of equal length."""
    return total([a * b for a, b in zip(one, other, strict=True)])
