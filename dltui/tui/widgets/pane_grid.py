"""Pictures beside and below each other, as many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Grid

from dltui.draw.view import View
from dltui.figures import Figure
from dltui.tui.widgets.compare_pane import ComparePane

MOST = 6  # pictures at once
SMALLEST = (50, 13)  # columns and rows of a picture beside others


class PaneGrid(Grid):
    """Shows figures; one that is the same as before is not drawn again.

    Attributes:
        alone: Whether a single one has all the room.
    """

    DEFAULT_CSS = """
    PaneGrid { height: 1fr; grid-gutter: 1 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.alone = False
        self._hung: list[tuple[str, Figure]] = []

    def compose(self) -> ComposeResult:
        """Lay out as many panes as may be wanted."""
        for _ in range(MOST):
            yield ComparePane()

    def on_mount(self) -> None:
        """Show nothing yet."""
        for pane in self.panes:
            pane.display = False

    @property
    def panes(self) -> list[ComparePane]:
        """All panes, those that show nothing among them."""
        return list(self.query(ComparePane))

    @property
    def room(self) -> int:
        """How many pictures there is room for."""
        columns, rows = self._shape()
        return columns * rows

    def hang(self, names: Sequence[str], figures: Sequence[Figure]) -> None:
        """Show figures.

        Args:
            names: What each is, by which it keeps the view of it from one time to the next.
            figures: At most ``MOST`` of them.
        """
        new = list(zip(names, figures, strict=True))
        for place, pane in enumerate(self.panes):
            pane.display = place < len(new)
            if pane.display:
                self._draw(pane, self._hung[place] if place < len(self._hung) else None, *new[place])
        self._hung = new
        self._arrange(len(new))

    def give_keys(self, place: int) -> None:
        """Let keys go to a picture by its place."""
        if self._hung:
            pane = self.panes[min(max(0, place), len(self._hung) - 1)]
            self.screen.set_focus(pane.view, scroll_visible=False)

    def _draw(self, pane: ComparePane, old: tuple[str, Figure] | None, name: str, figure: Figure) -> None:
        """Draw one figure, unless it is drawn already."""
        if old is not None and old[1] is figure and old[0] == name:
            return
        view = pane.view.view if old is not None and old[0] == name else View()
        title = f"{figure.title or name}{f' · {figure.caption}' if figure.caption else ''}"
        pane.show_figure(title, replace(figure, title="", caption=""), view)

    def _shape(self) -> tuple[int, int]:
        """Return columns and rows of pictures."""
        if self.alone:
            return 1, 1
        columns = max(1, min(3, self.size.width // SMALLEST[0]))
        return columns, max(1, min(MOST // columns, self.size.height // SMALLEST[1]))

    def _arrange(self, count: int) -> None:
        """Give every picture its place; the last one takes what is left of its row."""
        columns = min(self._shape()[0], max(1, count))
        self.styles.grid_size_columns, self.styles.grid_size_rows = columns, max(1, -(-count // columns))
        for place, pane in enumerate(self.panes):
            pane.styles.column_span = columns - place % columns if place == count - 1 else 1
