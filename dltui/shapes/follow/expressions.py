"""Expressions of a followed source: plain values, attributes, indices and operators."""

from __future__ import annotations

import ast
import math
import operator
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from dltui.shapes.follow.record import Recorder
from dltui.shapes.follow.things import Function, Learned, Made, Module, Several, Tensor, Unknown
from dltui.shapes.report import ShapeError

MOST = 100_000  # steps, before a loop counts as endless
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}


def short_range(*ends: int) -> range:
    """Return a range that a loop can go over; a source must not keep the reader busy for hours."""
    found = range(*ends)
    if len(found) > MOST:
        raise ValueError(f"{len(found):,} rounds are too many")
    return found


PLAIN: dict[str, Callable[..., Any]] = {
    "range": short_range,
    "len": len,
    "int": int,
    "float": float,
    "max": max,
    "min": min,
    "sum": sum,
    "abs": abs,
    "list": list,
    "tuple": tuple,
    "zip": lambda *rows, strict=False: list(zip(*rows, strict=strict)),
    "enumerate": lambda rows, start=0: list(enumerate(rows, start)),
    "reversed": lambda rows: list(reversed(rows)),
}


MATHS: dict[str, Any] = {
    name: getattr(math, name) for name in ("sqrt", "prod", "ceil", "floor", "log", "log2", "pi")
}


