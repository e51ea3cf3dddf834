"""Options that the verbs of scenes share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from dltui.commands._words import weights_or_models


def shapes_or_files(incomplete: str) -> list[str]:
    """Return what completes a file of points or triangles, or a shipped name."""
    from dltui.scene.read import SHIPPED

    files = [one for one in weights_or_models(incomplete) if Path(one).exists()]
    return [name for name in SHIPPED if name.startswith(incomplete)] + files


Shape = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A file, or bunny, teapot or lidar, which are shipped.",
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
Box = Annotated[bool, typer.Option("--box", help="Draw the box around it.")]
