"""The exhibits of the lab, family by family."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dltui.lab import NAMES
from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item

if TYPE_CHECKING:
    from dltui.figures import Figure

MOST = 64  # first pictures that are kept
_SEEN: dict[str, Figure] = {}


@register.shelf("lab", "Lab", place=50, nothing="The lab has no exhibits yet.", tries=("dltui lab list",))
def read(folder: Path) -> list[Item]:
    """Return the exhibits by family, each in teaching order.

    Args:
        folder: Where the user is; the lab is the same everywhere.

    Returns:
        One entry an exhibit.
    """
    del folder
    return [exhibit_item(name) for name in NAMES]


def exhibit_item(name: str) -> Item:
    """Return an exhibit as a thing of the lab's shelf."""
    entry = NAMES[name]
    return Item("exhibit", name, entry.summary, name, f"dltui lab run {name}", group=entry.family)


@register.glimpse("exhibit")
def glimpse(item: Item) -> Glimpse:
    """Return what the table of the lab says of an exhibit, importing nothing of it; its first picture comes later.

    Args:
        item: An exhibit.

    Returns:
        Its summary and the commands that show and run it.
    """
    entry = NAMES[item.key]
    return Glimpse(
        title=item.name,
        words=entry.summary,
        facts=(
            ("family", entry.family),
            ("tell me more", f"dltui lab show {item.name}"),
            ("run it", f"dltui lab run {item.name}"),
            ("is it right?", f"dltui lab check {item.name}"),
        ),
        figure=_SEEN.get(item.key),
        later=None if item.key in _SEEN else partial(thumbnail, item.key),
    )


def thumbnail(name: str, wanted: Callable[[], bool]) -> Figure:
    """Return the main figure of an exhibit's first moment, computed once for as long as the application runs.

    Args:
        name: The exhibit.
        wanted: Whether someone still looks at it.

    Raises:
        DltuiError: If it can't be played.
        Cancelled: If nobody looks any more.
    """
    from dltui.tui.catalog.settings import played

    figure = played(name, wanted=wanted).shown[1]
    while len(_SEEN) >= MOST:
        _SEEN.pop(next(iter(_SEEN)))
    _SEEN[name] = figure
    return figure
