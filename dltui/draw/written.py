"""Prose and computations: wrapped text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dltui.draw.canvas import Rgb, text_width
from dltui.draw.colors import QUIET, series_color
from dltui.draw.layout import sheet
from dltui.draw.letters import broken, padded, wrap
from dltui.draw.look import Look
from dltui.draw.view import Drawing, View
from dltui.figures import Figure, Grid, Prose, Steps

Line = list[tuple[str, Rgb | None]]  # pieces of text, each in its colour


def draw_prose(figure: Prose, look: Look, view: View) -> Drawing:
    """Return the paragraphs wrapped, from the view's offset on."""
    lines: list[Line] = []
    for paragraph in re.split(r"\n[ \t]*\n", figure.text.strip("\n")):
        if lines:
            lines.append([])
        for line in wrap(paragraph, max(look.width, 1)):
            lines.append([(line, None)])  # noqa: PERF401
    return _page(figure, look, view, lines)


def draw_steps(figure: Steps, look: Look, view: View) -> Drawing:
    """Return the numbered lines of a computation, the notes in a column of their own where they fit."""
    digits = len(str(len(figure.steps)))
    room = max(look.width - digits - 2, 1)
    parts = [part for step in figure.steps for part in step.formula.split("\n")]
    widest = max(map(text_width, parts), default=0)
    notes = any(step.note for step in figure.steps)
    left = widest if not notes else max(1, min(widest, max(room * 6 // 10, room - 4 - _note_width(figure))))
    beside = notes and room - left - 3 >= 16
    lines: list[Line] = []
    for place, step in enumerate(figure.steps, 1):
        grids = [[(" " * (digits + 2), QUIET), *row] for row in _grids(step.grids, room)]
        lines += [[], *grids] if grids and lines else grids
        formula = [p for part in step.formula.split("\n") for p in _pieces(part, left if beside else room)]
        note = wrap(step.note, room - left - 3 if beside else max(room - 2, 1))
        count = max(len(formula), len(note)) if beside else len(formula)
        for i in range(count):
            head = f"{place:>{digits}}  " if i == 0 else " " * (digits + 2)
            text = formula[i] if i < len(formula) else ""
            line: Line = [(head, QUIET), (text, None)]
            if beside and i < len(note):
                line = [(head, QUIET), (padded(text, left), None), ("   " + note[i], QUIET)]
            lines.append(line)
        if not beside:
            lines += [[(" " * (digits + 4) + text, QUIET)] for text in note]
    return _page(figure, look, view, lines)


def _note_width(figure: Steps) -> int:
    """Return the cells of the longest note."""
    return max((text_width(step.note) for step in figure.steps), default=0)


def _pieces(formula: str, width: int) -> list[str]:
    """Return a formula in lines of at most ``width`` cells, its own spaces kept where it fits."""
    if text_width(formula) <= width:
        return [formula]
    indent = formula[: len(formula) - len(formula.lstrip())]
    if indent and len(indent) < width // 2:
        return [indent + part for part in _pieces(formula.lstrip(), width - len(indent))]
    return wrap(formula, width) or broken(formula, width)


def _grids(grids: Sequence[Grid], width: int) -> list[Line]:
    """Return grids side by side, in rows of as many as fit; what is read stands in brackets and in colour."""
    found: list[Line] = []
    row: list[list[Line]] = []
    for block in (_block(grid, width) for grid in grids):
        if row and sum(map(_wide, [*row, block])) + 3 * len(row) > width:
            found += _beside(row)
            row = []
        row.append(block)
    return found + _beside(row)


def _block(grid: Grid, width: int) -> list[Line]:
    """Return a grid as lines: its name, then its rows, columns that don't fit left out."""
    lit = set(grid.lit)
    marked = [
        [f"[{text}]" if (r, c) in lit else f" {text} " for c, text in enumerate(row)]
        for r, row in enumerate(grid.rows)
    ]
    wide = [max(map(text_width, column)) for column in zip(*marked, strict=True)]
    while len(wide) > 1 and sum(wide) > width:
        wide.pop()
    lines: list[Line] = [[(f" {grid.name}", QUIET)]]
    for row in marked:
        cells = zip(row, wide, strict=False)
        lines.append([
            (padded(text, size, right=True), series_color(0) if text[0] == "[" else None)
            for text, size in cells
        ])
    return lines


def _beside(row: list[list[Line]]) -> list[Line]:
    """Return blocks of lines side by side."""
    found: list[Line] = []
    for i in range(max(map(len, row), default=0)):
        line: Line = []
        for block in row:
            part = block[i] if i < len(block) else []
            used = sum(text_width(text) for text, _ in part)
            line += [*part, (" " * (_wide(block) - used + 3), None)]
        found.append(line)
    return found


def _wide(block: list[Line]) -> int:
    """Return the cells of the longest line of a block."""
    return max(sum(text_width(text) for text, _ in line) for line in block)


def _page(figure: Figure, look: Look, view: View, lines: list[Line]) -> Drawing:
    """Return lines of text on a canvas, from the view's offset on."""
    canvas, top, rows = sheet(figure, look, len(lines))
    first = max(0, min(view.offset, len(lines) - rows))
    for row, line in enumerate(lines[first : first + rows]):
        column = 0
        for text, colour in line:
            column = canvas.text(column, top + row, text, colour)
    return Drawing(canvas)
