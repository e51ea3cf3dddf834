"""The derivative of each operation, as expressions: what the chain rule hands from a result to its parts."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

from dltui.byhand.functions import cos, exp, number, sin, sqrt
from dltui.byhand.value import Value, apply

Shares = list[Value | None]  # one a part; None is a gradient of 0


def shares(node: Value, result: Value, upstream: Value) -> Shares:
    """Return the gradient of each part of an operation.

    Args:
        node: The operation with its parts.
        result: What stands for its result: the name of the line, where the operation is the whole line.
        upstream: Gradient of its result.

    Returns:
        An expression a part, in terms of names that the sheet knows; None where it is 0.
    """
    return RULES[node.op](node, result, upstream)


def times(*factors: Value) -> Value:
    """Return a product without the factors that are 1."""
    kept = [factor for factor in factors if not _is_one(factor)]
    flat = [part for factor in kept for part in (factor.parts if factor.op == "prod" else (factor,))]
    if not flat:
        return number(1)
    signs = sum(factor.op == "neg" for factor in flat)
    bare = [factor.parts[0] if factor.op == "neg" else factor for factor in flat]
    bare = [factor for factor in bare if not _is_one(factor)]
    found = apply("prod", *bare) if len(bare) > 1 else bare[0] if bare else number(1)
    return -found if signs % 2 else found


def over(above: Value, below: Value) -> Value:
    """Return a quotient, the sign in front of it."""
    return -(above.parts[0] / below) if above.op == "neg" else above / below


def _is_one(factor: Value) -> bool:
    """Return whether a factor is the plain number 1."""
    return factor.op == "number" and factor.label is None and factor.value == 1


def _product(node: Value, _: Value, upstream: Value) -> Shares:
    return [times(upstream, *node.parts[:i], *node.parts[i + 1 :]) for i in range(len(node.parts))]


def _quotient(node: Value, _: Value, upstream: Value) -> Shares:
    above, below = node.parts
    return [over(upstream, below), -over(times(upstream, above), below**2)]


def _power(node: Value, result: Value, upstream: Value) -> Shares:
    base, exponent = node.parts
    nothing = number(0)  # as in torch, where the formula would give 0·∞
    if exponent.op != "number":
        flat = base.value == 0 and exponent.value >= 0
        return [
            times(upstream, exponent, base ** (exponent - 1)) if exponent.value else nothing,
            nothing if flat else times(upstream, result, apply("log", base)),
        ]
    if exponent.value == 0:
        return [nothing, None]
    less = exponent.value - 1
    slope = number(1) if less == 0 else base if less == 1 else base**less
    return [times(upstream, exponent, slope), None]


def _extreme(node: Value, _: Value, upstream: Value) -> Shares:
    taken = [part.value == node.value for part in node.parts].index(True) if node.value == node.value else 0
    return [upstream if place == taken else None for place in range(len(node.parts))]


RULES: dict[str, Callable[[Value, Value, Value], Shares]] = {
    "sum": lambda node, _, up: [up] * len(node.parts),
    "group": lambda node, _, up: [up] * len(node.parts),
    "prod": _product,
    "neg": lambda _node, _result, up: [times(-up)],
    "div": _quotient,
    "pow": _power,
    "exp": lambda _, result, up: [times(up, result)],
    "log": lambda node, _, up: [over(up, node.parts[0])],
    "sqrt": lambda _, result, up: [over(up, 2 * result)],
    "abs": lambda node, _, up: [times(up, apply("sign", node.parts[0]))],
    "sign": lambda _node, _result, _up: [None],
    "floor": lambda _node, _result, _up: [None],
    "max": _extreme,
    "min": _extreme,
    "tanh": lambda _, result, up: [times(up, 1 - result**2)],
    "sigmoid": lambda _, result, up: [times(up, result, 1 - result)],
    "erf": lambda node, _, up: [times(up, 2 / sqrt(number(pi, "π")), exp(-(node.parts[0] ** 2)))],
    "sin": lambda node, _, up: [times(up, cos(node.parts[0]))],
    "cos": lambda node, _, up: [times(-up, sin(node.parts[0]))],
}
