"""Expressions and small networks as torch differentiates them."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dltui.byhand.operations.backprop import read
from dltui.instruments.byhand.answer import witness

if TYPE_CHECKING:
    from torch import Tensor


@witness("backprop")
def backprop(expression: str, **variables: Tensor) -> Tensor:
    """Return a typed expression of tensors."""
    return _value(read(expression), variables)


@witness("mlp")
def mlp(
    sizes: tuple[int, ...], activation: str, loss: str, x: Tensor, target: Tensor, **layers: Tensor
) -> Tensor:
    """Return the loss of torch's layers in a row."""
    import torch
    from torch.nn import functional

    last = len(sizes) - 1
    for layer in range(1, last + 1):
        x = functional.linear(x, layers[f"weight{layer}"], layers[f"bias{layer}"])
        if layer < last and activation != "none":
            x = getattr(torch, activation)(x)
    return functional.mse_loss(x, target) if loss == "mse" else functional.cross_entropy(x, target)


def _value(node: ast.expr, known: Mapping[str, Tensor]) -> Tensor:
    """Return what torch makes of a part of an expression."""
    import torch

    if isinstance(node, ast.Name):
        return known[node.id] if node.id in known else torch.tensor(math.pi, dtype=torch.float64)
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, int | float)
        return torch.tensor(float(node.value), dtype=torch.float64)
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, known)
    if isinstance(node, ast.BinOp):
        one, other = _value(node.left, known), _value(node.right, known)
        made: Tensor = getattr(torch, _OPERATORS[type(node.op)])(one, other)
        return made
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    parts = [_value(part, known) for part in node.args]
    if node.func.id in {"max", "min"}:  # the gradient goes to one of them, where several are equal
        stacked: Tensor = getattr(torch.stack(parts), node.func.id)(dim=0).values
        return stacked
    call: Callable[..., Any] = getattr(torch, {"ln": "log"}.get(node.func.id, node.func.id))
    called: Tensor = call(*parts)
    return called


_OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
}
