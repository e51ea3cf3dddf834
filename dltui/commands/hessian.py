"""``dltui hessian``: how the loss curves at the weights of a model, or along a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import (
    At,
    Data,
    Devices,
    Double,
    Model,
    Normalize,
    Part,
    Processes,
    Samples,
    Weights,
    share,
    steps_to,
)
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results.edge import SharpnessHistory
    from dltui.results.spectrum import Spectrum

app = verb_app()

EACH_READING = 1e-2  # relative residual of a reading along a run, unless someone asks for less


def width(bandwidth: float) -> float:
    """Return the bandwidth when a density can be drawn with it."""
    from dltui.results.smoothing import LEAST, MOST

    if not LEAST <= bandwidth <= MOST:
        raise UsageError(f"can't use a bandwidth of {bandwidth:g}: expected {LEAST:g} to {MOST:g}; try 0.03")
    return bandwidth


@verb(app)
def hessian(
    model: Model,
    data: Data = "digits",
    weights: Weights = None,
    matrix: Annotated[
        Literal["hessian", "ggn", "fisher", "empirical-fisher"],
        typer.Option("--matrix", help="Which matrix; ggn is the Hessian without the model's own curvature."),
    ] = "hessian",
    top: Annotated[
        int | None, typer.Option("--top", min=0, help="How many of the largest eigenvalues; 5 if left out.")
    ] = None,
    bottom: Annotated[
        int | None, typer.Option("--bottom", min=0, help="How many of the smallest; 5 if left out.")
    ] = None,
    by: Annotated[
        Literal["layer", "block"] | None,
        typer.Option("--by", help="Look at the diagonal block of each layer, or block of layers, too."),
    ] = None,
    along_run: Annotated[
        bool,
        typer.Option("--along-run", help="Largest eigenvalue at every checkpoint of the run, against 2/η."),
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Write the matrix out and find every eigenvalue.")
    ] = False,
    probes: Annotated[int, typer.Option("--probes", min=1, help="Random vectors behind the density.")] = 3,
    bandwidth: Annotated[
        float,
        typer.Option("--bandwidth", callback=width, help="Width of a point of the density, as a share of λ."),
    ] = 0.03,
    trace: Annotated[
        Literal["deflated", "hutchinson", "hutch++"],
        typer.Option("--trace", help="How the trace is estimated."),
    ] = "deflated",
    trace_probes: Annotated[
        int, typer.Option("--trace-probes", min=2, help="Random vectors behind the trace.")
    ] = 25,
    lanczos_steps: Annotated[
        int, typer.Option("--lanczos-steps", min=2, help="Lanczos vectors that are held at most.")
    ] = 100,
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--tolerance",
            callback=lambda found: found if found is None else share(found),
            help="Relative residual of each eigenvalue; 1e-4 if left out, 1e-2 along a run.",
        ),
    ] = None,
    critical: Annotated[
        float, typer.Option("--critical", min=0, help="‖∇L‖ up to which the point counts as critical.")
    ] = 1e-3,
    mode: Annotated[
        Literal["eval", "train"],
        typer.Option(
            "--mode", help="train: batch norm over all samples as one batch, dropout with fixed draws."
        ),
    ] = "eval",
    loss: Annotated[
        str | None,
        typer.Option(
            "--loss",
            help="cross-entropy, mse, l1, huber or package.module:function; by the data if left out.",
        ),
    ] = None,
    at: At = None,
    normalize: Normalize = "filter",
    double: Double = False,
    part: Part = "train",
    samples: Samples = None,
    devices: Devices = None,
    processes: Processes = 1,
    *,
    common: Common,
) -> Spectrum | SharpnessHistory | Stopped | None:
    """Estimate eigenvalues, trace and spectral density of the Hessian, with error bounds."""
    from dltui.commands._objective import open_objective, picked
    from dltui.commands._unfinished import stoppable
    from dltui.instruments.team import Team, team

    if along_run:
        _only_the_hessian(model, weights, matrix, by, at)
    places = picked(devices)

    def measured(others: Team | None) -> Spectrum | SharpnessHistory | Stopped:
        objective = open_objective(
            model,
            data,
            weights,
            common,
            part=part,
            samples=samples,
            double=double,
            loss=loss,
            mode=mode,
        )
        if along_run:
            from dltui.instruments.curvature.run import journey
            from dltui.instruments.curvature.sharpness import along

            way = journey(model)
            return stoppable(
                lambda report: along(
                    objective,
                    way.checkpoints(objective.model),
                    count=len(way.steps),
                    run=way.run.name,
                    title=f"{objective.title}, run {way.run.name}",
                    rule=way.rule,
                    why=way.why,
                    tolerance=tolerance or EACH_READING,
                    seed=common.seed,
                    devices=places,
                    team=others,
                    report=report,
                ),
                common,
            )
        from dltui.instruments.curvature.spectrum import spectrum

        return stoppable(
            lambda report: spectrum(
                objective,
                matrix=matrix,
                at=steps_to(at),
                normalize=normalize,
                top=top,
                bottom=bottom,
                probes=probes,
                steps=lanczos_steps,
                tolerance=tolerance or 1e-4,
                trace=trace,
                trace_probes=trace_probes,
                smoothing=bandwidth,
                by=by or "",
                critical=critical,
                seed=common.seed,
                exact=exact or None,
                devices=places,
                team=others,
                report=report,
            ),
            common,
        )

    with team(processes, sys.argv[1:], common.device) as others:
        found = measured(others)
        return found if others is None or others.first else None  # one of several tells


def _only_the_hessian(model: str, weights: Path | None, matrix: str, by: str | None, at: str | None) -> None:
    """Refuse words that don't go together with a run."""
    if not model.startswith("run:") or weights is not None:
        raise UsageError(
            f"--along-run follows the checkpoints of a run, not {weights or model}: expected run:NAME; "
            "try run:latest"
        )
    if matrix != "hessian" or by is not None or at is not None:
        raise UsageError(
            "--along-run follows the largest eigenvalue of the Hessian at the weights: leave out --matrix, --by "
            "and --at"
        )
