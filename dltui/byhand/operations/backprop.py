"""Back-propagation through a typed expression: every gate a line, read as Python's grammar and never run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from math import pi
from random import Random
from typing import Any

from dltui.byhand import functions as by
from dltui.byhand.operation import REGISTERED, Operation
from dltui.byhand.refusal import Refused, refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Value
from dltui.spelling import expression

LONGEST, DEEPEST, MANY = 4_000, 100, 10**6
DEFAULT = "(x + y)*z"
NOTES = {"x": -2.0, "y": 5.0, "z": -4.0}
LETTERS = "qrstuvwpmnkh"  # names of gates, where there are few; else g₁, g₂ …
TAKEN = frozenset({
    "all", "ascii", "backward", "debug", "device", "example", "expression", "figure", "help", "json", "latex",
    "markdown", "plain", "quiet", "save", "seed", "self", "sheet", "torch", "upstream",
})  # fmt: skip  # options that a variable would hide
CONSTANTS = {"pi": pi}
Gate = Callable[..., Value]
FUNCTIONS: dict[str, tuple[Gate, int]] = {  # what it does, how many arguments; 0 for one or more
    "exp": (by.exp, 1),
    "log": (by.log, 1),
    "ln": (by.log, 1),
    "sqrt": (by.sqrt, 1),
    "sigmoid": (by.sigmoid, 1),
    "tanh": (by.tanh, 1),
    "relu": (lambda x: by.largest(0.0, x), 1),
    "abs": (by.absolute, 1),
    "sin": (by.sin, 1),
    "cos": (by.cos, 1),
    "erf": (by.erf, 1),
    "max": (by.largest, 0),
    "min": (by.least, 0),
}
OPERATORS: dict[type[ast.operator], Gate] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


class Expression(Operation):
    """A typed expression as an operation: a number for each variable goes in, ``f`` comes out.

    Attributes:
        tree: The expression as Python's grammar reads it.
    """

    __slots__ = ("tree",)
    differentiated = True
    shaping = ("expression",)
    leading = "expression"

    def __init__(self, text: str = DEFAULT) -> None:
        self.tree = read(text)
        found = variables(self.tree)
        drawn = {name: Random(f"backprop:{name}").randint(1, 20) / 10 for name in found}
        notes = ast.dump(self.tree) == ast.dump(read(DEFAULT))
        self.name = "backprop"
        self.body = self._work
        self.formula = f"f = {ast.unparse(self.tree)}"
        self.examples = {"notes": NOTES} if notes else {"drawn": drawn}
        self.fractions = ""
        self.remarks = (
            {"notes": "the circuit that the course steps through"}
            if notes
            else {"drawn": "numbers from 0.1 to 2 stand in for what was not given"}
        )
        self.tensors = dict.fromkeys(found, "Tensor")
        self.optional = frozenset()
        self.symbols = {name: name for name in found}
        self.settings = {"expression": "str"}
        self.defaults = {"expression": text}

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return "Back-propagation: values forwards through an expression, gradients backwards, gate by gate."

    @property
    def story(self) -> str:
        """The rule."""
        return (
            "Every gate knows its own slope: what comes back from behind, times that slope, goes on to what went in.\n"
            f"Gates: + - * / **, {', '.join(FUNCTIONS)}; pi is a number, any other name a variable."
        )

    def told(self, parameter: str) -> str:
        """Return what a parameter is."""
        return "Expression, such as '(x + y)*z'." if parameter == "expression" else f"Number for {parameter}."

    def fitted(self, given: Mapping[str, Any]) -> Operation:
        """Return the operation of the expression that is given."""
        text = str(given.get("expression", self.defaults["expression"]))
        return self if text == self.defaults["expression"] else Expression(text)

    def _work(self, sheet: Sheet, *, expression: str, **given: Tensor) -> Tensor:
        """Write a line for every gate."""
        del expression
        for name, one in given.items():
            if one.shape:
                refuse(
                    name, f"{name} must be one number such as --{name} 2, not a tensor of shape {one.shape}"
                )
        sheet.heading("forwards, gate by gate")
        return _Gates(sheet, given, self.tree).output()


class _Gates:
    """Writes the gates of an expression, inner ones first."""

    def __init__(self, sheet: Sheet, given: Mapping[str, Tensor], tree: ast.expr) -> None:
        self._sheet, self._given, self._tree = sheet, given, tree
        count = sum(_is_gate(node) for node in ast.walk(tree)) - _is_gate(tree)
        self._letters = [letter for letter in LETTERS if letter not in given]
        self._gates = None
        if count > len(self._letters):
            self._gates = sheet.tensor(_free("g", given), (count,))
        self._written = 0

    def output(self) -> Tensor:
        """Write all gates and return the last one."""
        name = _free("f", self._given)
        self._sheet.let(name, self._expression(self._tree))
        return self._sheet.tensors[name]

    def _value(self, node: ast.expr) -> Value:
        """Return what stands for a part: a variable, a number, or the name of a gate."""
        expression = self._expression(node)
        if not _is_gate(node):
            return expression
        place, self._written = self._written, self._written + 1
        if self._gates is not None:
            self._gates[place] = expression
            return self._gates[place]
        return self._sheet.let(self._letters[place], expression)

    def _expression(self, node: ast.expr) -> Value:
        """Return a part in terms of what goes into it."""
        if isinstance(node, ast.Name):
            return by.number(CONSTANTS[node.id], "π") if node.id in CONSTANTS else self._given[node.id][()]
        if not _is_gate(node):
            return by.number(_constant(node))
        if isinstance(node, ast.UnaryOp):
            return -self._value(node.operand)
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](self._value(node.left), self._value(node.right))
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        return FUNCTIONS[node.func.id][0](*map(self._value, node.args))


def read(text: str) -> ast.expr:
    """Return an expression as a tree, every part of it known.

    Args:
        text: Such as ``(x + y)*z`` or ``1/(1 + exp(-(w*x + b)))``.

    Returns:
        The tree.

    Raises:
        Refused: If it is no such text.
    """
    if len(text) > LONGEST:
        raise Refused(
            f"the expression has {len(text):,} characters: expected {LONGEST:,} at most", "expression"
        )
    plain = text.strip().replace("−", "-").replace("·", "*")
    try:
        tree = expression(plain or "?")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" near character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise Refused(
            f"can't read {_short(text)!r}{where}: expected something like {DEFAULT}", "expression"
        ) from error
    _check(tree, plain, 0)
    return tree


def variables(tree: ast.expr) -> list[str]:
    """Return the variables of an expression in reading order."""
    return list(dict.fromkeys(name for name in _names(tree) if name not in CONSTANTS))


def _names(node: ast.expr) -> Iterator[str]:
    """Yield the names in an expression that are no functions."""
    if isinstance(node, ast.Name):
        yield node.id
    for part in _parts(node):
        yield from _names(part)


def _parts(node: ast.expr) -> list[ast.expr]:
    """Return what goes into a gate."""
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    return node.args if isinstance(node, ast.Call) else []


def _is_gate(node: ast.AST) -> bool:
    """Return whether a part computes something; a sign before a number does not."""
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.BinOp | ast.Call)


def _constant(node: ast.expr) -> float:
    """Return a number with its sign."""
    if isinstance(node, ast.UnaryOp):
        return -_constant(node.operand)
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int | float)
    return float(node.value)


def _check(node: ast.expr, text: str, depth: int) -> None:
    """Refuse what is no number, variable or gate."""
    if depth > DEEPEST:
        raise Refused(f"{_short(text)!r} is nested more than {DEEPEST} deep", "expression")
    said = _short(ast.get_source_segment(text, node) or text)
    if isinstance(node, ast.Name):
        if node.id in TAKEN or node.id in FUNCTIONS:
            raise Refused(
                f"{node.id} can't be a variable, it has a meaning of its own: call it otherwise", "expression"
            )
    elif isinstance(node, ast.Constant):
        if not isinstance(node.value, int | float) or isinstance(node.value, bool):
            raise Refused(f"can't read {said}: expected a number or a variable", "expression")
    elif isinstance(node, ast.Call):
        _check_call(node, said)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        pass
    elif not (isinstance(node, ast.BinOp) and type(node.op) in OPERATORS):
        power = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor)
        hint = "write ** for a power" if power else f"expected + - * / ** or one of {', '.join(FUNCTIONS)}"
        raise Refused(f"can't read {said!r}: {hint}", "expression")
    for part in _parts(node):
        _check(part, text, depth + 1)


def _check_call(node: ast.Call, said: str) -> None:
    """Refuse a function that there is not, or that is called wrongly."""
    name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
    if name not in FUNCTIONS:
        near = get_close_matches(name, FUNCTIONS, 1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(FUNCTIONS)}"
        raise Refused(f"there is no gate {name!r}: {hint}", "expression")
    count = FUNCTIONS[name][1]
    starred = any(isinstance(part, ast.Starred) for part in node.args)
    if node.keywords or starred or (len(node.args) != count if count else not node.args):
        takes = "one number" if count else "one or more numbers"
        raise Refused(f"can't read {said!r}: {name} takes {takes} in brackets", "expression")


def _free(name: str, taken: Mapping[str, object]) -> str:
    """Return a name that no variable has."""
    while name in taken:
        name += "′"
    return name


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


backprop = REGISTERED["backprop"] = Expression()
