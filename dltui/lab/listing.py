"""Rows under columns, printed without numpy: lists, counts and verdicts of the lab."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dltui.results import Result

GAP = 2  # cells between columns


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A table as text at once, as JSON, and as a result on demand.

    Attributes:
        title: What is listed.
        columns: Names of the columns.
        rows: Cells; numbers stand right, text left, and the last column wraps.
        plain: The JSON document.
        foot: Lines below the table, wrapped.
        exact: Lines below the foot that scripts take as they are, however long; a path, for one.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]
    plain: dict[str, Any]
    foot: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        return self.plain

    def lines(self, width: int) -> list[str]:
        """Return the table in lines of at most ``width`` cells, but for the exact ones."""
        table = in_columns((self.columns, *self.rows), width) if self.rows else []
        foot = [line for text in self.foot for line in wrap(text, width)] + [*self.exact]
        return [*table, *([""] if table and foot else []), *foot]

    def result(self) -> Result:
        """Return the same as a result with one table."""
        from dltui.figures import Table
        from dltui.results.gallery import Gallery

        table = Table(
            title=self.title, caption=" ".join(self.foot + self.exact), columns=self.columns, rows=self.rows
        )
        return Gallery(title=self.title, shown=(table,), numbers=self.plain)


def in_columns(rows: tuple[tuple[str | int | float, ...], ...], width: int) -> list[str]:
    """Return rows as aligned lines.

    Args:
        rows: Cells, the same number in each row.
        width: Cells in a line; the last column wraps to what the others leave.

    Returns:
        The lines, without spaces at their ends.
    """
    cells = [[_text(cell) for cell in row] for row in rows]
    wide = [max(_cells(row[i]) for row in cells) for i in range(len(rows[0]))]
    indent = sum(wide[:-1]) + GAP * (len(wide) - 1)
    right = [not isinstance(cell, str) for cell in rows[-1]]
    lines: list[str] = []
    for row in cells:
        head = "".join(_pad(cell, wide[i], right=right[i]) + " " * GAP for i, cell in enumerate(row[:-1]))
        last = row[-1].rjust(wide[-1]) if right[-1] else row[-1]
        tail = wrap(last, max(20, width - indent), break_on_hyphens=False) if not right[-1] else [last]
        lines += [(head if not i else " " * indent) + part for i, part in enumerate(tail or [""])]
    return [line.rstrip() for line in lines]


def _text(cell: str | int | float) -> str:
    """Return a cell as text; seconds and shares with two digits behind the point."""
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


def _cells(text: str) -> int:
    """Return how many cells a text takes: combining marks none."""
    return sum(not unicodedata.combining(character) for character in text)


def _pad(text: str, width: int, *, right: bool) -> str:
    """Return ``text`` filled with spaces to ``width`` cells."""
    space = " " * (width - _cells(text))
    return space + text if right else text + space
