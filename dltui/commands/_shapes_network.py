"""From a network that torch must build to what a plan needs: parameters, and what a backward pass keeps."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING

from dltui.commands._shapes_what import What
from dltui.commands._summary_source import Source, find_source, read_inputs
from dltui.errors import DltuiError, UsageError
from dltui.shapes.report import BYTES, show
from dltui.shapes.units import bytes_text

if TYPE_CHECKING:
    from dltui.results.summary import Summary

Sizes = list[tuple[int, ...]] | dict[str, tuple[int, ...]] | tuple[int, ...] | None


def network_of(
    text: str, input_shape: str | None, dtype: str, *, batch: int = 1, plain: bool = False, seed: int = 0
) -> What:
    """Return a network with its activations, found on torch's meta device.

    Args:
        text: ``resnet20`` or ``mlp:width=128``, ``run:latest``, ``package.module:function``.
        input_shape: What goes in, as ``dltui summary`` takes it; guessed as there when None.
        dtype: Type of weights and activations.
        batch: Samples of a guessed input.
        plain: Whether attention keeps its probabilities.
        seed: Seed of made data.

    Returns:
        Parameters, and the activations that the backward pass needs.

    Raises:
        UsageError: If it names nothing, can't take such an input, or the batch is given twice.
    """
    asked = read_inputs(input_shape)
    if asked.sizes and batch > 1:
        raise UsageError(
            f"--input {input_shape} tells the batch of {text} already: leave out --batch {batch}"
        )
    source = find_source(text, asked, None, seed)
    sizes: Sizes = asked.sizes or (source.sizes and (batch, *source.sizes[1:]))
    with redirect_stdout(sys.stderr):  # what the user's own code prints must not mix with the answer
        found, said = _in_type(source, sizes, dict(asked.dtypes), dtype)
        if sizes is None and batch > 1 and found.ran:
            sizes = (batch, *found.inputs[0]["shape"][1:])  # the guess was one sample
            found, said = _in_type(source, sizes, {}, dtype)
            said = ["guessed from the first layer", *said]
    # the rest of its remark is advice on options of the summary
    built = [source.remark.partition(";")[0]] if source.remark else []
    return _what(text, found, [*built, *said, *found.remarks], plain=plain)


def _what(text: str, found: Summary, said: list[str], *, plain: bool) -> What:
    """Return what a plan takes from a summary."""
    shapes = " and ".join(show(tuple(one["shape"])) for one in found.inputs)
    if found.buffer_bytes:
        said = [*said, f"buffers of {bytes_text(found.buffer_bytes)} come on top"]
    frozen = found.parameters - found.trainable
    if frozen:
        said = [f"{frozen:,} of the parameters are frozen", *said]
    kept = found.plain_kept_bytes if plain else found.kept_bytes
    return What(
        text,
        found.parameters,
        "network",
        kept or 0,
        _largest(found),
        "; ".join([f" on {shapes}" if shapes else "", *said]),
        frozen,
        "activations are not counted: try --input" if kept is None else "",
    )


def _in_type(
    source: Source, sizes: Sizes, dtypes: dict[str, object], dtype: str
) -> tuple[Summary, list[str]]:
    """Return the summary of a network in a type, or in its own where it can't run in that one, and what to say."""
    if BYTES[dtype] == 1:  # torch computes in no type of one byte: what shrinks from 4 to 2 halves once more
        full, half = (_run(source, sizes, dtypes, kind) for kind in ("float32", "bfloat16"))
        return _narrowed(full, half), []
    try:
        found = _run(source, sizes, dtypes, dtype)
    except DltuiError:
        found = None
    if found is not None and found.ran:
        return found, []
    own = _run(source, sizes, dtypes, None)
    return own, [f"activations in its own type, for it does not run in {dtype}"] if own.ran else []


def _run(source: Source, sizes: Sizes, dtypes: dict[str, object], dtype: str | None) -> Summary:
    """Return the summary of a network in a type; in its own when None."""
    import torch

    from dltui.instruments.summary import summarize

    kind = None if dtype is None else getattr(torch, dtype)

    def build() -> torch.nn.Module:
        made = source.build()
        return made if kind is None else made.to(kind)

    return summarize(build, sizes, dtypes=dtypes or None, title=source.title)  # type: ignore[arg-type]


def _narrowed(full: Summary, half: Summary) -> Summary:
    """Return the summary as it would be in a type of one byte."""

    def less(wide: int | None, narrow: int | None) -> int | None:
        return None if wide is None or narrow is None else narrow - (wide - narrow) // 2

    return replace(
        half,
        kept_bytes=less(full.kept_bytes, half.kept_bytes),
        plain_kept_bytes=less(full.plain_kept_bytes, half.plain_kept_bytes),
        buffer_bytes=less(full.buffer_bytes, half.buffer_bytes) or 0,
    )


def _largest(found: Summary) -> int:
    """Return the parameters of the module that holds most beside those of the modules in it."""
    own = [int(row["parameters"]) for row in found.rows]
    for row in found.rows:
        if row["parent"] >= 0:
            own[row["parent"]] -= int(row["parameters"])
    return max(own)
