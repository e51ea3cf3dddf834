"""Figures that are read: lines are scrolled past."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from dltui.draw.view import Drawing, View


class Reading:
    """Arrows and the wheel scroll, page keys scroll by what fits.

    Attributes:
        last: Largest offset that still shows something.
    """

    scope: ClassVar[str] = "read"

    def __init__(self, last: int, told: str) -> None:
        self.last = last
        self._told = told

    def drawn(self, drawing: Drawing, view: View) -> None:
        """Need nothing of the drawing."""

    def move(self, view: View, right: int, up: int) -> View:
        """Return the view one line further."""
        return self.scroll(view, -up)

    def shift(self, view: View, right: int, up: int) -> View:
        """Return the view five lines further."""
        return self.scroll(view, -5 * up)

    def zoom(self, view: View, steps: int, cell: tuple[int, int] | None = None) -> View:
        """Return the view scrolled: the wheel goes upwards with positive steps."""
        return self.scroll(view, -3 * steps)

    def drag(self, view: View, columns: int, rows: int) -> View:
        """Return the view scrolled along with the mouse."""
        return self.scroll(view, -rows)

    def point(self, view: View, column: int, row: int) -> View:
        """Return the view as it is."""
        return view

    def scroll(self, view: View, lines: int) -> View:
        """Return the view ``lines`` further down, at most to the end."""
        return replace(view, offset=max(0, min(self.last, view.offset + lines)))

    def readout(self, view: View) -> str:
        """Return what there is, and from where on it is shown."""
        if not self.last or not view.offset:
            return self._told
        return f"{self._told}   from {view.offset + 1}"
