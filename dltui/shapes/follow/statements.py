"""Following a source: classes and functions entered, statements stepped through, layers called."""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import Any

from dltui.shapes.follow.calls import Calls
from dltui.shapes.follow.expressions import MOST
from dltui.shapes.follow.record import Recorder
from dltui.shapes.follow.things import (
    Function,
    Learned,
    Made,
    Module,
    Several,
    Tensor,
    Unknown,
    placed,
    settings_of,
)
from dltui.shapes.report import ShapeError
from dltui.shapes.spelled import Spelled

DEEP = 40  # calls within calls


class Returned(Exception):
    """Carries what a function returns."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Interpreter(Calls):
    """Steps through a tree; every name is looked up in what the source itself has made."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.names: dict[str, Any] = {}
        self.steps = 0
        self.depth = 0

    def read(self, tree: ast.Module) -> None:
        """Read the top of a source: classes, functions and plain values."""
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                self.names[node.name] = node
            elif isinstance(node, ast.FunctionDef):
                self.names[node.name] = Function(node)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                with suppress(ShapeError):  # what it holds may never be needed
                    self.statement(node, self.names)

    def made(self, body: ast.ClassDef, values: list[Any], words: dict[str, Any], node: ast.AST) -> Module:
        """Return an object of a class of the source, its ``__init__`` followed."""
        module = Module(body)
        start = self.method(body, "__init__")
        if start is not None:
            self._enter(Function(start, module), values, words, node)
        else:
            module.parts |= self._fields(body, values, words)
        return module

    def _fields(self, body: ast.ClassDef, values: list[Any], words: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes of a class without ``__init__``, such as a configuration."""
        known: dict[str, Any] = {}
        names = []
        for one in body.body:
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                names.append(one.target.id)
                if one.value is not None:
                    known[one.target.id] = self.lenient(one.value, self.names)
            elif isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
                known[one.targets[0].id] = self.lenient(one.value, self.names)
        return known | dict(zip(names, values, strict=False)) | words

    def method(self, body: ast.ClassDef, name: str) -> ast.FunctionDef | None:
        """Return a method of a class or of those it comes from, as far as they stand in the source."""
        for one in body.body:
            if isinstance(one, ast.FunctionDef) and one.name == name:
                return one
        for base in body.bases:
            parent = self.names.get(base.id) if isinstance(base, ast.Name) else None
            found = self.method(parent, name) if isinstance(parent, ast.ClassDef) else None
            if found is not None:
                return found
        return None

    def _enter(self, function: Function, values: list[Any], words: dict[str, Any], node: ast.AST) -> Any:
        """Return what a function of the source returns."""
        if self.depth >= DEEP:
            raise self.refuse(node, "calls itself too deeply")
        known = self._bound(function, values, words, node)
        self.depth += 1
        try:
            for statement in function.body.body:
                self.statement(statement, known)
        except Returned as done:
            return done.value
        finally:
            self.depth -= 1
        return None

    def _bound(
        self, function: Function, values: list[Any], words: dict[str, Any], node: ast.AST
    ) -> dict[str, Any]:
        """Return the values of a function's arguments."""
        arguments = function.body.args
        given = [function.own, *values] if function.own is not None else values
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        pairs = zip(reversed(names), reversed(arguments.defaults), strict=False)
        known = {name: self.value(default, self.names) for name, default in pairs}
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                known[one.arg] = self.value(default, self.names)
        known |= dict(zip(names, given, strict=False))
        if arguments.vararg:
            known[arguments.vararg.arg] = tuple(given[len(names) :])
        elif len(given) > len(names):
            raise self.refuse(node, f"{function.body.name} takes {len(names)} values, not {len(given)}")
        known |= words
        missing = [name for name in names if name not in known]
        if missing:
            raise self.refuse(node, f"{function.body.name} needs {missing[0]}; give it a default")
        return known

    def call(self, called: Any, values: list[Any], words: dict[str, Any], node: ast.AST) -> Any:
        """Return what calling a module, a layer or a function gives."""
        if isinstance(called, Unknown):
            raise called.error
        if isinstance(called, Function):
            return self._enter(called, values, words, node)
        if isinstance(called, ast.ClassDef):
            return self.made(called, values, words, node)
        if isinstance(called, Module):
            forward = self.method(called.body, "forward")
            if forward is None:
                raise self.refuse(node, f"{called.body.name} has no forward")
            return self._enter(Function(forward, called), values, words, node)
        if isinstance(called, Several) and called.runs:
            for part in called.parts.values():
                values = [self.call(part, values, {}, node)]
            return values[0]
        if isinstance(called, Made):
            return self._layer(called, values, words, node)
        if callable(called):
            return called(*(list(v.parts.values()) if isinstance(v, Several) else v for v in values), **words)
        raise self.refuse(node)

    def _layer(self, made: Made, values: list[Any], words: dict[str, Any], node: ast.AST) -> Any:
        """Return what a layer gives, in the form in which PyTorch returns it."""
        given: list[Tensor] = []
        for value in values:
            given += self.tensors(value, node)
        settings = dict(made.spelled.settings)
        for key, value in words.items():
            if key in made.spelled.layer.inputs:
                given += self.tensors(value, node)
            elif value is not None:
                settings[key] = value.shape if isinstance(value, Tensor) else value
        layer = made.spelled.layer
        outputs = self.recorder.row(Spelled(layer, settings), given, made.path, tied=made.used)
        made.used = True
        if layer.name == "LSTM":
            return (outputs[0], (outputs[1], outputs[2]))
        if layer.name == "MultiheadAttention" and len(outputs) == 1:
            return (outputs[0], None)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def tensors(self, value: Any, node: ast.AST) -> list[Tensor]:
        """Return the tensors in a value; a learned one gets a row when it is first read."""
        if isinstance(value, Tensor):
            return [value]
        if isinstance(value, Learned):
            if value.row is None:
                spelled = settings_of("Parameter", [value.shape], {})
                value.row = self.recorder.row(spelled, [self.recorder.first], value.path)[0]
            return [value.row]
        if isinstance(value, list | tuple):
            return [one for part in value for one in self.tensors(part, node)]
        if value is None:
            return []
        raise self.refuse(node, f"{value!r} is no tensor")

    def statement(self, node: ast.stmt, known: dict[str, Any]) -> None:
        """Follow one statement."""
        self.steps += 1
        if self.steps > MOST:
            raise self.refuse(node, "goes round too often")
        follow = getattr(self, f"_do_{type(node).__name__.lower()}", None)
        if follow is None:
            raise self.refuse(node)
        follow(node, known)

    def _body(self, nodes: list[ast.stmt], known: dict[str, Any]) -> None:
        for node in nodes:
            self.statement(node, known)

    def _do_return(self, node: ast.Return, known: dict[str, Any]) -> None:
        raise Returned(None if node.value is None else self.value(node.value, known))

    def _do_assign(self, node: ast.Assign, known: dict[str, Any]) -> None:
        value = self.lenient(node.value, known)
        for target in node.targets:
            self.assign(target, value, known)

    def _do_annassign(self, node: ast.AnnAssign, known: dict[str, Any]) -> None:
        if node.value is not None:
            self.assign(node.target, self.lenient(node.value, known), known)

    def _do_augassign(self, node: ast.AugAssign, known: dict[str, Any]) -> None:
        target = ast.parse(ast.unparse(node.target), mode="eval").body
        joined = ast.copy_location(ast.BinOp(target, node.op, node.value), node)
        self.assign(node.target, self.value(joined, known), known)

    def _do_if(self, node: ast.If, known: dict[str, Any]) -> None:
        self._body(node.body if self.value(node.test, known) else node.orelse, known)

    def _do_for(self, node: ast.For, known: dict[str, Any]) -> None:
        for item in self.several(self.value(node.iter, known), node):
            self.assign(node.target, item, known)
            self._body(node.body, known)

    def _do_with(self, node: ast.With, known: dict[str, Any]) -> None:
        self._body(node.body, known)

    def _do_expr(self, node: ast.Expr, known: dict[str, Any]) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value, known)

    def _do_functiondef(self, node: ast.FunctionDef, known: dict[str, Any]) -> None:
        known[node.name] = Function(node)

    def _do_pass(self, node: ast.Pass, known: dict[str, Any]) -> None:
        """Nothing is done."""

    _do_assert = _do_import = _do_importfrom = _do_pass

    def lenient(self, node: ast.expr, known: dict[str, Any]) -> Any:
        """Return a value; before any row, what went wrong with it is kept and told when it is needed."""
        try:
            return self.value(node, known)
        except ShapeError as error:
            if self.recorder.rows:
                raise
            return Unknown(error)

    def assign(self, target: ast.expr, value: Any, known: dict[str, Any]) -> None:
        """Give a value its name."""
        if isinstance(target, ast.Name):
            known[target.id] = value
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value, known)
            if not isinstance(owner, Module):
                raise self.refuse(target)
            owner.parts[target.attr] = value
            placed(value, target.attr)
        elif isinstance(target, ast.Tuple | ast.List):
            values = self.several(value, target)
            if len(values) != len(target.elts):
                raise self.refuse(target, f"takes {len(target.elts)} values, not {len(values)}")
            for one, part in zip(target.elts, values, strict=True):
                self.assign(one, part, known)
        else:
            raise self.refuse(target)

    def several(self, value: Any, node: ast.AST) -> list[Any]:
        """Return what a loop goes over."""
        if isinstance(value, Unknown):
            raise value.error
        if isinstance(value, Several):
            return list(value.parts.values())
        if isinstance(value, list | tuple | range | dict):
            return list(value)
        raise self.refuse(node, "can't be gone over")
