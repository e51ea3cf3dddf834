"""A line of a sheet on a screen: a row a side, and why it is so."""

from __future__ import annotations

from textwrap import wrap

from textual.content import Content

from dltui.byhand.told import Told
from dltui.commands._byhand_cells import MADE, MOVED, QUIET
from dltui.commands._byhand_sheet import broken


def whole_line(told: Told, width: int, was: str = "") -> Content:
    """Return a line, a row a side, its result marked, and why it is so.

    Args:
        told: The line, written out.
        width: Columns that there are.
        was: What the number was before.

    Returns:
        Rows of at most so many columns.
    """
    line = told.line
    rows = [Content.styled(line.heading, "bold")] if line.heading else []
    texts = [told.text()]
    if len(texts[0]) > width:
        indent = " " * len(told.name)
        sides = [f"{told.name} = {told.formula}", *(f"{indent} {sign} {side}" for sign, side in told.sides)]
        texts = [row for side in sides for row in broken(side, width, indent + "    ")]
    rows += [Content.styled(text, MADE if i == len(texts) - 1 else "") for i, text in enumerate(texts)]
    notes = [f"sums so far: {', '.join(told.running)}"] if len(told.running) > 2 else []
    notes.append("; ".join(filter(None, (was, line.note))))
    quiet = [row for note in notes for row in wrap(note, width, subsequent_indent="    ")]
    return Content("\n").join([*rows, *(Content.styled(row, QUIET) for row in quiet)])


def short_line(told: Told, mark: str, width: int, *, written: bool) -> Content:
    """Return a line in one row: name and result, then the formula.

    Args:
        told: The line, written out.
        mark: ``▸`` for the one that is shown, ``≠`` for what moved, ``◂`` for gradients, or a space.
        width: Columns that there are.
        written: Whether its result is known by now.

    Returns:
        One row.
    """
    result = (told.sides[-1][1] if told.sides else told.formula) if written else "…"
    style = {"▸": "reverse", "≠": MOVED}.get(mark, "" if written else QUIET)
    row = Content.styled(f"{mark} {told.name} = {result}", style)
    formula = f"   {told.formula}" if told.sides else ""
    return (row + Content.styled(formula, QUIET)).truncate(width, ellipsis=True)
