"""What the screen shows, and every key that works where one is."""

from __future__ import annotations

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from dltui.tui.actions import Action, of_scope
from dltui.tui.actions import scopes as known_scopes

LAST = "app"  # the scope that stands at the end
COMMAND = "The same from the command line"


class HelpScreen(ModalScreen[None]):
    """The actions of the screen below, what has the focus first; letters narrow the list."""

    BINDINGS = [  # noqa: RUF012 - as Textual declares it
        Binding("escape,enter", "leave", show=False, priority=True),
        Binding("f1", "dismiss", show=False, priority=True),
        Binding("down", "scroll(1)", show=False, priority=True),
        Binding("up", "scroll(-1)", show=False, priority=True),
        Binding("pagedown", "scroll(12)", show=False, priority=True),
        Binding("pageup", "scroll(-12)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        & > Vertical {
            width: 88; max-width: 100%; height: auto; max-height: 100%; padding: 0 2 1 2;
            background: $surface; border: round $primary; border-title-color: $text-primary;
            border-subtitle-color: $foreground 70%;
        }
        Input { border: none; height: 1; margin: 0 0 1 0; padding: 0 1; background: $foreground 6%; }
        Input:focus { border: none; }
        VerticalScroll { height: auto; max-height: 100%; }
        VerticalScroll Static { height: auto; }
    }
    """

    def __init__(self, below: Screen[object], command_line: str, about: str = "") -> None:
        """Make the page.

        Args:
            below: The screen whose keys are told.
            command_line: The command that does the same; empty when there is none.
            about: What the screen shows, in words; empty when nothing needs to be said.
        """
        super().__init__()
        self._scopes = scopes_of(below)
        self._command_line = command_line
        self._about = about

    def compose(self) -> ComposeResult:
        """Lay out the field and one list."""
        with Vertical() as page:
            page.border_title = "Help"
            page.border_subtitle = "letters narrow · ↑ ↓ scrolls · esc closes"
            yield Input(placeholder="what are you looking for?")
            with VerticalScroll(can_focus=False):
                yield Static(help_text(self._scopes, self._command_line, self._about))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.value.endswith("?"):  # the field takes the letter that would close the page as it opened it
            self.dismiss()
            return
        found = help_text(self._scopes, self._command_line, self._about, event.value)
        self.query_one(VerticalScroll).query_one(Static).update(found)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_leave(self) -> None:
        """Take the letters away, or close the page."""
        letters = self.query_one(Input)
        if letters.value:
            letters.value = ""
        else:
            self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """Scroll by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def scopes_of(screen: Screen[object]) -> list[str]:
    """Return the scopes whose actions work on a screen as it is now, those of what has the focus first."""
    active = [
        (bound.binding.id or "").partition(".")[0]
        for bound in screen.active_bindings.values()
        if bound.enabled
    ]
    known = [scope for scope in dict.fromkeys(active) if scope in known_scopes()]
    return sorted(known, key=lambda scope: scope == LAST)


def help_text(scopes: list[str], command_line: str, about: str = "", letters: str = "") -> Content:
    """Return the page: what the screen shows, then a heading a scope, a line an action.

    Args:
        scopes: Which actions work.
        command_line: The command that does the same as the screen; empty when there is none.
        about: What the screen shows; empty when nothing needs to be said.
        letters: Words that a line must hold to be listed.

    Returns:
        Keys on the left, sentences on the right.
    """
    words = letters.lower().split()
    told = {scope: [one for one in of_scope(scope) if _fits(one, words)] for scope in scopes}
    wide = max((cell_len(action.key_names()) for scope in scopes for action in of_scope(scope)), default=0)
    parts: list[Content] = []
    if about and all(word in about.lower() for word in words):
        parts.append(Content("\n").join([_heading("What you see"), Content(about)]))
    for scope, listed in told.items():
        if listed:
            lines = [_heading(known_scopes()[scope]), *(_line(action, wide) for action in listed)]
            parts.append(Content("\n").join(lines))
    if command_line and all(word in f"{COMMAND} {command_line}".lower() for word in words):
        parts.append(
            Content("\n").join([_heading(COMMAND), Content.styled(f"  {command_line}", "$text-accent")])
        )
    return Content("\n\n").join(parts) if parts else Content(f"Nothing here fits {letters!r}.")


def _fits(action: Action, words: list[str]) -> bool:
    """Return whether keys, label or sentence of an action hold every word."""
    text = f"{action.key_names()} {action.label} {action.help}".lower()
    return all(word in text for word in words)


def _heading(text: str) -> Content:
    return Content.styled(text, "$text-primary bold")


def _line(action: Action, wide: int) -> Content:
    """Return keys and sentence of one action."""
    keys = action.key_names()
    return Content.assemble((f"  {keys}{' ' * (wide - cell_len(keys))}  ", "$text-accent"), action.help)
