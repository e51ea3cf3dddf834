"""``dltui landscape``: the loss around the weights of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Data, Model, Part, Samples, Weights, odd, reach

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape

app = verb_app()


@verb(app)
def landscape(
    model: Model,
    data: Data = "digits",
    weights: Weights = None,
    steps: Annotated[
        int, typer.Option("--steps", min=3, callback=odd, help="Points along each direction; odd.")
    ] = 25,
    distance: Annotated[
        float, typer.Option("--distance", callback=reach, help="How far to go to either side.")
    ] = 1.0,
    dimensions: Annotated[
        int, typer.Option("--dimensions", min=1, max=2, help="1 for a line, 2 for a plane.")
    ] = 2,
    normalize: Annotated[
        Literal["filter", "layer", "weight", "none"],
        typer.Option("--normalize", help="Scale directions by the norms of the model's own."),
    ] = "filter",
    part: Part = "train",
    samples: Samples = None,
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
