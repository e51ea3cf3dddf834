"""``dltui tui``, and ``dltui`` without a verb: the terminal application."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dltui.commands._frame import verb_app

app = verb_app()
DUMB = {"", "dumb"}  # values of TERM where a cursor can't be moved


Plain = Annotated[
    bool, typer.Option("--plain", help="Numbered lists and sentences, for screen readers and pipes.")
]


@app.command("tui")
def tui(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A saved result to open at once.")
    ] = None,
    plain: Plain = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Open nothing again that was open the last time.")
    ] = False,
) -> None:
    """Open the terminal application: results, runs, models, data and the lab."""
    open_tui(file, plain=plain, fresh=fresh)


def open_tui(file: Path | None, *, plain: bool = False, fresh: bool = False) -> None:
    """Run the application and leave with its exit code.

    Args:
        file: A saved result to open at once.
        plain: Talk in lines instead of painting; so it is on a terminal that has no cursor to move, too.
        fresh: Open nothing again that was open the last time.

    Raises:
        Exit: When the application has ended.
    """
    if plain or (sys.stdout.isatty() and os.environ.get("TERM", "") in DUMB):
        from dltui.plain import open_plain

        raise typer.Exit(open_plain(file))
    from dltui.tui.start import run_tui

    raise typer.Exit(run_tui(file, fresh=fresh))
