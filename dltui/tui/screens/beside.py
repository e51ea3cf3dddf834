"""The choice of what shall stand beside."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from dltui.tui.catalog.items import Item
from dltui.tui.widgets.choices import Choices


class BesideScreen(ModalScreen[Item | None]):
    """A list of things; what is typed leaves those that hold it."""

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("down", "cursor(1)", show=False, priority=True),
        Binding("up", "cursor(-1)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    BesideScreen { align: center middle; }
    BesideScreen > Vertical {
        width: 70; max-width: 100%; height: auto; max-height: 90%; padding: 0 1; background: $surface;
        border: round $primary; border-title-color: $text-primary; border-subtitle-color: $foreground 70%;
    }
    BesideScreen Input { margin: 0 0 1 0; background: $surface; }
    BesideScreen OptionList {
        height: auto; max-height: 16; border: none; padding: 0; background: transparent;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    BesideScreen OptionList > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """

    def __init__(self, title: str, items: Sequence[Item]) -> None:
        super().__init__()
        self._title = title
        self._items = list(items)
        self._left = self._items

    def compose(self) -> ComposeResult:
        """Lay out the line and the list."""
        with Vertical() as box:
            box.border_title = self._title
            box.border_subtitle = "enter puts it beside · esc goes back"
            yield Input(placeholder="type a part of its name", compact=True)
            yield Choices(compact=True)

    def on_mount(self) -> None:
        """Show everything at first."""
        self.query_one(OptionList).can_focus = False
        self._fill("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, typed: str) -> None:
        """Show what holds all words that were typed."""
        words = typed.lower().split()
        self._left = [
            one for one in self._items if all(w in f"{one.kind} {one.name} {one.note}".lower() for w in words)
        ]
        listed = self.query_one(OptionList)
        listed.clear_options()
        listed.add_options([_option(item) for item in self._left])
        if self._left:
            listed.highlighted = 0

    @on(Input.Submitted)
    def _entered(self) -> None:
        at = self.query_one(OptionList).highlighted
        if at is not None and self._left:
            self.dismiss(self._left[at])

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._left[event.option_index])

    def action_cursor(self, step: int) -> None:
        """Go to the next thing, or the one before."""
        listed = self.query_one(OptionList)
        listed.action_cursor_down() if step > 0 else listed.action_cursor_up()


def _spoken(item: Item) -> str:
    """Return the words that a thing is found by."""
    return f"{item.kind} {item.name} {item.note}".lower()


def _option(item: Item) -> Option:
    return Option(Content.assemble((item.name, "bold"), f"  {item.kind}  ", (item.note, "$foreground 70%")))
