"""Lines with escape codes, read back into cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dltui.draw.canvas import Canvas, Rgb, text_width
from dltui.draw.nearest import BASIC

_FRONTS = frozenset({*range(30, 38), *range(90, 98)})
_BACKS = frozenset({*range(40, 48), *range(100, 108)})
CODE = re.compile(r"\x1b\[([0-9;]*)m")


@dataclass(slots=True)
class Style:
    """What the codes so far have set."""

    front: Rgb | None = None
    back: Rgb | None = None
    bold: bool = False


def canvas_of(lines: Sequence[str]) -> Canvas:
    """Return lines, as they are sent to a terminal, as cells.

    Args:
        lines: Text with codes for colours and bold letters (SGR); other codes are not understood.

    Returns:
        A canvas as wide as the widest line.
    """
    width = max((text_width(CODE.sub("", line)) for line in lines), default=0)
    canvas = Canvas(max(width, 1), len(lines))
    style = Style()
    for row, line in enumerate(lines):
        column = 0
        for place, part in enumerate(CODE.split(line)):
            if place % 2:
                _apply(style, iter([int(number or 0) for number in part.split(";")]))
                continue
            end = canvas.text(column, row, part, style.front, bold=style.bold)
            if style.back is not None:
                red, green, blue = style.back
                canvas.back[row, column:end] = (red << 16) | (green << 8) | blue
            column = end
    return canvas


def palette_rgb(index: int) -> Rgb:
    """Return one of the 256 colours of a terminal as red, green and blue."""
    if index < len(BASIC):
        return BASIC[index]
    if index >= 232:
        return (8 + 10 * (index - 232),) * 3
    red, green, blue = ((index - 16) // step % 6 for step in (36, 6, 1))
    return _level(red), _level(green), _level(blue)


def _level(step: int) -> int:
    """Return the brightness of a step of the colour cube."""
    return 0 if step == 0 else 55 + 40 * step


def _apply(style: Style, numbers: Iterator[int]) -> None:
    """Carry out the parts of one code."""
    for number in numbers:
        if number == 0:
            style.front, style.back, style.bold = None, None, False
        elif number in {1, 22}:
            style.bold = number == 1
        elif number in {38, 48}:
            kind = next(numbers, 0)
            count = 1 if kind == 5 else 3
            parts = [next(numbers, 0) for _ in range(count)]
            colour = palette_rgb(parts[0]) if kind == 5 else (parts[0], parts[1], parts[2])
            style.front, style.back = (colour, style.back) if number == 38 else (style.front, colour)
        elif number in _FRONTS or number in _BACKS:
            colour = BASIC[number % 10 + (8 if number >= 90 else 0)]
            style.front, style.back = (colour, style.back) if number in _FRONTS else (style.front, colour)
        elif number == 39:
            style.front = None
        elif number == 49:
            style.back = None
