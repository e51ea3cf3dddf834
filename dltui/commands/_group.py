"""Verbs that have verbs below them."""

from __future__ import annotations

from typing import Any

import typer

LONGEST = 1000  # letters of a sentence: none is cut, what does not fit on a line goes on below


class Group(typer.core.TyperGroup):
    """Tells of every command the whole first sentence, on as many lines as it needs."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands with what they do."""
        known = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [
            (name, command.get_short_help_str(LONGEST))
            for name, command in known
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
