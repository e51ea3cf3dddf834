"""``dltui summary``: a model as a tree of shapes, parameters, costs and memory."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
import typer.core

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._joined import joined
from dltui.commands._words import Model

if TYPE_CHECKING:
    from dltui.results.summary import Summary

app = verb_app()


class SummaryCommand(typer.core.TyperCommand):
    """Takes ``--input`` several times."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line."""
        return super().parse_args(ctx, joined(self, args, "--input", "-i"))


@verb(app, cls=SummaryCommand)
def summary(
    model: Model,
    inputs: Annotated[
        str | None,
        typer.Option(
            "--input",
            "-i",
            metavar="1,3,224,224",
            help="Shape that goes in; again for several: ids=1,128:int64.",
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", metavar="DATA", help="Data whose samples go in when no shape is given."),
    ] = None,
    depth: Annotated[int, typer.Option("--depth", min=1, help="Levels of the tree.")] = 3,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="NAMES", help="Columns by torchinfo's names, parted by commas."),
    ] = None,
    row_settings: Annotated[
        str | None,
        typer.Option("--rows", metavar="NAMES", help="var_names, depth, hide_recursive_layers, ascii_only."),
    ] = None,
    mode: Annotated[
        Literal["train", "eval"] | None,
        typer.Option("--mode", help="Mode of costs and memory; eval and train when left out."),
    ] = None,
    flops: Annotated[
        Literal["mac", "matmul", "bias", "all"], typer.Option("--flops", help="How FLOPs are counted.")
    ] = "bias",
    *,
    common: Common,
) -> Summary:
    """Tell shapes, parameters, MACs, memory and receptive field of every module.

    The model runs without numbers, on torch's meta device, so that its size does not matter; one that can't says so
    and runs on the CPU. --device cpu runs it there at once. Columns: input_size, output_size, kernel_size, num_params,
    params_percent, trainable, buffers, param_bytes, mult_adds, flops, activation_bytes, receptive_field, calls.
    """
    from dltui.commands._summary_source import find_source, read_inputs
    from dltui.device import pick_device
    from dltui.instruments.summary import summarize

    asked = read_inputs(inputs)
    source = find_source(model, asked, data, common.seed)
    if source.remark and not asked.sizes:
        common.note(f"{source.title}: {source.remark}")
    with redirect_stdout(sys.stderr):  # what the user's own code prints must not mix with the answer
        return summarize(
            source.build,
            asked.sizes or source.sizes,
            dtypes=asked.dtypes or None,
            mode=mode,
            device=None if common.device == "auto" else pick_device(common.device),
            depth=depth,
            col_names=_listed(columns),
            row_settings=_listed(row_settings),
            flops=flops,
            title=source.title,
        )


def _listed(text: str | None) -> list[str] | None:
    """Return words parted by commas."""
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]
