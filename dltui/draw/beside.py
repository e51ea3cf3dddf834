"""Figures side by side as finished lines of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

from dltui.draw.canvas import text_width
from dltui.draw.look import Look
from dltui.draw.printing import render
from dltui.figures import Figure

GAP = 2  # cells between two figures
NARROWEST = 44  # cells below which figures stand one below another
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def render_rows(figures: Sequence[Figure], rows: Sequence[int], look: Look) -> list[str]:
    """Return figures drawn, several in a row where there is room.

    Args:
        figures: What to draw.
        rows: How many of them stand side by side in each row; what is left stands alone.
        look: Width, colours and glyphs that may be used.

    Returns:
        Lines of at most ``look.width`` cells, an empty one between rows.
    """
    lines: list[str] = []
    first = 0
    for count in (*rows, *[1] * max(0, len(figures) - sum(rows))):
        row, first = figures[first : first + count], first + count
        for block in [row] if _fit(count, look) else [[figure] for figure in row]:
            lines += [*([""] if lines else []), *_beside(block, look)]
    return lines


def _fit(count: int, look: Look) -> bool:
    """Return whether so many figures may share the width."""
    return count * NARROWEST + (count - 1) * GAP <= look.width


def _beside(figures: Sequence[Figure], look: Look) -> list[str]:
    """Return one row of figures."""
    width = (look.width - GAP * (len(figures) - 1)) // max(1, len(figures))
    blocks = [
        render(figure, replace(look, width=width, pixels=None if len(figures) > 1 else look.pixels))
        for figure in figures
    ]
    return [
        (" " * GAP).join(_padded(part, width) for part in parts).rstrip()
        for parts in zip_longest(*blocks, fillvalue="")
    ]


def _padded(line: str, width: int) -> str:
    """Return a line filled up with spaces; escape codes take no room."""
    return line + " " * (width - text_width(ESCAPE.sub("", line)))
