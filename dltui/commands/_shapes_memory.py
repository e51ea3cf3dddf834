"""``dltui shapes memory``: what training or serving takes on each device."""

from __future__ import annotations

from math import ceil
from typing import Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._shapes_unused import refuse_unused
from dltui.commands._shapes_what import What, known_model
from dltui.errors import UsageError, unknown
from dltui.lab.listing import Listing
from dltui.shapes.decoder import counted
from dltui.shapes.planned import Layout, Part, Plan, Precision, Work, bytes_a_parameter, plan
from dltui.shapes.units import binary_text, bytes_text

app = verb_app()


@verb(app)
def memory(
    what: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|CHAIN|params=N",
            help="params=7e9, llama3-8b, layers=32 hidden=4096 heads=32 …, a chain, .safetensors, a HF folder, or a "
            "network: resnet20, mlp:width=128, run:latest, my_nets:build.",
        ),
    ],
    input_shape: Annotated[
        str | None,
        typer.Option("--input", "-i", metavar="N,C,H,W", help="Shape that goes into a chain or a network."),
    ] = None,
    batch: Annotated[
        int,
        typer.Option(
            min=1,
            help="Sequences that a device works on at once; samples of a chain or network without --input.",
        ),
    ] = 1,
    tokens: Annotated[str, typer.Option(metavar="N", help="Tokens of a sequence, such as 4096 or 8k.")] = "0",
    serve: Annotated[bool, typer.Option("--serve", help="Weights and KV cache instead of training.")] = False,
    window: Annotated[int | None, typer.Option(min=1, help="Tokens back that the cache holds.")] = None,
    optimizer: Annotated[str, typer.Option(metavar="adam|sgd|momentum|adam8bit|none")] = "adam",
    dtype: Annotated[str, typer.Option(metavar="TYPE", help="Type of weights and activations.")] = "bfloat16",
    gradients: Annotated[
        str, typer.Option(metavar="TYPE", help="Type of the gradients; that of the weights when left out.")
    ] = "",
    states: Annotated[str, typer.Option(metavar="TYPE", help="Type of the optimiser's moments.")] = "float32",
    master: Annotated[bool, typer.Option("--master", help="Keep a float32 copy of the weights.")] = False,
    attention: Annotated[str, typer.Option(metavar="flash|math", help="math keeps the scores.")] = "flash",
    checkpointing: Annotated[
        str, typer.Option(metavar="none|full", help="full keeps only each layer's input.")
    ] = "none",
    dp: Annotated[int, typer.Option("--dp", min=1, help="Copies of everything.")] = 1,
    fsdp: Annotated[int, typer.Option("--fsdp", min=1, help="Devices that share states as --zero says.")] = 1,
    zero: Annotated[int, typer.Option("--zero", min=1, max=3, help="1 moments, 2 gradients too, 3 all.")] = 3,
    tp: Annotated[int, typer.Option("--tp", min=1, help="Devices that cut every matrix.")] = 1,
    pp: Annotated[int, typer.Option("--pp", min=1, help="Groups of layers, one behind the other.")] = 1,
    cp: Annotated[int, typer.Option("--cp", min=1, help="Devices that cut every sequence.")] = 1,
    microbatches: Annotated[int, typer.Option(min=1, help="Parts of the batch, for --pp.")] = 1,
    sequence_parallel: Annotated[
        bool,
        typer.Option(
            "--sequence-parallel/--no-sequence-parallel", help="Whether --tp cuts norms' inputs too."
        ),
    ] = True,
    limit: Annotated[float, typer.Option(min=0.001, help="Memory of a device in GB.")] = 80.0,
    *,
    common: Common,
) -> Listing:
    """Plan memory: weights, gradients, optimiser states, activations, KV cache, on the fullest device.

    Only a network needs torch: it runs without numbers, as in dltui summary.
    """
    precision = Precision(weights=dtype, gradients=gradients, states=states, master=master)
    layout = Layout(
        dp=dp,
        fsdp=fsdp,
        tp=tp,
        pp=pp,
        cp=cp,
        zero=zero,
        sequence_parallel=sequence_parallel,
        microbatches=microbatches,
    )
    work = Work(
        batch=batch,
        tokens=counted("tokens", tokens),
        attention=attention,
        checkpointing=checkpointing,
        serving=serve,
        window=window,
    )
    model = known_model(what, input_shape, dtype, batch) or _network(
        what, input_shape, precision, work, common.seed
    )
    refuse_unused(model, input_shape, optimizer, precision, layout, work)
    return answer(model, optimizer, precision, layout, work, limit * 1e9)


