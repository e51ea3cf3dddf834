"""The lines of a sheet worked by hand as a screen shows them: one a row, and the one that is stepped to in full."""

from __future__ import annotations

from collections.abc import Mapping, Set
from textwrap import wrap

from textual.content import Content

from dltui.byhand.bench import Cell
from dltui.byhand.told import Told
from dltui.commands._byhand_cells import MADE, MOVED, QUIET
from dltui.commands._byhand_sheet import broken


def rows_of(told: Mapping[int, Told], at: int, ahead: int, moved: Set[Cell], width: int) -> Content:
    """Return a row a line: name, formula and result, what moved marked.

    Args:
        told: Lines by their number.
        at: The number of the line that is stepped to; the results of later ones are not told yet.
        ahead: Lines that go forwards; those after them go backwards.
        moved: Numbers that the last change has moved.
        width: Cells in a row.

    Returns:
        The rows.
    """
    found = []
    for place, one in told.items():
        here, back = place == at, place >= ahead
        label = one.line.target.label
        changed = label is not None and (one.line.tensor, label.cell) in moved
        result = one.sides[-1][1] if one.sides else one.formula
        mark = "▸" if here else "≠" if changed else "◂" if back else " "
        text = f"{mark} {one.name} = {result}" if place <= at else f"{mark} {one.name} = …"
        formula = f"   {one.formula}" if one.sides else ""
        style = "reverse" if here else MOVED if changed else "" if place <= at else QUIET
        row = Content.styled(text, style) + Content.styled(formula, QUIET)
        found.append(row.truncate(width, ellipsis=True))
    return Content("\n").join(found)


def written_out(told: Told, was: str, width: int) -> Content:
    """Return the line that is shown, a row a side, and why it is so.

    Args:
        told: The line.
        was: What its number was before the last change, or nothing.
        width: Cells in a row.

    Returns:
        The rows.
    """
    line = told.line
    head = [Content.styled(line.heading, "bold")] if line.heading else []
    whole = told.text()
    if len(whole) <= width:
        rows = [whole]
    else:
        indent = " " * len(told.name)
        sides = [f"{told.name} = {told.formula}"]
        sides += [f"{indent} {sign} {side}" for sign, side in told.sides]
        rows = [row for side in sides for row in broken(side, width, indent + "    ")]
    found = [
        *head,
        *(Content.styled(row, MADE if i == len(rows) - 1 else "") for i, row in enumerate(rows)),
    ]
    if len(told.running) > 2:
        sums = wrap(f"sums so far: {', '.join(told.running)}", width, subsequent_indent="    ")
        found += [Content.styled(row, QUIET) for row in sums]
    notes = "; ".join(filter(None, (was, line.note)))
    return Content("\n").join([*found, *([Content.styled(notes, QUIET)] if notes else [])])
