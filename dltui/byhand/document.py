"""A worked operation as plain lists and numbers, with every intermediate, for JSON."""

from __future__ import annotations

from typing import Any

from dltui.byhand.printing import UNICODE, symbolic, write
from dltui.byhand.rounding import Rounding
from dltui.byhand.sheet import Line
from dltui.byhand.told import Told, tell
from dltui.byhand.value import Value
from dltui.byhand.worked import Worked

SCHEMA = "byhand/1"


def document(worked: Worked, *, backward: bool = False) -> dict[str, Any]:
    """Return all that is known of a worked operation.

    Args:
        worked: What was worked.
        backward: Tell the gradients and their lines, too.

    Returns:
        Plain lists, numbers and text; indices count from 0.
    """
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "operation": worked.operation.name,
        "summary": worked.operation.summary,
        "formula": worked.operation.formula,
        "example": worked.example or None,
        "taken_from_example": list(worked.taken),
        "settings": worked.settings,
        "inputs": {name: one.numbers() for name, one in worked.inputs.items()},
        "outputs": {one.name: one.numbers() for one in worked.outputs},
        "output": worked.output.numbers(),
        "lines": lines_of(worked.sheet.lines),
    }
    if backward:
        found["backward"] = {
            "upstream": worked.upstream,
            "gradients": {name: one.numbers() for name, one in worked.gradients.of.items()},
            "lines": lines_of(worked.gradients.sheet.lines),
        }
    return found


def lines_of(lines: list[Line]) -> list[dict[str, Any]]:
    """Return every line with its sides, its intermediates and the cells that it reads."""
    rounding = Rounding([line.target for line in lines])
    return [_line(told, rounding) for told in tell(lines, rounding=rounding)]


def _line(told: Told, rounding: Rounding) -> dict[str, Any]:
    """Return one line."""
    line = told.line
    assert line.target.label is not None
    read: dict[str, list[int]] = {}
    for label in line.reads():
        read.setdefault(label.tensor, []).append(label.cell)
    return {
        "tensor": line.tensor,
        "cell": line.target.label.cell,
        "name": told.name,
        "heading": line.heading,
        "note": line.note,
        "formula": told.formula,
        "sides": [f"{sign} {side}" for sign, side in told.sides],
        "value": line.target.value,
        "parts": [
            {"formula": write(node, symbolic(UNICODE)), "value": node.value}
            for node in _operations(line.expression)[1:]
        ],
        "running_sums": [value for value, _ in rounding.running(line.target)],
        "reads": read,
    }


def _operations(node: Value) -> list[Value]:
    """Return the operations of an expression, the last one first."""
    if node.op in {"name", "number"}:
        return []
    return [node, *(one for part in node.parts for one in _operations(part))]
