"""``dltui open``: show a saved result again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app

if TYPE_CHECKING:
    from dltui.results import Result

app = verb_app()


@verb(app, "open")
def open_result(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A result that was saved with --save.")],
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="FILE", help="Record it, turned once around, to FILE.gif or FILE.cast."),
    ] = None,
    *,
    common: Common,
) -> Result:
    """Show a saved result again."""
    from dltui.results import load

    result = load(file)
    if record:
        from dltui.commands._record import record_turn

        record_turn(result.figures(), record, common)
    return result
