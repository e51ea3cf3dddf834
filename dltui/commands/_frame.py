"""What every verb shares: the common options, and the way from a result to the user.

A verb is a function that takes its own arguments and ``common``, and returns what it found. ``@verb`` adds the
common options to its signature, and afterwards saves, draws or prints what it returned.
"""

from __future__ import annotations

import gc
import inspect
import math
import re
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from dltui.commands._group import Group
from dltui.commands._output import ProgressLine, note
from dltui.commands._show import Shown, deliver
from dltui.commands._targets import figure_file, result_file
from dltui.errors import UsageError
from dltui.progress import Report

# New objects between two looks for garbage: looks after each 700 walk through long listings again and again.
GARBAGE = 50_000, 20, 20
LARGEST = 2**63 - 1  # that a whole number of 64 bits can be
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def spelled_device(spec: str) -> str:
    """Return ``spec`` when it is spelled as a device.

    Raises:
        UsageError: If it isn't.
    """
    if not DEVICE.fullmatch(spec):
        several = "; several go to --devices, where a verb has that" if "," in spec else ""
        raise UsageError(
            f"--device {spec!r} is no device; expected auto, cpu, cuda, cuda:0, cuda:1 … or mps{several}"
        )
    return spec


class Telling(Report, Protocol):
    """How a verb tells how far it is, on something that can be wiped."""

    def clear(self) -> None:
        """Wipe what was told last."""


@dataclass(frozen=True)
class Common:
    """The options that every verb takes.

    Attributes:
        json: One JSON document on stdout and nothing else.
        save: Keep the result in this ``.safetensors`` file.
        figure: Draw the result to this file.
        device: Where to compute.
        seed: Seed of every random draw.
        quiet: No progress and no remarks on stderr.
        debug: A traceback when something fails.
        ascii: Nothing beyond ASCII.
        plain: Say figures in words instead of drawing them.
    """

    json: Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")] = False
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", metavar="FILE", callback=result_file, help="Keep the result in FILE.safetensors."
        ),
    ] = None
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure",
            metavar="FILE",
            callback=figure_file,
            help="Draw to FILE.png, svg, pdf, html, csv, json, npz or txt.",
        ),
    ] = None
    device: Annotated[
        str, typer.Option("--device", callback=spelled_device, help="auto, cpu, cuda[:i] or mps.")
    ] = "auto"
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of every random draw.")] = 0
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no remarks.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False
    ascii: Annotated[bool, typer.Option("--ascii", help="Nothing beyond ASCII.")] = False
    plain: Annotated[bool, typer.Option("--plain", help="Say figures in words instead of drawing them.")] = (
        False
    )
    report: Telling = field(default_factory=lambda: ProgressLine(shown=False))
    say: Callable[[str], None] = note  # where remarks go

    def note(self, text: str) -> None:
        """Make a remark, unless the user wants it quiet."""
        if not self.quiet:
            self.report.clear()
            if self.ascii:
                from dltui.plaintext import to_ascii

                text = to_ascii(text)
            self.say(text)


OPTIONS = [part for part in fields(Common) if part.name not in {"report", "say"}]


@dataclass(frozen=True)
class Call:
    """The function of a verb with what a command line gives it, not called yet.

    Attributes:
        function: The function below ``@verb``.
        arguments: Its own arguments by name.
        common: The common options.
    """

    function: Callable[..., Shown]
    arguments: Mapping[str, Any]
    common: Common

    def __call__(self) -> Shown:
        """Do the work and return what was found."""
        return self.function(**self.arguments, common=self.common)


# Set where someone wants the calls that a command line stands for instead of their results.
TAKER: ContextVar[Callable[[Call], None] | None] = ContextVar("TAKER", default=None)


