"""``dltui mesh``: triangles in space, measured."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._scene_words import (
    Azimuth,
    Box,
    Elevation,
    Export,
    Orbit,
    Projection,
    Ruler,
    Scale,
    Shape,
    Up,
    Zoom,
    read_for,
    write_out,
)

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
    azimuth: Azimuth = 35.0,
    elevation: Elevation = 30.0,
    zoom: Zoom = 1.0,
    scale: Scale = 1.0,
    ruler: Ruler = None,
    export: Export = None,
    orbit: Orbit = None,
    *,
    box: Box = False,
    common: Common,
) -> Mesh:
    """Look at a mesh: its area, its volume, whether it is closed, and how many holes go through it."""
    from dltui.scene.describe import mesh_of
    from dltui.scene.operations import rulers, scaled

    geometry = scaled(
        read_for(shape, common, columns="", intrinsics="", depth_scale=1.0, points=False), scale
    )
    pairs = rulers(ruler or [], len(geometry.vertices), geometry.title)
    found = mesh_of(geometry, colour=colour, shade=shade, up=up, projection=projection, box=box, rulers=pairs)
    found = replace(found, azimuth=azimuth, elevation=elevation, zoom=zoom)
    if found.crowded:
        crowded = "1 edge belongs" if found.crowded == 1 else f"{found.crowded:,} edges belong"
        common.note(f"{geometry.title}: {crowded} to more than two triangles (non-manifold)")
    write_out(found, geometry, export, orbit, common)
    return found
