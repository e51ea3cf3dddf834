"""How a screen, a shelf and a glimpse make themselves known, each beside its own code.

A table that ``python -m dltui.tui.table`` writes (``dltui/tui/_names.py``) says which module holds what, so that home
paints before any of them is imported. A test holds table and decorators together.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dltui.tui.catalog.items import Glimpse, Item, Shelf

if TYPE_CHECKING:
    from dltui.tui.screens.base import Room

S = TypeVar("S", bound="type[Room]")
Reader = Callable[[Path], list[Item]]
Glimpser = Callable[[Item], Glimpse]
R = TypeVar("R", bound=Reader)
G = TypeVar("G", bound=Glimpser)

SCREEN_OF: dict[str, type[Room]] = {}
SHELF_OF: dict[str, Shelf] = {}
GLIMPSE_OF: dict[str, Glimpser] = {}


def screen(*kinds: str) -> Callable[[S], S]:
    """Let the class below open things of some kinds.

    Args:
        *kinds: Kinds of ``Item``, such as ``run``; ``result:landscape`` opens only results of that schema, ``result``
            all that have no screen of their own.

    Returns:
        A decorator for a subclass of ``Room`` that is made with the item alone.
    """

    def put(kind_of_room: S) -> S:
        for kind in kinds:
            SCREEN_OF[kind] = kind_of_room
        return kind_of_room

    return put


def shelf(
    name: str, title: str, *, place: int, nothing: str, tries: tuple[str, ...] = ()
) -> Callable[[R], R]:
    """Put what the function below reads on a shelf of the home screen.

    Args:
        name: The shelf's name in the program.
        title: Its name on the screen.
        place: Shelves stand in this order.
        nothing: What is said when it is empty.
        tries: Commands that would put something there.

    Returns:
        A decorator for ``read(folder) -> list[Item]``, which is called in a thread.
    """

    def put(read: R) -> R:
        SHELF_OF[name] = Shelf(name, title, place, nothing, tries, f"{read.__module__}:{read.__name__}")
        return read

    return put


def glimpse(*kinds: str) -> Callable[[G], G]:
    """Show what the function below tells of things of some kinds before they are opened.

    Args:
        *kinds: Kinds of ``Item``.

    Returns:
        A decorator for ``glimpse(item) -> Glimpse``, which is called in a thread.
    """

    def put(tell: G) -> G:
        for kind in kinds:
            GLIMPSE_OF[kind] = tell
        return tell

    return put
