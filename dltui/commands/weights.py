"""``dltui weights``: the tensors of a checkpoint in numbers and pictures, or one of them in every respect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Model

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results import Result

app = verb_app()


@verb(app)
def weights(
    model: Model,
    tensor: Annotated[
        str | None,
        typer.Argument(metavar="TENSOR", help="One tensor in every respect; the end of its name is enough."),
    ] = None,
    spectra: Annotated[
        bool,
        typer.Option("--spectra", help="Also singular values of every matrix: stable rank and exponent α."),
    ] = False,
    along_run: Annotated[
        bool, typer.Option("--along-run", help="Follow TENSOR through the checkpoints of the run.")
    ] = False,
    *,
    common: Common,
) -> Result | Stopped:
    """Tell what the weights of a checkpoint are like, tensor by tensor, or one tensor in every respect.

    MODEL is any file or folder of weights, run:NAME, a model by name, or package.module:function. Nothing of a file is
    executed, and torch is not needed for it. All tensors: extremes, mean, deviation, norm, zeros, quantiles. One
    tensor: also histogram, matrix, filters, singular values with the power law of their tail, dead and double outputs,
    and what int8, int4 and fp8 would cost.
    """
    from dltui.commands._weights import Asked, ask

    return ask(Asked(model, tensor, spectra=spectra, along_run=along_run), common)
