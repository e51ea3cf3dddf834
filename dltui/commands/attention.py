"""``dltui attention``: what every token or patch of one input takes from the others, head by head."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Live, Weights, data_option

if TYPE_CHECKING:
    from dltui.results.attention import AttentionMaps

app = verb_app()


@verb(app)
def attention(
    model: Live,
    input: Annotated[  # noqa: A002 - as the option is called
        str,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            help="A sentence in quotes, text.txt, - for stdin, photo.jpg, chelsea, array.npy or DATA[12].",
        ),
    ],
    data: Annotated[
        str | None, data_option("What the model was made for, where neither its name nor its file tells.")
    ] = None,
    weights: Weights = None,
    layer: Annotated[
        int | None,
        typer.Option("--layer", min=0, help="The layer shown large, from 0; by its pattern if left out."),
    ] = None,
    head: Annotated[
        int | None,
        typer.Option("--head", min=0, help="The head shown large, from 0; by its pattern if left out."),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--query",
            metavar="TOKEN",
            help="The query shown, by its token or position; the last one, or the first where all see all.",
        ),
    ] = None,
    measure: Annotated[
        Literal["entropy", "evenness", "distance", "previous", "current", "next", "first", "induction"],
        typer.Option("--measure", help="The measure shown for all heads."),
    ] = "entropy",
    sites: Annotated[
        str,
        typer.Option(
            "--sites", metavar="TEXT", help="Only modules whose name contains this, such as encoder."
        ),
    ] = "",
    tokens: Annotated[
        int, typer.Option("--tokens", min=2, help="Tokens of a text that are read at most.")
    ] = 128,
    *,
    common: Common,
) -> AttentionMaps:
    """Show the attention of all heads, one head large, its rollout, and what each head does."""
    from dltui.checkpoints.live import open_live
    from dltui.data.inputs import read_input
    from dltui.instruments.attention import look

    live = open_live(model, weights=weights, data=data, seed=common.seed)
    takes = live.takes
    if takes.kind == "tokens" and takes.filler is None:
        takes = replace(takes, shape=(min(tokens, takes.shape[0]),))
    found = read_input(input, takes, seed=common.seed)
    common.note(f"{live.title}: {live.weights_note}")
    return look(
        live,
        found,
        layer=layer,
        head=head,
        query=query,
        sites=sites,
        mapped=measure,
        device=common.device,
        seed=common.seed,
    )
