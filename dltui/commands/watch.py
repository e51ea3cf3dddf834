"""``dltui watch``: a training as it goes on, this program's or another's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app

if TYPE_CHECKING:
    from dltui.results.gallery import Gallery

app = verb_app()


@verb(app)
def watch(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="latest, names, run folders, or a TensorBoard log folder."),
    ] = None,
    across: Annotated[
        Literal["step", "epoch", "time"], typer.Option("--x", help="What the curves are drawn over.")
    ] = "step",
    smooth: Annotated[
        float, typer.Option("--smooth", min=0, max=0.9999, help="Weight of a moving average.")
    ] = 0.9,
    linear: Annotated[bool, typer.Option("--linear", help="No logarithms for losses.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Show how it stands, and end.")] = False,
    *,
    common: Common,
) -> Gallery | None:
    """Watch runs as they go on: curves, gradients by layer, what is ill; keys pause, stop, keep checkpoints."""
    from dltui.runs.curves import Sight
    from dltui.watching.source import find_sources

    words, sight = list(runs or []), Sight(across, smooth, not linear)
    sources = find_sources(words)  # what is spelled wrongly is told before the screen is taken
    if once or common.json or common.plain or common.save or common.figure or not _on_terminal():
        from dltui.watching.follow import follow
        from dltui.watching.page import page

        return page(follow(sources), sight)
    from dltui.commands.watch_screen import watch_item
    from dltui.tui.start import run_tui

    raise typer.Exit(run_tui(first=watch_item([str(source.folder) for source in sources], sight)))


def _on_terminal() -> bool:
    """Return whether there is somebody to press keys, and a screen to paint on."""
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()
