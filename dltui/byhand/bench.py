"""A worked sheet that is stepped through and changed: every edit works it anew, and what moved is known."""

from __future__ import annotations

import shlex
from math import isfinite
from typing import Any

from dltui.byhand.inputs import TRUTH
from dltui.byhand.printing import plain
from dltui.byhand.sheet import Line
from dltui.byhand.tensor import Tensor, nested
from dltui.byhand.worked import UPSTREAM, Worked, work

Cell = tuple[str, int]  # name of a tensor, and which of its numbers


class Bench:
    """A worked operation with its lines in one row, forwards first.

    Args:
        worked: What was worked.
        backward: The gradients belong to it, too.

    Attributes:
        worked: What was worked.
        backward: Whether gradients belong to it.
        lines: All lines; the first of the gradients is number ``ahead``.
        ahead: How many lines lead forwards.
        tensors: Every tensor by name, gradients as ∂name.
    """

    def __init__(self, worked: Worked, *, backward: bool) -> None:
        self.worked = worked
        self.backward = backward
        sheet = worked.sheet
        self.lines: list[Line] = [*sheet.lines]
        self.ahead = len(sheet.lines)
        self.tensors: dict[str, Tensor] = dict(sheet.tensors)
        if backward:
            self.lines += worked.gradients.sheet.lines
            self.tensors |= worked.gradients.sheet.tensors
        self.written: dict[Cell, int] = {_cell(line): place for place, line in enumerate(self.lines)}

    @property
    def given(self) -> dict[str, Any]:
        """What it was worked on: tensors as nested lists, and settings."""
        one = self.worked
        found = {name: tensor.numbers() for name, tensor in one.inputs.items()} | one.settings
        upstream = one.upstream[one.output.name]
        if any(slope != 1 for slope in upstream):
            found[UPSTREAM] = nested(upstream, one.output.shape)
        return found

    @property
    def editable(self) -> list[Cell]:
        """Every number that may be changed, in reading order: the inputs, then what comes back to the output."""
        found = [(name, i) for name, one in self.worked.inputs.items() for i in range(len(one.cells))]
        start = self._start
        return found + [(start, i) for i in range(len(self.worked.output.cells)) if start in self.tensors]

    @property
    def _start(self) -> str:
        """The tensor that the gradients begin with."""
        return f"∂{self.worked.output.name}"

    def number(self, cell: Cell) -> float:
        """Return a number."""
        value: float = self.tensors[cell[0]].cells[cell[1]].value
        return value

    def edited(self, cell: Cell, value: float) -> Bench:
        """Return the same with one number changed.

        Args:
            cell: Which; one of ``editable``.
            value: What it is from now on.

        Returns:
            Another bench.

        Raises:
            Refused: If the operation does not take such a number.
        """
        name, place = cell
        whole: float | int = int(value) if value == int(value) else value
        given = self.given
        if name == self._start:
            flat: list[float] = [*self.worked.upstream[self.worked.output.name]]
            flat[place] = whole
            given[UPSTREAM] = nested(flat, self.worked.output.shape)
        else:
            tensor = self.worked.inputs[name]
            flat = [one.value for one in tensor.cells]
            flat[place] = whole
            given[name] = nested(flat, tensor.shape)
        return self._again(given)

    def set(self, setting: str, value: Any) -> Bench:
        """Return the same with another setting; where that changes which tensors there are, with others' numbers.

        Args:
            setting: Its name.
            value: As the operation takes it.

        Returns:
            Another bench.
        """
        fitted = self.worked.operation.fitted({**self.worked.settings, setting: value})
        given = {
            name: one
            for name, one in self.given.items()
            if (name in fitted.tensors and self.worked.inputs[name].shape == self._wanted(fitted, name))
            or name in fitted.settings
        }
        return Bench(work(fitted, given | {setting: value}), backward=self.backward)

    def _wanted(self, fitted: Any, name: str) -> tuple[int, ...]:
        """Return the shape that an input has in another fit of the operation."""
        if fitted is self.worked.operation:
            return self.worked.inputs[name].shape
        shape: tuple[int, ...] = work(fitted).inputs[name].shape
        return shape

    def turned(self, cell: Cell, by: int) -> Bench:
        """Return the same with one number a step larger or smaller: by 1 among whole numbers, else by 0.1."""
        tensor = self.tensors[cell[0]]
        whole = cell[0] in self.worked.sheet.held or (
            len(tensor.cells) > 1
            and all(one.value == int(one.value) for one in tensor.cells if isfinite(one.value))
        )
        return self.edited(cell, round(self.number(cell) + by * (1.0 if whole else 0.1), 10))

    def with_backward(self, *, backward: bool) -> Bench:
        """Return the same with or without gradients."""
        return Bench(self.worked, backward=backward)

    def moved(self, before: Bench) -> frozenset[Cell]:
        """Return every number that is another than on a bench before, or that was not there.

        Gradients that were not asked for before are only shown now: nothing moved them.
        """
        asked = self.backward and not before.backward
        return frozenset(
            cell
            for cell in (*self.written, *self.editable)
            if (
                repr(before.number(cell)) != repr(self.number(cell))
                if before.has(cell)
                else not asked or cell[0] in self.worked.sheet.tensors
            )
        )

    def has(self, cell: Cell) -> bool:
        """Return whether there is such a number."""
        return cell[0] in self.tensors and cell[1] < len(self.tensors[cell[0]].cells)

    @property
    def words(self) -> list[str]:
        """What follows ``dltui byhand`` on a command line that works the same."""
        one = self.worked.operation
        found = [one.name]
        lead: list[str] = []
        for name, value in self.given.items():
            option = f"--{name.replace('_', '-')}"
            if name in one.tensors or name == UPSTREAM:
                found += [option, _spelled(value)]
            elif name == one.leading:
                lead = ["--", str(value)] if str(value).startswith("-") else [str(value)]
            elif name in one.shaping or value != one.defaults.get(name):
                found += _setting(option, value)
        found += ["--backward"] if self.backward and not one.differentiated else []
        return [found[0], *lead, *found[1:]] if lead[:1] != ["--"] else [*found, *lead]

    @property
    def command(self) -> str:
        """The whole command line."""
        return shlex.join(["dltui", "byhand", *self.words])

    def _again(self, given: dict[str, Any]) -> Bench:
        """Return the same operation on other inputs."""
        return Bench(Worked(self.worked.operation, given, "", ()), backward=self.backward)


def _cell(line: Line) -> Cell:
    """Return which number a line computes."""
    assert line.target.label is not None
    return line.tensor, line.target.label.cell


def _setting(option: str, value: Any) -> list[str]:
    """Return an option as it is typed."""
    if isinstance(value, bool):
        return [option if value else option.replace("--", "--no-", 1)]
    if value is None:
        return [option, "none"]
    return [option, ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)]


def _spelled(value: Any) -> str:
    """Return nested lists as they are typed."""
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    return plain(float(value)) if isfinite(value) else str(value)


def read_number(text: str) -> float:
    """Return the number that a text spells.

    Args:
        text: Such as ``-1.5``, ``1e3``, ``true`` or ``inf``.

    Returns:
        The number.

    Raises:
        ValueError: If it is none.
    """
    word = text.strip().lower().replace("−", "-").replace("∞", "inf")
    return float(TRUTH[word]) if word in {"true", "false"} else float(word)
