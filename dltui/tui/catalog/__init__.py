"""What the home screen lists, and what it shows of each thing before it is opened."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from threading import RLock
from typing import Any

from dltui.tui import _names
from dltui.tui.catalog.items import Glimpse, Item, Shelf

__all__ = ["SHELVES", "Glimpse", "Item", "Shelf", "glimpse", "named", "read"]

# Shelves are read in threads side by side. While two threads import a package and a part of it, each may wait for the
# other: the interpreter finds that out, and refuses the import.
_IMPORTING = RLock()

SHELVES = tuple(Shelf(*row) for row in _names.SHELVES)


def read(shelf: Shelf, folder: Path) -> list[Item]:
    """Return what stands on a shelf; reads the disk, so it is called in a thread.

    Args:
        shelf: Which shelf.
        folder: Where the user is.

    Returns:
        The things, the one most likely wanted first.
    """
    items: list[Item] = named(shelf.reader)(folder)
    return items


def glimpse(item: Item) -> Glimpse:
    """Return what is shown of ``item`` before it is opened; reads the disk, so it is called in a thread.

    Args:
        item: Anything that ``read`` returned.

    Returns:
        A picture, words, facts; name and note alone where nothing more is known.

    Raises:
        DltuiError: If the file can't be read.
    """
    if item.kind not in _names.GLIMPSES:
        return Glimpse(title=item.name, words=item.note)
    found: Glimpse = named(_names.GLIMPSES[item.kind])(item)
    return found


def named(place: str) -> Any:
    """Return what ``module:name`` names, importing the module; one thread at a time imports."""
    module, _, name = place.partition(":")
    with _IMPORTING:
        return getattr(import_module(module), name)
