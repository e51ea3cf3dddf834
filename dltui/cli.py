"""The command ``dltui``: finds the verb, runs it, and turns every end into an exit code."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import typer
import typer.core
import typer.main
from typer._click.exceptions import NoArgsIsHelpError  # typer shows it nowhere else

from dltui.commands._calls import command_of, sentence
from dltui.commands._names import VERBS
from dltui.commands._output import note
from dltui.errors import Cancelled, DltuiError, ExitCode, unknown

HELP = """See what a neural network does without leaving the terminal.

Without a verb the TUI opens. Every verb takes --json, --save FILE.safetensors,
--figure FILE.png|svg|pdf|html|csv|json|npz|txt, --device, --seed, --quiet, --debug, --ascii and --plain.

MODEL is a name (see `dltui models list`), weights.safetensors, run:latest, or package.module:function.
DATA is a name (see `dltui data list`), file.npz, or package.module:function.

Exit codes: 0 done, 1 the work failed or a check did not hold, 2 wrong usage, 130 cancelled,
141 where whoever read the output left early.
"""


class LazyGroup(typer.core.TyperGroup):
    """The root command: knows every verb from the table, and imports only the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return a stub with the name and help of a verb, importing nothing."""
        if cmd_name not in VERBS:
            return None
        return typer.core.TyperCommand(cmd_name, help=VERBS[cmd_name].summary, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the verb's module and return the real command.

        Raises:
            UsageError: If there is no such verb; it suggests the nearest.
        """
        word = args[0]
        if word not in VERBS:
            if ctx.resilient_parsing:
                return None, None, args[1:]
            if word.startswith("-"):
                return super().resolve_command(ctx, args)
            raise unknown("verb", word, VERBS)
        return word, command_of(word), args[1:]


app = typer.Typer(
    cls=LazyGroup,
    help=HELP,
    rich_markup_mode=None,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
    plain: bool = typer.Option(False, "--plain", help="Open lists and sentences instead of the TUI."),
) -> None:
    """Open the TUI when no verb is given."""
    if version:
        from dltui import __version__

        sys.stdout.write(f"dltui {__version__}\n")
        raise typer.Exit
    if ctx.invoked_subcommand is None and not ctx.resilient_parsing:
        from dltui.commands.tui import open_tui

        open_tui(None, plain=plain)


def run(arguments: list[str]) -> int:
    """Run one command line.

    Args:
        arguments: What follows ``dltui``.

    Returns:
        The exit code; whatever happened, at most one sentence was written to stderr (a traceback with --debug).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a symbol shows ?, and goes on
    try:
        code = typer.main.get_command(app).main(args=arguments, prog_name="dltui", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as end:  # typer makes it of a pipe that was closed
        if isinstance(end.__context__, BrokenPipeError):
            return tell(end.__context__)
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last door: a person gets a sentence
        return tell(error, debug="--debug" in arguments)
    if code == ExitCode.CANCELLED:
        note("cancelled")
    return code if isinstance(code, int) else ExitCode.DONE


def tell(error: BaseException, *, debug: bool = False) -> int:
    """Tell a person how a command line ended that did not end well.

    Args:
        error: What ended it.
        debug: Whether a traceback is wanted.

    Returns:
        The exit code.
    """
    try:
        return _unread() if isinstance(error, BrokenPipeError) else _told(error, debug=debug)
    except BrokenPipeError:  # nobody reads stderr either
        return _unread()


def _unread() -> int:
    """Return the exit code where whoever read the output has left, and keep the interpreter from complaining at exit.

    It isn't 0: a check that nobody heard the end of has not held, and two files whose difference was cut off are not
    the same.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return ExitCode.UNREAD


def _told(error: BaseException, *, debug: bool) -> int:
    """Write what happened to stderr, and return the exit code."""
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        note("cancelled")
        return ExitCode.CANCELLED
    if isinstance(error, NoArgsIsHelpError):
        note(error.format_message())
        return ExitCode.USAGE
    if debug:
        import traceback

        traceback.print_exception(error)
    note(sentence(error) if isinstance(error, Cancelled) else f"error: {sentence(error)}")
    if isinstance(error, DltuiError):
        return int(error.exit_code)
    return ExitCode.USAGE if isinstance(error, typer.TyperException) else ExitCode.FAILED
