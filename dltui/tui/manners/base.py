"""What keys and mouse mean for a figure: from one view of it to the next."""

from __future__ import annotations

from typing import ClassVar, Protocol

from dltui.draw.look import Look
from dltui.draw.view import Drawing, View


class Manner(Protocol):
    """A way of looking at one figure; knows no widget, so that it can be tried without a terminal.

    Attributes:
        scope: The actions of the table that it answers to.
    """

    scope: ClassVar[str]

    def drawn(self, drawing: Drawing, view: View, look: Look) -> None:
        """Remember what was drawn, to know where the data lie."""

    def move(self, view: View, right: int, up: int) -> View:
        """Return the view after an arrow key."""

    def shift(self, view: View, right: int, up: int) -> View:
        """Return the view after an arrow key with shift."""

    def zoom(self, view: View, steps: int, cell: tuple[int, int] | None = None) -> View:
        """Return the view after zooming in by ``steps``, towards a cell (column, row) if one is pointed at."""

    def drag(self, view: View, columns: int, rows: int) -> View:
        """Return the view after the mouse has been dragged by so many cells."""

    def point(self, view: View, column: int, row: int) -> View:
        """Return the view with the mouse over a cell."""

    def readout(self, view: View) -> str:
        """Return one line: what is under the cursor, or from where the eye looks."""


def clamp(value: float, low: float, high: float) -> float:
    """Return the number of ``low … high`` that is nearest to ``value``."""
    return max(low, min(high, value))
