"""What every verb shares: the common options, and the way from a result to the user.

A verb is a function that takes its own arguments and ``common``, and returns what it found. ``@verb`` adds the
common options to its signature, and afterwards saves, draws or prints what it returned.
"""

from __future__ import annotations

import gc
import inspect
import re
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from dltui.commands._output import ProgressLine, note
from dltui.commands._show import Shown, deliver
from dltui.errors import UsageError

DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


def _device(spec: str) -> str:
    """Return ``spec`` when it is spelled as a device."""
    if not DEVICE.fullmatch(spec):
        raise UsageError(f"--device {spec!r} is no device; expected auto, cpu, cuda, cuda:0, cuda:1 … or mps")
    return spec


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
        ascii: Nothing beyond ASCII on stdout.
        plain: Say figures in words instead of drawing them.
    """

    json: Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")] = False
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Keep the result in FILE.safetensors.")
    ] = None
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Draw to FILE.png, svg, pdf, html, csv or json.")
    ] = None
    device: Annotated[str, typer.Option("--device", help="auto, cpu, cuda[:i] or mps.")] = "auto"
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of every random draw.")] = 0
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no remarks.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")] = False
    ascii: Annotated[bool, typer.Option("--ascii", help="Nothing beyond ASCII.")] = False
    plain: Annotated[bool, typer.Option("--plain", help="Say figures in words instead of drawing them.")] = False
    report: ProgressLine = field(default_factory=lambda: ProgressLine(shown=False))

    def note(self, text: str) -> None:
        """Write a remark to stderr, unless the user wants it quiet."""
        if not self.quiet:
            self.report.clear()
            note(text)


OPTIONS = [part for part in fields(Common) if part.name != "report"]


def verb_app() -> typer.Typer:
    """Return the Typer app of a verb that is a single command."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)


def group_app(help_line: str) -> typer.Typer:
    """Return the Typer app of a verb that has verbs below it."""
    app = typer.Typer(
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


def verb(app: typer.Typer, name: str | None = None, **settings: Any) -> Callable[[Callable[..., Shown]], Callable[..., None]]:
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
        gc.enable()  # turned off in dltui.__main__ for the start-up
        chosen = {part.name: arguments.pop(part.name) for part in OPTIONS}
        chosen["device"] = _device(chosen["device"])
        common = Common(**chosen, report=ProgressLine(shown=not chosen["quiet"]))
        started = time.perf_counter()
        try:
            found = function(**arguments, common=common)
        finally:
            common.report.clear()
        deliver(found, common, seconds=time.perf_counter() - started)

    # What a verb returns may have a name that only type checkers import, so that --help needs no numpy.
    function.__annotations__.pop("return", None)
    own = inspect.signature(function, eval_str=True)
    mine = [p.replace(kind=p.KEYWORD_ONLY) for p in own.parameters.values() if p.name != "common"]
    common_hints = inspect.get_annotations(Common, eval_str=True)
    shared = [
        inspect.Parameter(
            part.name, inspect.Parameter.KEYWORD_ONLY, default=part.default, annotation=common_hints[part.name]
        )
        for part in OPTIONS
    ]
    signature = own.replace(parameters=[*mine, *shared], return_annotation=None)
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    del command.__wrapped__
    return command


def command_line() -> str:
    """Return the command line that is running, as a shell would take it."""
    return shlex.join(["dltui", *sys.argv[1:]])
