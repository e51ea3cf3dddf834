"""Options of ``dltui shapes memory`` that change nothing for what is asked about: refused rather than passed over."""

from __future__ import annotations

from collections.abc import Iterator

from dltui.commands._shapes_what import What
from dltui.errors import UsageError
from dltui.shapes.planned import OPTIMIZERS, Layout, Precision, Work

Rule = tuple[str, bool, str]  # an option as it was given, whether it changes nothing, why


def refuse_unused(
    what: What, input_shape: str | None, optimizer: str, precision: Precision, layout: Layout, work: Work
) -> None:
    """Refuse options that were given and change nothing.

    Args:
        what: The model.
        input_shape: Shape that goes in, as text.
        optimizer: One of ``OPTIMIZERS``.
        precision: Types.
        layout: How many devices share the work.
        work: What a device does at once.

    Raises:
        UsageError: If there is such an option, with the reason.
    """
    rules = (
        *_of_the_model(what, input_shape, work, layout),
        *_of_serving(optimizer, precision, work),
        *_of_the_layout(layout),
        *_of_training(optimizer, precision, work),
    )
    for option, unused, why in rules:
        if unused:
            raise UsageError(f"{option} changes nothing for {what.title}: {why}")


def _of_the_model(what: What, input_shape: str | None, work: Work, layout: Layout) -> Iterator[Rule]:
    """Yield what a kind of model has no use for."""
    language, network = what.kind == "language model", what.kind == "network"
    walked = network or what.kind == "chain"
    idle = language and not work.tokens
    yield "--input", input_shape is not None and not walked, "only a chain or a network takes one"
    yield "--input", input_shape is not None and work.serving, "serving takes its weights, whatever goes in"
    given = work.batch > 1
    yield f"--batch {work.batch}", given and work.serving and walked, "serving takes its weights only"
    yield f"--batch {work.batch}", given and idle, "activations and cache need --tokens too"
    yield (
        f"--batch {work.batch}",
        given and what.kind == "number",
        "activations need more than a number of parameters",
    )
    only = "only the layers of a language model are planned so"
    for option, unusual, used in (
        (f"--attention {work.attention}", work.attention != "flash", language or network),
        (f"--checkpointing {work.checkpointing}", work.checkpointing != "none", language),
        (f"--window {work.window}", work.window is not None, language),
        (f"--microbatches {layout.microbatches}", layout.microbatches > 1, language),
        ("--no-sequence-parallel", not layout.sequence_parallel, language),
    ):
        yield option, unusual and not used, only
        yield option, unusual and idle, "activations and cache need --tokens"


def _of_serving(optimizer: str, precision: Precision, work: Work) -> Iterator[Rule]:
    """Yield what serving has no use for."""
    for option, unusual in (
        (f"--optimizer {optimizer}", optimizer != "adam"),
        (f"--gradients {precision.gradients}", bool(precision.gradients)),
        (f"--states {precision.states}", precision.states != "float32"),
        ("--master", precision.master),
        (f"--attention {work.attention}", work.attention != "flash"),
        (f"--checkpointing {work.checkpointing}", work.checkpointing != "none"),
    ):
        yield option, unusual and work.serving, "--serve neither trains nor keeps activations"


def _of_the_layout(layout: Layout) -> Iterator[Rule]:
    """Yield what needs another way to split the work."""
    yield f"--zero {layout.zero}", layout.zero != 3 and layout.fsdp == 1, "it needs --fsdp above 1"
    yield "--no-sequence-parallel", not layout.sequence_parallel and layout.tp == 1, "it needs --tp above 1"


def _of_training(optimizer: str, precision: Precision, work: Work) -> Iterator[Rule]:
    """Yield what training so has no use for."""
    unusual = precision.states != "float32"
    told = f"--states {precision.states}"
    yield (
        told,
        unusual and optimizer in OPTIMIZERS and not OPTIMIZERS[optimizer],
        f"{optimizer} keeps no moments",
    )
    yield told, unusual and optimizer == "adam8bit", "adam8bit keeps bytes"
    yield (
        f"--window {work.window}",
        work.window is not None and not work.serving,
        "it bounds the cache of --serve",
    )
