"""Tokens beside a figure, each with a bar: the one that is chosen is looked from."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets.option_list import Option

from dltui.draw.letters import clip_middle
from dltui.tui import actions
from dltui.tui.widgets.choices import Choices

NAME, BAR = 13, 6  # cells of a token and of a bar
EIGHTHS = " ▏▎▍▌▋▊▉█"


class TokenList(Choices, inherit_bindings=False):
    """Tokens with bars; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    TokenList {
        width: 23; height: 1fr; border: none; border-right: solid $foreground 15%; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    TokenList:focus { border: none; border-right: solid $foreground 15%; background: transparent; }
    TokenList > .option-list--option { padding: 0 1; }
    TokenList > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    TokenList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """

    def show_tokens(self, names: Sequence[str], shares: Sequence[float], chosen: int) -> None:
        """Write the tokens anew; where the list is scrolled to stays.

        Args:
            names: The tokens.
            shares: Length of each bar, 0…1; empty for no bars.
            chosen: The token that is looked from.
        """
        lines = token_lines(names, shares)
        if self.option_count != len(lines):
            self.clear_options()
            self.add_options([Option(line) for line in lines])
        else:
            for place, line in enumerate(lines):
                self.replace_option_prompt_at_index(place, line)
        self.highlighted = chosen


def token_lines(names: Sequence[str], shares: Sequence[float]) -> list[Content]:
    """Return one line a token: its text, be it a space or a line break, and its bar.

    Args:
        names: The tokens.
        shares: Length of each bar, 0…1; empty for no bars.

    Returns:
        Lines of a list.
    """
    return [
        Content.assemble(
            (f"{clip_middle(seen(name), NAME):<{NAME}} ", "$foreground"),
            (_bar(shares[place]) if len(shares) else "", "$primary"),
        )
        for place, name in enumerate(names)
    ]


def seen(name: str) -> str:
    """Return a token so that it can be seen, be it a space or a line break."""
    return name.replace("\n", "⏎").strip() or "␣"


def _bar(share: float) -> str:
    """Return a bar of block characters."""
    whole, rest = divmod(round(min(max(share, 0.0), 1.0) * BAR * 8), 8)
    return f"{EIGHTHS[8] * whole}{EIGHTHS[rest] if rest else ''}"[:BAR].ljust(BAR)
