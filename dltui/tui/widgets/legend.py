"""The curves of a chart by name, with their colours: shown or hidden, and one that the others are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from dltui.draw.colors import series_color
from dltui.draw.lines import marker
from dltui.draw.look import Depth, Look
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.widgets.top_bar import shortened


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a legend.

    Attributes:
        name: What the curve is of.
        tint: Place of its colour in the palette.
        shown: Whether it is drawn.
        pinned: Whether the others are compared with it.
    """

    name: str
    tint: int
    shown: bool = True
    pinned: bool = False


class Legend(Widget, can_focus=True):
    """A line a curve; space shows and hides, a click too."""

    ALLOW_SELECT = False
    BINDINGS = actions.register(
        "The legend",
        Action("legend", "step", ("down", "up", "j", "k"), "", "Go to the next curve, or the one before.",
               ("1", "-1", "1", "-1"), shown=0),
        Action("legend", "show_hide", ("space", "enter"), "show/hide", "Show or hide the curve."),
    )  # fmt: skip
    DEFAULT_CSS = """
    Legend { height: auto; margin: 0 0 1 0; }
    """

    entries: reactive[tuple[Entry, ...]] = reactive((), layout=True)
    cursor: reactive[int] = reactive(0)

    @dataclass
    class Toggled(Message):
        """A curve shall be shown, or hidden."""

        name: str

    def get_content_height(self, *_: object) -> int:
        """Return one line a curve, and one that says what the marks mean."""
        return len(self.entries) + 1

    @property
    def chosen(self) -> str:
        """The name under the cursor."""
        return self.entries[self.cursor].name if self.entries else ""

    def render(self) -> Content:
        """Return the lines."""
        look = Look(depth=Depth.NONE if self.app.no_color else Depth.TRUE)
        lines = [self._line(at, entry, look) for at, entry in enumerate(self.entries)]
        return Content("\n").join([*lines, Content.styled("◆ compared with · ○ hidden", "$foreground 70%")])

    def _line(self, at: int, entry: Entry, look: Look) -> Content:
        red, green, blue = series_color(entry.tint)
        swatch = marker(entry.tint, look) if look.depth is Depth.NONE else "━━"
        mark = "◆" if entry.pinned else " " if entry.shown else "○"
        name = shortened(entry.name, self.size.width - 6)
        here = self.has_focus and at == self.cursor
        style = ("reverse" if self.app.no_color else "on $primary-muted") if here else ""
        quiet = "" if entry.shown else "$foreground 70%"
        return Content.assemble(
            (f"{swatch:<2}", f"rgb({red},{green},{blue})"), f" {mark} ", (name, f"{quiet} {style}".strip())
        )

    def action_step(self, step: int) -> None:
        """Go to another curve."""
        if self.entries:
            self.cursor = max(0, min(len(self.entries) - 1, self.cursor + step))

    def action_show_hide(self) -> None:
        """Show or hide the curve."""
        if self.entries:
            self.post_message(self.Toggled(self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Show or hide the curve that is clicked."""
        if 0 <= event.y < len(self.entries):
            self.cursor = event.y
            self.action_show_hide()


def entries_of(
    names: Sequence[str], tints: dict[str, int], hidden: set[str], pinned: str
) -> tuple[Entry, ...]:
    """Return the lines of a legend.

    Args:
        names: The curves, in their order.
        tints: The colour of each.
        hidden: Those that aren't drawn.
        pinned: The one that the others are compared with; empty for none.

    Returns:
        One line a curve.
    """
    return tuple(Entry(name, tints[name], name not in hidden, name == pinned) for name in names)
