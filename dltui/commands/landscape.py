"""``dltui landscape``: the loss around the weights of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape

app = verb_app()


@verb(app)
def landscape(
    model: Annotated[
        str, typer.Argument(help="lenet, run:latest, weights.safetensors or package.module:function.")
    ],
    data: Annotated[
        str, typer.Option("--data", "-d", help="digits, moons, file.npz or package.module:function.")
    ] = "digits",
    weights: Annotated[
        Path | None, typer.Option("--weights", "-w", metavar="FILE", help="Weights to put in.")
    ] = None,
    steps: Annotated[int, typer.Option("--steps", help="Points along each direction; odd.")] = 25,
    distance: Annotated[float, typer.Option("--distance", help="How far to go to either side.")] = 1.0,
    dimensions: Annotated[int, typer.Option("--dimensions", help="1 for a line, 2 for a plane.")] = 2,
    normalize: Annotated[
        str, typer.Option("--normalize", help="Scale directions by filter, layer, weight or none.")
    ] = "filter",
    part: Annotated[str, typer.Option("--part", help="Which samples: train or test.")] = "train",
    samples: Annotated[
        int | None, typer.Option("--samples", help="Draw so many samples instead of all.")
    ] = None,
    *,
    common: Common,
) -> Landscape:
    """Scan the loss over a random line or plane through the weights of a model."""
    from dltui.commands._objective import open_objective
    from dltui.instruments.landscape import check, scan

    check(steps, distance, dimensions, normalize)
    objective = open_objective(model, data, weights, common, part=part, samples=samples)
    return scan(
        objective,
        steps=steps,
        distance=distance,
        dimensions=dimensions,
        normalize=normalize,
        seed=common.seed,
        report=common.report,
    )
