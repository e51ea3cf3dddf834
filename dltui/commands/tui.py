"""``dltui tui``, and ``dltui`` without a verb: the terminal application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dltui.commands._frame import verb_app

app = verb_app()


@app.command("tui")
def tui(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A saved result to open at once.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Open nothing again that was open the last time.")
    ] = False,
) -> None:
    """Open the terminal application: results, runs, models, data and the lab."""
    open_tui(file, fresh=fresh)


def open_tui(file: Path | None, *, fresh: bool = False) -> None:
    """Run the application and leave with its exit code.

    Args:
        file: A saved result to open at once.
        fresh: Open nothing again that was open the last time.

    Raises:
        Exit: When the application has ended.
    """
    from dltui.tui.app import run_app

    raise typer.Exit(run_app(file, fresh=fresh))
