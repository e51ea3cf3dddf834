"""A list of things, one of them under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dltui.tui import actions
from dltui.tui.catalog import Item

LINES_EACH = 2  # name and note


class ItemList(OptionList, inherit_bindings=False):
    """Name and note of each thing; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    ItemList {
        height: 1fr; border: none; padding: 0; background: transparent;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    ItemList:focus { border: none; background: transparent; }
    ItemList > .option-list--option { padding: 0 1; }
    ItemList > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    ItemList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    ItemList > .option-list--option-hover { background: $foreground 5%; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._items: list[Item] = []
        self.wanted = ""  # the key of what shall be chosen once it is there

    @property
    def chosen(self) -> Item | None:
        """The thing under the cursor."""
        return self._items[self.highlighted] if self.highlighted is not None and self._items else None

    def fill(self, items: Sequence[Item]) -> None:
        """Show other things; the cursor stays on the same one when it is still there."""
        before = self.chosen
        self._items = list(items)
        self.clear_options()
        self.add_options([_option(item) for item in self._items])
        if self._items:
            key = self.wanted or (before.key if before else "")
            same = [place for place, item in enumerate(self._items) if item.key == key]
            self.wanted = ""
            self.highlighted = same[0] if same else 0

    def action_page_down(self) -> None:
        """Go down by as many things as are seen at once."""
        self._go_pages(1)

    def action_page_up(self) -> None:
        """Go up by as many things as are seen at once."""
        self._go_pages(-1)

    def _go_pages(self, pages: int) -> None:
        # Textual's own paging needs lines that were rendered, which a list that is hidden has not.
        if self.highlighted is not None:
            step = pages * max(1, self.size.height // LINES_EACH)
            self.highlighted = max(0, min(len(self._items) - 1, self.highlighted + step))

    def __len__(self) -> int:
        return len(self._items)


def _option(item: Item) -> Option:
    """Return a list entry of two lines."""
    name = Content.styled(item.name, "bold")
    note = Content.styled(item.note, "$foreground 70%")
    return Option(Content("\n").join([part.truncate(200) for part in (name, note)]))
