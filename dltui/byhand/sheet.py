"""The sheet of paper: every line that an operation writes, in order, under its headings."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from dltui.byhand.refusal import Refused
from dltui.byhand.tensor import Place, Tensor, label, named
from dltui.byhand.value import Label, Value

MOST = 20_000  # lines of a sheet


class Line:
    """One cell worked out.

    Attributes:
        target: The named result; its one part is the expression.
        tensor: Name of the tensor that the cell belongs to; the symbol for a single number.
        heading: What this part of the sheet does.
        note: Why the line is as it is; may be empty.
    """

    __slots__ = ("heading", "note", "target", "tensor")

    def __init__(self, target: Value, tensor: str, heading: str, note: str) -> None:
        self.target = target
        self.tensor = tensor
        self.heading = heading
        self.note = note

    @property
    def expression(self) -> Value:
        """What the line computes."""
        return self.target.parts[0]

    def reads(self) -> list[Label]:
        """Return the cells that the line reads, each once, in reading order."""
        found: dict[tuple[str, int], Label] = {}
        for leaf in leaves(self.expression):
            if leaf.op == "name" and leaf.label is not None:
                found[leaf.label.tensor, leaf.label.cell] = leaf.label
        return list(found.values())


class Sheet:
    """What an operation computes with: tensors to write to, headings, notes.

    Attributes:
        lines: What was written, in order.
        tensors: Every tensor by name: inputs, and those that lines were written to.
        held: Names of tensors that no gradient goes through, because what they do cancels.
    """

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.tensors: dict[str, Tensor] = {}
        self.held: set[str] = set()
        self._heading = ""
        self._note = ""

    def input(self, name: str, symbol: str, shape: Place, numbers: list[float]) -> Tensor:
        """Return a tensor of given numbers."""
        self.tensors[name] = named(name, symbol, shape, numbers)
        return self.tensors[name]

    def tensor(self, name: str, shape: Place, symbol: str = "") -> Tensor:
        """Return an empty tensor; every assignment to one of its cells writes a line.

        Args:
            name: What it is, unlike any other on the sheet.
            shape: Its sizes; () for one number.
            symbol: What its cells are called; the name when empty.

        Returns:
            The tensor, to be filled.
        """
        assert name not in self.tensors, f"two tensors are named {name}"
        self.tensors[name] = Tensor(name, symbol or name, shape, [None] * prod(shape), self._write)
        return self.tensors[name]

    def let(self, name: str, expression: Value, note: str = "", *, symbol: str = "") -> Value:
        """Write one line for a single number and return its result.

        Args:
            name: What it is, unlike any other on the sheet.
            expression: How it is computed.
            note: Why.
            symbol: What it is called in formulas; the name when empty.

        Returns:
            The named result.
        """
        one = self.tensor(name, (), symbol)
        self.note(note)
        one[()] = expression
        return one[()]

    def heading(self, text: str) -> None:
        """Begin a part of the sheet."""
        self._heading = text

    def note(self, text: str) -> None:
        """Say why the next line is as it is."""
        self._note = text

    def sort(self, *parts: tuple[str, str]) -> None:
        """Let the lines of some tensors, written in turns, stand one tensor after the other.

        Args:
            parts: Names of tensors, each with the heading of its part; none may need a later one.
        """
        order = {name: place for place, (name, _) in enumerate(parts)}
        heads = dict(parts)
        turns = [line for line in self.lines if line.tensor in order]
        first = self.lines.index(turns[0]) if turns else 0
        for line in turns:
            line.heading = heads[line.tensor]
        rest = [line for line in self.lines[first:] if line.tensor not in order]
        self.lines[first:] = [*sorted(turns, key=lambda line: order[line.tensor]), *rest]

    def hold(self, tensor: Tensor) -> None:
        """Let no gradient go through a tensor: what it does to the result cancels, or torch cuts it off."""
        self.held.add(tensor.name)

    def _write(self, tensor: Tensor, place: Place, expression: Value) -> Value:
        """Write a line and return its named result."""
        if len(self.lines) >= MOST:
            raise Refused(
                f"by hand is for small tensors: this takes more than {MOST:,} lines; give smaller ones"
            )
        target = Value("name", (expression,), expression.value, label(tensor, place))
        self.lines.append(Line(target, tensor.name, self._heading, self._note))
        self._note = ""
        return target


def leaves(expression: Value) -> Iterator[Value]:
    """Yield the names and numbers of an expression from left to right."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if node.op in {"name", "number"}:
            yield node
        else:
            waiting += reversed(node.parts)
