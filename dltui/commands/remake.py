"""``dltui remake``: a shape as a network makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._scene_words import Export, Orbit, write_out
from dltui.commands._words import Weights, data_option, model_argument

if TYPE_CHECKING:
    from dltui.results.remade import Remade

app = verb_app()


@verb(app)
def remake(
    model: Annotated[str, model_argument("occupancy, deepsdf, atlasnet")],
    number: Annotated[
        int,
        typer.Option(
            "--number",
            "-n",
            min=0,
            help="Which held-out shape; with deepsdf which of all, beyond its codes one it never saw.",
        ),
    ] = 0,
    data: Annotated[
        str | None, data_option("Where the shapes are from; what the model was made for if left out.")
    ] = None,
    weights: Weights = None,
    resolution: Annotated[
        int, typer.Option("--resolution", min=4, max=256, help="Cells along each side of the grid.")
    ] = 48,
    export: Export = None,
    orbit: Orbit = None,
    *,
    common: Common,
) -> Remade:
    """Let an occupancy network, DeepSDF or AtlasNet make a shape, and tell how alike it is to the true one.

    Where a network tells inside from outside, its surface is found by marching cubes, and IoU is taken on the grid.
    """
    from dltui.checkpoints.live import open_live
    from dltui.commands._features import made_for_data
    from dltui.scene.remake import remake as make

    live = open_live(model, weights=weights, data=data if made_for_data(model) else None, seed=common.seed)
    common.note(f"{live.title}: {live.weights_note}")
    found, geometry = make(live, number, resolution=resolution, seed=common.seed, device=common.device)
    write_out(found, geometry, export, orbit, common)
    return found
