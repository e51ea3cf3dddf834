"""The words by which verbs take pictures with known cameras."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common
from dltui.commands._words import paths

if TYPE_CHECKING:
    from dltui.scene.nerf.folders import Found

SCENES = ("csg-table", "bunny", "teapot")
NAMED = 4  # pictures that are not there, by name


def scenes(incomplete: str) -> list[str]:
    """Return what completes a scene."""
    folders = [path for path in paths(incomplete) if Path(path).is_dir()]
    return [name for name in SCENES if name.startswith(incomplete)] + folders


Pictures = Annotated[
    str,
    typer.Argument(
        metavar="SCENE",
        help="csg-table, bunny, teapot, or a folder with transforms.json or a COLMAP model.",
        autocompletion=scenes,
    ),
]
Size = Annotated[
    int | None,
    typer.Option(
        "--size",
        min=8,
        help="Pixels of the longer side; 64 for our own scenes if left out, else as they are.",
    ),
]
Views = Annotated[
    int, typer.Option("--views", min=3, help="Pictures of our own scenes; 1 of 11 is held out.")
]

CameraPath = Annotated[
    Path | None,
    typer.Option(
        "--path",
        metavar="FILE.json",
        help="Fly along these poses, as transforms.json spells them (camera_angle_x, frames).",
    ),
]


def pictures_of(scene: str, views: int, size: int | None, common: Common) -> Found:
    """Return the pictures of a scene, and remark on those that are not there.

    Args:
        scene: What the user named.
        views: How many pictures of our own scenes.
        size: Pixels of the longer side; None for what suits.
        common: The common options.

    Returns:
        The pictures with their cameras.
    """
    from dltui.scene.nerf.captured import captured

    found = captured(scene, views=views, size=size, report=common.report)
    if count := len(found.missing):
        left_out = "a picture that is" if count == 1 else f"{count:,} pictures that are"
        more = " …" if count > NAMED else ""
        common.note(f"left out {left_out} not there: {', '.join(found.missing[:NAMED])}{more}")
    return found
