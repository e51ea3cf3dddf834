"""``dltui gradients``: how steep the loss is at the weights of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import At, Data, Double, Model, Normalize, Part, Samples, Weights, steps_to

if TYPE_CHECKING:
    from dltui.results.gradients import GradientNorms

app = verb_app()


@verb(app)
def gradients(
    model: Model,
    data: Data = "digits",
    weights: Weights = None,
    per_sample: Annotated[
        bool, typer.Option("--per-sample/--no-per-sample", help="Also the gradient norm of every sample.")
    ] = True,
    at: At = None,
    normalize: Normalize = "filter",
    double: Double = False,
    part: Part = "train",
    samples: Samples = None,
    *,
    common: Common,
) -> GradientNorms:
    """Measure gradient norms layer by layer and sample by sample."""
    from dltui.commands._objective import open_objective
    from dltui.instruments.gradients import measure

    objective = open_objective(model, data, weights, common, part=part, samples=samples, double=double)
    return measure(
        objective,
        at=steps_to(at),
        normalize=normalize,
        seed=common.seed,
        per_sample=per_sample,
        report=common.report,
    )
