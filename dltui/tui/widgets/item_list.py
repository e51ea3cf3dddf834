"""A list of things, one of them under the cursor; only the lines that are seen are ever written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.message_pump import MessagePump
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dltui.tui import actions
from dltui.tui.catalog.items import Item
from dltui.tui.widgets.rows import (
    Heading,
    Line,
    Remark,
    Row,
    Writing,
    heading_line,
    is_flat,
    item_lines,
    remark_line,
)

NAMES = (16, 34)  # the least and the most cells that a column of names takes


class ItemList(ScrollView, can_focus=True, inherit_bindings=False):
    """Things below headings; keys come from the table of actions, a click chooses, a double click opens."""

    ALLOW_SELECT = False
    BINDINGS = actions.bindings("list")
    COMPONENT_CLASSES = {  # noqa: RUF012 - as Textual declares it
        f"item-list--{part}"
        for part in (
            *(
                "cursor",
                "hover",
                "name",
                "note",
                "heading",
                "rule",
                "quiet",
                "mark",
                "badge",
                "found",
                "spark",
            ),
            *("good", "bad", "odd"),
        )
    }
    DEFAULT_CSS = """
    ItemList { height: 1fr; overflow-x: hidden; background: transparent; }
    ItemList > .item-list--name { text-style: bold; }
    ItemList > .item-list--note { color: $foreground 70%; }
    ItemList > .item-list--heading { color: $text-primary; text-style: bold; }
    ItemList > .item-list--rule { color: $primary-muted; }
    ItemList > .item-list--quiet { color: $foreground 70%; }
    ItemList > .item-list--mark { color: $text-accent; text-style: bold; }
    ItemList > .item-list--badge { color: $text-secondary; }
    ItemList > .item-list--found { color: $text-accent; text-style: bold underline; }
    ItemList > .item-list--spark { color: $text-primary; }
    ItemList > .item-list--good { color: $text-success; }
    ItemList > .item-list--bad { color: $text-error; }
    ItemList > .item-list--odd { color: $text-warning; }
    ItemList > .item-list--hover { background: $foreground 5%; }
    ItemList > .item-list--cursor { background: $foreground 8%; }
    ItemList:focus > .item-list--cursor { background: $primary-muted; }
    ItemList:nocolor > .item-list--cursor { text-style: underline; }
    """

    @dataclass(eq=False, repr=False)
    class Moved(Message):
        """Another thing is under the cursor."""

        list: ItemList
        item: Item | None

        @property
        def control(self) -> ItemList:
            """The list that it comes from."""
            return self.list

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, ItemList.Moved) and message.list is self.list

    @dataclass(eq=False, repr=False)
    class Opened(Message):
        """Someone wants to open a thing."""

        list: ItemList
        item: Item

        @property
        def control(self) -> ItemList:
            """The list that it comes from."""
            return self.list

    def __init__(
        self,
        rows: Sequence[Row] = (),
        *,
        badges: bool = False,
        marks: bool = False,
        names: int | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """Make a list.

        Args:
            rows: What it holds at first.
            badges: Tell the kind of each thing.
            marks: Things can be marked.
            names: Cells that a column of names takes at most.
            id: Name of the widget.
        """
        super().__init__(id=id)
        self.wanted = ""  # the key of what shall be chosen once it is there
        self.marks = marks
        self.marked: set[str] = set()
        self._badges = badges
        self._rows: list[Row] = []
        self._found: Mapping[str, tuple[int, ...]] = {}
        self._lines: list[tuple[int, int]] = []  # row and line within it
        self._names = NAMES[0]
        self._most = names or NAMES[1]
        self._cursor: int | None = None
        self._held = False  # someone put the cursor where it is; else it stays on the first thing
        self._hover: int | None = None
        self._laid_for = 0
        self._written: dict[tuple[int, bool], list[Any]] = {}
        self._colours: dict[tuple[bool, str, str], Style] = {}
        self.fill(rows)

    # what it holds

    @property
    def chosen(self) -> Item | None:
        """The thing under the cursor."""
        row = self._rows[self._cursor] if self._cursor is not None else None
        return row if isinstance(row, Item) else None

    @property
    def items(self) -> list[Item]:
        """The things in their order, without headings."""
        return [row for row in self._rows if isinstance(row, Item)]

    @property
    def marked_items(self) -> list[Item]:
        """The marked things, in their order."""
        return [item for item in self.items if item.place in self.marked]

    def __len__(self) -> int:
        return len(self.items)

    def fill(self, rows: Sequence[Row], found: Mapping[str, tuple[int, ...]] | None = None) -> None:
        """Show other rows; the cursor stays on the same thing, or near where it was when that is gone.

        Args:
            rows: What to show.
            found: Places of letters to pick out, by the place of the thing.
        """
        self._found = found or {}
        before, at = self.chosen, self._cursor
        self._written.clear()
        if list(rows) == self._rows and self._lines and self._held:
            self.refresh()
            return
        self._rows = list(rows)
        self._cursor = self._place_of(before.place, at) if before and self._held else None
        wanted = [at for at, row in enumerate(self._rows) if isinstance(row, Item) and row.key == self.wanted]
        if self.wanted and wanted:
            self._cursor, self._held, self.wanted = wanted[0], True, ""
        if self._cursor is None:
            self._cursor = self._nearest(at if self._held and at is not None else 0)
        self._lay_out()
        now = self.chosen
        if now != before:
            self.post_message(self.Moved(self, now))

    def rewind(self) -> None:
        """Let the cursor stand on the first thing of whatever is shown next."""
        self._held = False

    def choose(self, place: str) -> bool:
        """Put the cursor on a thing.

        Args:
            place: The name of its place.

        Returns:
            Whether it is there.
        """
        at = self._place_of(place)
        if at is not None:
            self._go(at)
        return at is not None

    def mark(self, item: Item) -> None:
        """Mark a thing, or take its mark away."""
        self.marked ^= {item.place}
        self._written.clear()
        self.refresh()

    def _place_of(self, place: str, first: int | None = None) -> int | None:
        """Return the row of a thing; of several, ``first`` where it is one of them."""
        rows = [at for at, row in enumerate(self._rows) if isinstance(row, Item) and row.place == place]
        return first if first in rows else next(iter(rows), None)

    def _nearest(self, at: int) -> int | None:
        """Return the thing's row that is nearest to a row."""
        places = [row for row, thing in enumerate(self._rows) if isinstance(thing, Item)]
        return min(places, key=lambda row: abs(row - at), default=None)

    # how it lies

    def _lay_out(self) -> None:
        """Settle which line belongs to which row."""
        width = self.scrollable_content_region.width
        tall = 1 if is_flat(width) else 2
        self._laid_for = width
        self._written.clear()
        self._lines = [
            (at, line)
            for at, row in enumerate(self._rows)
            for line in range(tall if isinstance(row, Item) else 1)
        ]
        longest = max((len(item.name) for item in self.items), default=0)
        self._names = max(NAMES[0], min(self._most, longest, width * 2 // 3))
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()
        self.call_after_refresh(self._show_cursor)

    def on_resize(self) -> None:
        """Lay the rows out for another width."""
        if self.scrollable_content_region.width != self._laid_for:
            self._lay_out()
        self._show_cursor()

    def _show_cursor(self) -> None:
        """Scroll to the cursor, and to a heading just above it."""
        if self._cursor is None or not self._laid_for:
            return
        lines = [line for line, (row, _) in enumerate(self._lines) if row == self._cursor]
        first = lines[0]
        while first and not isinstance(self._rows[self._lines[first - 1][0]], Item):
            first -= 1
        region = Region(0, first, 1, lines[-1] - first + 1)
        self.scroll_to_region(region, animate=False, force=True, immediate=True)

    def notify_style_update(self) -> None:
        """Write anew in other colours."""
        super().notify_style_update()
        self._written.clear()
        self._colours.clear()

    def render_line(self, y: int) -> Strip:
        """Return one line of what is seen."""
        line = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        if not 0 <= line < len(self._lines):
            return Strip.blank(width, self.rich_style)
        at, part = self._lines[line]
        return self._strips(at, width)[part]

    def _strips(self, at: int, width: int) -> list[Strip]:
        """Return the lines of a row."""
        cursor = at == self._cursor
        hover = at == self._hover and not cursor
        known = self._written.get((at, cursor), None)
        if known is not None and not hover and known[0] == (width, self.has_focus):
            strips: list[Strip] = known[1]
            return strips
        ground = "cursor" if cursor else "hover" if hover else ""
        strips = [self._strip(line, width, ground) for line in self._contents(at, width)]
        if not hover:
            self._written[at, cursor] = [(width, self.has_focus), strips]
        return strips

    def _strip(self, line: Line, width: int, ground: str) -> Strip:
        """Return the texts of a line in the colours of their parts."""
        segments = [Segment(text, self._style(ground, part)) for text, part in line if text]
        return Strip(segments).adjust_cell_length(width, self._style(ground, ""))

    def _style(self, ground: str, part: str) -> Style:
        """Return the colours of a part on a ground."""
        key = (self.has_focus, ground, part)
        if key not in self._colours:
            names = (f"item-list--{name}" for name in (ground, part) if name)
            self._colours[key] = self.get_visual_style(*names).rich_style
        return self._colours[key]

    def _contents(self, at: int, width: int) -> list[Line]:
        """Return the lines of a row."""
        row = self._rows[at]
        if isinstance(row, Heading):
            return [heading_line(row, width)]
        if isinstance(row, Remark):
            return [remark_line(row, width)]
        found = self._found.get(row.place, ())
        writing = Writing(
            self._badges, self.marks, row.place in self.marked, found, self._names, is_flat(self._laid_for)
        )
        return item_lines(row, width, writing)

    # cursor

    def _go(self, at: int) -> None:
        """Put the cursor on a row."""
        self._held = True
        if at != self._cursor:
            self._cursor = at
            self.post_message(self.Moved(self, self.chosen))
        self._show_cursor()
        self.refresh()

    def _step(self, step: int) -> None:
        """Move by as many things."""
        places = [row for row, thing in enumerate(self._rows) if isinstance(thing, Item)]
        if self._cursor in places:
            self._go(places[max(0, min(len(places) - 1, places.index(self._cursor) + step))])
        elif places:
            self._go(places[0])

    def action_select(self) -> None:
        """Open what is under the cursor."""
        chosen = self.chosen
        if chosen is not None:
            self.post_message(self.Opened(self, chosen))

    def action_cursor_down(self) -> None:
        """Go to the next one."""
        self._step(1)

    def action_cursor_up(self) -> None:
        """Go to the one before."""
        self._step(-1)

    def action_page_down(self) -> None:
        """Go down by as many things as are seen at once."""
        self._step(self._page())

    def action_page_up(self) -> None:
        """Go up by as many things as are seen at once."""
        self._step(-self._page())

    def action_first(self) -> None:
        """Go to the first."""
        self._step(-len(self._rows))

    def action_last(self) -> None:
        """Go to the last."""
        self._step(len(self._rows))

    def _page(self) -> int:
        return max(1, self.size.height // (1 if is_flat(self._laid_for) else 2))

    # mouse

    def _row_at(self, y: int) -> int | None:
        line = y + self.scroll_offset.y
        return self._lines[line][0] if 0 <= line < len(self._lines) else None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Lift what is pointed at."""
        at = self._row_at(event.y)
        hover = at if at is not None and isinstance(self._rows[at], Item) else None
        if hover != self._hover:
            self._hover = hover
            self.refresh()

    def on_leave(self) -> None:
        """Let go of what was pointed at."""
        self._hover = None
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked, open what is clicked twice."""
        at = self._row_at(event.y)
        row = self._rows[at] if at is not None else None
        if isinstance(row, Heading) and row.leads is not None:
            self.post_message(self.Opened(self, row.leads))
        elif at is not None and isinstance(row, Item):
            self._go(at)
            if event.chain == 2:
                self.post_message(self.Opened(self, row))
