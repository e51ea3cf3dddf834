"""``dltui cloud``: points in space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._scene_words import Box, Projection, Shape, Up

if TYPE_CHECKING:
    from dltui.results.cloud import Cloud

app = verb_app()


@verb(app)
def cloud(
    shape: Shape,
    colour: Annotated[
        str,
        typer.Option(
            "--colour",
            metavar="CHANNEL",
            help="A channel of the file, height, depth, normal, rgb or none; rgb where there is any if left out.",
        ),
    ] = "",
    size: Annotated[
        int, typer.Option("--size", min=0, max=9, help="Pixels of a point; 0 for what suits their number.")
    ] = 0,
    up: Up = None,
    projection: Projection = "perspective",
    *,
    box: Box = False,
    common: Common,
) -> Cloud:
    """Look at a cloud of points: turn it in the TUI, colour it by what each point bears, and count it.

    Reads PLY of any properties, also of splatted scenes, and LAS.
    """
    from dltui.scene.describe import cloud_of
    from dltui.scene.read import read_geometry

    geometry = read_geometry(shape)
    for remark in geometry.remarks:
        common.note(f"{geometry.title}: {remark}")
    return cloud_of(geometry, colour=colour, up=up, projection=projection, size=size, box=box)
