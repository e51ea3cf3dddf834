"""Lines of a table, one of them chosen."""

from __future__ import annotations

from dltui.tui import actions
from dltui.tui.widgets.choices import Choices


class RowList(Choices, inherit_bindings=False):
    """A list with the keys of the table of actions, as quiet as that of home."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    RowList {
        height: 1fr; border: none; padding: 0; background: transparent;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    RowList:focus { border: none; background: transparent; }
    RowList > .option-list--option { padding: 0 1; }
    RowList > .option-list--option-disabled { color: $text-primary; }
    RowList > .option-list--option-highlighted, RowList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    RowList > .option-list--option-hover { background: $foreground 5%; }
    """
