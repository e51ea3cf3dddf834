"""A dashboard at work: reads what is new, and makes again only the pictures that it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dltui.figures import Figure
from dltui.runs.curves import Sight
from dltui.watching.follow import Followed
from dltui.watching.page import colours_of
from dltui.watching.panes import panes, picture, told
from dltui.watching.source import Source

USUAL = Sight(smooth=0.9)


@dataclass(frozen=True)
class Wish:
    """What is looked at.

    Attributes:
        lead: Number of the run whose layers are shown.
        active: Number of the picture that is chosen.
        count: How many pictures there is room for.
        sight: How to look at curves.
    """

    lead: int = 0
    active: int = 0
    count: int = 1
    sight: Sight = USUAL


@dataclass(frozen=True)
class Seen:
    """What there is to see.

    Attributes:
        runs: What is followed.
        names: The pictures that there are.
        first: Number of the first one that is shown.
        figures: Those that are shown; the same object as before where nothing has changed.
    """

    runs: tuple[Followed, ...]
    names: tuple[str, ...]
    first: int
    figures: tuple[Figure, ...]

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the pictures that are shown."""
        return self.names[self.first : self.first + len(self.figures)]


class Board:
    """Follows some runs; called from one thread at a time.

    Args:
        sources: What is followed.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self.runs = tuple(Followed(source) for source in sources)
        self._made: dict[str, tuple[object, Figure]] = {}
        self._colours: dict[str, int] = {}

    @property
    def changed(self) -> bool:
        """Whether something may be new."""
        return any(one.changed for one in self.runs)

    def look(self, wish: Wish) -> Seen:
        """Read what is new, and return what there is to see.

        Args:
            wish: What is looked at.

        Returns:
            The pictures that there is room for, around the chosen one.
        """
        for one in self.runs:
            if one.changed:
                one.look()
        self._colours = self._colours or colours_of(self.runs)
        lead = self.runs[min(wish.lead, len(self.runs) - 1)]
        names = tuple(panes(self.runs, lead))
        active = min(wish.active, len(names) - 1)
        first = max(0, min(active - active % wish.count, len(names) - wish.count))
        shown = names[first : first + wish.count]
        self._made = {name: self._figure(name, lead, wish.sight) for name in shown}
        return Seen(self.runs, names, first, tuple(self._made[name][1] for name in shown))

    def _figure(self, name: str, lead: Followed, sight: Sight) -> tuple[object, Figure]:
        """Return a picture with what it depends on; the last one where that has not changed."""
        depends = (told(name, self.runs, lead), sight)
        known = self._made.get(name)
        if known is not None and known[0] == depends:
            return known
        return depends, picture(name, self.runs, lead, sight, self._colours)
