"""A network as a graph, nested as its modules are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from textwrap import wrap
from typing import Any, ClassVar, Self

from dltui.figures import Figure, Graph, Table
from dltui.results.base import Result
from dltui.results.modeltree import (
    BOXES,
    MOST,
    WITH,
    Edge,
    Line,
    Node,
    fitting,
    folded,
    opened_to,
    page_depth,
    tree_lines,
)
from dltui.results.summary_page import short as rounded

GAP = 2
# which column gives way first where there is little room, and how many cells it keeps
SHRINKING = ((1, 16), (4, 24), (0, 30), (4, 14), (0, 20), (1, 8), (4, 8), (0, 14))


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelGraph(Result):
    """What a network calls on an input, block in block, and which output goes where.

    Attributes:
        calls: The calls as plain dictionaries, with the fields of ``Node``; a block comes before what is in it.
        arrows: Pairs (from, to) of places of calls that hold nothing inside.
        parameters: How many parameters the network has.
        depth: How many levels of blocks are open where it is drawn; −1 for as many as fit.
    """

    schema: ClassVar[str] = "graph/1"

    calls: list[dict[str, Any]] = field(default_factory=list)
    arrows: list[list[int]] = field(default_factory=list)
    parameters: int = 0
    depth: int = -1

    @classmethod
    def of(
        cls, title: str, nodes: Sequence[Node], edges: Sequence[Edge], parameters: int, *, depth: int = -1
    ) -> Self:
        """Return the graph of calls.

        Args:
            title: What to call the network.
            nodes: The calls.
            edges: Arrows between those that hold nothing.
            parameters: How many parameters the network has.
            depth: How many levels are open where it is drawn.

        Returns:
            The result.
        """
        calls = [asdict(node) | {"shape": list(node.shape)} for node in nodes]
        arrows = [list(edge) for edge in edges]
        return cls(title=title, calls=calls, arrows=arrows, parameters=parameters, depth=depth)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The calls."""
        return tuple(Node(**call) for call in self.calls)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Arrows between calls that hold nothing inside."""
        return tuple((start, end) for start, end in self.arrows)

    def summary(self) -> dict[str, Any]:
        """Return every call, and the arrows by name."""
        names = [node.name for node in self.nodes]
        return {
            "nodes": [
                {
                    "name": node.name,
                    "kind": node.kind,
                    "block": node.block,
                    "inside": names[node.parent] if node.parent >= 0 else None,
                    "output": list(node.shape),
                    "parameters": node.parameters,
                    "detail": node.detail,
                }
                for node in self.nodes
            ],
            "edges": [[names[start], names[end]] for start, end in self.edges],
            "parameters": self.parameters,
        }

    def figures(self) -> list[Figure]:
        """Return the graph with as many blocks open as fit, and all calls as a table."""
        depth = fitting(self.nodes, BOXES, blocks=False) if self.depth < 0 else self.depth
        return [self.drawn(opened_to(self.nodes, depth)), self._table()]

    def drawn(self, opened: Collection[int]) -> Graph:
        """Return the graph with some blocks open.

        Args:
            opened: Places of the blocks that are open.

        Returns:
            Boxes and arrows.
        """
        boxes, arrows = folded(self.nodes, self.edges, opened)
        where = {place: number for number, place in enumerate(boxes)}
        notes = tuple(_note(self.nodes[place]) for place in boxes)
        closed = sum(self.nodes[place].block for place in boxes)
        told = f"{closed} of the boxes are blocks that hold others; " if closed else ""
        return Graph(
            title=f"Graph · {self.title}",
            caption=f"{told}below each name what is called, and the shape of its output",
            nodes=tuple(self.nodes[place].name for place in boxes),
            edges=tuple((where[start], where[end]) for start, end in arrows),
            notes=notes,
        )

    def lines(self, width: int) -> list[str]:
        """Return the tree, one line a call, with shapes, parameters and where each is fed from."""
        depth = page_depth(self.nodes, self.edges, MOST) if self.depth < 0 else self.depth
        opened = opened_to(self.nodes, depth)
        rows = tree_lines(self.nodes, self.edges, opened, fold=self.depth < 0)
        closed = {row.place for row in rows if self.nodes[row.place].block and row.place not in opened}
        cells = [self._cells(row, "▸ " if row.place in closed else "") for row in rows]
        heads = ("call", "kind", "output", "parameters", "fed from")
        wide = [max(len(head), *(len(row[i]) for row in cells)) for i, head in enumerate(heads)]
        spare = width - sum(wide) - GAP * (len(wide) - 1)
        for place, least in SHRINKING:
            taken = min(max(0, -spare), max(0, wide[place] - least))
            wide[place] -= taken
            spare += taken
        page = [_row(heads, wide), "─" * min(width, sum(wide) + GAP * (len(wide) - 1))]
        page += [_row(row, wide) for row in cells]
        calls = sum(not node.block for node in self.nodes)
        foot = f"{calls} calls in {sum(node.block for node in self.nodes)} blocks · {self.parameters:,} parameters"
        told = [
            part
            for text in (foot, *_hints(rows, closed))
            for part in wrap(text, width, subsequent_indent="  ")
        ]
        return [self.title, "", *page, "", *told]

    def _cells(self, row: Line, mark: str) -> tuple[str, str, str, str, str]:
        """Return what a line of the tree tells; the mark stands before its name."""
        node = self.nodes[row.place]
        name = f"{row.stem}{mark}{row.name}{f' ×{row.times}' if row.times > 1 else ''}"
        kind = node.kind
        if node.detail and not node.block:
            kind += f" {node.detail}" if node.detail.startswith(WITH) else f"({node.detail})"
        fed = f"← {', '.join(row.sources)}" if row.sources else ""
        return name, kind, node.size, rounded(node.parameters * row.times) if node.parameters else "", fed

    def _table(self) -> Table:
        """Return every call with what is known of it."""
        fed: dict[int, list[str]] = {}
        for start, end in self.edges:
            fed.setdefault(end, []).append(self.nodes[start].name)
        return Table(
            title=f"Calls · {self.title}",
            columns=("name", "kind", "output", "parameters", "fed from", "detail"),
            rows=tuple(
                (node.name, node.kind, node.size, node.parameters, ", ".join(fed.get(i, [])), node.detail)
                for i, node in enumerate(self.nodes)
            ),
        )


def _note(node: Node) -> str:
    """Return the second line of a box."""
    kind = "" if node.kind == node.name.rpartition(".")[2].partition("#")[0] else node.kind
    return " ".join(part for part in (kind, node.size) if part)


def _row(cells: Sequence[str], wide: Sequence[int]) -> str:
    """Return cells side by side, numbers to the right."""
    told = []
    for place, (cell, room) in enumerate(zip(cells, wide, strict=True)):
        shown = cell if len(cell) <= room else f"{cell[: max(0, room - 1)]}…"
        told.append(shown.rjust(room) if place == 3 else shown.ljust(room))
    return (" " * GAP).join(told).rstrip()


def _hints(rows: Sequence[Line], closed: Collection[int]) -> list[str]:
    """Return what the signs of a page mean, and how to see what is folded away."""
    signs = [
        *(["▸ a closed block"] if closed else []),
        *(["× how many are built alike"] if any(row.times > 1 for row in rows) else []),
    ]
    return [f"{', '.join(signs)}; --depth opens more"] if signs else []
