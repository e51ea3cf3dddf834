"""The figures of a thing, read for screens that show several things at once. Imports numpy; called in a thread."""

from __future__ import annotations

from dltui.figures import Figure, Prose
from dltui.tui import catalog
from dltui.tui.catalog.items import Item


def figures_of(item: Item) -> list[Figure]:
    """Return all figures of a thing.

    Args:
        item: Anything of a kind that can be compared.

    Returns:
        At least one; what is known in words where there is no picture.

    Raises:
        DltuiError: If its file can't be read.
    """
    if item.kind == "result":
        from dltui.results import load

        found = load(item.path).figures()
    elif item.kind == "run":
        from dltui.runs.curves import PLAIN
        from dltui.tui.catalog.runs import story

        found = story(item.path).figures(PLAIN)
    elif item.kind in {"exhibit", "setting"}:
        from dltui.tui.catalog.settings import setting_figures

        found = setting_figures(item)
    else:
        figure = catalog.glimpse(item).figure
        found = [figure] if figure is not None else []
    return found or [Prose(title=item.name, text=item.note or "There is nothing to see here yet.")]
