"""``dltui runs``: what training left behind, read without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, group_app, verb

if TYPE_CHECKING:
    from dltui.results.gallery import Gallery

app = group_app("List the runs that training left, or show one.")


@verb(app, "list")
def list_runs(*, common: Common) -> Gallery:  # noqa: ARG001
    """List the runs, the newest first."""
    from dltui.runs.overview import overview_all

    return overview_all()


@verb(app, "show")
def show_run(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="latest, a name, or how one name begins.")
    ] = "latest",
    *,
    common: Common,  # noqa: ARG001
) -> Gallery:
    """Show settings, curves and checkpoints of a run, also while it goes on."""
    from dltui.runs import find_run
    from dltui.runs.overview import overview

    return overview(find_run(name.removeprefix("run:")))
