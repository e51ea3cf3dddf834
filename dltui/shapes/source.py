"""Layers read from PyTorch source text, parsed and never run."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from dltui.shapes.layer import Layer
from dltui.shapes.layers import LAYERS, key_of, layer_named
from dltui.shapes.report import ShapeError
from dltui.shapes.spelled import IGNORED, Spelled
from dltui.spelling import parsed

CONTAINERS = {"Sequential", "ModuleList", "OrderedDict", "ModuleDict"}
_STACKS = {
    "TransformerEncoder": "TransformerEncoderLayer",
    "TransformerDecoder": "TransformerDecoderLayer",
}
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
}


def layers_in(text: str) -> list[Spelled]:
    """Return the layers of a piece of source in the order in which they are written.

    Understood are calls of layer classes, ``Sequential`` and other containers around them, names that were given a
    plain value before, and classes that assign layers to ``self``. Nothing is run.

    Args:
        text: Python source.

    Returns:
        Layers with their settings.

    Raises:
        ShapeError: If it can't be parsed or holds no layer that is known.
    """
    try:
        tree = parsed(text.strip())
    except SyntaxError as error:
        raise ShapeError(
            f"{_short(text)} can't be parsed: {error.msg} in line {error.lineno}", "layer"
        ) from None
    reader = _Reader()
    for statement in tree.body:
        reader.statement(statement)
    if not reader.found:
        raise ShapeError(f"{_short(text)} holds no layer; expected something like Conv2d(3, 64, 7)", "layer")
    return reader.found


def _short(text: str) -> str:
    """Return the beginning of a text."""
    line = " ".join(text.split())
    return repr(line if len(line) <= 60 else f"{line[:57]}...")


class _Reader:
    """Walks a syntax tree and collects layers."""

    def __init__(self) -> None:
        self.found: list[Spelled] = []
        self.values: dict[str, Any] = {}

    def statement(self, node: ast.stmt) -> None:
        """Read one statement."""
        if isinstance(node, ast.Expr):
            self.expression(node.value)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            self._assign(node)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef):
            if isinstance(node, ast.FunctionDef) and node.name not in {"__init__"}:
                return
            for inner in node.body:
                self.statement(inner)
        elif isinstance(node, ast.Return) and node.value is not None:
            self.expression(node.value)

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        """Read an assignment: a layer, or a plain value with a name."""
        value = node.value
        if isinstance(value, ast.Call | ast.List | ast.Tuple) and self._has_layers(value):
            self.expression(value)
            return
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and value is not None:
            with suppress(ShapeError):  # what it holds may never be needed
                self.values[target.id] = self.value(value)

    def _has_layers(self, node: ast.expr) -> bool:
        """Return whether a layer or container is called within."""
        return any(
            isinstance(inner, ast.Call) and (_name(inner) in CONTAINERS or key_of(_name(inner)) in LAYERS)
            for inner in ast.walk(node)
        )

    def expression(self, node: ast.expr) -> None:
        """Read an expression that holds layers."""
        if isinstance(node, ast.List | ast.Tuple):
            for item in node.elts:
                self.expression(item)
        elif isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Starred):
            self.expression(node.value)
        elif isinstance(node, ast.Dict):
            for value in node.values:
                self.expression(value)

    def _call(self, node: ast.Call) -> None:
        """Read a call of a layer class or a container."""
        name = _name(node)
        if name in CONTAINERS:
            for item in node.args:
                self.expression(item)
            return
        if name == "__init__":
            return
        layer = layer_named(name)
        stack = _STACKS.get(layer.name)
        if stack and node.args and isinstance(node.args[0], ast.Call):
            self.found.append(self._stack(layer, layer_named(stack), node))
            return
        order = [key for key in layer.options if not name.startswith("Lazy") or key not in layer.inferred]
        if len(node.args) > len(order):
            raise ShapeError(f"{name} takes {len(order)} values, not {len(node.args)}", "")
        settings = {key: self.value(value, key) for key, value in zip(order, node.args, strict=False)}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ShapeError(
                    f"**{ast.unparse(keyword.value)} of {name} can't be read; write the arguments out", ""
                )
            if keyword.arg not in IGNORED:
                settings[keyword.arg] = self.value(keyword.value, keyword.arg)
        layer.check_names(max(layer.inputs_needed, 1), settings)
        self.found.append(Spelled(layer, settings))

    def _stack(self, layer: Layer[Any], inner: Layer[Any], node: ast.Call) -> Spelled:
        """Read ``TransformerEncoder(TransformerEncoderLayer(…), 6, norm=LayerNorm(…))``."""
        first = node.args[0]
        if not isinstance(first, ast.Call) or layer_named(_name(first)) is not inner:
            raise ShapeError(f"{layer.name} takes a {inner.name} first, not {ast.unparse(node.args[0])}", "")
        reader = _Reader()
        reader.values = self.values
        reader.expression(first)
        order = ["num_layers", "norm"]
        given = dict(zip(order, node.args[1:], strict=False)) | {
            word.arg: word.value for word in node.keywords
        }
        settings = {key: value for key, value in reader.found[0].settings.items() if key in layer.options}
        if "num_layers" in given:
            settings["num_layers"] = self.value(given["num_layers"], "num_layers")
        norm = given.get("norm")
        if norm is not None and not (isinstance(norm, ast.Constant) and norm.value is None):
            settings["norm"] = True
        layer.check_names(layer.inputs_needed, settings)
        return Spelled(layer, settings)

    def value(self, node: ast.expr, key: str = "") -> Any:
        """Return a plain value."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | bool | None):
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.value(node.operand, key)
        if isinstance(node, ast.List | ast.Tuple):
            return tuple(self.value(item, key) for item in node.elts)
        if isinstance(node, ast.Name) and node.id in self.values:
            return self.values[node.id]
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            left, right = self.value(node.left, key), self.value(node.right, key)
            if (
                isinstance(left, int | float)
                and isinstance(right, int | float)
                and (right or not _divides(node.op))
            ):
                return OPERATORS[type(node.op)](left, right)
        raise ShapeError(f"{ast.unparse(node)!r} is no plain value; write the number out", key)


def _divides(sign: ast.operator) -> bool:
    """Return whether an operator can't take 0 on its right."""
    return isinstance(sign, ast.Div | ast.FloorDiv)


def _name(node: ast.Call) -> str:
    """Return the last part of what is called."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""
