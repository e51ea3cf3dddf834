"""``dltui lab``: exhibits that show one idea each, turned by knobs and checked against known answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dltui.commands._exhibits import ExhibitGroup
from dltui.commands._frame import Common, group_app, verb
from dltui.commands._show import Failed
from dltui.lab._names import FAMILIES
from dltui.lab.card import Card, card, shelf
from dltui.lab.listing import Listing

Family = Annotated[str | None, typer.Option("--family", "-f", help="Only the exhibits of this family.")]

app = group_app("See one idea at a time, turn its knobs, check it against known answers.")
run_app = typer.Typer(
    cls=ExhibitGroup,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Run an exhibit; `dltui lab run NAME --help` tells its knobs.",
    subcommand_metavar="NAME [--knob VALUE]...",
)
run_app.callback()(lambda: None)
app.add_typer(run_app, name="run")


@verb(app, "list")
def list_exhibits(
    family: Family = None,
    search: Annotated[str, typer.Option("--search", help="Words in name, family or summary.")] = "",
    *,
    common: Common,  # noqa: ARG001
) -> Listing:
    """List the exhibits."""
    return shelf(family, search)


@verb(app)
def show(
    name: Annotated[str, typer.Argument(help="Name of an exhibit.", autocompletion=ExhibitGroup.names)],
    *,
    common: Common,  # noqa: ARG001
) -> Card:
    """Tell what an exhibit shows: text, knobs, checks, where to go on."""
    return card(name)


@verb(app)
def check(
    name: Annotated[
        str | None,
        typer.Argument(help="Name of an exhibit; all when left out.", autocompletion=ExhibitGroup.names),
    ] = None,
    family: Family = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; one a core by default.")
    ] = None,
    *,
    common: Common,
) -> Listing | Failed:
    """Recompute what is known from elsewhere; exit code 1 when a check does not hold."""
    from dltui.lab import chosen
    from dltui.lab.checks import run_checks, verdict_table

    verdicts = run_checks(chosen(name, family), workers=workers, report=common.report)
    table = verdict_table(verdicts)
    failed = [f"{one.exhibit} · {one.check}" for one in verdicts if not one.holds]
    if failed:
        return Failed(table, f"{len(failed)} of {len(verdicts)} checks do not hold, the first is {failed[0]}")
    return table


@verb(app)
def tour(
    family: Annotated[
        str, typer.Argument(help="A family: see dltui lab list.", autocompletion=lambda: [*FAMILIES])
    ],
    at: Annotated[str, typer.Option("--at", help="Number or name of the stop to begin with.")] = "1",
    *,
    common: Common,
) -> Listing | None:
    """Go through a family in teaching order; in a pipe and with --json its stops are listed."""
    from dltui.lab.tour import plan, stop_at

    place = stop_at(family, at)
    if common.json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return plan(family)
    from dltui.commands._tour import walk

    walk(family, place, common)
    return None


@verb(app)
def coverage(
    family: Family = None,
    catalogue: Annotated[
        Path | None,
        typer.Option("--catalogue", metavar="FILE.csv", help="By default ../shared/catalogue.csv."),
    ] = None,
    *,
    common: Common,  # noqa: ARG001
) -> Listing:
    """Count the rows of a catalogue that exhibits show; of one family also name those that are missing."""
    from dltui.lab.coverage import coverage as count

    return count(catalogue, family)
