"""Prose and computations: wrapped text."""

from __future__ import annotations

import re

from dltui.draw.canvas import Rgb, text_width
from dltui.draw.colors import QUIET
from dltui.draw.layout import sheet
from dltui.draw.letters import broken, padded, wrap
from dltui.draw.look import Look
from dltui.draw.view import Drawing, View
from dltui.figures import Figure, Prose, Steps

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
    widest = max((text_width(step.formula) for step in figure.steps), default=0)
    notes = any(step.note for step in figure.steps)
    left = widest if not notes else max(1, min(widest, max(room * 6 // 10, room - 4 - _note_width(figure))))
    beside = notes and room - left - 3 >= 16
    lines: list[Line] = []
    for place, step in enumerate(figure.steps, 1):
        formula = _pieces(step.formula, left if beside else room)
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
    return wrap(formula, width) or broken(formula, width)


def _page(figure: Figure, look: Look, view: View, lines: list[Line]) -> Drawing:
    """Return lines of text on a canvas, from the view's offset on."""
    canvas, top, rows = sheet(figure, look, len(lines))
    first = max(0, min(view.offset, len(lines) - rows))
    for row, line in enumerate(lines[first : first + rows]):
        column = 0
        for text, colour in line:
            column = canvas.text(column, top + row, text, colour)
    return Drawing(canvas)
