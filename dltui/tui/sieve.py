"""Letters that are typed at home, and the things of the list that they fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dltui.tui.catalog import Item
from dltui.tui.widgets.rows import Remark, Row

if TYPE_CHECKING:
    from dltui.tui.screens.home import HomeScreen

FIELD = "filter"  # where letters are typed
SIFTING = "-filtering"


class Sieve:
    """Asks for letters above the lists of home, and lets through what fits them.

    Args:
        screen: The screen that shows the lists.

    Attributes:
        letters: What was typed by now.
    """

    def __init__(self, screen: HomeScreen) -> None:
        self._screen = screen
        self.letters = ""

    @property
    def there(self) -> bool:
        """Whether letters are asked for."""
        return self._screen.has_class(SIFTING)

    @property
    def typing(self) -> bool:
        """Whether letters are being typed."""
        return self._screen.focused is not None and self._screen.focused.id == FIELD

    async def ask(self) -> None:
        """Show the field for letters, and go there."""
        from textual.widgets import Input  # not before the first picture

        screen = self._screen
        if not screen.query(f"#{FIELD}"):
            await screen.mount(Input(placeholder="letters to look for", id=FIELD), before="#panes")
        screen.add_class(SIFTING)
        screen.set_focus(screen.query_one(f"#{FIELD}"))

    def end(self) -> None:
        """Take the field away; everything is let through again."""
        self._screen.remove_class(SIFTING)
        self.letters = ""
        for field in self._screen.query(f"#{FIELD}"):
            field.remove()

    def sifted(self, rows: list[Row]) -> tuple[list[Row], dict[str, tuple[int, ...]]] | None:
        """Return the things that fit the letters in the order of the list, and where the letters are.

        Args:
            rows: All that would be listed.

        Returns:
            What is listed instead; None where there are no letters.
        """
        if not (self.there and self.letters.strip()):
            return None
        from dltui.tui.fuzzy import Candidate, Finder

        items = list({row.place: row for row in rows if isinstance(row, Item)}.values())
        hits = Finder([Candidate(item) for item in items], {}, 0.0).find(self.letters, len(items))
        found = {hit.candidate.item.place: hit.places for hit in hits}
        kept: list[Row] = [item for item in items if item.place in found]
        return kept or [Remark(f"Nothing here fits {self.letters!r}.")], found
