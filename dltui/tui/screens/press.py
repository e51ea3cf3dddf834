"""The question for a key."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dltui.tui.actions import key_name


class PressScreen(ModalScreen[str | None]):
    """Takes the next key; one that means something already must be pressed twice."""

    DEFAULT_CSS = """
    PressScreen { align: center middle; }
    PressScreen > Vertical {
        width: 64; max-width: 100%; height: auto; padding: 1 2; background: $surface; border: round $primary;
        border-title-color: $text-primary; border-subtitle-color: $foreground 70%;
    }
    PressScreen Static { height: auto; }
    """

    def __init__(self, what: str, in_the_way: Callable[[str], list[str]]) -> None:
        """Ask for a key.

        Args:
            what: What it shall do.
            in_the_way: Returns what a key means already, in sentences.
        """
        super().__init__()
        self._what = what
        self._in_the_way = in_the_way
        self._warned = ""

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with Vertical() as box:
            box.border_title = "Press the key"
            box.border_subtitle = "esc goes back"
            yield Static(self._what, markup=False)
            yield Static(id="told")

    def on_key(self, event: events.Key) -> None:
        """Take the key, or tell what it means already."""
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.dismiss(None)
            return
        told = self._in_the_way(event.key)
        if not told or event.key == self._warned:
            self.dismiss(event.key)
            return
        self._warned = event.key
        again = f"Press {key_name(event.key)} again to take it all the same, or another key."
        lines = [Content.styled(one, "$text-warning") for one in told] + [Content(again)]
        self.query_one("#told", Static).update(Content("\n\n").join([Content(""), *lines]))
