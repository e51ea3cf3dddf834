"""The choice among all themes; the one under the cursor is shown at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dltui.settings import THEMES
from dltui.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from dltui.tui.app import DltuiApp

TOLD = {"contrast": "high contrast", "safe": "colour-blind safe"}  # by family


class ThemeScreen(ModalScreen[None]):
    """A list of the themes beside the screen below, which wears the one under the cursor."""

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("escape,q,T", "leave", "back", show=False),
        Binding("j", "cursor(1)", show=False),
        Binding("k", "cursor(-1)", show=False),
    ]
    DEFAULT_CSS = """
    ThemeScreen { align: right top; background: $background 0%; }
    ThemeScreen > Vertical {
        width: 42; height: auto; padding: 0 1; background: $surface; border: round $primary;
        border-title-color: $text-primary; border-subtitle-color: $foreground 70%;
    }
    ThemeScreen OptionList, ThemeScreen OptionList:focus {
        height: auto; border: none; padding: 0; background: transparent;
    }
    ThemeScreen OptionList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical() as box:
            box.border_title = "Themes"
            box.border_subtitle = "enter takes it · esc goes back"
            yield Choices(*(_option(name) for name in THEMES))

    def on_mount(self) -> None:
        """Begin at the theme that is worn."""
        self._before = self.app.theme
        known = self.query_one(OptionList)
        known.highlighted = THEMES.index(self._before) if self._before in THEMES else 0

    @on(OptionList.OptionHighlighted)
    def _wear(self, event: OptionList.OptionHighlighted) -> None:
        self.app.theme = THEMES[event.option_index]

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        cast("DltuiApp", self.app).tuning.wish("theme", THEMES[event.option_index])
        self.dismiss()

    def action_cursor(self, step: int) -> None:
        """Go to the next theme, or the one before."""
        known = self.query_one(OptionList)
        known.action_cursor_down() if step > 0 else known.action_cursor_up()

    def action_leave(self) -> None:
        """Wear the theme of before."""
        self.app.theme = self._before
        self.dismiss()


def _option(name: str) -> Option:
    return Option(
        Content.assemble((f"{name:<15}", "bold"), (TOLD.get(name.rpartition("-")[0], ""), "$foreground 70%"))
    )
