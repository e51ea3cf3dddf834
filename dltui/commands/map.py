"""``dltui map``: samples in the plane, near where a layer takes them for alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Model, Part, Weights, data_option

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results.layer_map import LayerMap

app = verb_app()


@verb(app, "map")
def layer_map(
    model: Model,
    data: Annotated[
        str | None, data_option("Whose samples are mapped; what the model was made for if left out.")
    ] = None,
    weights: Weights = None,
    layer: Annotated[
        str | None,
        typer.Option("--layer", "-l", metavar="NAME", help="Map this layer; a,b for several, input, or all."),
    ] = None,
    method: Annotated[
        Literal["pca", "tsne", "umap"],
        typer.Option("--method", "-m", help="Principal components, t-SNE or UMAP."),
    ] = "tsne",
    perplexity: Annotated[
        float, typer.Option("--perplexity", min=1.01, help="Effective number of neighbours of t-SNE.")
    ] = 30.0,
    neighbours: Annotated[
        int, typer.Option("--neighbours", min=2, help="Neighbours of UMAP, the sample itself counted.")
    ] = 15,
    min_dist: Annotated[
        float,
        typer.Option("--min-dist", min=0, max=3, help="Distance below which UMAP counts samples as packed."),
    ] = 0.1,
    iterations: Annotated[
        int | None,
        typer.Option("--iterations", min=1, help="Steps; 750 of t-SNE and 500 of UMAP if left out."),
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=12, help="Samples, or tokens, at most.")] = 1000,
    part: Part = "train",
    live: Annotated[bool, typer.Option("--live", help="Draw the map on the terminal as it moves.")] = False,
    *,
    common: Common,
) -> LayerMap | Stopped:
    """Bring what a layer gives for many samples into the plane, and tell how pure neighbourhoods are by depth."""
    from dltui.commands._alive import alive
    from dltui.commands._sampled import sampled
    from dltui.commands._unfinished import stoppable
    from dltui.instruments.maps.chart import Wish, chart

    found = sampled(model, data, weights, common)
    wish = Wish(
        method=method,
        layers=tuple(name.strip() for name in layer.split(",")) if layer else (),
        samples=samples,
        part=part,
        perplexity=perplexity,
        neighbours=neighbours,
        min_dist=min_dist,
        iterations=iterations,
        seed=common.seed,
    )
    return stoppable(
        lambda report: chart(
            found.live.module,
            found.dataset,
            wish,
            takes=found.live.takes,
            title=found.title,
            device=found.device,
            report=report,
        ),
        alive(common, wanted=live),
    )
