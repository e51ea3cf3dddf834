"""``dltui byhand``: layers, losses and metrics worked out as on paper, without importing torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import typer
import typer.core

from dltui.byhand.names import OPERATIONS, key_of
from dltui.commands._group import Group
from dltui.errors import unknown

HELP = """Layers, activations, losses and metrics worked out line by line, as on paper.

Without numbers the example of the notes is worked. Numbers are lists, files or draws:
conv2d --x "[[1,2,3],[4,5,6],[7,8,9]]" --weight random:2,2 --bias 1
"""


class Commands(Mapping[str, Any]):
    """Every operation with its command, built when it is looked up."""

    def __iter__(self) -> Iterator[str]:
        yield from OPERATIONS

    def __len__(self) -> int:
        return len(OPERATIONS)

    def __getitem__(self, word: str) -> Any:
        if key_of(word) not in OPERATIONS:
            raise KeyError(word)
        from dltui.commands._byhand_operation import operation_command

        return operation_command(word)


class OperationGroup(Group):
    """Knows every operation from the table, and imports only the one that is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands()  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the operations in the order of the table."""
        return list(OPERATIONS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return a stub with the name and help of an operation, importing nothing."""
        entry = OPERATIONS.get(key_of(cmd_name))
        return entry and typer.core.TyperCommand(cmd_name, help=entry.summary, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the file of the operation and return its command.

        Raises:
            UsageError: If there is no such operation; it suggests the nearest.
        """
        word = args[0]
        if word.startswith("-"):
            return super().resolve_command(ctx, args)
        if key_of(word) not in OPERATIONS:
            if ctx.resilient_parsing:
                return None, None, args[1:]
            raise unknown("operation", word, OPERATIONS)
        from dltui.commands._byhand_operation import operation_command

        rest = args[1:]
        return word, operation_command(word, rest), rest


app = typer.Typer(
    cls=OperationGroup,
    help=HELP,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    subcommand_metavar="OPERATION [--tensor NUMBERS]... [--setting VALUE]...",
)
app.callback()(lambda: None)
