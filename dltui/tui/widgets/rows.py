"""The rows of a list: things, headings and remarks, written into the cells that there are."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from dltui.tui.catalog.items import Item
from dltui.tui.widgets.spark import sparkline
from dltui.tui.widgets.top_bar import shortened

FLAT = 58  # cells from which a name and its note stand in one line
SPARK = (10, 14)  # cells of a sketched curve, where there is little room and where there is more
ROOMY = 72  # cells of a line with more room
AGE = 4  # cells of "12 h"
BADGE = 10  # cells of the kind
STATES = {  # a glyph and a colour; the word itself stands in the note
    "running": ("●", "$text-success"),
    "done": ("✓", "$foreground 55%"),
    "failed": ("✗", "$text-error"),
    "killed": ("✗", "$text-error"),
    "cancelled": ("○", "$text-warning"),
}
clock = time.time


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over a part of a list.

    Attributes:
        text: Its name.
        remark: What stands at its right end, such as a count.
        leads: Where a click on it leads, or None.
    """

    text: str
    remark: str = ""
    leads: Item | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence within a list, which can't be chosen."""

    text: str


Row = Item | Heading | Remark


@dataclass(frozen=True, slots=True)
class Writing:
    """How a thing is written.

    Attributes:
        badges: Tell its kind before its name.
        marks: Keep a cell for a mark.
        marked: It is marked.
        found: Places of letters in its name that were looked for.
        names: Cells that names take where the note stands beside them.
        flat: Name and note stand in one line.
    """

    badges: bool = False
    marks: bool = False
    marked: bool = False
    found: tuple[int, ...] = ()
    names: int = 24
    flat: bool = True


def is_flat(width: int) -> bool:
    """Return whether one line is enough for a thing."""
    return width >= FLAT


def heading_line(row: Heading, width: int) -> Content:
    """Return a heading with a rule up to what stands at its right end."""
    text = row.text[:1].upper() + row.text[1:]
    room = width - cell_len(text) - (cell_len(row.remark) + 1 if row.remark else 0) - 3
    return Content.assemble(
        (f" {text} ", "$text-primary bold"),
        ("─" * max(0, room), "$foreground 20%"),
        (f" {row.remark}" if row.remark else "", "$foreground 55%"),
    )


def remark_line(row: Remark, width: int) -> Content:
    """Return a quiet sentence, cut where it is too long."""
    return Content.styled(shortened(f"   {row.text}", width - 1), "$foreground 60%")


def item_lines(item: Item, width: int, writing: Writing) -> list[Content]:
    """Return a thing in one line, or in two where there is little room.

    Args:
        item: The thing.
        width: Cells of a line.
        writing: How it is written.

    Returns:
        One or two lines of at most ``width`` cells.
    """
    head, taken = _head(item, writing)
    tail, wide = _tail(item, width)
    room = max(4, width - taken - wide - 1)
    if not writing.flat:
        first = _filled(_name(item, room, writing), room)
        note = Content.styled(shortened(item.note, width - taken - 1), "$foreground 60%")
        return [Content.assemble(*head, first, *tail), Content.assemble(" " * taken, note)]
    names = min(writing.names, room) if item.note else room - 2
    name = _filled(_name(item, names, writing), names)
    note = Content.styled(shortened(item.note, room - names - 2), "$foreground 60%")
    return [Content.assemble(*head, name, "  ", _filled(note, room - names - 2), *tail)]


def _head(item: Item, writing: Writing) -> tuple[list[Content], int]:
    """Return mark, kind and state, and the cells that they take."""
    parts = [Content.styled("◆ " if writing.marked else "  ", "$text-accent bold") if writing.marks else " "]
    taken = 2 if writing.marks else 1
    if writing.badges:
        parts.append(Content.styled(f"{shortened(item.kind, BADGE - 1):<{BADGE}}", "$text-secondary"))
        taken += BADGE
    if item.state in STATES:
        glyph, style = STATES[item.state]
        parts.append(Content.styled(f"{glyph} ", style))
        taken += 2
    return [part if isinstance(part, Content) else Content(part) for part in parts], taken


def _tail(item: Item, width: int) -> tuple[list[Content], int]:
    """Return the sketched curve and the age, and the cells that they take."""
    parts, wide = [], 0
    cells = 0 if width < 34 else SPARK[width >= ROOMY]
    if item.spark and cells:
        parts.append(Content.styled(f" {sparkline(item.spark, cells):<{cells}}", "$text-primary"))
        wide += cells + 1
    if item.when and width >= 30:
        parts.append(Content.styled(f" {age(item.when):>{AGE}}", "$foreground 45%"))
        wide += AGE + 1
    return parts, wide


def _name(item: Item, width: int, writing: Writing) -> Content:
    """Return the name, with what was looked for picked out."""
    text = shortened(item.name, width)
    name = Content.styled(text, "bold")
    for place in writing.found:
        if place < len(text):
            name = name.stylize("$text-accent underline", place, place + 1)
    return name


def _filled(content: Content, width: int) -> Content:
    """Return ``content`` followed by spaces up to ``width`` cells."""
    return content + " " * max(0, width - content.cell_length)


def age(when: float) -> str:
    """Return how long ago something was, in four cells at most.

    Args:
        when: Seconds since 1970.

    Returns:
        Such as ``now``, ``5 m``, ``12 h``, ``3 d``, ``9 w``, ``2 y``.
    """
    seconds = clock() - when
    if seconds < 60:
        return "now"
    for size, name in ((31_557_600, "y"), (604_800, "w"), (86_400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size * (2 if name in "wy" else 1):
            return f"{min(int(seconds // size), 99)} {name}"
    return "now"
