"""``dltui diff``: what changed between two checkpoints; the exit code is that of ``diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import OTHER, Model
from dltui.errors import DltuiError, UsageError

if TYPE_CHECKING:
    from dltui.commands._show import Judged, Stopped

app = verb_app()


class Verdict(typer.core.TyperCommand):
    """A command whose exit code 1 is an answer: whatever refuses one of its options ends it with 2."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line.

        Raises:
            UsageError: If an option can't be used.
        """
        try:
            return super().parse_args(ctx, args)
        except DltuiError as error:
            raise UsageError(str(error)) from error


@verb(app, cls=Verdict)
def diff(
    model: Model,
    other: Annotated[
        str,
        typer.Argument(metavar=OTHER, help="What it is compared with: a file, run:NAME@step=300, a model."),
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
