"""What every full screen has: the way home above, the keys below, and a word for terminals that are too small."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from dltui.tui.catalog.items import Item
from dltui.tui.widgets.key_bar import KeyBar
from dltui.tui.widgets.open_tabs import OpenTabs, Tab
from dltui.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from dltui.tui.app import DltuiApp

SMALLEST = (60, 18)
DESIGNED = 110  # columns from which there is room for a second pane


class Room(Screen[None]):
    """A full screen; subclasses say what stands between the two bars, and what they are called."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (SMALLEST[0], "-plain"),
        (DESIGNED, "-wide"),
        (160, "-vast"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (SMALLEST[1], "-low"), (34, "-high")]  # noqa: RUF012

    def __init__(self, item: Item | None = None) -> None:
        """Make the screen.

        Args:
            item: The thing that it shows, or None for a screen that shows no single thing.
        """
        super().__init__()
        self._item = item
        self._tabs: tuple[tuple[Tab, ...], str] = ((), "")

    @property
    def item(self) -> Item:
        """The thing that the screen shows."""
        assert self._item is not None, f"{type(self).__name__} shows no single thing"
        return self._item

    def compose(self) -> ComposeResult:
        """Lay out the bars and the furniture."""
        yield TopBar()
        yield OpenTabs()
        yield Static(
            f"dltui needs {SMALLEST[0]} × {SMALLEST[1]} cells.\nMake the terminal larger, or press q.",
            id="too-small",
        )
        with Vertical(id="floor"):
            yield from self.furnish()
        yield KeyBar()

    @abstractmethod
    def furnish(self) -> ComposeResult:
        """Yield the widgets between the bars."""

    @property
    @abstractmethod
    def crumbs(self) -> tuple[str, ...]:
        """The way from home to here, for the top bar."""

    @property
    def command_line(self) -> str:
        """The command line that shows the same; empty when there is none."""
        return ""

    @property
    def dltui(self) -> DltuiApp:
        """The application, by its own type."""
        return cast("DltuiApp", self.app)

    def show_tabs(self, tabs: tuple[Tab, ...], here: str) -> None:
        """Write what is open into the row of tabs, as soon as there is one."""
        self._tabs = (tabs, here)
        if self.is_mounted:
            self._write_tabs()

    def _on_mount(self, event: events.Mount) -> None:
        super()._on_mount(event)
        self._write_tabs()

    def _write_tabs(self) -> None:
        row = self.query_one(OpenTabs)
        row.tabs, row.here = self._tabs

    def tell(self, remark: str = "") -> None:
        """Write the way here, and a remark, into the top bar."""
        bar = self.query_one(TopBar)
        bar.crumbs = self.crumbs
        bar.remark = remark

    def copy(self, text: str) -> None:
        """Put ``text`` on the clipboard and say so."""
        if not text:
            self.notify("There is no command to copy here.", severity="warning")
            return
        self.app.copy_to_clipboard(text)
        self.notify(text, title="Copied", markup=False)
