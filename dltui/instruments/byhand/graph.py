"""What was worked by hand as a graph: a box a gate, its value forwards and its gradient backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.byhand.backward import MARK
from dltui.byhand.printing import UNICODE, symbolic, write
from dltui.byhand.rounding import Rounding
from dltui.byhand.value import Value
from dltui.figures import Graph

if TYPE_CHECKING:
    from dltui.byhand.worked import Worked

MOST = 30  # boxes of single numbers; beyond, and where inputs have many, every tensor is a box


def graph_of(worked: Worked, *, backward: bool = True, lines: int | None = None) -> Graph:
    """Return the computation as a graph.

    Args:
        worked: What was worked.
        backward: Write the gradients into the boxes, too.
        lines: So many lines are written by now, forwards first; None for all.

    Returns:
        A box for every input and every line; for every tensor where that would be too many.
    """
    return (_of_cells if _is_small(worked) else _of_tensors)(worked, backward, lines)


def box_of(worked: Worked, at: int) -> int:
    """Return which box of the graph a line writes to.

    Args:
        worked: What was worked.
        at: The line, counted from 0 and on through the backward pass.

    Returns:
        A node of ``graph_of``.
    """
    line = [*worked.sheet.lines, *(worked.gradients.sheet.lines if at >= len(worked.sheet.lines) else [])][at]
    name = _bare(line.tensor)
    if not _is_small(worked):
        return list(worked.sheet.tensors).index(name)
    assert line.target.label is not None
    made = [(one.tensor, one.target.label.cell) for one in worked.sheet.lines if one.target.label is not None]
    return [*_inputs_read(worked), *made].index((name, line.target.label.cell))


def _is_small(worked: Worked) -> bool:
    """Return whether every number gets a box of its own."""
    cells = sum(len(one.cells) for one in worked.sheet.tensors.values())
    return cells <= MOST and all(len(one.cells) == 1 for one in worked.inputs.values())


def _inputs_read(worked: Worked) -> list[tuple[str, int]]:
    """Return the numbers that were given and that a line reads."""
    read = {(at.tensor, at.cell) for line in worked.sheet.lines for at in line.reads()}
    given = ((name, i) for name, one in worked.inputs.items() for i in range(len(one.cells)))
    return [cell for cell in given if cell in read]


def _of_cells(worked: Worked, backward: bool, written: int | None) -> Graph:
    """Return a box a number."""
    ahead = len(worked.sheet.lines)
    by_now = ahead if written is None else written
    rounding = Rounding([line.target for line in worked.sheet.lines])
    slopes = gradients_of(worked, None if written is None else written - ahead) if backward else {}
    nodes: list[str] = []
    notes: list[str] = []
    place: dict[tuple[str, int], int] = {}
    edges: list[tuple[int, int]] = []

    def box(text: str, key: tuple[str, int], value: Value | None) -> None:
        place[key] = len(nodes)
        nodes.append(text)
        slope = slopes.get(key)
        shown = UNICODE.number(rounding.text(value)) if value is not None else "?"
        notes.append(shown if slope is None else f"{shown} · {MARK} {_short(slope)}")

    for name, i in _inputs_read(worked):
        cell = worked.inputs[name].cells[i]
        assert cell.label is not None
        box(UNICODE.name(cell.label), (name, i), cell)
    for i, line in enumerate(worked.sheet.lines):
        label = line.target.label
        assert label is not None
        formula = write(line.expression, symbolic(UNICODE), UNICODE)
        key = (line.tensor, label.cell)
        edges += [
            (place[at.tensor, at.cell], len(nodes)) for at in line.reads() if (at.tensor, at.cell) in place
        ]
        box(f"{UNICODE.name(label)} = {formula}", key, line.target if i < by_now else None)
    return Graph(
        title="Values forwards, gradients back", nodes=tuple(nodes), edges=tuple(edges), notes=tuple(notes)
    )


def _of_tensors(worked: Worked, backward: bool, written: int | None) -> Graph:
    """Return a box a tensor, with its value where it is one number and the length of its gradient."""
    ahead = len(worked.sheet.lines)
    slopes = gradients_of(worked, None if written is None else written - ahead) if backward else {}
    begun = set(worked.inputs) | {line.tensor for line in worked.sheet.lines[:written]}
    names = list(worked.sheet.tensors)
    place = {name: i for i, name in enumerate(names)}
    edges = dict.fromkeys(
        (place[at.tensor], place[line.tensor])
        for line in worked.sheet.lines
        for at in line.reads()
        if at.tensor != line.tensor
    )
    notes = []
    for name in names:
        one = worked.sheet.tensors[name]
        known = [slopes[name, i] for i in range(len(one.cells)) if (name, i) in slopes]
        size = sum(slope**2 for slope in known) ** 0.5
        value = _short(one.cells[0].value) if len(one.cells) == 1 else ""
        told = [value, f"{MARK} {UNICODE.number(f'{size:.2g}')}" if known else ""] if name in begun else ["?"]
        notes.append(" · ".join(filter(None, told)))
    symbols = tuple(worked.sheet.tensors[name].symbol for name in names)
    return Graph(
        title="Values forwards, gradients back",
        caption=f"{MARK} is the length of a tensor's gradient" if slopes else "",
        nodes=symbols,
        edges=tuple(edges),
        notes=tuple(notes),
    )


def gradients_of(worked: Worked, lines: int | None = None) -> dict[tuple[str, int], float]:
    """Return ∂L/∂ of every number on a sheet that has one, by the name of its tensor and its cell.

    Args:
        worked: What was worked.
        lines: So many lines of the backward pass are written by now; None for all, none below 0.
    """
    sheet = worked.gradients.sheet
    if lines is not None and lines < 0:
        return {}
    found = {
        (_bare(name), i): cell.value
        for name, one in sheet.tensors.items()
        if one.write is None
        for i, cell in enumerate(one.cells)
    }
    for line in sheet.lines[:lines]:
        assert line.target.label is not None
        found[_bare(line.tensor), line.target.label.cell] = line.target.value
    return found


def _bare(name: str) -> str:
    """Return the tensor that a gradient belongs to."""
    return name.removeprefix(MARK).removesuffix("′")


def _short(value: float) -> str:
    """Return a number in few digits."""
    return UNICODE.number(f"{value:.4g}")
