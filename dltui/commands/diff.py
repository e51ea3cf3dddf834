"""``dltui diff``: what changed between two checkpoints; the exit code is that of ``diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Model

if TYPE_CHECKING:
    from dltui.commands._show import Judged, Stopped

app = verb_app()


@verb(app)
def diff(
    model: Model,
    other: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="What it is compared with: a file, run:NAME@step=300, a model."),
    ],
    tensor: Annotated[
        str | None,
        typer.Argument(metavar="TENSOR", help="The difference of one tensor in every respect."),
    ] = None,
    *,
    common: Common,
) -> Judged | Stopped:
    """Tell what changed between two checkpoints, tensor by tensor, the most changed first.

    Tensors that were added, removed, reshaped or changed, by how much (relative norm, cosine), and the rank of each
    difference: a merged LoRA shows its own. Exit codes as those of diff: 0 the same, 1 different, 2 trouble (also a
    file that is missing or can't be read), 130 cancelled.
    """
    from dltui.commands._diff import ask

    return ask(model, other, tensor, common)
