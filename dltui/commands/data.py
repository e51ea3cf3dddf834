"""``dltui data``: the data sets that dltui knows by name, and what is in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, group_app, verb
from dltui.commands._words import DATA

if TYPE_CHECKING:
    from dltui.results.gallery import Gallery

app = group_app("List the data sets that dltui knows by name, or show one.")


@verb(app, "list")
def list_data(*, common: Common) -> Gallery:  # noqa: ARG001
    """List the data sets by name."""
    from dltui.commands._listing import listing
    from dltui.data._names import NAMES

    return listing("data sets", NAMES, "look into one with: dltui data show NAME")


@verb(app, "show")
def show_data(
    data: Annotated[str, typer.Argument(metavar=DATA, help="A name, file.npz, or pkg.mod:fn.")],
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
