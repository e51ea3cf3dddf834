"""What verbs that learn from pictures with known cameras have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dltui.commands._frame import Common
from dltui.commands._words import paths

SCENES = ("csg-table", "bunny", "teapot")


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


def tell_missing(names: tuple[str, ...], common: Common) -> None:
    """Remark on pictures that are not there."""
    if names:
        common.note(f"left out {len(names)} pictures that are not there: {', '.join(names[:4])}"
                    f"{' …' if len(names) > 4 else ''}")  # fmt: skip
