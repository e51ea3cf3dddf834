"""Figures made of text: graphs, tokens, tables, computations and prose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dltui.figures.base import Array, Figure, listing, number

Cell = str | int | float | bool | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Graph(Figure):
    """Boxes and the arrows between them; drawn from sources to sinks.

    Attributes:
        nodes: What stands in each box.
        edges: Arrows as pairs of node indices (from, to).
        notes: A second, quieter line in each box; empty, or one a node.
    """

    nodes: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    notes: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the number of boxes and arrows, with sources and sinks by name."""
        fed = {to for _, to in self.edges}
        feeding = {source for source, _ in self.edges}
        sources = [node for i, node in enumerate(self.nodes) if i not in fed]
        sinks = [node for i, node in enumerate(self.nodes) if i not in feeding]
        return (
            f"A graph of {len(self.nodes)} nodes and {len(self.edges)} edges, "
            f"from {listing(sources)} to {listing(sinks)}."
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Tokens(Figure):
    """A text whose pieces are coloured by a number.

    Attributes:
        tokens: The pieces, in reading order.
        weights: A number for each piece, shape (n,).
        value_label: Name and unit of the numbers.
    """

    tokens: tuple[str, ...]
    weights: Array
    value_label: str = ""

    def words(self) -> str:
        """Return the number of pieces and the three with the largest weights."""
        order = np.argsort(-np.where(np.isfinite(self.weights), self.weights, -np.inf))[:3]
        top = ", ".join(f"{self.tokens[i]!r} {number(self.weights[i])}" for i in order)
        return f"{len(self.tokens)} tokens; largest {self.value_label or 'weight'}: {top}."


@dataclass(frozen=True, eq=False, kw_only=True)
class Table(Figure):
    """Rows under named columns.

    Attributes:
        columns: Names of the columns.
        rows: Cells; numbers stay numbers, so that exports keep their digits.
        spare: Names of columns that a terminal leaves out rather than cut others, the first of them first.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    spare: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the size, the names of the columns, and the first row."""
        text = f"A table of {len(self.rows)} rows with {listing(self.columns, 12)}."
        if self.rows:
            pairs = zip(self.columns, self.rows[0], strict=False)
            text += " First row: " + ", ".join(f"{name} {_cell(cell)}" for name, cell in pairs) + "."
        return text


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """Numbers in rows beside a line, those that it reads lit.

    Attributes:
        name: What they are.
        rows: The numbers as text; rows of equal length.
        lit: Row and column of those that are read.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    lit: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One line of a computation.

    Attributes:
        formula: The line, in symbols or with the numbers put in; further lines of it after line breaks.
        note: Why it follows; may be empty.
        grids: What it reads; drawn above it.
    """

    formula: str
    note: str = ""
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Steps(Figure):
    """A computation written out as on paper.

    Attributes:
        steps: The lines from top to bottom.
    """

    steps: tuple[Step, ...]

    def words(self) -> str:
        """Return every line in order."""
        return " ".join(
            f"{' '.join(s.formula.split())}{f' ({s.note})' if s.note else ''}." for s in self.steps
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Prose(Figure):
    """Paragraphs, parted by blank lines.

    Attributes:
        text: Plain text; lines of one paragraph are joined and wrapped to the width.
    """

    text: str

    def words(self) -> str:
        """Return the text itself."""
        return " ".join(self.text.split())


def _cell(cell: Cell) -> str:
    """Return a table cell as it is spoken."""
    if isinstance(cell, float):
        return number(cell)
    return "none" if cell is None else str(cell)
