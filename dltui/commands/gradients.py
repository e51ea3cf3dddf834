"""``dltui gradients``: how steep the loss is at the weights of a model, at its start, or along a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import At, Data, Double, Model, Normalize, Part, Samples, Weights, steps_to

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results import Result

app = verb_app()


def scheme(spelled: str | None) -> str | None:
    """Return the spelling of a way to draw weights when it can be read, or None."""
    from dltui.instruments.schemes import spelled_scheme

    if spelled is not None:
        spelled_scheme(spelled)
    return spelled


def _schemes(incomplete: str) -> list[str]:
    """Return what completes a way to draw weights."""
    from dltui.instruments.schemes import KNOBS

    return [name for name in KNOBS if name.startswith(incomplete)]


@verb(app)
def gradients(
    model: Model,
    data: Data = "digits",
    weights: Weights = None,
    per_sample: Annotated[
        bool, typer.Option("--per-sample/--no-per-sample", help="Also the gradient norm of every sample.")
    ] = True,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            "--lr", min=0, help="Compare one step of this size with the weights; that of the run if left out."
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", min=1, help="Samples in a batch; those of the run, or 64, if left out."),
    ] = None,
    clip: Annotated[
        float | None,
        typer.Option("--clip", min=0, help="Tell which share of samples a clipping at this norm meets."),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            "--init",
            metavar="SCHEME",
            callback=scheme,
            autocompletion=_schemes,
            help="Signal and gradient by layer of fresh weights instead: default, xavier_uniform, kaiming_normal, "
            "orthogonal, lecun_normal, lsuv, normal:0.01 …",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="Draws of fresh weights that --init averages over.")
    ] = 5,
    along_run: Annotated[
        bool, typer.Option("--along-run", help="Norms at every checkpoint of the run, as a map.")
    ] = False,
    at: At = None,
    normalize: Normalize = "filter",
    double: Double = False,
    mode: Annotated[
        Literal["eval", "train"],
        typer.Option("--mode", help="Batch norm by running statistics, or by those of the batch."),
    ] = "eval",
    part: Part = "train",
    samples: Samples = None,
    *,
    common: Common,
) -> Result | Stopped:
    """Measure gradient norms by layer, batch and sample, at the weights, at the start, or along a run."""
    from dltui.commands._gradients import Asked, ask

    return ask(
        Asked(
            model=model,
            data=data,
            weights=weights,
            per_sample=per_sample,
            learning_rate=learning_rate,
            batch_size=batch_size,
            clip=clip,
            init=init,
            seeds=seeds,
            along_run=along_run,
            at=steps_to(at),
            normalize=normalize,
            double=double,
            mode=mode,
            part=part,
            samples=samples,
        ),
        common,
    )
