"""Calls of a followed source: functions and classes of PyTorch, methods of tensors and containers."""

from __future__ import annotations

import ast
from abc import abstractmethod
from typing import Any

from dltui.shapes.follow.expressions import PLAIN, Expressions, bound
from dltui.shapes.follow.things import Learned, Made, Module, Several, Tensor, placed, settings_of
from dltui.shapes.layers import LAYERS, key_of

CONTAINERS = {"Sequential", "ModuleList", "OrderedDict", "ModuleDict"}
MADE = {"zeros", "ones", "randn", "rand", "empty", "tensor"}
PASSED_ON = {
    "contiguous",
    "clone",
    "detach",
    "float",
    "half",
    "to",
    "type_as",
    "requires_grad_",
    "cpu",
    "cuda",
}


class Calls(Expressions):
    """Works out calls."""

    @abstractmethod
    def call(self, called: Any, values: list[Any], words: dict[str, Any], node: ast.AST) -> Any:
        """Return what calling a module, a layer or a function gives."""

    def _call(self, node: ast.Call, known: dict[str, Any]) -> Any:
        values = self._items(list(node.args), known) if not self._is_super(node) else []
        words: dict[str, Any] = {}
        for word in node.keywords:
            found = self.value(word.value, known)
            words |= {word.arg: found} if word.arg else found
        if isinstance(node.func, ast.Attribute):
            if self._is_super(node):
                return None
            root = node.func.value
            if isinstance(root, ast.Name) and root.id == "math":
                return self.value(node.func, known)(*values, **words)
            if not self._of_torch(root, known):
                owner = self.value(root, known)
                return self._method(owner, node.func.attr, values, words, node)
            return self._torch(node.func.attr, values, words, node)
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if name in known or name in self.names or name in PLAIN:
                return self.call(self.value(node.func, known), values, words, node)
            return self._torch(name, values, words, node)
        return self.call(self.value(node.func, known), values, words, node)

    def _is_super(self, node: ast.Call) -> bool:
        return isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value).startswith("super(")

    def _of_torch(self, root: ast.expr, known: dict[str, Any]) -> bool:
        """Return whether a name is a package rather than something that the source has made."""
        first = root
        while isinstance(first, ast.Attribute):
            first = first.value
        return isinstance(first, ast.Name) and first.id not in known and first.id not in self.names

    def _torch(self, name: str, values: list[Any], words: dict[str, Any], node: ast.AST) -> Any:
        """Return what a class or function of PyTorch makes."""
        if name in CONTAINERS:
            return container(name, values)
        if name in MADE:
            sizes = values[0] if values and isinstance(values[0], list | tuple) else values
            return Learned(tuple(sizes))
        if name == "Parameter":
            return values[0]
        if name in {"TransformerEncoder", "TransformerDecoder"} and values and isinstance(values[0], Made):
            return stack(name, values, words)
        if any(self._holds_tensor(value) for value in (*values, *words.values())):
            return self._function(name, values, words, node)
        if key_of(name) in LAYERS:
            return Made(settings_of(name, values, words))
        raise self.refuse(node)

    def _holds_tensor(self, value: Any) -> bool:
        if isinstance(value, list | tuple):
            return any(map(self._holds_tensor, value))
        return isinstance(value, Tensor | Learned)

    def _function(self, name: str, values: list[Any], words: dict[str, Any], node: ast.AST) -> Any:
        """Return what a function of torch gives for tensors."""
        name = {"bmm": "matmul", "mm": "matmul", "concat": "cat", "sub": "add", "div": "mul"}.get(name, name)
        if key_of(name) not in LAYERS:
            raise self.refuse(node)
        given: list[Tensor] = []
        rest = list(values)
        while rest and self._holds_tensor(rest[0]):
            given += self.tensors(rest.pop(0), node)
        if name in {"add", "mul"} and rest:  # a plain number changes no shape
            return given[0]
        words = {
            key: value for key, value in words.items() if key not in {"training", "dropout_p", "inplace"}
        }
        for key in [
            key for key, value in words.items() if self._holds_tensor(value) and not key.endswith("mask")
        ]:
            given += self.tensors(words.pop(key), node)
        shapes = {key: value.shape if isinstance(value, Tensor) else value for key, value in words.items()}
        spelled = settings_of(name, [one for one in rest if not isinstance(one, Tensor)], shapes)
        outputs = self.recorder.row(spelled, given)
        return outputs[0] if len(outputs) == 1 else tuple(outputs)

    def _method(self, owner: Any, name: str, values: list[Any], words: dict[str, Any], node: ast.AST) -> Any:
        """Return what a method gives, of a tensor, a container or a module."""
        if isinstance(owner, Tensor | Learned):
            return self._of_tensor(owner, name, values, words, node)
        if isinstance(owner, Several):
            if name == "append":
                placed(values[0], f"{owner.path}.{len(owner.parts)}")
                owner.parts[str(len(owner.parts))] = values[0]
                return None
            return {
                "values": list(owner.parts.values()),
                "keys": list(owner.parts),
                "items": list(owner.parts.items()),
            }[name]
        if isinstance(owner, Module):
            if name == "add_module":
                owner.parts[str(values[0])] = values[1]
                placed(values[1], str(values[0]))
                return None
            if name in {"register_buffer", "register_parameter"}:
                owner.parts[str(values[0])] = values[1]
                return None
            return self.call(self._attribute_of(owner, name, node), values, words, node)
        if isinstance(owner, list) and name in {"append", "extend"}:
            return getattr(owner, name)(*values)
        if isinstance(owner, dict) and name in {"items", "values", "keys", "get"}:
            found = getattr(owner, name)(*values)
            return found if name == "get" else list(found)
        raise self.refuse(node)

    def _attribute_of(self, owner: Module, name: str, node: ast.AST) -> Any:
        found = owner.parts.get(name)
        body = None if found is not None else self.method(owner.body, name)
        if found is None and body is None:
            if name in {"apply", "train", "eval"}:
                return lambda *_: None
            raise self.refuse(node, f"{owner.body.name} has no {name}")
        return found if body is None else bound(body, owner)

    def _of_tensor(
        self, owner: Tensor | Learned, name: str, values: list[Any], words: dict[str, Any], node: ast.AST
    ) -> Any:
        """Return what a method of a tensor gives."""
        if name == "size":
            return owner.shape[values[0]] if values else owner.shape
        if name in {"dim", "ndimension"}:
            return len(owner.shape)
        if name in PASSED_ON:
            return owner
        tensor = self.tensors(owner, node)[0]
        if name in {"view", "reshape", "permute", "expand", "repeat_interleave"}:
            key = {"permute": "dims", "expand": "sizes"}.get(name, "shape")
            sizes = values[0] if values and isinstance(values[0], list | tuple) else values
            plain = {"view": "reshape"}.get(name, name)
            return self.recorder.plain(plain, [tensor], **{key: tuple(sizes)})
        if name == "t":
            return self.recorder.plain("transpose", [tensor], dim0=0, dim1=1)
        return self._function(name.rstrip("_"), [tensor, *values], words, node)


def container(name: str, values: list[Any]) -> Several:
    """Return a container of modules from what it was called with."""
    parts: list[Any] = []
    named: dict[str, Any] = {}
    for value in values:
        if isinstance(value, dict):
            named |= value
        elif isinstance(value, Several):
            named |= value.parts if name == "Sequential" and value.runs is False else {}
            parts += [] if not value.runs or name != "Sequential" else [value]
        elif isinstance(value, list | tuple):
            pairs = all(isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) for one in value)
            named |= dict(value) if pairs and value else {}
            parts += [] if pairs and value else list(value)
        else:
            parts.append(value)
    return Several({str(i): part for i, part in enumerate(parts)} | named, runs=name == "Sequential")


def stack(name: str, values: list[Any], words: dict[str, Any]) -> Made:
    """Return ``TransformerEncoder(TransformerEncoderLayer(…), 6, norm=…)`` as one layer."""
    given = dict(zip(("num_layers", "norm"), values[1:], strict=False)) | words
    settings = dict(values[0].spelled.settings) | {"num_layers": given.get("num_layers")}
    if given.get("norm") is not None:
        settings["norm"] = True
    return Made(settings_of(name, [], settings))
