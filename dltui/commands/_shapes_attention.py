"""``dltui shapes attention``: products, score memory and cache over the length of a sequence."""

from __future__ import annotations

from typing import Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._shapes_layer import check_words
from dltui.commands._shapes_what import model_of
from dltui.errors import UsageError
from dltui.lab.listing import Listing
from dltui.shapes.cost import AttentionCost, attention_cost, turning_point
from dltui.shapes.decoder import Decoder, counted
from dltui.shapes.units import binary_text

app = verb_app()


@verb(app)
def attention(
    what: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="llama3-8b, or layers=32 hidden=4096 heads=32 kv_heads=8, or a HF folder."
        ),
    ],
    tokens: Annotated[
        str, typer.Option(metavar="N,N,…", help="Lengths of a sequence, such as 512,4096.")
    ] = "512,2048,8192,32768,131072",
    batch: Annotated[int, typer.Option(min=1, help="Sequences.")] = 1,
    dtype: Annotated[str, typer.Option(metavar="TYPE", help="Type of scores and cache.")] = "bfloat16",
    causal: Annotated[
        bool, typer.Option("--causal", help="Count only pairs that a causal kernel sees.")
    ] = False,
    window: Annotated[int | None, typer.Option(min=1, help="Tokens back that a token sees.")] = None,
    *,
    common: Common,  # noqa: ARG001
) -> Listing:
    """Tell what attention costs as a sequence grows: quadratic products, FlashAttention's memory, the KV cache."""
    check_words("mac", dtype)
    model = model_of(what, None, dtype).model
    if not isinstance(model, Decoder):
        raise UsageError(f"{what!r} has no heads; expected a language model such as llama3-8b or heads=32 …")
    lengths = [counted("tokens", part) for part in tokens.split(",") if part.strip()]
    if not lengths:
        raise UsageError("--tokens needs one length or more, such as 512,4096")
    costs = [
        attention_cost(model, length, batch=batch, dtype=dtype, causal=causal, window=window)
        for length in lengths
    ]
    return _listing(what, model, costs, dtype, batch)


def _listing(what: str, model: Decoder, costs: list[AttentionCost], dtype: str, batch: int) -> Listing:
    """Return the table."""
    each = 2 * model.layers * model.shared * model.each
    return Listing(
        title=f"attention of {what}",
        columns=("tokens", "scores", "projections", "share", "plain", "flash", "KV cache"),
        rows=tuple(_row(cost) for cost in costs),
        plain={
            "model": what,
            "dtype": dtype,
            "batch": batch,
            "turning_point_tokens": turning_point(model),
            "cache_numbers_a_token": each,
            "lengths": [cost.document() for cost in costs],
        },
        foot=(
            f"{model.layers} layers, {model.heads} query heads on {model.shared} key heads of {model.each} features, "
            f"batch {batch}, {dtype}",
            f"scores: MACs of Q·Kᵀ and P·V = 2 · layers · heads · pairs · head, growing with the square; as much as "
            f"the projections at {turning_point(model):,.0f} tokens of full attention",
            "plain: the probabilities of one layer, L² · heads; flash: FlashAttention's log-sum-exp of one layer "
            "instead, 4 · L · heads B: as many products, no L × L matrix",
            f"KV cache = 2 · {model.layers} · {model.shared} · {model.each} = {each:,} numbers a token, all layers",
        ),
    )


def _row(cost: AttentionCost) -> tuple[str | int, ...]:
    """Return the cells of one length."""
    share = cost.score_macs / (cost.score_macs + cost.projection_macs)
    return (
        f"{cost.tokens:,}",
        f"{cost.score_macs:.3g}",
        f"{cost.projection_macs:.3g}",
        f"{share:.1%}",
        binary_text(cost.plain_bytes),
        binary_text(cost.flash_bytes),
        binary_text(cost.cache_bytes),
    )
