"""``dltui graph``: a model as a graph of what it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Model, data_option
from dltui.commands.features import Input

if TYPE_CHECKING:
    from dltui.results.modelgraph import ModelGraph

app = verb_app()
FEW = 16  # tokens of the text that a model of any length is run on


@verb(app)
def graph(
    model: Model,
    depth: Annotated[
        int | None,
        typer.Option(
            "--depth", min=0, help="How many levels of blocks are open; as many as fit if left out."
        ),
    ] = None,
    input: Input = None,  # noqa: A002 - as the option is called
    data: Annotated[str | None, data_option("What the model is built for.")] = None,
    *,
    common: Common,
) -> ModelGraph:
    """Show what a model calls, layer by layer and function by function, and which output goes where.

    The model is run once on an input of zeros, or on --input. Layers are named as `dltui features --layer` takes them;
    --figure FILE.svg draws boxes and arrows.
    """
    from dataclasses import replace

    import torch

    from dltui.checkpoints.live import open_live
    from dltui.data.inputs import read_input
    from dltui.instruments.modelgraph import graph_of

    live = open_live(model, data=data, seed=common.seed)
    takes = live.takes
    shape = takes.shape
    if takes.kind == "tokens" and takes.filler is None:
        shape = (min(FEW, *shape),)  # what is called doesn't depend on how long a text is, but its time does
    x = torch.zeros((1, *shape), dtype=torch.int64 if takes.kind == "tokens" else torch.float32)
    if input is not None:
        x = read_input(input, takes, seed=common.seed).tensor
    found = graph_of(live.module, x, title=live.title)
    return replace(found, depth=-1 if depth is None else depth)
