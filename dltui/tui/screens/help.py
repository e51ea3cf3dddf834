"""Every key that works where one is."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from dltui.tui.actions import Action, of_scope
from dltui.tui.actions import scopes as known_scopes


class HelpScreen(ModalScreen[None]):
    """The actions of the screen below, as the table of actions tells them."""

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("escape,question_mark,q,enter", "dismiss", "back", show=False),
        Binding("down,j", "scroll(1)", show=False),
        Binding("up,k", "scroll(-1)", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 78; max-width: 100%; height: auto; max-height: 100%; padding: 1 2;
        background: $surface; border: round $primary; border-title-color: $text-primary;
        border-subtitle-color: $foreground 60%;
    }
    """

    def __init__(self, below: Screen[object], command_line: str) -> None:
        super().__init__()
        self._scopes = scopes_of(below)
        self._command_line = command_line

    def compose(self) -> ComposeResult:
        """Lay out one list."""
        with VerticalScroll() as page:
            page.border_title = "Keys"
            page.border_subtitle = "esc closes"
            yield Static(help_text(self._scopes, self._command_line))

    def action_scroll(self, lines: int) -> None:
        """Scroll by a line."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def scopes_of(screen: Screen[object]) -> list[str]:
    """Return the scopes whose actions work on a screen as it is now, in the order of the table."""
    active = {
        (bound.binding.id or "").partition(".")[0]
        for bound in screen.active_bindings.values()
        if bound.enabled
    }
    return [scope for scope in known_scopes() if scope in active]


def help_text(scopes: list[str], command_line: str) -> Content:
    """Return the page: a heading a scope, a line an action.

    Args:
        scopes: Which actions work.
        command_line: The command that does the same as the screen; empty when there is none.

    Returns:
        Keys on the left, sentences on the right.
    """
    listed = [action for scope in scopes for action in of_scope(scope)]
    wide = max((cell_len(action.key_names()) for action in listed), default=0)
    parts: list[Content] = []
    for scope in scopes:
        lines = [Content.styled(known_scopes()[scope], "$text-primary bold")]
        lines += [_line(action, wide) for action in of_scope(scope)]
        parts.append(Content("\n").join(lines))
    if command_line:
        heading = Content.styled("The same from the command line", "$text-primary bold")
        parts.append(Content("\n").join([heading, Content.styled(f"  {command_line}", "$text-accent")]))
    return Content("\n\n").join(parts)


def _line(action: Action, wide: int) -> Content:
    """Return keys and sentence of one action."""
    keys = action.key_names()
    return Content.assemble((f"  {keys}{' ' * (wide - cell_len(keys))}  ", "$text-accent"), action.help)
