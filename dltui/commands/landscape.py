"""``dltui landscape``: the loss around the weights of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Data, Model, Part, Samples, Weights, odd, reach, somewhere, steps_to

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape

app = verb_app()

ALONG = ("random", "eigen:1", "eigen:1,eigen:2", "eigen:1,eigen:-1", "eigen:-1")


def eigen(along: str) -> str:
    """Return the spelling of directions when it can be read."""
    from dltui.instruments.limits import spelled_along

    spelled_along(along)
    return along


def _along(incomplete: str) -> list[str]:
    """Return what completes directions."""
    return [spelling for spelling in ALONG if spelling.startswith(incomplete)]


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
    center: Annotated[
        str | None,
        typer.Option(
            "--center", metavar="A,B", callback=somewhere, help="Where the middle is; A for a line; θ* if left out."
        ),
    ] = None,
    along: Annotated[
        str,
        typer.Option(
            "--along",
            metavar="random|eigen:K",
            callback=eigen,
            autocompletion=_along,
            help="random, or eigenvectors of the Hessian as steps of length 1: eigen:1 (largest curvature, in a plane "
            "with the next one), eigen:-1 (lowest), eigen:1,eigen:-1.",
        ),
    ] = "random",
    normalize: Annotated[
        Literal["filter", "layer", "weight", "none"] | None,
        typer.Option(
            "--normalize", help="Scale random directions by the norms of the model's own; filter if left out."
        ),
    ] = None,
    part: Part = "train",
    samples: Samples = None,
    *,
    common: Common,
) -> Landscape:
    """Scan the loss over a line or plane through the weights of a model, random or along eigenvectors."""
    from dltui.commands._objective import open_objective
    from dltui.instruments.landscape import check, scan
    from dltui.instruments.limits import spelled_along

    middle, numbers = steps_to(center), spelled_along(along)
    scaled = normalize or ("none" if numbers else "filter")
    check(steps, distance, dimensions, middle, numbers, scaled)
    objective = open_objective(model, data, weights, common, part=part, samples=samples)
    return scan(
        objective,
        steps=steps,
        distance=distance,
        dimensions=dimensions,
        center=middle,
        along=numbers,
        normalize=scaled,
        seed=common.seed,
        report=common.report,
    )
