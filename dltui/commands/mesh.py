"""``dltui mesh``: triangles in space, measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._scene_words import Box, Projection, Shape, Up

if TYPE_CHECKING:
    from dltui.results.mesh import Mesh

app = verb_app()


@verb(app)
def mesh(
    shape: Shape,
    shade: Annotated[
        Literal["flat", "smooth", "wire", "normal", "depth", "plain"],
        typer.Option("--shade", help="How it is lit."),
    ] = "flat",
    colour: Annotated[
        str,
        typer.Option(
            "--colour",
            metavar="CHANNEL",
            help="A channel of the file, height, rgb or none; rgb where there is any if left out.",
        ),
    ] = "",
    up: Up = None,
    projection: Projection = "perspective",
    *,
    box: Box = False,
    common: Common,
) -> Mesh:
    """Look at a mesh: its area, its volume, whether it is closed, and how many holes go through it."""
    from dltui.scene.describe import mesh_of
    from dltui.scene.read import read_geometry

    geometry = read_geometry(shape)
    for remark in geometry.remarks:
        common.note(f"{geometry.title}: {remark}")
    return mesh_of(geometry, colour=colour, shade=shade, up=up, projection=projection, box=box)
