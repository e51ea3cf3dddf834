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
    *,
    common: Common,  # noqa: ARG001
) -> Result:
    """Show a saved result again."""
    from dltui.results import load

    return load(file)