class Expressions:
    """Works out expressions; what they need of statements and calls is told by the class below."""

    recorder: Recorder
    names: dict[str, Any]
    steps: int

    @abstractmethod
    def assign(self, target: ast.expr, value: Any, known: dict[str, Any]) -> None:
        """Give a value its name."""

    @abstractmethod
    def several(self, value: Any, node: ast.AST) -> list[Any]:
        """Return what a loop goes over."""

    @abstractmethod
    def tensors(self, value: Any, node: ast.AST) -> list[Tensor]:
        """Return the tensors in a value."""

    @abstractmethod
    def method(self, body: ast.ClassDef, name: str) -> ast.FunctionDef | None:
        """Return a method of a class."""

    def refuse(
        self, node: ast.AST, told: str = "can't be followed; write the layers as a chain"
    ) -> ShapeError:
        """Return the error for a line."""
        line = ast.unparse(node).splitlines()[0]
        return ShapeError(f"line {getattr(node, 'lineno', '?')}, {line[:80]}: {told}", "layer")

    def value(self, node: ast.expr, known: dict[str, Any]) -> Any:
        """Return the value of an expression."""
        self.steps += 1
        if self.steps > MOST:
            raise self.refuse(node, "goes round too often")
        kind = type(node).__name__
        reader = getattr(self, f"_{kind.lower()}", None)
        if reader is None:
            raise self.refuse(node)
        try:
            return reader(node, known)
        except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError) as error:
            raise self.refuse(node, f"can't be worked out: {error}") from None

    def _constant(self, node: ast.Constant, known: dict[str, Any]) -> Any:  # noqa: ARG002
        return node.value

    def _name(self, node: ast.Name, known: dict[str, Any]) -> Any:
        found = known.get(node.id, self.names.get(node.id, PLAIN.get(node.id)))
        if isinstance(found, Unknown):
            raise found.error
        if found is None and node.id not in known:
            raise self.refuse(node, "is not known")
        return found

    def _tuple(self, node: ast.Tuple, known: dict[str, Any]) -> Any:
        return tuple(self._items(node.elts, known))

    def _list(self, node: ast.List, known: dict[str, Any]) -> Any:
        return self._items(node.elts, known)

    def _items(self, nodes: list[ast.expr], known: dict[str, Any]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += self.several(self.value(node.value, known), node)
            else:
                found.append(self.value(node, known))
        return found

    def _dict(self, node: ast.Dict, known: dict[str, Any]) -> Any:
        return {
            self.value(key, known): self.value(value, known)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }

    def _listcomp(self, node: ast.ListComp, known: dict[str, Any]) -> Any:
        return self._gone_over(node.elt, list(node.generators), dict(known))

    def _generatorexp(self, node: ast.GeneratorExp, known: dict[str, Any]) -> Any:
        return self._gone_over(node.elt, list(node.generators), dict(known))

    def _gone_over(self, item: ast.expr, loops: list[ast.comprehension], known: dict[str, Any]) -> list[Any]:
        if not loops:
            return [self.value(item, known)]
        first, *rest = loops
        found: list[Any] = []
        for one in self.several(self.value(first.iter, known), first.iter):
            self.assign(first.target, one, known)
            if all(self.value(test, known) for test in first.ifs):
                found += self._gone_over(item, rest, known)
        return found

    def _ifexp(self, node: ast.IfExp, known: dict[str, Any]) -> Any:
        return self.value(node.body if self.value(node.test, known) else node.orelse, known)

    def _boolop(self, node: ast.BoolOp, known: dict[str, Any]) -> Any:
        value = None
        for part in node.values:
            value = self.value(part, known)
            if bool(value) is isinstance(node.op, ast.Or):
                return value
        return value

    def _compare(self, node: ast.Compare, known: dict[str, Any]) -> Any:
        left = self.value(node.left, known)
        for sign, part in zip(node.ops, node.comparators, strict=True):
            right = self.value(part, known)
            if not COMPARED[type(sign)](left, right):
                return False
            left = right
        return True

    def _unaryop(self, node: ast.UnaryOp, known: dict[str, Any]) -> Any:
        value = self.value(node.operand, known)
        if isinstance(node.op, ast.Not):
            return not value
        return value if isinstance(value, Tensor) or isinstance(node.op, ast.UAdd) else -value

    def _binop(self, node: ast.BinOp, known: dict[str, Any]) -> Any:
        left, right = self.value(node.left, known), self.value(node.right, known)
        both = [isinstance(one, Tensor | Learned) for one in (left, right)]
        if not any(both):
            if isinstance(node.op, ast.Pow) and all(
                isinstance(one, int) and abs(one) < 64 for one in (left, right)
            ):
                return left**right
            if _grows(left, right):
                raise self.refuse(node, "grows too large")
            return BINARY[type(node.op)](left, right)
        if isinstance(node.op, ast.MatMult):
            return self.recorder.plain("matmul", self.tensors((left, right), node))
        if not all(both):  # a plain number changes no shape
            return left if both[0] else right
        name = "mul" if isinstance(node.op, ast.Mult | ast.Div) else "add"
        return self.recorder.plain(name, self.tensors((left, right), node))

    def _attribute(self, node: ast.Attribute, known: dict[str, Any]) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == "math" and node.attr in MATHS:
            return MATHS[node.attr]
        owner = self.value(node.value, known)
        if isinstance(owner, Module):
            return self._of_object(owner, node)
        if isinstance(owner, ast.ClassDef):
            return self._of_class(owner, node)
        if isinstance(owner, Tensor | Learned) and node.attr == "shape":
            return owner.shape
        if isinstance(owner, Tensor) and node.attr == "T":
            return self.recorder.plain("transpose", [owner], dim0=-2, dim1=-1)
        if isinstance(owner, Made) and node.attr in owner.spelled.settings:
            return owner.spelled.settings[node.attr]
        raise self.refuse(node)

    def _of_object(self, owner: Module, node: ast.Attribute) -> Any:
        """Return an attribute of an object, a method, or what its class holds."""
        if node.attr in owner.parts:
            found = owner.parts[node.attr]
            if isinstance(found, Unknown):
                raise found.error
            return found
        body = self.method(owner.body, node.attr)
        if body is not None:
            return bound(body, owner)
        return True if node.attr == "training" else self._of_class(owner.body, node)

    def _of_class(self, body: ast.ClassDef, node: ast.Attribute) -> Any:
        """Return what a class itself holds: a plain value or a function that needs no object."""
        for one in body.body:
            if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None:
                targets = one.targets if isinstance(one, ast.Assign) else [one.target]
                if node.attr in [target.id for target in targets if isinstance(target, ast.Name)]:
                    return self.value(one.value, self.names)
        function = self.method(body, node.attr)
        if function is None:
            raise self.refuse(node)
        return Function(function)

    def _subscript(self, node: ast.Subscript, known: dict[str, Any]) -> Any:
        owner = self.value(node.value, known)
        if isinstance(owner, Tensor | Learned):
            return self._cut(self.tensors(owner, node)[0], node, known)
        index = self._index(node.slice, known)
        if isinstance(owner, Several):
            parts = list(owner.parts.values())
            found = owner.parts[index] if isinstance(index, str) else parts[index]
            return Several(dict(enumerate(found)), owner.runs) if isinstance(index, slice) else found  # type: ignore[arg-type]
        return owner[index]

    def _index(self, node: ast.expr, known: dict[str, Any]) -> Any:
        if isinstance(node, ast.Slice):
            parts = (node.lower, node.upper, node.step)
            return slice(*(None if part is None else self.value(part, known) for part in parts))
        return self.value(node, known)

    def _cut(self, tensor: Tensor, node: ast.Subscript, known: dict[str, Any]) -> Tensor:
        """Return ``x[:, 0]``, ``x[:, 1:]``, ``x[..., None]``."""
        parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        place = 0
        for number, part in enumerate(parts):
            index = self._index(part, known)
            if index is Ellipsis:
                place = len(tensor.shape) - sum(not _is_none(rest) for rest in parts[number + 1 :])
            elif index is None:
                tensor = self.recorder.plain("unsqueeze", [tensor], dim=place)
                place += 1
            elif isinstance(index, slice):
                start, stop, step = index.indices(tensor.shape[place])
                if step != 1:
                    raise self.refuse(node, "takes every so many places, which can't be followed")
                if (start, stop) != (0, tensor.shape[place]):
                    settings = {"dim": place, "start": start, "length": max(stop - start, 0)}
                    tensor = self.recorder.plain("narrow", [tensor], **settings)
                place += 1
            elif isinstance(index, int):
                tensor = self.recorder.plain("select", [tensor], dim=place, index=index)
            else:
                raise self.refuse(node)
        return tensor


def bound(body: ast.FunctionDef, owner: Module) -> Function:
    """Return a method of an object; a static one takes no object."""
    static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in body.decorator_list)
    return Function(body, None if static else owner)


def _grows(left: Any, right: Any) -> bool:
    """Return whether an operation would make more than any network needs."""
    rows = [one for one in (left, right) if isinstance(one, list | tuple | str)]
    numbers = [abs(one) for one in (left, right) if isinstance(one, int)]
    if rows:
        return max(numbers, default=1) * max(map(len, rows)) > MOST
    return max(numbers, default=0) > 2**62


def _is_none(node: ast.expr) -> bool:
    """Return whether an index is ``None``, which adds a dimension."""
    return isinstance(node, ast.Constant) and node.value is None
