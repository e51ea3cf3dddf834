"""``dltui hessian``: how the loss curves at the weights of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app

if TYPE_CHECKING:
    from dltui.results.spectrum import Spectrum

app = verb_app()


@verb(app)
def hessian(
    model: Annotated[
        str, typer.Argument(help="lenet, run:latest, weights.safetensors or package.module:function.")
    ],
    data: Annotated[
        str, typer.Option("--data", "-d", help="digits, moons, file.npz or package.module:function.")
    ] = "digits",
    weights: Annotated[
        Path | None, typer.Option("--weights", "-w", metavar="FILE", help="Weights to put in.")
    ] = None,
    top: Annotated[int, typer.Option("--top", help="How many of the largest eigenvalues.")] = 5,
    bottom: Annotated[int, typer.Option("--bottom", help="How many of the smallest eigenvalues.")] = 5,
    probes: Annotated[int, typer.Option("--probes", help="Random vectors behind the density.")] = 3,
    lanczos_steps: Annotated[
        int, typer.Option("--lanczos-steps", help="Steps of one Lanczos run at most.")
    ] = 100,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="Relative residual of each eigenvalue.")
    ] = 1e-4,
    double: Annotated[bool, typer.Option("--double", help="Compute in float64.")] = False,
    part: Annotated[str, typer.Option("--part", help="Which samples: train or test.")] = "train",
    samples: Annotated[
        int | None, typer.Option("--samples", help="Draw so many samples instead of all.")
    ] = None,
    *,
    common: Common,
) -> Spectrum:
    """Estimate eigenvalues, trace and spectral density of the Hessian, with error bounds."""
    from dltui.commands._objective import open_objective
    from dltui.instruments.curvature.spectrum import spectrum

    objective = open_objective(model, data, weights, common, part=part, samples=samples, double=double)
    return spectrum(
        objective,
        top=top,
        bottom=bottom,
        probes=probes,
        steps=lanczos_steps,
        tolerance=tolerance,
        seed=common.seed,
        report=common.report,
    )
