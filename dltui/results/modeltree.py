"""A network as nested calls: which of them are seen when some blocks are closed, and the tree as text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

Edge = tuple[int, int]
MOST = 60  # lines of a tree, above which blocks stay closed
BOXES = 40  # boxes of a drawn graph, above which they do
WITH = "with "  # how it is told that a function reads a parameter
# functions that look at the same numbers otherwise
LOOKS = frozenset((
    *("view", "reshape", "flatten", "unflatten", "transpose", "permute", "movedim", "expand", "expand_as"),
    *(
        "chunk",
        "split",
        "unbind",
        "unsqueeze",
        "squeeze",
        "contiguous",
        "arange",
        "T",
        "mT",
        "Flatten",
        "Identity",
    ),
))


@dataclass(frozen=True, slots=True)
class Node:
    """One call: of a layer, of a function, or of a block that holds others.

    Attributes:
        name: Where it stands in the network, such as ``blocks.0.attention``; a later call of the same ends in ``#2``.
        kind: What is called, such as ``Conv2d`` or ``add``.
        parent: Place of the block that it is in, −1 at the top.
        block: Whether others are in it.
        shape: Shape of its output.
        parameters: How many it has, with all that is in it.
        detail: What a layer says of itself.
    """

    name: str
    kind: str
    parent: int
    block: bool
    shape: Sequence[int]
    parameters: int
    detail: str = ""

    @property
    def size(self) -> str:
        """The shape of the output as people write it."""
        return "×".join(map(str, self.shape))


def short(node: Node, parent: Node | None) -> str:
    """Return the name of a node inside of its block."""
    if parent is None:
        return node.name
    bare = node.name.removeprefix(f"{parent.name}.")
    return bare or node.name


def nicknames(nodes: Sequence[Node], most: int) -> list[str]:
    """Return names of at most ``most`` letters: of long ones the end, which tells more."""
    return [node.name if len(node.name) <= most else f"…{node.name[1 - most :]}" for node in nodes]


def depth_of(nodes: Sequence[Node]) -> list[int]:
    """Return how many blocks each node is in; a block comes before what is in it."""
    depth: list[int] = []
    for node in nodes:
        depth.append(0 if node.parent < 0 else depth[node.parent] + 1)
    return depth


def opened_to(nodes: Sequence[Node], depth: int) -> set[int]:
    """Return the blocks that are open when all of ``depth`` levels are."""
    return {
        place
        for place, (node, level) in enumerate(zip(nodes, depth_of(nodes), strict=True))
        if node.block and level < depth
    }


def fitting(nodes: Sequence[Node], most: int, *, blocks: bool) -> int:
    """Return how many levels can be open so that no more than ``most`` nodes are seen.

    Args:
        nodes: The calls.
        most: How many may be seen.
        blocks: Whether open blocks are seen too, as lines of a tree are.

    Returns:
        A number of levels, at least 0; all of them where they fit.
    """
    levels = depth_of(nodes)
    for depth in range(max(levels, default=0), 0, -1):
        opened = opened_to(nodes, depth)
        seen = sum(level <= depth and (blocks or place not in opened) for place, level in enumerate(levels))
        if seen <= most:
            return depth
    return 0


def stand_ins(nodes: Sequence[Node], opened: Collection[int]) -> list[int]:
    """Return for each node the one that is seen for it: itself, or the outermost closed block that it is in."""
    seen: list[int] = []
    for place, node in enumerate(nodes):
        above = -1 if node.parent < 0 else seen[node.parent]
        hidden = above >= 0 and (above != node.parent or node.parent not in opened)
        seen.append(above if hidden else place)
    return seen


def folded(
    nodes: Sequence[Node], edges: Sequence[Edge], opened: Collection[int]
) -> tuple[list[int], list[Edge]]:
    """Return the graph as it is seen with some blocks open.

    Args:
        nodes: The calls.
        edges: Arrows between those that hold nothing.
        opened: Places of the blocks that are open.

    Returns:
        Places of the boxes in their order, and arrows between them as pairs of places.
    """
    seen = stand_ins(nodes, opened)
    boxes = [
        place
        for place, node in enumerate(nodes)
        if seen[place] == place and not (node.block and place in opened)
    ]
    arrows = dict.fromkeys((seen[a], seen[b]) for a, b in edges if seen[a] != seen[b])
    return boxes, list(arrows)


def alike(nodes: Sequence[Node]) -> list[str]:
    """Return what each node is, with all that is in it but without its name; equal ones are built alike."""
    inside: dict[int, list[int]] = {}
    for place, node in enumerate(nodes):
        inside.setdefault(node.parent, []).append(place)
    found = [""] * len(nodes)
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        within = ",".join(found[child] for child in inside.get(place, []))
        found[place] = f"{node.kind}({node.detail}){node.size}/{node.parameters}[{within}]"
    return found


def repeats(nodes: Sequence[Node]) -> dict[int, int]:
    """Return the first block of each row of neighbours that are built alike, and how many of them there are."""
    same = alike(nodes)
    siblings: dict[int, list[int]] = {}
    for place, node in enumerate(nodes):
        siblings.setdefault(node.parent, []).append(place)
    found: dict[int, int] = {}
    for row in siblings.values():
        start = 0
        while start < len(row):
            stop = start + 1
            while stop < len(row) and nodes[row[start]].block and same[row[stop]] == same[row[start]]:
                stop += 1
            if stop - start > 1:
                found[row[start]] = stop - start
            start = stop
    return found


def page_depth(nodes: Sequence[Node], edges: Sequence[Edge], most: int) -> int:
    """Return how many levels can be open so that the folded tree has no more than ``most`` lines.

    Args:
        nodes: The calls.
        edges: Arrows between those that hold nothing.
        most: How many lines there may be.

    Returns:
        A number of levels, at least 0.
    """
    deepest = max(depth_of(nodes), default=0)
    for depth in range(deepest, 0, -1):
        if len(tree_lines(nodes, edges, opened_to(nodes, depth), fold=True)) <= most:
            return depth
    return 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a tree.

    Attributes:
        place: Place of the node.
        stem: The lines that lead to it.
        name: Its name inside of its block; of a row of blocks built alike, from the first to the last.
        sources: From where it is fed, where that is not only the line before.
        times: How many neighbours built alike it stands for.
    """

    place: int
    stem: str
    name: str
    sources: tuple[str, ...] = ()
    times: int = 1


