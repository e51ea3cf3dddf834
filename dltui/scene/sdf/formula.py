"""A formula in x, y and z that is typed, as a function of space. It is read as a tree and never run."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce
from math import erf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dltui.byhand.operations.backprop import CONSTANTS, read, variables
from dltui.errors import UsageError
from dltui.scene.sdf.own import Own

PLACES = ("x", "y", "z")
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "ln": np.log,
    "sqrt": np.sqrt,
    "sigmoid": lambda u: 0.5 * (1 + np.tanh(u / 2)),
    "tanh": np.tanh,
    "relu": lambda u: np.maximum(u, 0),
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "erf": np.vectorize(erf, otypes=[np.float64]),
    "max": lambda *parts: reduce(np.maximum, parts),
    "min": lambda *parts: reduce(np.minimum, parts),
}
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a * a if np.ndim(b) == 0 and b == 2 else a**b,
}


def formula(text: str, **given: float) -> Own:
    """Return the node whose values are those of a formula, as they are.

    Args:
        text: Such as ``x**2 + y**2 + z**2 - r**2``.
        given: Numbers by name that it may use beside x, y and z.

    Returns:
        The node; nothing is known of how steep it is.

    Raises:
        UsageError: If the text means nothing, or holds another variable.
    """
    tree = read(text)
    known = (*PLACES, *given)
    for name in variables(tree):
        if name not in known:
            raise UsageError(
                f"{text!r} has the variable {name}: expected a formula in {', '.join(known)}, such as "
                "x**2 + y**2 + z**2 - 1"
            )

    def value(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Any:
        at = {"x": np.asarray(x, np.float64), "y": np.asarray(y, np.float64), "z": np.asarray(z, np.float64)}
        with np.errstate(all="ignore"):
            return np.broadcast_to(
                _value(tree, at | given), np.broadcast_shapes(*(p.shape for p in at.values()))
            )

    return Own(text, value)


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    """Return the value of a part of the formula."""
    if isinstance(node, ast.Name):
        return known[node.id] if node.id in known else CONSTANTS[node.id]
    if isinstance(node, ast.Constant):
        return float(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, known)
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left, known), _value(node.right, known))
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return FUNCTIONS[node.func.id](*(_value(part, known) for part in node.args))
