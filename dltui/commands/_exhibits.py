"""The commands ``dltui lab run NAME``: one an exhibit, its options read off the exhibit when it is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._group import Group
from dltui.commands._targets import recording_file
from dltui.lab import EXHIBITS, Choice, Exhibit, Knob, Typed, load

SHARED = frozenset({"seed", "device"})  # knobs that are spelled by the common option of that name
Live = Annotated[bool, typer.Option("--live", help="Show every moment, not the last alone.")]
Record = Annotated[
    Path | None,
    typer.Option(
        "--record",
        metavar="FILE",
        callback=recording_file,
        help="Record every moment to FILE.gif or FILE.cast; implies --live.",
    ),
]


class ExhibitGroup(Group):
    """Knows every exhibit from the table, and imports only the one that is run."""

    @staticmethod
    def names(incomplete: str) -> list[str]:
        """Return the exhibits whose name begins so, for completion."""
        return [name for name in EXHIBITS if name.startswith(incomplete)]

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the exhibits in the order of the table."""
        return list(EXHIBITS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return a stub with the name and help of an exhibit, importing nothing."""
        if cmd_name not in EXHIBITS:
            return None
        return typer.core.TyperCommand(cmd_name, help=EXHIBITS.entry(cmd_name).summary, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the exhibit's file and return its command.

        Raises:
            UsageError: If there is no such exhibit; it suggests the nearest.
        """
        word = args[0]
        if (ctx.resilient_parsing and word not in EXHIBITS) or word.startswith("-"):
            return super().resolve_command(ctx, args)
        return word, exhibit_command(load(word)), args[1:]


def exhibit_command(exhibit: Exhibit) -> Any:
    """Return the command of one exhibit.

    Args:
        exhibit: What is run.

    Returns:
        A command with one option a knob, ``--live``, ``--record``, and the common options.
    """
    knobs = [knob for knob in exhibit.knobs if knob.name not in SHARED]

    def run_exhibit(live: bool, record: Path | None, *, common: Common, **values: object) -> Any:
        shared = {knob.name: getattr(common, knob.name) for knob in exhibit.knobs if knob.name in SHARED}
        settings = exhibit.settings(values | shared)
        if live or record:
            from dltui.commands._live import play

            return play(exhibit, settings, common, record)
        from dltui.lab.run import run

        return run(exhibit, settings, report=common.report)

    _sign(run_exhibit, knobs)
    run_exhibit.__doc__ = "\n\n".join(exhibit.story.opening)
    app = verb_app()
    verb(app, exhibit.name)(run_exhibit)
    command = typer.main.get_command(app)
    command.name = exhibit.name
    return command


def _sign(function: Callable[..., Any], knobs: list[Knob]) -> None:
    """Give ``function`` one parameter a knob, so that the command line reads its options off the signature."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        *(inspect.Parameter(k.name, keyword, default=_default(k), annotation=_option(k)) for k in knobs),
        inspect.Parameter("live", keyword, default=False, annotation=Live),
        inspect.Parameter("record", keyword, default=None, annotation=Record),
        inspect.Parameter("common", keyword, annotation=Common),
    ]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]


def _default(knob: Knob) -> object:
    """Return where a knob stands at first, as the parser wants it."""
    return knob.default if knob.kind == "switch" else str(knob.default)


def _option(knob: Knob) -> Any:
    """Return the annotation of a knob's option; numbers stay text here, the exhibit reads and refuses them."""
    if knob.kind == "switch":
        return Annotated[bool, typer.Option(f"{knob.option}/--no-{knob.option[2:]}", help=knob.help)]
    if isinstance(knob.control, Choice):
        options = knob.control.options
        return Annotated[
            str,
            typer.Option(
                knob.option, metavar="|".join(options), help=knob.help, autocompletion=_completing(options)
            ),
        ]
    if isinstance(knob.control, Typed):
        offers = knob.control.offers
        return Annotated[str, typer.Option(knob.option, help=knob.help, autocompletion=_completing(offers))]
    low, high = knob.extremes
    return Annotated[str, typer.Option(knob.option, metavar=f"{low:g}…{high:g}", help=knob.help)]


def _completing(options: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Return what completes a choice."""

    def complete(incomplete: str) -> list[str]:
        return [option for option in options if option.startswith(incomplete)]

    return complete
