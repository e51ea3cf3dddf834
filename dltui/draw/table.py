"""Tables: aligned columns that fit the width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest

from dltui.draw.canvas import clip, text_width
from dltui.draw.colors import QUIET
from dltui.draw.layout import sheet
from dltui.draw.letters import clip_middle, padded, wrap
from dltui.draw.look import Look
from dltui.draw.view import Drawing, View
from dltui.figures import Cell, Table, number
from dltui.plaintext import to_ascii

GAP = 2
NARROWEST = 3
NAME = 32  # cells of a name that tell it from others


def draw_table(figure: Table, look: Look, view: View) -> Drawing:
    """Return the rows of a table from the view's offset on, under a ruled header.

    Where there is no end to the height, words that don't fit go on below; on a screen each row is one line.
    """
    figure = _fitting(figure, max(look.width, 1), look.ascii, look.height is None)
    if look.height is None:
        return _whole(figure, look)
    words, right, natural = _read(figure, look.ascii)
    canvas, top, rows = sheet(figure, look, len(words) + 2)
    shown_rows = max(0, rows - 2)
    first = max(0, min(view.offset, len(words) - shown_rows))
    gap = GAP if sum(natural) + GAP * (len(natural) - 1) <= canvas.width else 1
    widths = column_widths(natural, canvas.width, gap)
    names = [_clip(name, width) for name, width in zip(figure.columns, widths, strict=False)]
    canvas.text(0, top, _line(names, widths, right, gap), bold=True)
    canvas.text(0, top + 1, (" " * gap).join("─" * width for width in widths), QUIET)
    for place, row in enumerate(words[first : first + shown_rows]):
        canvas.text(0, top + 2 + place, _line(row, widths, right, gap))
    if len(words) > shown_rows:
        note = f" {first + 1}–{first + shown_rows} of {len(words)} "
        canvas.text(max(0, canvas.width - text_width(note)), top + 1, clip(note, canvas.width), QUIET)
    return Drawing(canvas)


def _whole(figure: Table, look: Look) -> Drawing:
    """Return all rows of a table, each on as many lines as its words need."""
    words, right, natural = _read(figure, look.ascii)
    widths, gap = _roomy([list(figure.columns), *words], natural, max(look.width, 1))
    head = _folded(list(figure.columns), widths, right, gap)
    body = [line for row in words for line in _folded(row, widths, right, gap)]
    canvas, top, _ = sheet(figure, look, len(head) + 1 + len(body))
    for place, line in enumerate(head):
        canvas.text(0, top + place, line, bold=True)
    canvas.text(0, top + len(head), (" " * gap).join("─" * width for width in widths), QUIET)
    for place, line in enumerate(body):
        canvas.text(0, top + len(head) + 1 + place, line)
    return Drawing(canvas)


def _roomy(rows: list[list[str]], natural: list[int], room: int) -> tuple[list[int], int]:
    """Return how wide each column is and the cells between two, where words may go on below.

    A column gives room as long as its longest word has enough; where that does not do, words are cut.
    """
    longest = [max(_longest(row[i]) for row in rows if i < len(row)) for i in range(len(natural))]
    for gap in (GAP, 1):
        if sum(natural) + gap * (len(natural) - 1) <= room:
            return natural, gap
    for gap in (GAP, 1):
        free = room - gap * (len(natural) - 1)
        if sum(longest) <= free:
            level = min(max(natural), room)
            while sum(found := _levelled(longest, natural, level)) > free:
                level -= 1
            return found, gap
    return column_widths(natural, room, 1), 1


def _longest(cell: str) -> int:
    """Return how wide the longest word is."""
    return max(map(text_width, cell.split()), default=0)


def _is_prose(cell: str) -> bool:
    """Return whether a cell is of words, as 20×30 → 30×30 is not."""
    return sum(word[0].isalpha() for word in cell.split()) > 1


def _folding(head: Sequence[str], words: list[list[str]]) -> list[int]:
    """Return how wide each column is when its header and prose in it go on below, but nothing shorter does."""
    cells = [[row[i] for row in words if i < len(row)] for i in range(len(head))]
    found = []
    for name, column in zip(head, cells, strict=True):
        wide = [_longest(cell) if _is_prose(cell) else text_width(cell) for cell in column]
        found.append(max([_longest(name), *wide]))
    return found


def _levelled(least: list[int], most: list[int], level: int) -> list[int]:
    """Return widths that are as near to a level as their bounds let them."""
    return [max(low, min(high, level)) for low, high in zip(least, most, strict=True)]


def _folded(cells: list[str], widths: list[int], right: list[bool], gap: int) -> list[str]:
    """Return the lines of one row; a cell of several words that is too long goes on below itself."""
    columns = [
        wrap(cell, width) if " " in cell and text_width(cell) > width else [cell]
        for cell, width in zip(cells, widths, strict=False)
    ]
    return [_line(list(line), widths, right, gap) for line in zip_longest(*columns, fillvalue="")]


@lru_cache(maxsize=4)
def _fitting(figure: Table, room: int, ascii_only: bool, folds: bool) -> Table:
    """Return a table without the spare columns that would cost others their letters, and a caption that names them.

    Names, which stand first, may be cut to ``NAME`` before: both their ends are kept. Where words may go on below,
    headers and prose need no more room than the longest of theirs.
    """
    if not figure.spare:
        return figure
    words, _, wide = _read(figure, ascii_only)
    natural = dict(zip(figure.columns, _folding(figure.columns, words) if folds else wide, strict=True))
    natural[figure.columns[0]] = min(natural[figure.columns[0]], NAME)
    spare = list(figure.spare)
    room -= sum(wide + 1 for name, wide in natural.items() if name not in figure.spare) - 1
    while spare and sum(natural[name] + 1 for name in spare) > room:
        spare.pop(0)
    dropped = figure.spare[: len(figure.spare) - len(spare)]
    for name in reversed(dropped):  # a wide one may leave room for others
        if sum(natural[one] + 1 for one in (name, *spare)) <= room:
            spare.insert(0, name)
    left_out = [name for name in figure.spare if name not in spare]
    if not left_out:
        return figure
    kept = [place for place, name in enumerate(figure.columns) if name not in left_out]
    note = f"left out, for there is no room: {', '.join(left_out)}"
    return replace(
        figure,
        caption=f"{figure.caption}; {note}" if figure.caption else note,
        columns=tuple(figure.columns[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept if place < len(row)) for row in figure.rows),
    )


@lru_cache(maxsize=4)
def _read(figure: Table, ascii_only: bool) -> tuple[list[list[str]], list[bool], list[int]]:
    """Return cells as text, which columns are numbers, and how wide they would like to be; kept for scrolling."""
    columns = range(len(figure.columns))
    words = [[cell_text(cell, ascii_only) for cell in row[: len(columns)]] for row in figure.rows]
    natural = [
        max(text_width(figure.columns[i]), *(text_width(row[i]) for row in words if i < len(row)), 1)
        for i in columns
    ]
    return words, [_is_numeric(figure, column) for column in columns], natural


def cell_text(cell: Cell, ascii_only: bool) -> str:
    """Return a cell as text of one line: numbers short, yes and no for truth, a dash for nothing."""
    if cell is None:
        return "-" if ascii_only else "–"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        text = number(cell)
        return to_ascii(text) if ascii_only else text
    return str(cell)


def column_widths(natural: list[int], room: int, gap: int = GAP) -> list[int]:
    """Return how wide each column is; the widest shrink first when there is not enough room.

    Args:
        natural: How wide each would like to be.
        room: Cells in a row.
        gap: Cells between two columns.

    Returns:
        A width for each column that has a place; columns that have none are missing.
    """
    most = max(1, (room + gap) // (NARROWEST + gap))
    widths = natural[:most]
    excess = sum(widths) + gap * (len(widths) - 1) - room
    while excess > 0 and widths and max(widths) > 1:
        widest = max(widths)
        next_width = max((width for width in widths if width < widest), default=1)
        tallest = [i for i, width in enumerate(widths) if width == widest]
        cut = min(excess, (widest - next_width) * len(tallest))
        for place, i in enumerate(tallest):
            widths[i] -= cut // len(tallest) + (place < cut % len(tallest))
        excess -= cut
    return widths


def _is_numeric(figure: Table, column: int) -> bool:
    """Return whether a column holds numbers, and so is aligned to the right."""
    cells = [row[column] for row in figure.rows if column < len(row) and row[column] is not None]
    return bool(cells) and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in cells)


def _line(cells: list[str], widths: list[int], right: list[bool], gap: int) -> str:
    """Return one row, each cell clipped and filled to its column's width."""
    parts = [
        padded(_shortened(cell, w) if r else _clip(cell, w), w, right=r)
        for cell, w, r in zip(cells, widths, right, strict=False)
    ]
    return (" " * gap).join(parts)


def _shortened(cell: str, width: int) -> str:
    """Return a number with as many digits as fit a width; one that is cut would be another number."""
    if text_width(cell) <= width:
        return cell
    try:
        value = float(cell.replace("−", "-").replace("∞", "inf"))
    except ValueError:  # the name of its column
        return clip(cell, width)
    scientific = f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")
    for text in (*(number(value, digits) for digits in (3, 2)), scientific, number(value, 1)):
        found = text.replace("−", "-") if cell.isascii() else text.replace("-", "−", text.startswith("-"))
        if len(found) <= width:
            return found
    return clip(cell, width)


def _clip(cell: str, width: int) -> str:
    """Return a cell cut to a width; of names such as ``layers.0.fc1.weight`` and ``block 12`` both ends are kept.

    Not of 200×300, which would be another shape then.
    """
    both = ("." in cell and " " not in cell) or (cell[:1].isalpha() and cell[-1:].isdigit())
    return clip_middle(cell, width) if both else clip(cell, width)
