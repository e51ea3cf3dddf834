"""``dltui landscape``: the loss around the weights of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Data, Model, Part, Samples, Weights, odd, reach, somewhere, steps_to

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape

app = verb_app()

ALONG = (
    "random", "eigen:1", "eigen:1,eigen:2", "eigen:1,eigen:-1", "eigen:-1", "gradient", "gradient,eigen:1", "trajectory"
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
            "--center", metavar="A,B", callback=somewhere, help="Where the middle is; A for a line; θ* if left out."
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
            help="Running statistics of batch norm on the way: those of the model, moving with the weights from "
            "checkpoint to checkpoint, or estimated anew at every point from the training samples.",
        ),
    ] = None,
    part: Part = "train",
    samples: Samples = None,
    *,
    common: Common,
) -> Landscape:
    """Scan the loss over a line or plane: random, along chosen directions, through checkpoints, along a training."""
    from dltui.commands._objective import open_objective
    from dltui.commands._span import Wanted
    from dltui.instruments.landscape import check, scan

    middle = steps_to(center)
    wanted = Wanted(
        model=model, data=data, along=along, to=tuple(to or ()), normalize=normalize, vectors=biases, batch_norm=bn,
        dimensions=dimensions, seed=common.seed,
    )  # fmt: skip
    wanted.check()
    check(steps, distance, wanted.dimensions_found, middle)
    objective = open_objective(model, data, weights, common, part=part, samples=samples)
    return scan(
        objective,
        steps=steps,
        distance=distance,
        dimensions=dimensions,
        center=middle,
        along=wanted.span(objective, common),
        report=common.report,
    )
