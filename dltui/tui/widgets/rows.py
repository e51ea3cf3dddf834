"""The rows of a list: things, headings and remarks, written into the cells that there are."""

from __future__ import annotations

import time
from typing import NamedTuple

from rich.cells import cell_len

from dltui.tui.catalog.items import Item
from dltui.tui.widgets.spark import sparkline
from dltui.tui.widgets.top_bar import shortened

FLAT = 54  # cells from which a name and its note stand in one line
SPARK = (10, 14)  # cells of a sketched curve, where there is little room and where there is more
ROOMY = 72  # cells of a line with more room
AGE = 4  # cells of "12 h"
BADGE = 11  # cells of the kind, such as checkpoint, and the gap behind it
STATES = {  # a glyph and its part; the word itself stands in the note
    "running": ("●", "good"),
    "done": ("✓", "quiet"),
    "failed": ("✗", "bad"),
    "died": ("✗", "bad"),
    "stopped": ("○", "odd"),
    "waiting": ("·", "quiet"),
}
clock = time.time

Line = list[tuple[str, str]]  # texts, each with the part that it plays: name, note, heading …


class Heading(NamedTuple):
    """What stands over a part of a list.

    Attributes:
        text: Its name.
        remark: What stands at its right end, such as a count.
        leads: Where a click on it leads, or None.
    """

    text: str
    remark: str = ""
    leads: Item | None = None


class Remark(NamedTuple):
    """A sentence within a list, which can't be chosen."""

    text: str


Row = Item | Heading | Remark


class Writing(NamedTuple):
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


def heading_line(row: Heading, width: int) -> Line:
    """Return a heading with a rule up to what stands at its right end."""
    text = row.text[:1].upper() + row.text[1:]
    room = width - cell_len(text) - (cell_len(row.remark) + 1 if row.remark else 0) - 3
    return [
        (f" {text} ", "heading"),
        ("─" * max(0, room), "rule"),
        (f" {row.remark}" if row.remark else "", "quiet"),
    ]


def remark_line(row: Remark, width: int) -> Line:
    """Return a quiet sentence, cut where it is too long."""
    return [(shortened(f"   {row.text}", width - 1), "note")]


def item_lines(item: Item, width: int, writing: Writing) -> list[Line]:
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
        note = (shortened(item.note, width - taken - 1), "note")
        return [[*head, *_name(item, room, writing), *tail], [(" " * taken, ""), note]]
    names = min(writing.names, room) if item.note else room - 2
    left = max(0, room - names - 2)
    note = (_filled(shortened(item.note, left), left), "note")
    return [[*head, *_name(item, names, writing), ("  ", ""), note, *tail]]


def _head(item: Item, writing: Writing) -> tuple[Line, int]:
    """Return mark, kind and state, and the cells that they take."""
    line: Line = [("◆ " if writing.marked else "  ", "mark")] if writing.marks else [(" ", "")]
    if writing.badges:
        line.append((f"{shortened(item.kind, BADGE - 1):<{BADGE}}", "badge"))
    if item.state in STATES:
        glyph, part = STATES[item.state]
        line.append((f"{glyph} ", part))
    return line, sum(len(text) for text, _ in line)


def _tail(item: Item, width: int) -> tuple[Line, int]:
    """Return the sketched curve and the age, and the cells that they take."""
    line: Line = []
    cells = 0 if width < 34 else SPARK[width >= ROOMY]
    if item.spark and cells:
        line.append((f" {sparkline(item.spark, cells):<{cells}}", "spark"))
    if item.when and width >= 30:
        line.append((f" {age(item.when):>{AGE}}", "quiet"))
    return line, sum(len(text) for text, _ in line)


def _name(item: Item, width: int, writing: Writing) -> Line:
    """Return the name in ``width`` cells, with what was looked for picked out."""
    text = shortened(item.name, width)
    gap = (" " * max(0, width - cell_len(text)), "")
    if not writing.found:
        return [(text, "name"), gap]
    found = set(writing.found)
    return [(letter, "found" if place in found else "name") for place, letter in enumerate(text)] + [gap]


def _filled(text: str, width: int) -> str:
    """Return a text followed by spaces up to ``width`` cells."""
    return text + " " * max(0, width - cell_len(text))


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
