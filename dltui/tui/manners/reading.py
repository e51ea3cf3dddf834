"""Figures that are read: lines are scrolled past."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import ClassVar

import numpy as np

from dltui.draw import draw
from dltui.draw.look import Look
from dltui.draw.view import Drawing, View
from dltui.figures import Figure

FARTHEST = 1 << 20  # offset at which every drawing has come to its end


class Reading:
    """Arrows and the wheel scroll, page keys scroll by what fits."""

    scope: ClassVar[str] = "read"

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self._look: Look | None = None
        self._last: int | None = None

    def drawn(self, drawing: Drawing, view: View, look: Look) -> None:
        """Remember the size: how far one can scroll depends on it."""
        if look != self._look:
            self._look, self._last = look, None

    def move(self, view: View, right: int, up: int) -> View:
        """Return the view one line further."""
        return self._scrolled(view, -up)

    def shift(self, view: View, right: int, up: int) -> View:
        """Return the view five lines further."""
        return self._scrolled(view, -5 * up)

    def zoom(self, view: View, steps: int, cell: tuple[int, int] | None = None) -> View:
        """Return the view scrolled: the wheel goes upwards with positive steps."""
        return self._scrolled(view, -3 * steps)

    def drag(self, view: View, columns: int, rows: int) -> View:
        """Return the view scrolled along with the mouse."""
        return self._scrolled(view, -rows)

    def point(self, view: View, column: int, row: int) -> View:
        """Return the view as it is."""
        return view

    def readout(self, view: View) -> str:
        """Return the figure in words."""
        return self._figure.words()

    def _scrolled(self, view: View, lines: int) -> View:
        """Return the view so many lines further down, at most to the end."""
        if self._last is None and self._look is not None:
            self._last = last_offset(self._figure, self._look)
        return replace(view, offset=max(0, min(self._last or 0, view.offset + lines)))


def last_offset(figure: Figure, look: Look) -> int:
    """Return the least offset that shows the end of a figure.

    Drawings stop at their end by themselves, but do not tell where that is; twenty of them find it.

    Args:
        figure: What is read.
        look: The size it is drawn at.

    Returns:
        0 when all of it fits.
    """

    def glyphs(offset: int) -> bytes:
        return np.ascontiguousarray(draw(figure, look, View(offset=offset)).canvas.glyph).tobytes()

    end = glyphs(FARTHEST)
    return bisect_left(range(FARTHEST), True, key=lambda offset: glyphs(offset) == end)
