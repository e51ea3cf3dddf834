"""``dltui sdf``: surfaces that a formula describes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._scene_words import Export
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.results.implicit import Implicit
    from dltui.scene.sdf.nodes import Node

app = verb_app()


@verb(app)
def sdf(
    expression: Annotated[
        str,
        typer.Argument(
            metavar="EXPR",
            help="max(sphere(1), -box(.6)), smin(A, B, .2), … or package.module:function of x, y and z.",
        ),
    ],
    resolution: Annotated[
        int, typer.Option("--resolution", "-r", min=4, max=512, help="Cells of the grid, either way.")
    ] = 96,
    reach: Annotated[
        float | None,
        typer.Option("--reach", help="Half the side of the cube that is looked at; all of it if left out."),
    ] = None,
    axis: Annotated[
        Literal["x", "y", "z"], typer.Option("--axis", help="The axis that the cut stands on.")
    ] = "z",
    level: Annotated[float, typer.Option("--level", help="Where on that axis the cut is.")] = 0.0,
    probe: Annotated[
        list[str] | None,
        typer.Option("--probe", metavar="X,Y,Z", help="A place to be asked about; again for more."),
    ] = None,
    azimuth: Annotated[
        float, typer.Option("--azimuth", help="Degrees around, from which the rays come.")
    ] = 35.0,
    elevation: Annotated[
        float, typer.Option("--elevation", min=-90, max=90, help="Degrees above the ground.")
    ] = 30.0,
    export: Export = None,
    *,
    common: Common,
) -> Implicit:
    """Look at an implicit surface: traced by rays, meshed by marching cubes, cut, probed.

    Solids: sphere box torus cylinder capsule cone ellipsoid plane metaballs. Joins: min max (-A is the complement) smin
    smax mix round shell move turn scale repeat twist.
    """
    from dltui.scene.surface import surface

    places = [_place(text) for text in probe or []]
    node = _node(expression)
    found = surface(
        node,
        title=expression if ":" in expression else "",
        reach=reach,
        resolution=resolution,
        axis=axis,
        level=level,
        probes=places,
        azimuth=azimuth,
        elevation=elevation,
        report=common.report,
    )
    if not len(found.faces):
        common.note(
            f"{found.expression} has no surface in a cube of half side {found.reach:g}: try another --reach"
        )
    if export is not None:
        from dltui.scene.geometry import geometry_of
        from dltui.scene.write import write_geometry

        write_geometry(geometry_of(found.vertices, title=found.title, faces=found.faces), export)
        common.note(f"wrote {len(found.faces):,} triangles to {export}")
    return found


def _node(text: str) -> Node:
    """Return the tree of an expression, or the user's own function."""
    from dltui.scene.sdf.parse import parse

    if ":" not in text:
        return parse(text)
    from dltui.scene.sdf.own import own_function

    return own_function(text)


def _place(text: str) -> tuple[float, float, float]:
    """Return three numbers."""
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"can't read --probe {text!r}: expected three numbers such as 0,0,.5") from error
    if not all(map(math.isfinite, (x, y, z))):
        raise UsageError(f"--probe {text} is nowhere: expected three finite numbers such as 0,0,.5")
    return x, y, z
