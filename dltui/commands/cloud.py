"""``dltui cloud``: points in space."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._scene_words import (
    Azimuth,
    Box,
    Columns,
    DepthScale,
    Elevation,
    Export,
    Intrinsics,
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
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.results.cloud import Cloud

NEIGHBOURS = 16

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
    azimuth: Azimuth = 35.0,
    elevation: Elevation = 30.0,
    zoom: Zoom = 1.0,
    columns: Columns = "",
    intrinsics: Intrinsics = "",
    depth_scale: DepthScale = 1.0,
    scale: Scale = 1.0,
    sample: Annotated[
        int, typer.Option("--sample", min=0, help="Draw so many points, those of a mesh from its triangles.")
    ] = 0,
    voxel: Annotated[
        float, typer.Option("--voxel", help="Keep the mean of the points in each cube of such a side.")
    ] = 0.0,
    outliers: Annotated[
        float,
        typer.Option(
            "--outliers", min=0, help="Leave out what is farther from its neighbours than so many deviations."
        ),
    ] = 0.0,
    farthest: Annotated[
        int, typer.Option("--farthest", min=0, help="Keep so many points that lie far apart.")
    ] = 0,
    neighbours: Annotated[
        int | None,
        typer.Option(
            "--neighbours",
            min=1,
            help=f"Neighbours for outliers, normals and density; {NEIGHBOURS} if left out.",
        ),
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            "--against", metavar="FILE|NAME", help="Another cloud: Chamfer and earth mover's distance."
        ),
    ] = "",
    ruler: Ruler = None,
    export: Export = None,
    orbit: Orbit = None,
    *,
    normals: Annotated[bool, typer.Option("--normals", help="Find normals from the neighbours.")] = False,
    density: Annotated[
        bool, typer.Option("--density", help="Tell how densely others lie around each point.")
    ] = False,
    align: Annotated[
        bool, typer.Option("--align", help="Lay it upon the cloud of --against first (ICP).")
    ] = False,
    box: Box = False,
    eye_dome: Annotated[
        bool, typer.Option("--eye-dome/--no-eye-dome", help="Darken points beside nearer ones.")
    ] = True,
    common: Common,
) -> Cloud:
    """Look at a cloud of points: turn it in the TUI, colour it by what each point bears, and count it.

    Reads PLY of any properties, also of splatted scenes, OBJ, STL, OFF, XYZ, CSV, PTS, PCD, LAS, LAZ, NPY, NPZ, scans
    as bare floats (.bin), depth maps with --intrinsics, glTF and GLB. It is scaled, sampled, thinned and cleaned in the
    order of the options here.
    """
    from dltui.scene.describe import cloud_of
    from dltui.scene.operations import Wishes, carried_out, compared, rulers

    if align and not against:
        raise UsageError("--align needs --against FILE: the cloud upon which this one is laid")
    if neighbours is not None and not (outliers or normals or density):
        raise UsageError(
            "--neighbours has no use here: expected --outliers, --normals or --density beside it; leave it out"
        )
    geometry = read_for(
        shape, common, columns=columns, intrinsics=intrinsics, depth_scale=depth_scale, points=True
    )
    wishes = Wishes(
        scale=scale, sample=sample, voxel=voxel, outliers=outliers, farthest=farthest, normals=normals,
        density=density, neighbours=neighbours or NEIGHBOURS,
    )  # fmt: skip
    said = len(geometry.remarks)
    geometry = carried_out(geometry, wishes, seed=common.seed)
    for remark in geometry.remarks[said:]:
        common.note(remark)
    other, distances, motion = None, None, None
    if against:
        other = read_for(
            against, common, columns=columns, intrinsics=intrinsics, depth_scale=depth_scale, points=True
        )
        geometry, distances, motion = compared(
            geometry, other, align=align, seed=common.seed, report=common.report
        )
    pairs = rulers(ruler or [], len(geometry.vertices), geometry.title)
    found = cloud_of(
        geometry,
        colour=colour,
        up=up,
        projection=projection,
        size=size,
        box=box,
        eye_dome=eye_dome,
        rulers=pairs,
    )
    found = replace(found, azimuth=azimuth, elevation=elevation, zoom=zoom)
    if other is not None and distances is not None:
        found = replace(found, other=other.vertices, other_title=other.title, apart=asdict(distances))
    if motion is not None:
        fit = {"rms": motion.rms, "share": motion.share, "steps": motion.steps}
        found = replace(found, motion=motion.matrix, fit=fit)
    write_out(found, replace(geometry, faces=geometry.faces[:0]), export, orbit, common)
    return found
