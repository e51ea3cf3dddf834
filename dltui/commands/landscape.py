"""``dltui landscape``: the loss around the weights of a model."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import (
    Data,
    Devices,
    Model,
    Processes,
    Samples,
    Weights,
    odd,
    reach,
    share,
    somewhere,
    steps_to,
)
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results.connection import Connection
    from dltui.results.landscape import Landscape

app = verb_app()

TOLERANCE = 0.01  # of the range of the loss
COUPLED = frozenset({"adadelta", "adagrad", "adam", "adamax", "asgd", "nadam", "radam", "rmsprop", "sgd"})

ALONG = (
    "random",
    "eigen:1",
    "eigen:1,eigen:2",
    "eigen:1,eigen:-1",
    "eigen:-1",
    "gradient",
    "gradient,eigen:1",
    "trajectory",
)


def directions(along: str) -> str:
    """Return the spelling of directions when it can be read."""
    from dltui.instruments.planes.spelled import spelled_directions

    spelled_directions(along)
    return along


def far(distance: float | None) -> float | None:
    """Return how far to go when that is somewhere, or None."""
    return None if distance is None else reach(distance)


def _along(incomplete: str) -> list[str]:
    """Return what completes directions."""
    return [spelling for spelling in ALONG if spelling.startswith(incomplete)]


def trained_decay(model: str) -> float:
    """Return the λ of the penalty that a run was trained with; 0 where there was none, or it was decoupled."""
    from dltui.models.spelled import told_apart
    from dltui.runs.find import find_snapshot

    if told_apart(model) != "run":
        return 0.0
    settings = find_snapshot(model).run.settings  # cards of older versions name the fields without dots
    if settings.get("optimizer.name", settings.get("optimizer")) not in COUPLED:
        return 0.0
    return float(settings.get("optimizer.weight_decay", settings.get("weight_decay", 0.0)))


@verb(app)
def landscape(
    model: Model,
    data: Data = "digits",
    weights: Weights = None,
    steps: Annotated[
        int, typer.Option("--steps", min=3, callback=odd, help="Points along each direction; odd.")
    ] = 25,
    distance: Annotated[
        float | None,
        typer.Option(
            "--distance",
            callback=far,
            help="How far to go to either side; 1 if left out, or as far as shows every checkpoint.",
        ),
    ] = None,
    dimensions: Annotated[
        int, typer.Option("--dimensions", min=1, max=2, help="1 for a line, 2 for a plane.")
    ] = 2,
    center: Annotated[
        str | None,
        typer.Option(
            "--center",
            metavar="A,B",
            callback=somewhere,
            help="Where the middle is; A for a line; θ* if left out.",
        ),
    ] = None,
    along: Annotated[
        str,
        typer.Option(
            "--along",
            metavar="random|eigen:K|gradient|trajectory|FILE",
            callback=directions,
            autocompletion=_along,
            help="One direction, or two with a comma: random, eigen:K (eigenvectors of the Hessian; 1 has the largest "
            "eigenvalue, -1 the lowest), gradient, FILE.safetensors (tensors by the model's names); or trajectory, the "
            "plane in which a run moved most.",
        ),
    ] = "random",
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="MODEL",
            help="Go straight to another checkpoint; given twice, scan the plane through all three.",
        ),
    ] = None,
    normalize: Annotated[
        Literal["filter", "layer", "weight", "none"] | None,
        typer.Option(
            "--normalize",
            help="Scale directions by the norms of the model's own weights; if left out, filter for random ones, "
            "none for others, whose steps are lengths.",
        ),
    ] = None,
    biases: Annotated[
        bool, typer.Option("--biases", help="Random directions move biases and batch-norm scales too.")
    ] = False,
    bn: Annotated[
        Literal["keep", "interpolate", "recalibrate"] | None,
        typer.Option(
            "--bn",
            help="Running statistics of batch norm: those of the model (if left out, along directions), moving with "
            "the weights between checkpoints (on the way to one), or estimated anew at every point from the training "
            "samples (on planes through several).",
        ),
    ] = None,
    align: Annotated[
        bool,
        typer.Option(
            "--align",
            help="Bring the units of other checkpoints into the order of the model's first (git re-basin).",
        ),
    ] = False,
    curve: Annotated[
        int,
        typer.Option(
            "--curve",
            min=0,
            help="Train a curve of low loss to the other checkpoint for so many steps, such as 600; 0 for none.",
        ),
    ] = 0,
    curvature: Annotated[
        bool,
        typer.Option(
            "--curvature", help="Map λ_max and λ_min of the Hessian over the plane too, on a coarse grid."
        ),
    ] = False,
    sharpness: Annotated[
        bool,
        typer.Option(
            "--sharpness",
            help="Measure sharpness too: Keskar's, the rises of SAM and ASAM, average curvature, width of the basin.",
        ),
    ] = False,
    part: Annotated[
        Literal["train", "test", "both"],
        typer.Option(
            "--part", help="Which samples; both scans the training part and measures the held-out one too."
        ),
    ] = "train",
    samples: Samples = None,
    weight_decay: Annotated[
        float | None,
        typer.Option(
            "--weight-decay",
            min=0,
            help="λ of the regularised loss L + λ/2·‖θ‖², which is told too; if left out, that of the run where its "
            "optimiser adds it to the loss (sgd, adam …; not adamw), else 0.",
        ),
    ] = None,
    within: Annotated[  # no namesake of the tolerance of `dltui hessian`, which is asked about the same model
        float,
        typer.Option(
            "--tolerance",
            callback=share,
            help="Stop refining a plane when the cells in between can be interpolated with about this error, as a "
            "share of the range.",
        ),
    ] = TOLERANCE,
    exact: Annotated[bool, typer.Option("--exact", help="Compute every cell, interpolate none.")] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Threads side by side; one for each core if left out."),
    ] = None,
    devices: Devices = None,
    processes: Processes = 1,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume",
            metavar="FILE",
            help="Go on from an unfinished scan of the same plane. With --save FILE what is known is kept in "
            "FILE.partial.safetensors after every row, and the same command goes on from there by itself.",
        ),
    ] = None,
    *,
    common: Common,
) -> Landscape | Connection | Stopped | None:
    """Scan the loss over a line or plane: random, along chosen directions, through checkpoints, along a training."""
    from dltui.commands._objective import open_both, open_objective, picked
    from dltui.commands._span import Wanted
    from dltui.commands._unfinished import Unfinished, scanned
    from dltui.instruments.landscape import check, scan
    from dltui.instruments.planes.curvature import Remembered, with_curvature
    from dltui.instruments.sharpness import Sharp
    from dltui.instruments.team import ServedError, team
    from dltui.results.landscape import Landscape

    middle = steps_to(center)
    wanted = Wanted(
        model=model, data=data, along=along, to=tuple(to or ()), normalize=normalize, vectors=biases, batch_norm=bn,
        dimensions=dimensions, seed=common.seed, align=align, curve=curve,
    )  # fmt: skip
    wanted.check()
    check(steps, distance, wanted.dimensions_found, middle)
    spare = {"--center": center, "--sharpness": sharpness, "--exact": exact,
             "--tolerance": within != TOLERANCE, "--workers": workers, "--devices": devices,
             "--processes": processes > 1}  # fmt: skip
    if wanted.connects and any(spare.values()):
        name = next(name for name, given in spare.items() if given)
        raise UsageError(
            f"{name} is for landscapes around a model, and one --to is the way to another: leave it out"
        )
    if curvature and wanted.dimensions_found == 1:
        raise UsageError(
            "--curvature maps a plane, and this is a line: expected --dimensions 2; leave it out"
        )
    decay = trained_decay(model) if weight_decay is None else weight_decay
    if wanted.connects:
        wanted = replace(wanted, weight_decay=decay)
        sets = dict(
            zip(("train", "test"), open_both(model, data, weights, common, samples=samples), strict=True)
        )
        return wanted.connection(sets, "test" if part == "test" else "train", steps, distance, common, resume)
    try:
        with team(processes, sys.argv[1:], common.device) as others:
            first = others is None or others.first
            held_out = None
            if part == "both":
                objective, held_out = open_both(model, data, weights, common, samples=samples)
            else:
                objective = open_objective(model, data, weights, common, part=part, samples=samples)
            span = Remembered(wanted.span(objective, common))
            unfinished = Unfinished(common)
            found = scanned(
                lambda earlier: scan(
                    objective,
                    steps=steps,
                    distance=distance,
                    dimensions=dimensions,
                    center=middle,
                    along=Sharp(span, common.seed) if sharpness and first else span,
                    tolerance=0.0 if exact else within,
                    held_out=held_out,
                    weight_decay=decay,
                    workers=workers,
                    devices=picked(devices),
                    team=others,
                    earlier=earlier,
                    keep=unfinished,
                    report=common.report,
                ),
                unfinished,
                resume,
            )
    except ServedError:  # one process of several, which has told the first what it found
        return None
    if not curvature or not isinstance(found, Landscape) or span.axes is None:
        return found
    return with_curvature(objective, span.axes, found, seed=common.seed, report=common.report)
