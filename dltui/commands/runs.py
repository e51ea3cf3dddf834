"""``dltui runs``: what training left behind, read without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, group_app, verb

if TYPE_CHECKING:
    from dltui.results.gallery import Gallery

app = group_app("List the runs that training left, show one, or compare several.")

AcrossOption = Annotated[
    Literal["step", "epoch", "time"], typer.Option("--x", help="What the curves are drawn over.")
]
SmoothOption = Annotated[
    float, typer.Option("--smooth", min=0, max=0.9999, help="Weight of a moving average, such as 0.9.")
]
LinearOption = Annotated[bool, typer.Option("--linear", help="No logarithms for losses.")]


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
    across: AcrossOption = "step",
    smooth: SmoothOption = 0.0,
    linear: LinearOption = False,
    *,
    common: Common,  # noqa: ARG001
) -> Gallery:
    """Show settings, curves and checkpoints of a run, and what is ill in it, also while it goes on."""
    from dltui.runs import find_run
    from dltui.runs.curves import Sight
    from dltui.runs.overview import overview
    from dltui.watching.page import with_diagnosis

    run = find_run(name.removeprefix("run:"))
    return with_diagnosis(overview(run, Sight(across, smooth, not linear)), run)


@verb(app, "compare")
def compare_runs(
    names: Annotated[
        str, typer.Argument(metavar="NAME,NAME...", help="Spelled as for show; the first is the measure.")
    ],
    across: AcrossOption = "step",
    smooth: SmoothOption = 0.0,
    linear: LinearOption = False,
    *,
    common: Common,  # noqa: ARG001
) -> Gallery:
    """Show several runs in one chart each, and what their settings differ in."""
    from dltui.runs import find_run
    from dltui.runs.compare import comparison
    from dltui.runs.curves import Sight

    words = [name.removeprefix("run:") for name in names.split(",") if name]
    runs = list({run.name: run for run in map(find_run, words)}.values())
    return comparison(runs, Sight(across, smooth, not linear))
