"""The calls of a network as a tree that is walked and unfolded."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from textual.content import Content
from textual.widgets.option_list import Option

from dltui.draw.letters import clip_middle
from dltui.results.modeltree import Edge, Line, Node, fitting, opened_to, tree_lines
from dltui.tui import actions
from dltui.tui.widgets.choices import Choices

WIDE = 28  # cells of a line
LINES = 24  # lines that the tree has at first at most
OPEN, SHUT, LEAF = "▾ ", "▸ ", "  "


class CallTree(Choices, inherit_bindings=False):
    """Blocks that can be opened and closed, and what they hold; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    CallTree {
        width: 31; height: 1fr; border: none; border-right: solid $foreground 15%; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    CallTree:focus { border: none; border-right: solid $foreground 15%; background: transparent; }
    CallTree > .option-list--option { padding: 0 1; }
    CallTree > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    CallTree:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._calls: Sequence[Node] = ()
        self._arrows: Sequence[Edge] = ()
        self._rows: list[Line] = []
        self.opened: set[int] = set()

    def grow(self, nodes: Sequence[Node], edges: Sequence[Edge], chosen: int) -> None:
        """Show other calls, with as many blocks open as have room, and one of them chosen.

        Args:
            nodes: The calls.
            edges: Arrows between those that hold nothing.
            chosen: Place of the call that is chosen; the blocks that it is in are open.
        """
        self._calls, self._arrows = nodes, edges
        self.opened = opened_to(nodes, fitting(nodes, LINES, blocks=True))
        above = nodes[chosen].parent if nodes else -1
        while above >= 0:
            self.opened.add(above)
            above = nodes[above].parent
        self._fill(chosen)

    @property
    def place(self) -> int | None:
        """Place of the call that is chosen, or None."""
        at = self.highlighted
        return None if at is None or at >= len(self._rows) else self._rows[at].place

    def turn(self, place: int) -> None:
        """Open a block, or close it."""
        self.opened ^= {place}
        self._fill(place)

    def unfold(self, change: int) -> None:
        """Open all blocks on the level below those that are open everywhere, or close the innermost.

        Args:
            change: 1 to open, −1 to close.
        """
        depth = 0
        while opened_to(self._calls, depth + 1) <= self.opened and depth < len(self._calls):
            depth += 1
        if change < 0:
            depth = min(depth, fitting(self._calls, len(self._calls), blocks=True))
        self.opened = opened_to(self._calls, max(0, depth + change))
        self._fill(self.place or 0)

    def _fill(self, chosen: int) -> None:
        """Put the lines in; where what was chosen is not seen, the block that holds it is chosen."""
        self._rows = tree_lines(self._calls, self._arrows, self.opened, fold=False)
        seen = {line.place: number for number, line in enumerate(self._rows)}
        while chosen >= 0 and chosen not in seen:
            chosen = self._calls[chosen].parent
        with self.prevent(Choices.OptionHighlighted):
            self.clear_options()
            self.add_options([Option(line_of(self._calls, line, self.opened)) for line in self._rows])
        self.highlighted = seen.get(chosen, 0) if self._rows else None


def line_of(nodes: Sequence[Node], line: Line, opened: Collection[int]) -> Content:
    """Return a line of the tree: its branch, whether it can be opened, its name, and where it is fed from."""
    node = nodes[line.place]
    mark = LEAF if not node.block else OPEN if line.place in opened else SHUT
    room = WIDE - len(line.stem) - len(mark)
    name = clip_middle(line.name, max(4, room))
    fed = f"  ← {', '.join(line.sources)}"[: max(0, room - len(name))] if len(line.sources) > 1 else ""
    return Content.assemble(
        (line.stem, "$foreground 70%"),
        (mark, "$primary"),
        (name, "bold $foreground" if node.block else "$foreground"),
        "  " if fed else "",
        (fed.strip(), "$foreground 70%"),
    )
