"""Options that the verbs of scenes share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common
from dltui.commands._targets import recording_file, shape_file
from dltui.commands._words import weights_or_models

if TYPE_CHECKING:
    from dltui.results import Result
    from dltui.scene.geometry import Geometry


def shapes_or_files(incomplete: str) -> list[str]:
    """Return what completes a file of points or triangles, or the name of a shape."""
    from dltui.scene.read import SHIPPED
    from dltui.scene.solids import SHAPES

    files = [one for one in weights_or_models(incomplete) if Path(one).exists()]
    return [name for name in (*SHIPPED, *SHAPES) if name.startswith(incomplete)] + files


Shape = Annotated[
    str,
    typer.Argument(
        metavar="FILE|NAME",
        help="A file; bunny, teapot, lidar or motorcycle; or a made shape such as torus:n=5000,noise=0.02.",
        autocompletion=shapes_or_files,
    ),
]
Up = Annotated[
    Literal["z", "y"] | None,
    typer.Option("--up", help="The axis that points up; the file's own if left out."),
]
Projection = Annotated[
    Literal["perspective", "orthographic"], typer.Option("--projection", help="How far things are seen.")
]
Box = Annotated[bool, typer.Option("--box", help="Draw the box around it, with its axes.")]
Azimuth = Annotated[float, typer.Option("--azimuth", help="Degrees around, from where it is seen.")]
Elevation = Annotated[
    float,
    typer.Option("--elevation", min=-90, max=90, help="Degrees above the ground, from where it is seen."),
]
Zoom = Annotated[
    float, typer.Option("--zoom", min=0.05, max=200, help="How many times nearer than what shows all.")
]
Columns = Annotated[
    str,
    typer.Option(
        "--columns", metavar="NAMES", help="Names of the columns of a table, such as x,y,z,-,intensity."
    ),
]
Intrinsics = Annotated[
    str,
    typer.Option("--intrinsics", metavar="FX,FY,CX,CY", help="The camera of a depth map, in pixels."),
]
DepthScale = Annotated[
    float, typer.Option("--depth-scale", help="By what the numbers of a depth map are divided.")
]
Scale = Annotated[float, typer.Option("--scale", help="Multiply all coordinates.")]
Ruler = Annotated[
    list[str] | None,
    typer.Option("--ruler", metavar="I,J", help="Measure from point I to point J; again for more."),
]
Export = Annotated[
    Path | None,
    typer.Option(
        "--export", metavar="FILE", callback=shape_file, help="Write the shape to FILE.ply, obj or stl."
    ),
]
Orbit = Annotated[
    Path | None,
    typer.Option(
        "--orbit",
        metavar="FILE",
        callback=recording_file,
        help="Record it, turned once around, to FILE.gif or cast.",
    ),
]


def read_for(
    shape: str, common: Common, *, columns: str, intrinsics: str, depth_scale: float, points: bool
) -> Geometry:
    """Read a shape as the options of a verb say, and make its remarks.

    Args:
        shape: What the user named.
        common: The common options.
        columns: Names of columns.
        intrinsics: The camera of a depth map.
        depth_scale: By what depths are divided.
        points: Make points where a shape could be a mesh as well.

    Returns:
        What is there.
    """
    from dltui.scene.hints import hints
    from dltui.scene.read import read_geometry

    told = hints(columns, intrinsics, depth_scale)
    geometry = read_geometry(shape, hints=told, seed=common.seed, points=points)
    for remark in geometry.remarks:
        common.note(f"{geometry.title}: {remark}")
    if geometry.dropped:
        common.note(
            f"{geometry.title}: {geometry.dropped:,} points left out, their coordinates are not finite"
        )
    return geometry


def write_out(
    found: Result, geometry: Geometry, export: Path | None, orbit: Path | None, common: Common
) -> None:
    """Write a shape and a recording of it, where that was asked for.

    Args:
        found: The result.
        geometry: The shape.
        export: Where the shape goes, or None.
        orbit: Where the recording goes, or None.
        common: The common options.
    """
    if export is not None:
        from dltui.scene.write import write_geometry

        write_geometry(geometry, export)
        kinds = (
            f"{len(geometry.faces):,} triangles" if geometry.is_mesh else f"{len(geometry.vertices):,} points"
        )
        common.note(f"wrote {kinds} to {export}")
    if orbit is not None:
        from dltui.commands._record import record_turn

        record_turn(found.figures()[:1], orbit, common)
