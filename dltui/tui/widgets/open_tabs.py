"""The things that are open, one tab each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from dltui.tui.widgets.top_bar import shortened

LONGEST = 24  # cells of a name
CLOSE = "×"


class Tab(NamedTuple):
    """One open thing.

    Attributes:
        place: Its name in the program.
        name: What is written on it.
        kept: It can't be closed.
    """

    place: str
    name: str
    kept: bool = False


class OpenTabs(Widget):
    """A row of tabs; a click goes there, a click on the cross or with the middle button closes."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    OpenTabs { height: 1; padding: 0 1; background: $panel; display: none; }
    OpenTabs.-several { display: block; }
    """

    tabs: reactive[tuple[Tab, ...]] = reactive(())
    here: reactive[str] = reactive("")

    @dataclass(eq=False, repr=False)
    class Chosen(Message):
        """Someone clicked a tab."""

        place: str
        closing: bool

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[range, str, bool]] = []

    def watch_tabs(self) -> None:
        """Take no room while home alone is open."""
        self.set_class(len(self.tabs) > 1, "-several")

    def render(self) -> Content:
        """Return the row; where there is no room for all, those around the current one."""
        parts: list[Content] = []
        self._spans, column = [], 0
        for tab in self._fitting():
            name = f" {shortened(tab.name, LONGEST)} "
            wide = cell_len(name)
            self._spans.append((range(column, column + wide), tab.place, False))
            parts.append(self._written(tab, name))
            column += wide
            if not tab.kept:
                self._spans.append((range(column, column + 1), tab.place, True))
                parts.append(Content.styled(CLOSE, "$foreground 70%"))
                column += 1
            parts.append(Content(" "))
            column += 1
        return Content("").join(parts)

    def on_click(self, event: events.Click) -> None:
        """Go to the tab, or close it."""
        offset = event.get_content_offset(self)
        for span, place, cross in self._spans:
            if offset is not None and offset.x in span:
                self.post_message(self.Chosen(place, closing=cross or event.button == 2))
                return

    def _written(self, tab: Tab, name: str) -> Content:
        if tab.place != self.here:
            return Content.styled(name, "$foreground 70%")
        return Content.styled(
            name, "reverse bold" if self.app.no_color else "$text-primary on $primary-muted bold"
        )

    def _fitting(self) -> list[Tab]:
        """Return the tabs that fit, the current one among them."""
        shown = list(self.tabs)
        places = [tab.place for tab in shown]
        at = places.index(self.here) if self.here in places else 0
        while len(shown) > 1 and sum(_width(tab) for tab in shown) > self.size.width:
            if at > len(shown) // 2:
                del shown[0]
                at -= 1
            else:
                del shown[-1]
        return shown


def _width(tab: Tab) -> int:
    """Return the cells that a tab takes."""
    return min(cell_len(tab.name), LONGEST) + 2 + (0 if tab.kept else 1) + 1
