"""``dltui hessian``: how the loss curves at the weights of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import (
    At,
    Data,
    Double,
    Model,
    Normalize,
    Part,
    Samples,
    Weights,
    share,
    steps_to,
)

if TYPE_CHECKING:
    from dltui.results.spectrum import Spectrum

app = verb_app()


@verb(app)
def hessian(
    model: Model,
    data: Data = "digits",
    weights: Weights = None,
    top: Annotated[int, typer.Option("--top", min=0, help="How many of the largest eigenvalues.")] = 5,
    bottom: Annotated[int, typer.Option("--bottom", min=0, help="How many of the smallest eigenvalues.")] = 5,
    probes: Annotated[int, typer.Option("--probes", min=1, help="Random vectors behind the density.")] = 3,
    lanczos_steps: Annotated[
        int, typer.Option("--lanczos-steps", min=2, help="Steps of one Lanczos run at most.")
    ] = 100,
    tolerance: Annotated[
        float, typer.Option("--tolerance", callback=share, help="Relative residual of each eigenvalue.")
    ] = 1e-4,
    at: At = None,
    normalize: Normalize = "filter",
    double: Double = False,
    part: Part = "train",
    samples: Samples = None,
    *,
    common: Common,
) -> Spectrum:
    """Estimate eigenvalues, trace and spectral density of the Hessian, with error bounds."""
    from dltui.commands._objective import open_objective
    from dltui.instruments.curvature.spectrum import spectrum

    objective = open_objective(model, data, weights, common, part=part, samples=samples, double=double)
    return spectrum(
        objective,
        at=steps_to(at),
        normalize=normalize,
        top=top,
        bottom=bottom,
        probes=probes,
        steps=lanczos_steps,
        tolerance=tolerance,
        seed=common.seed,
        report=common.report,
    )
