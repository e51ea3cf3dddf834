"""``dltui gradients``: how steep the loss is at the weights of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app

if TYPE_CHECKING:
    from dltui.results.gradients import GradientNorms

app = verb_app()


@verb(app)
def gradients(
    model: Annotated[
        str, typer.Argument(help="lenet, run:latest, weights.safetensors or package.module:function.")
    ],
    data: Annotated[
        str, typer.Option("--data", "-d", help="digits, moons, file.npz or package.module:function.")
    ] = "digits",
    weights: Annotated[
        Path | None, typer.Option("--weights", "-w", metavar="FILE", help="Weights to put in.")
    ] = None,
    per_sample: Annotated[
        bool, typer.Option("--per-sample/--no-per-sample", help="Also the gradient norm of every sample.")
    ] = True,
    double: Annotated[bool, typer.Option("--double", help="Compute in float64.")] = False,
    part: Annotated[str, typer.Option("--part", help="Which samples: train or test.")] = "train",
    samples: Annotated[
        int | None, typer.Option("--samples", help="Draw so many samples instead of all.")
    ] = None,
    *,
    common: Common,
) -> GradientNorms:
    """Measure gradient norms layer by layer and sample by sample."""
    from dltui.commands._objective import open_objective
    from dltui.instruments.gradients import measure

    objective = open_objective(model, data, weights, common, part=part, samples=samples, double=double)
    return measure(objective, per_sample=per_sample, report=common.report)