def tree_lines(
    nodes: Sequence[Node], edges: Sequence[Edge], opened: Collection[int], *, fold: bool
) -> list[Line]:
    """Return the tree, one line a node, with where each is fed from.

    Args:
        nodes: The calls.
        edges: Arrows between those that hold nothing.
        opened: Places of the blocks that are open.
        fold: Whether neighbours that are built alike share the lines of the first.

    Returns:
        The lines from top to bottom.
    """
    inside: dict[int, list[int]] = {}
    for place, node in enumerate(nodes):
        inside.setdefault(node.parent, []).append(place)
    times = repeats(nodes) if fold else {}
    sources = _Sources(nodes, edges, opened)
    lines: list[Line] = []

    def put(parent: int, stem: str) -> None:
        children, at = inside.get(parent, []), 0
        above = nodes[parent] if parent >= 0 else None
        while at < len(children):
            place, many = children[at], times.get(children[at], 1)
            at += many
            last = at == len(children)
            name = short(nodes[place], above)
            if many > 1:
                name += f" … {short(nodes[children[at - 1]], above).rpartition('.')[2]}"
            branch = "" if parent < 0 else "└ " if last else "├ "
            lines.append(Line(place, stem + branch, name, sources.of(place), many))
            if nodes[place].block and place in opened:
                put(place, stem + ("  " if parent < 0 or last else "│ "))

    put(-1, "")
    return lines


class _Sources:
    """From where each call is fed, as it is seen with some blocks open."""

    def __init__(self, nodes: Sequence[Node], edges: Sequence[Edge], opened: Collection[int]) -> None:
        self._nodes, self._opened = nodes, opened
        self._seen = stand_ins(nodes, opened)
        self._ends = list(
            range(1, len(nodes) + 1)
        )  # after all that is in a call: it stands in a row behind it
        for place in range(len(nodes) - 1, -1, -1):
            above = nodes[place].parent
            if above >= 0:
                self._ends[above] = max(self._ends[above], self._ends[place])
        self._feeding: dict[int, list[int]] = {}
        for start, end in edges:
            self._feeding.setdefault(end, []).append(start)
        self._before: list[int] = []  # the last call before that holds nothing
        last = -1
        for place, node in enumerate(nodes):
            self._before.append(last)
            last = last if node.block else place

    def of(self, place: int) -> tuple[str, ...]:
        """Return the names of what feeds a call, unless that is only the call before it."""
        if self._nodes[place].block and place in self._opened:
            return ()
        within = range(place, self._ends[place])
        fed = [one for inner in within for one in self._feeding.get(inner, []) if one not in within]
        sources = dict.fromkeys(self._seen[one] for one in fed)
        before = self._before[place]
        if not sources or (len(sources) == 1 and all(one <= before < self._ends[one] for one in sources)):
            return ()
        parent = self._nodes[place].parent
        return tuple(_relative(self._nodes, one, parent) for one in sources)


def _relative(nodes: Sequence[Node], place: int, parent: int) -> str:
    """Return the name of a node as it reads from inside of a block."""
    prefix = f"{nodes[parent].name}." if parent >= 0 else ""
    return nodes[place].name.removeprefix(prefix)
