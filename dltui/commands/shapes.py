"""``dltui shapes``: what a layer or a chain does to a size, without importing torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from dltui.commands._group import Group
from dltui.commands._joined import joined
from dltui.errors import UsageError, unknown
from dltui.registry import Entry

HELP = """Output shape, parameters and cost of layers, formulas filled in.

A LAYER is a class of torch.nn, case ignored, with its arguments as options: conv2d -i N,3,H,W -o 64 -k 7 -s 2 -p 3.
It may be written as in PyTorch, "Conv2d(3, 64, 7, stride=2)" -i 1,3,224,224: parsed, never run.
Letters in a shape stay letters in the answer.
"""
# Verbs beside the layers; each file holds one app, which is imported when it is called.
VERBS = {
    "chain": Entry("dltui.commands._shapes_chain", "Walk layers in a row: a line each, totals."),
    "chains": Entry("dltui.commands._shapes_chains", "List the networks that ship as chains."),
    "memory": Entry(
        "dltui.commands._shapes_memory", "Plan memory of training and serving, device by device."
    ),
    "attention": Entry(
        "dltui.commands._shapes_attention", "Cost of attention over the length, and its cache."
    ),
    "solve": Entry("dltui.commands._shapes_solve", "Find settings that lead from size to size."),
}
SPELLED = "dltui.commands._shapes_spelled"


class Commands(Mapping[str, Any]):
    """Every verb and layer with its command, built when it is looked up."""

    def __iter__(self) -> Iterator[str]:
        from dltui.shapes.layers import LAYERS

        yield from VERBS
        yield from LAYERS

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, word: str) -> Any:
        if word in VERBS:
            return _command(VERBS[word].module, word)
        from dltui.shapes.layers import LAYERS, key_of

        if key_of(word) not in LAYERS:
            raise KeyError(word)
        from dltui.commands._shapes_layer import layer_command

        return layer_command(word)


class ShapesGroup(Group):
    """Knows every verb and layer from tables, and imports only the one that is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the other verbs, then the layers."""
        from dltui.shapes.layers import LAYERS

        return [*VERBS, *LAYERS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return a stub with the name and help of a verb or a layer, importing nothing."""
        from dltui.shapes.layers import LAYERS, key_of

        entry = VERBS.get(cmd_name) or LAYERS.get(key_of(cmd_name))
        return entry and typer.core.TyperCommand(cmd_name, help=entry.summary, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import what is called; text with brackets is a layer as PyTorch spells it."""
        word = args[0]
        if word.startswith("-"):
            return super().resolve_command(ctx, args)
        if "(" in word:
            command = _command(SPELLED, "LAYER")
            return word, command, joined(command, args, "--input", "-i")
        if word not in VERBS and self.get_command(ctx, word) is None:
            if ctx.resilient_parsing:
                return None, None, args[1:]
            from dltui.shapes.layers import LAYERS
            from dltui.shapes.named import named_chains

            if "|" in word or word in named_chains():
                raise UsageError(f"{word!r} is a chain and no layer: dltui shapes chain {word!r}")
            raise unknown("layer", word, [*VERBS, *LAYERS])
        command = self.commands[word]
        return word, command, joined(command, args[1:], "--input", "-i")


def _command(module: str, name: str) -> Any:
    """Return the command of a module's app under a name."""
    command = typer.main.get_command(import_module(module).app)
    command.name = name
    return command


app = typer.Typer(
    cls=ShapesGroup,
    help=HELP,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    no_args_is_help=True,
    subcommand_metavar="LAYER [ARGS]...",
)


@app.callback()
def shapes(
    ctx: typer.Context,
    batch: Annotated[
        str | None,
        typer.Option("--batch", metavar="FILE.jsonl|-", help="Answer one JSON question a line, in order."),
    ] = None,
) -> None:
    """Answer a batch, or go on to the layer."""
    if batch is not None:
        if ctx.invoked_subcommand:
            raise UsageError(
                f"--batch answers the lines of {batch} and nothing else: leave out {ctx.invoked_subcommand}"
            )
        from dltui.commands._shapes_batch import answer_file

        answer_file(batch)
        raise typer.Exit
