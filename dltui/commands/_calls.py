"""From the words of a command line to the call they stand for, and from an error to its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
import typer.main

from dltui.commands._frame import TAKER, Call
from dltui.commands._names import VERBS
from dltui.errors import DltuiError, UsageError, unknown

# the parser's names of types, and what a person calls them; the longer ones first
NOUNS = {"int range": "whole number", "float range": "number", "int": "whole number", "float": "number"}


def command_of(verb: str) -> Any:
    """Import the module of a verb and return its command.

    Args:
        verb: A name of the table of verbs.

    Returns:
        What parses the words that follow the verb.

    Raises:
        UsageError: If there is no such verb; it suggests the nearest.
    """
    if verb not in VERBS:
        raise unknown("verb", verb, VERBS)
    command = typer.main.get_command(import_module(VERBS[verb].module).app)
    command.name = verb
    return command


def called(words: Sequence[str]) -> Call:
    """Return the call that a command line stands for, read by the command line's own parser.

    Args:
        words: What follows ``dltui``.

    Returns:
        The verb's function and its arguments, ready to be called.

    Raises:
        UsageError: If the words are no command line that does work.
    """
    taken: list[Call] = []
    token = TAKER.set(taken.append)
    try:
        command_of(words[0] if words else "").main(
            list(words[1:]), prog_name=f"dltui {words[0]}", standalone_mode=False
        )
    except typer.TyperException as error:
        raise UsageError(sentence(error)) from error
    finally:
        TAKER.reset(token)
    if not taken:
        raise UsageError(f"`dltui {' '.join(words)}` is nothing that can run as a job; try it in a shell")
    return taken[0]


def sentence(error: BaseException) -> str:
    """Return the one sentence that a person gets for an error.

    Args:
        error: Whatever ended the work.

    Returns:
        The sentence, without a full stop.
    """
    if isinstance(error, DltuiError):
        return str(error)
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"can't use {error.filename}: {error.strerror}; look whether it is still there, and yours"
    if isinstance(error, MemoryError):
        told = f" ({error})" if str(error) else ""
        return f"there is too little memory for that{told}: try something smaller"
    text = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    return f"dltui failed in a way it did not expect: {text}; see more with --debug"


def _usage(error: typer.TyperException) -> str:
    """Return what the parser complains about, with where to read the right way."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "dltui"
    text = error.format_message().rstrip(".")
    for jargon, noun in NOUNS.items():
        text = text.replace(f"is not a valid {jargon}", f"is no {noun}")
    if "\n" in text:  # a group without a verb says its whole help
        text = f"`{path}` needs a verb after it"
    return f"{text[:1].lower()}{text[1:]}; see `{path} --help`"
