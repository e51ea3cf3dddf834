"""A sheet worked by hand as figures: formula and inputs, the lines with what they read, results beside torch's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dltui.byhand.pictures import picture, pictures
from dltui.byhand.printing import UNICODE
from dltui.byhand.rounding import Rounding, shown
from dltui.byhand.sheet import Line
from dltui.byhand.tensor import Tensor
from dltui.byhand.told import TERMS, Fold, Told, folded, tell
from dltui.figures import Figure, Grid, Step, Steps, Table

if TYPE_CHECKING:
    from dltui.byhand.worked import Worked
    from dltui.instruments.byhand.answer import Answer


def sheet_figures(
    worked: Worked, answer: Answer | None = None, *, backward: bool = False, whole: bool = False
) -> tuple[Figure, ...]:
    """Return a worked operation as figures.

    Args:
        worked: What was worked.
        answer: What torch says, or None.
        backward: Show the gradients, too.
        whole: Fold nothing away.

    Returns:
        The lines with the formula below them, the results; the same for the gradients.
    """
    one = worked.operation
    start = Step(formula=_shapes(worked.inputs.values()), note="what goes in", grids=given(worked))
    lines = steps_of(worked.sheet.lines, worked.sheet.tensors, whole=whole)
    found: list[Figure] = [
        Steps(
            title=f"{one.name} by hand", caption=f"{one.summary} {one.formula}", steps=(start, *lines.steps)
        ),
        results(worked.outputs, answer.outputs if answer else None, title="What comes out"),
    ]
    if backward:
        back = worked.gradients
        tensors = worked.sheet.tensors | back.sheet.tensors
        found += [
            steps_of(back.sheet.lines, tensors, title="Backwards, ∂a for ∂L/∂a", whole=whole),
            results(back.of.values(), answer.gradients if answer else None, title="Gradients"),
        ]
    return tuple(found)


def steps_of(
    lines: Sequence[Line], tensors: dict[str, Tensor], *, title: str = "Worked out", whole: bool = False
) -> Steps:
    """Return lines as a figure, each with the cells that it reads.

    Args:
        lines: Those of a sheet.
        tensors: All tensors by name, for the grids.
        title: Of the figure.
        whole: Fold nothing away.

    Returns:
        One step a line.
    """
    parts = folded(lines, whole=whole)
    kept = [part for part in parts if isinstance(part, Line)]
    rounding = Rounding([line.target for line in kept])
    told = iter(tell(kept, rounding=rounding, most=0 if whole else TERMS))
    steps: list[Step] = []
    heading = ""
    for part in parts:
        if isinstance(part, Fold):
            steps.append(Step(formula="…", note=f"{len(part.lines)} more lines"))
            continue
        fresh, heading = part.heading != heading, part.heading
        read = pictures(part, tensors, rounding, UNICODE)
        steps.append(
            Step(
                formula=in_rows(next(told)),
                note="; ".join(filter(None, (heading if fresh else "", part.note))),
                grids=tuple(Grid(name=p.name, rows=_rows(p.rows), lit=tuple(sorted(p.lit))) for p in read),
            )
        )
    return Steps(title=title, steps=tuple(steps))


def in_rows(told: Told, width: int = 60) -> str:
    """Return a told line, its sides below each other where they are long."""
    whole = told.text()
    if len(whole) <= width:
        return whole
    indent = " " * len(told.name)
    return "\n".join([
        f"{told.name} = {told.formula}",
        *(f"{indent} {sign} {side}" for sign, side in told.sides),
    ])


def given(worked: Worked) -> tuple[Grid, ...]:
    """Return the inputs as grids."""
    rounding = Rounding([])
    planes = [plane for one in worked.inputs.values() for plane in picture(one, rounding, UNICODE)]
    return tuple(Grid(name=plane.name, rows=_rows(plane.rows)) for plane in planes)


def results(tensors: Iterable[Tensor], others: dict[str, object] | None = None, *, title: str) -> Table:
    """Return numbers in a table, torch's beside them where it was asked.

    Args:
        tensors: What is told.
        others: Torch's numbers as nested lists: outputs by their name, gradients by that of their input.
        title: Of the table.

    Returns:
        A row a number.
    """
    rows: list[tuple[str | float | None, ...]] = []
    for one in tensors:
        known = None if others is None else _flat(others.get(one.name.lstrip("∂")))
        for i, cell in enumerate(one.cells):
            name = UNICODE.name(cell.label) if cell.label is not None else one.name
            row: tuple[str | float | None, ...] = (name, cell.value)
            if known is not None:
                row += (known[i], shown(abs(cell.value - known[i]), 2)) if known else (None, None)
            rows.append(row)
    columns = ("what", "by hand", "torch", "difference") if others is not None else ("what", "by hand")
    return Table(title=title, columns=columns, rows=tuple(rows))


def _shapes(tensors: Iterable[Tensor]) -> str:
    """Return names and shapes of tensors in a line."""
    return ", ".join(f"{one.symbol} {' × '.join(map(str, one.shape)) or 'one number'}" for one in tensors)


def _rows(rows: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    """Return rows as tuples."""
    return tuple(map(tuple, rows))


def _flat(value: object) -> list[float]:
    """Return nested lists as one list; nothing for None."""
    if isinstance(value, list):
        return [number for part in value for number in _flat(part)]
    return [value] if isinstance(value, float) else []