def verb_app() -> typer.Typer:
    """Return the Typer app of a verb that is a single command."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def group_app(help_line: str) -> typer.Typer:
    """Return the Typer app of a verb that has verbs below it."""
    app = typer.Typer(
        cls=Group,
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        help=help_line,
    )

    @app.callback()
    def _group() -> None:
        pass

    return app


def verb(
    app: typer.Typer, name: str | None = None, **settings: Any
) -> Callable[[Callable[..., Shown]], Callable[..., None]]:
    """Return the decorator that makes a function a command of ``app`` with the common options.

    Args:
        app: What the command belongs to.
        name: What it is called; the function's own name when None.
        settings: Handed to ``typer.Typer.command``.

    Returns:
        A decorator for a function that takes the keyword argument ``common``.
    """

    def decorate(function: Callable[..., Shown]) -> Callable[..., None]:
        command = with_common_options(function)
        app.command(name, **settings)(command)
        return command

    return decorate


def with_common_options(function: Callable[..., Shown]) -> Callable[..., None]:
    """Return ``function`` with its ``common`` argument replaced by the common options themselves."""

    @wraps(function)
    def command(**arguments: Any) -> None:
        if not gc.isenabled():
            gc.freeze()  # what was imported stays, so that the first collection need not walk through it
        gc.set_threshold(*GARBAGE)
        gc.enable()  # turned off in dltui.__main__ for the start-up
        refuse_senseless(arguments, own)
        chosen = {part.name: arguments.pop(part.name) for part in OPTIONS}
        common = Common(**chosen, report=ProgressLine(shown=not chosen["quiet"], plain=chosen["plain"]))
        call, taker = Call(function, arguments, common), TAKER.get()
        if taker is not None:
            return taker(call)
        started = time.perf_counter()
        try:
            found = call()
        finally:
            common.report.clear()
        return deliver(found, common, seconds=time.perf_counter() - started)

    # What a verb returns may have a name that only type checkers import, so that --help needs no numpy.
    function.__annotations__.pop("return", None)
    own = inspect.signature(function, eval_str=True)
    mine = [p.replace(kind=p.KEYWORD_ONLY) for p in own.parameters.values() if p.name != "common"]
    common_hints = inspect.get_annotations(Common, eval_str=True)
    shared = [
        inspect.Parameter(
            part.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=part.default,
            annotation=common_hints[part.name],
        )
        for part in OPTIONS
    ]
    signature = own.replace(parameters=[*mine, *shared], return_annotation=None)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    del command.__wrapped__
    command.below = function  # type: ignore[attr-defined]
    return command


def refuse_senseless(arguments: Mapping[str, Any], signature: inspect.Signature) -> None:
    """Refuse what passes for a number of any range or for a name, and is none.

    Args:
        arguments: Values by the names of parameters.
        signature: Of the verb, with the options that it calls them.

    Raises:
        UsageError: If one of them is NaN, ∞, or a whole number beyond 64 bits, or a positional one is empty.
    """
    for key, value in arguments.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, float) and not math.isfinite(one):
                raise UsageError(f"{_called(key, signature)} is {one}: expected a finite number")
            if isinstance(one, int) and abs(one) > LARGEST:
                raise UsageError(
                    f"{_called(key, signature)} is {one}: expected a number of at most {LARGEST}"
                )
            if one == "" and key in signature.parameters and signature.parameters[key].default != "":
                known = getattr(signature.parameters[key].annotation, "__metadata__", ())
                if any(isinstance(part, typer.models.ArgumentInfo) for part in known):
                    name = next((part.metavar for part in known if part.metavar), key.upper()).strip("[].")
                    raise UsageError(f"{name} is empty: expected what --help tells of it")


def _called(key: str, signature: inspect.Signature) -> str:
    """Return what an option is called on the command line."""
    found = signature.parameters.get(key)
    known = () if found is None else getattr(found.annotation, "__metadata__", ())
    # typer.Option takes the first name of an option for its default, until typer has read the signature
    names = [str(name) for one in known for name in (one.default, *(one.param_decls or ()))]
    return next((name for name in names if name.startswith("--")), f"--{key.replace('_', '-')}")


def function_below(command: Any) -> Callable[..., Shown] | None:
    """Return the function below ``@verb`` of a command, with its typed signature.

    Args:
        command: What ``typer.main.get_command`` made of a verb's app, or one of its sub-commands.

    Returns:
        The function as it was written, or None for a group or a command that no ``@verb`` made.
    """
    below: Callable[..., Shown] | None = getattr(command.callback, "below", None)
    return below


def command_line() -> str:
    """Return the command line that is running, as a shell would take it."""
    return shlex.join(["dltui", *sys.argv[1:]])
