"""What stands on the shelves of the home screen. No numpy, so that home paints before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dltui.figures import Figure


TO_FETCH = "to fetch"  # heading of things that are not on this machine yet


class Item(NamedTuple):
    """One thing that can be looked at.

    Attributes:
        kind: What it is; decides which screen opens it.
        name: What the list calls it.
        note: A few quieter words beside the name.
        key: What its kind finds it by: a path, or a registered name.
        command: The command line that made it, or that shows it.
        schema: Kind of a result, such as ``landscape``; empty for other things.
        when: When it came to be, in seconds since 1970; 0 where that means nothing.
        state: How it goes, such as ``running``; empty for what doesn't go on.
        spark: A curve to sketch beside its name, such as the loss so far.
        group: The heading below which its shelf lists it; empty where there are none.
    """

    kind: str
    name: str
    note: str
    key: str
    command: str
    schema: str = ""
    when: float = 0.0
    state: str = ""
    spark: tuple[float, ...] = ()
    group: str = ""

    @property
    def place(self) -> str:
        """The name of its tab: the same thing has one tab, however often it is opened."""
        return f"{self.kind} {self.key}"

    @property
    def path(self) -> Path:
        """The file or folder, for kinds that are one."""
        return Path(self.key)


class Glimpse(NamedTuple):
    """What is shown of a thing before it is opened.

    Attributes:
        title: What it is.
        figure: Its main picture, or None.
        words: What the picture shows, or what the thing is.
        facts: Name and value of what is worth knowing.
        later: Returns the picture where it must be computed first; called in a thread, with what tells whether
            someone still looks.
    """

    title: str
    figure: Figure | None = None
    words: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    later: Callable[[Callable[[], bool]], Figure] | None = None


class Shelf(NamedTuple):
    """A kind of thing on the home screen.

    Attributes:
        name: Its name in the program.
        title: Its name on the screen.
        place: Shelves stand in this order.
        nothing: What is said when it is empty.
        tries: Commands that would put something there.
        reader: ``module:function`` of its ``read(folder) -> list[Item]``; imported in a thread.
    """

    name: str
    title: str
    place: int
    nothing: str
    tries: tuple[str, ...]
    reader: str

    @property
    def item(self) -> Item:
        """The shelf itself as a thing that search finds and home shows."""
        return Item("shelf", self.title, "everything of this kind", self.name, "")


def homely(path: Path) -> str:
    """Return a path as people write it, from ``~`` where it is below the user's home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path)
