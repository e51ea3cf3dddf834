"""What home shows first: a little of everything, the newest of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dltui.tui.catalog import SHELVES
from dltui.tui.catalog.items import Item, Shelf
from dltui.tui.widgets.rows import Heading, Remark, Row

READING = "reading …"
BY_FAMILY = "lab"  # the shelf of which only the families are shown
FIRST = ("results", "runs")  # shelves that show what is new; the others stand in the second column
GOING = "running"
ORDERS = ("as they come", "by name", "by state")  # the first is that of the shelf: mostly the newest first


def overview(
    known: Mapping[str, Sequence[Item]], jobs: Sequence[Item], most: int, unread: Mapping[str, str]
) -> tuple[list[Row], list[Row]]:
    """Return what is new, and what else there is.

    Args:
        known: The things of each shelf that has been read.
        jobs: What is being computed at this moment.
        most: Things that are shown of each shelf.
        unread: Why a shelf could not be read, by its name.

    Returns:
        Rows of the first column and of the second; with one column they follow each other.
    """
    first = list(_going(known, jobs))
    for shelf in SHELVES:
        if shelf.name in FIRST:
            first += _shelf(shelf, known, most, unread)
    second: list[Row] = []
    for shelf in SHELVES:
        if shelf.name == BY_FAMILY:
            second += _families(shelf, known, unread)
        elif shelf.name not in FIRST:
            second += _shelf(shelf, known, most, unread)
    return first, second


def ordered(items: Sequence[Item], order: int) -> list[Row]:
    """Return the things of a shelf as rows.

    Args:
        items: The things.
        order: Which of ``ORDERS``; only the first one keeps the groups.

    Returns:
        Things, and headings above groups.
    """
    if order == ORDERS.index("by name"):
        return [*sorted(items, key=lambda item: item.name.lower())]
    if order == ORDERS.index("by state"):
        return [*sorted(items, key=lambda item: (item.state or item.note, item.name.lower()))]
    return shelf_rows(items)


def shelf_rows(items: Sequence[Item]) -> list[Row]:
    """Return the things of a shelf, each group below its heading where the shelf has groups."""
    counts = Counter(item.group for item in items)
    rows: list[Row] = []
    group = ""
    for item in items:
        if item.group != group:
            group = item.group
            rows.append(Heading(group, str(counts[group])))
        rows.append(item)
    return rows


def empty_rows(shelf: Shelf, unread: str | None) -> list[Row]:
    """Return what an empty shelf says: a sentence, and the commands that would fill it.

    Args:
        shelf: Which shelf.
        unread: Why it could not be read, so that nobody knows what would stand there; None when it was.

    Returns:
        Its rows.
    """
    if unread is not None:
        return [Remark("This shelf could not be read; r tries again."), Remark(unread)]
    return [Remark(shelf.nothing), *(trial(command) for command in shelf.tries)]


def aired(rows: Sequence[Row]) -> list[Row]:
    """Return rows with an empty line above every heading but the first."""
    return [
        part
        for at, row in enumerate(rows)
        for part in ((Remark(""), row) if at and isinstance(row, Heading) else (row,))
    ]


def trial(command: str) -> Item:
    """Return a command line as a thing: opening it asks the verb's questions."""
    words = command.split()
    return Item("verb", command, "", words[1], command)


def _going(known: Mapping[str, Sequence[Item]], jobs: Sequence[Item]) -> Iterator[Row]:
    """Yield what goes on at this moment."""
    runs = [item for item in known.get("runs", ()) if item.state == GOING]
    if jobs or runs:
        yield Heading("Now", str(len(jobs) + len(runs)))
        yield from jobs
        yield from runs


def _shelf(
    shelf: Shelf, known: Mapping[str, Sequence[Item]], most: int, unread: Mapping[str, str]
) -> Iterator[Row]:
    """Yield the first things of a shelf below its name."""
    items = known.get(shelf.name)
    yield Heading(shelf.title, _count(items, unread.get(shelf.name)), shelf.item)
    if items is None:
        yield Remark(READING)
        return
    if not items:
        yield from empty_rows(shelf, unread.get(shelf.name))
    quiet = [item for item in items if item.state != GOING] if shelf.name == "runs" else list(items)
    shown = most if len(quiet) > most + 1 else len(quiet)  # "1 more" would take as much room as the one
    yield from quiet[:shown]
    if len(quiet) > shown:
        yield Item("shelf", f"… {len(quiet) - shown} more", "", shelf.name, "")


def _count(items: Sequence[Item] | None, unread: str | None) -> str:
    """Return how many things stand on a shelf, as far as that is known."""
    return "" if items is None else "?" if unread is not None and not items else str(len(items))


def _families(shelf: Shelf, known: Mapping[str, Sequence[Item]], unread: Mapping[str, str]) -> Iterator[Row]:
    """Yield the families of a shelf with how many things each has."""
    items = known.get(shelf.name)
    yield Heading(shelf.title, _count(items, unread.get(shelf.name)), shelf.item)
    if items is None:
        yield Remark(READING)
    elif not items:
        yield from empty_rows(shelf, unread.get(shelf.name))
    for family, count in Counter(item.group for item in items or ()).items():
        names = ", ".join(item.name for item in items or () if item.group == family)
        yield Item("shelf", family, f"{count} · {names}", f"{shelf.name}#{family}", "")
