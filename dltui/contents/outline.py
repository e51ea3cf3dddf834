"""The lines of a tree that is walked: modules that open and close, several alike in one line until that is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dltui.contents.entry import Entry
from dltui.contents.tree import Node, grow, only_several, runs, span

MOST_FOUND = 5000  # tensors that are listed beside each other


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        node: What stands there; the first of several that are alike.
        alike: All that it stands for.
        depth: How far it is moved in.
        label: What it is called.
        mark: What opens and closes with it, or 0 for a tensor.
    """

    node: Node
    alike: tuple[Node, ...]
    depth: int
    label: str
    mark: int

    @property
    def entry(self) -> Entry | None:
        """The tensor, or None for a module or for several."""
        return self.node.entry if len(self.alike) == 1 else None

    @property
    def nbytes(self) -> int:
        """Bytes in all that it stands for."""
        return sum(one.nbytes for one in self.alike)

    @property
    def elements(self) -> int:
        """Numbers in all that it stands for."""
        return sum(one.elements for one in self.alike)

    @property
    def path(self) -> str:
        """Whole name of the module or tensor, of the first where it stands for several."""
        return self.node.path.rstrip("./") if self.node.entry is None else self.node.path


@dataclass(eq=False)
class Outline:
    """A tree of which some parts are open.

    Attributes:
        entries: The tensors.
        root: The tree.
        opened: Marks of what is open.
        wanted: Words that the names of shown tensors hold; empty for the whole tree.
        lines: What is shown.
        found: Tensors whose names hold the words; the first few thousand of them are shown.
    """

    entries: Sequence[Entry]
    root: Node = field(init=False)
    opened: set[int] = field(default_factory=set)
    wanted: tuple[str, ...] = ()
    lines: list[Line] = field(default_factory=list)
    found: int = 0

    def __post_init__(self) -> None:
        """Grow the tree."""
        self.root = grow(self.entries)
        self._groups: dict[int, list[tuple[Node, ...]]] = {}
        self._lowered: list[str] = []
        self.lay_out()

    def lay_out(self) -> None:
        """Settle what is shown."""
        if not self.wanted:
            self.lines = list(self._below(self.root, 0))
            return
        if not self._lowered:
            self._lowered = [one.name.lower() for one in self.entries]
        first, *others = self.wanted
        found = [place for place, name in enumerate(self._lowered) if first in name]
        for word in others:
            found = [place for place in found if word in self._lowered[place]]
        self.found = len(found)
        self.lines = [_leaf(self.entries[place]) for place in found[:MOST_FOUND]]

    def _below(self, node: Node, depth: int) -> Iterator[Line]:
        """Yield the lines of what a module holds."""
        for whole in self._runs(node):
            alike, before = only_several(whole)
            if len(alike) == 1:
                yield from self._one(alike[0], depth, alike[0].label)
                continue
            label = before + span(alike[0].label, alike[-1].label)
            mark = -id(alike[0])
            yield Line(alike[0], alike, depth, label, mark)
            if mark in self.opened:
                for one in alike:
                    yield from self._one(one, depth + 1, one.label)

    def _one(self, node: Node, depth: int, label: str) -> Iterator[Line]:
        """Yield the line of a module or tensor, and what is open below it."""
        mark = 0 if node.entry is not None else id(node)
        yield Line(node, (node,), depth, label, mark)
        if mark in self.opened:
            yield from self._below(node, depth + 1)

    def _runs(self, node: Node) -> list[tuple[Node, ...]]:
        """Return what a module holds, alike ones together; found once."""
        if id(node) not in self._groups:
            self._groups[id(node)] = list(runs(node.inside))
        return self._groups[id(node)]

    def turn(self, line: Line) -> None:
        """Open what is shut, or shut what is open."""
        if line.mark:
            self.opened ^= {line.mark}
            self.lay_out()

    def open_until(self, most: int) -> None:
        """Open level after level while the lines are not more than ``most``."""
        while True:
            before = set(self.opened)
            self.opened |= {line.mark for line in self.lines if line.mark and line.mark > 0}
            self.lay_out()
            if self.opened == before:
                return
            if len(self.lines) > most:
                self.opened = before
                self.lay_out()
                return

    def find(self, name: str) -> int | None:
        """Open the way to a tensor or module.

        Args:
            name: Its whole name.

        Returns:
            The number of its line, or None when there is none.
        """
        if self.wanted:
            return next((at for at, line in enumerate(self.lines) if line.path == name), None)
        while True:
            for at, line in enumerate(self.lines):
                if line.path == name and (len(line.alike) == 1):
                    return at
            inner = [
                line
                for line in self.lines
                if line.mark and line.mark not in self.opened and _holds(line, name)
            ]
            if not inner:
                return None
            self.opened.add(inner[-1].mark)
            self.lay_out()


def _holds(line: Line, name: str) -> bool:
    """Return whether something is within what a line stands for."""
    return any(name.startswith(one.path) or name == one.path.rstrip("./") for one in line.alike)


def _leaf(entry: Entry) -> Line:
    """Return the line of a tensor by its whole name."""
    node = Node(entry.name, entry.name, entry, [], 1, entry.elements, entry.nbytes)
    return Line(node, (node,), 0, entry.name, 0)
