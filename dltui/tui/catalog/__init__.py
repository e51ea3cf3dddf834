"""What the home screen lists, and what it shows of each thing before it is opened."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from dltui.tui.catalog.items import SHELVES, Glimpse, Item, Shelf

__all__ = ["SHELVES", "Glimpse", "Item", "Shelf", "glimpse", "read"]

HOMES = {
    "result": "dltui.tui.catalog.results",
    "run": "dltui.tui.catalog.runs",
    "model": "dltui.tui.catalog.models",
    "checkpoint": "dltui.tui.catalog.models",
    "exhibit": "dltui.tui.catalog.exhibits",
}


def read(shelf: Shelf, folder: Path) -> list[Item]:
    """Return what stands on a shelf; reads the disk, so it is called in a thread.

    Args:
        shelf: Which shelf.
        folder: Where the user is.

    Returns:
        The things, the one most likely wanted first.
    """
    items: list[Item] = import_module(shelf.module).read(folder)
    return items


def glimpse(item: Item) -> Glimpse:
    """Return what is shown of ``item`` before it is opened; reads the disk, so it is called in a thread.

    Args:
        item: Anything that ``read`` returned.

    Returns:
        A picture, words, facts.

    Raises:
        DltuiError: If the file can't be read.
    """
    found: Glimpse = import_module(HOMES[item.kind]).glimpse(item)
    return found