def _network(text: str, input_shape: str | None, precision: Precision, work: Work, seed: int) -> What:
    """Return a network that torch must build, or refuse a word that names nothing."""
    from dltui.models import MODELS
    from dltui.runs.find import PREFIX
    from dltui.shapes.decoder import named_decoders
    from dltui.shapes.named import named_chains
    from dltui.spelling import is_function

    word = text.partition(":")[0]
    if not (word in MODELS or text.startswith(PREFIX) or is_function(text)):
        known = [*named_decoders(), *named_chains(), *MODELS]
        raise unknown("language model, chain, network or file", word, dict.fromkeys(known))
    from dltui.commands._shapes_network import network_of

    return network_of(
        text,
        input_shape,
        precision.weights,
        batch=work.batch,
        plain=work.attention == "math",
        seed=seed,
    )


def answer(
    what: What, optimizer: str, precision: Precision, layout: Layout, work: Work, limit: float
) -> Listing:
    """Return the table of a plan.

    Args:
        what: The model.
        optimizer: One of ``OPTIMIZERS``.
        precision: Types.
        layout: How many devices share the work.
        work: What a device does at once.
        limit: Bytes of a device.

    Returns:
        A table to be shown.

    Raises:
        UsageError: If tokens are wanted of a model whose layers are not known.
    """
    if isinstance(what.model, int) and work.tokens:
        raise UsageError(
            f"{what.title} has no layers to count tokens in; give layers=, hidden= and heads=, or a name like llama3-8b"
        )
    found = plan(
        what.model,
        optimizer=optimizer,
        precision=precision,
        layout=layout,
        work=work,
        activations=what.activations,
        largest=what.largest,
        frozen=what.frozen,
    )
    kinds = bytes_a_parameter(optimizer, precision)
    each = sum(kinds.values())
    states = found.parameters * each - what.frozen * (each - kinds["weights"])
    rows = [_row(part, found.total) for part in (*found.parts, Part("together", found.total, ""))]
    title = (
        f"memory of {what.title} on each of {layout.devices} devices" if layout.devices > 1 else what.title
    )
    return Listing(
        title=title,
        columns=("", "on a device", "", "share", "how it comes about"),
        rows=tuple(rows),
        plain=found.document()
        | {
            "model": what.title,
            "bytes_a_parameter": each,
            "limit_bytes": limit,
            "fits": found.total <= limit,
        },
        foot=(*_told(what, found, work), *_verdict(found, each, states, work, limit)),
    )


def _row(part: Part, total: float) -> tuple[str, ...]:
    """Return the cells of one share."""
    share = f"{part.bytes / total:.1%}" if total else ""
    return (part.name, bytes_text(part.bytes), binary_text(part.bytes), share, part.formula)


def _told(what: What, found: Plan, work: Work) -> list[str]:
    """Return what the table leaves out."""
    lines = [f"{what.title}: {found.parameters:,} parameters{what.remark}"]
    if len(found.stages) > 1:
        stages = ", ".join(map(str, found.stages[:8])) + (" …" if len(found.stages) > 8 else "")
        lines.append(f"pipeline stage {found.stage} needs most; the stages hold {stages} layers")
    if found.inside and work.checkpointing == "none":
        widest = max(found.inside, key=lambda part: part.bytes)
        lines.append(f"most of a layer's activations: {widest.name}, {widest.formula}")
    elif not work.serving and not any(part.name == "activations" for part in found.parts):
        lines += filter(None, [what.uncounted])
    return lines


def _verdict(found: Plan, each: float, states: float, work: Work, limit: float) -> list[str]:
    """Return whether it fits, and what would."""
    fits = "fits" if found.total <= limit else "does not fit"
    lines = [f"{bytes_text(found.total)} {fits} into {bytes_text(limit)} a device"]
    if not work.serving:
        need = ceil(states / limit)
        lines.append(
            f"{each:g} B a parameter: a device holds {limit / each / 1e9:.4g} billion parameters without activations; "
            f"{bytes_text(states)} need {need} device{'s' if need > 1 else ''} or more"
        )
    return lines
