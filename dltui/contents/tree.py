"""Tensors as the tree of modules that their names spell, with neighbours that are alike folded into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from dltui.contents.entry import Entry

PARTED = re.compile(r"[./]+")
SIGNS = ("", ".", "/")  # that part a name, and its end
DIGITS = re.compile(r"\d+")
DEEPEST = 40  # parts of a name; what follows stays in one
FEWEST_LEAVES = 4  # tensors beside each other that are worth folding


@dataclass(eq=False, slots=True)
class Node:
    """A module, or a tensor at the end of a branch.

    Attributes:
        label: What it is called within the module above, such as ``self_attn`` or ``q_proj.weight``.
        path: The beginning of the names of all tensors below it, its own whole name for a tensor.
        entry: The tensor, or None for a module.
        inside: What it holds, numbered parts in the order of their numbers.
        tensors: Tensors in it.
        elements: Numbers in it; those kept elsewhere already are left out.
        nbytes: Their bytes.
        mark: The same for two nodes of the same structure, shapes and types.
    """

    label: str
    path: str
    entry: Entry | None = None
    inside: list[Node] = field(default_factory=list)
    tensors: int = 0
    elements: int = 0
    nbytes: int = 0
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a tree.

    Attributes:
        node: What stands there; the first of several that are alike.
        alike: All that it stands for, itself first.
        depth: How many modules are above it.
        branch: The lines of the tree before it.
        before: The module that holds nothing but these, where that has no line of its own.
    """

    node: Node
    alike: tuple[Node, ...]
    depth: int
    branch: str
    before: str = ""

    @property
    def label(self) -> str:
        """Return its name, such as ``layers.0…29`` for several."""
        if len(self.alike) == 1:
            return self.node.label
        return self.before + span(self.node.label, self.alike[-1].label)


def span(first: str, last: str) -> str:
    """Return the names of several that differ by a number as one.

    >>> span("5.conv", "6.conv"), span("layer1", "layer4")
    ('5…6.conv', 'layer1…4')
    """
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    while same and first[same - 1].isdigit():
        same -= 1
    one, other = DIGITS.match(first, same), DIGITS.match(last, same)
    if one is None or other is None or first[one.end() :] != last[other.end() :]:
        return f"{first}…{last[same:]}"
    return f"{first[: one.end()]}…{last[same:]}"


def grow(entries: Iterable[Entry]) -> Node:
    """Return the tree that the names of tensors spell.

    Args:
        entries: The tensors.

    Returns:
        The root, without a name; modules that hold one thing only are joined with it.
    """
    root = Node("", "")
    known: dict[str, Node] = {"": root}
    for entry in entries:
        _plant(entry, root, known)
    _finish(root)
    return root


def _plant(entry: Entry, root: Node, known: dict[str, Node]) -> None:
    """Put a tensor in its place."""
    name = entry.name
    last = max(name.rfind("."), name.rfind("/")) + 1
    above = known.get(name[:last]) if last else root
    if above is not None and last < len(name):  # most have a neighbour that came before
        above.inside.append(Node(name[last:], name, entry))
        return
    if _plain(name):
        _module(name[:last], root, known).inside.append(Node(name[last:], name, entry))
        return
    starts = [match.end() for match in PARTED.finditer(name) if match.start() > 0 and match.end() < len(name)]
    starts = starts[:DEEPEST]
    above, begin = root, 0
    for start in starts:
        path = name[:start]
        node = known.get(path)
        if node is None:
            node = known[path] = Node(name[begin:start].rstrip("./"), path)
            above.inside.append(node)
        above, begin = node, start
    above.inside.append(Node(name[begin:], name, entry))


def _plain(name: str) -> bool:
    """Return whether no part of a name is empty, and none too deep."""
    if name[:1] in SIGNS or name[-1:] in SIGNS or ".." in name or "//" in name:
        return False
    return "./" not in name and "/." not in name and name.count(".") + name.count("/") <= DEEPEST


def _module(path: str, root: Node, known: dict[str, Node]) -> Node:
    """Return the module of a path that ends in its point, and make what is missing of it and above it."""
    node = known.get(path)
    if node is None:
        begin = max(path.rfind(".", 0, -1), path.rfind("/", 0, -1)) + 1
        node = known[path] = Node(path[begin:-1], path)
        _module(path[:begin], root, known).inside.append(node)
    return node


def _finish(root: Node) -> None:
    """Join chains, order numbered parts, count, and mark what is alike; children before parents."""
    marks: dict[object, int] = {}
    order, todo = [], [root]
    while todo:
        node = todo.pop()
        order.append(node)
        todo += node.inside
    for node in reversed(order):
        entry = node.entry
        if entry is not None:
            node.tensors = 1
            node.elements, node.nbytes = (0, 0) if entry.shared else (entry.elements, entry.nbytes)
            node.mark = marks.setdefault((entry.shape, entry.dtype, bool(entry.shared)), len(marks))
            continue
        if len(node.inside) == 1 and node is not root:
            _join(node)
            continue
        _in_order(node)
        for one in node.inside:
            node.tensors += one.tensors
            node.elements += one.elements
            node.nbytes += one.nbytes
        below = tuple((one.label, one.mark) for one in node.inside)
        node.mark = marks.setdefault(below, len(marks))


def _join(node: Node) -> None:
    """Make one node of a module and the only thing in it."""
    only = node.inside[0]
    between = only.path[len(node.path) - 1 : len(node.path)] if node.path[-1:] in "./" else "."
    node.label = f"{node.label}{between}{only.label}"
    node.path, node.entry, node.inside = only.path, only.entry, only.inside
    node.tensors, node.elements, node.nbytes = only.tensors, only.elements, only.nbytes
    node.mark = only.mark


def _in_order(node: Node) -> None:
    """Put parts that differ by a number only in the order of their numbers, where they are not so already."""
    first: dict[str, int] = {}
    keys: list[tuple[int, tuple[int, ...]]] = []
    for place, one in enumerate(node.inside):
        stem, numbers = _numbered(PARTED.split(one.label, maxsplit=1)[0])
        keys.append((first.setdefault(stem, place), numbers))
    last: dict[int, tuple[int, ...]] = {}
    for group, numbers in keys:
        if numbers < last.get(group, ()):  # by their letters, 10 comes before 2
            order = sorted(range(len(keys)), key=keys.__getitem__)
            node.inside = [node.inside[place] for place in order]
            return
        last[group] = numbers


@lru_cache(maxsize=1 << 14)
def _numbered(word: str) -> tuple[str, tuple[int, ...]]:
    """Return a word without its numbers, and the numbers; the same few stand in every block."""
    numbers = [int(number) for number in DIGITS.findall(word)[:6] if len(number) < 20]
    return _stem(word), tuple(numbers)


@lru_cache(maxsize=1 << 14)
def _stem(word: str) -> str:
    """Return a word with a mark for each of its numbers."""
    return DIGITS.sub("#", word)


def runs(nodes: Sequence[Node]) -> Iterator[tuple[Node, ...]]:
    """Yield neighbours that are alike together.

    Args:
        nodes: What a module holds.

    Yields:
        One or more nodes of the same structure whose names differ by a number only.
    """
    group: list[Node] = []
    for node in nodes:
        if group and not _alike(group[-1], node):
            yield from _worth(group)
            group = []
        group.append(node)
    if group:
        yield from _worth(group)


def _alike(one: Node, other: Node) -> bool:
    """Return whether two neighbours can stand in one line."""
    if one.mark != other.mark or (one.entry is None) != (other.entry is None):
        return False
    return one.label != other.label and _stem(one.label) == _stem(other.label)


def _worth(group: list[Node]) -> Iterator[tuple[Node, ...]]:
    """Yield a group as one, or each of it where folding would save little."""
    if group[0].entry is not None and len(group) < FEWEST_LEAVES:
        yield from ((one,) for one in group)
    else:
        yield tuple(group)


def rows(root: Node, deepest: int | None = None) -> Iterator[Row]:
    """Yield the lines of a whole tree.

    Args:
        root: The tree; itself no line.
        deepest: Levels that are shown; all when None.

    Yields:
        Modules before what they hold.
    """
    yield from _rows(root, "", 0, deepest)


def _rows(node: Node, before: str, depth: int, deepest: int | None) -> Iterator[Row]:
    """Yield the lines below a module."""
    if deepest is not None and depth >= deepest:
        return
    groups = list(runs(node.inside))
    for place, alike in enumerate(groups):
        last = place == len(groups) - 1
        corner, bar = ("└─ ", "   ") if last else ("├─ ", "│  ")
        shown, joined = only_several(alike)
        yield Row(shown[0], shown, depth, before + corner, joined)
        yield from _rows(shown[0], before + bar, depth + 1, deepest)


def only_several(alike: tuple[Node, ...]) -> tuple[tuple[Node, ...], str]:
    """Return what stands in the line of a module, and what goes before its name.

    Args:
        alike: The module, or several alike.

    Returns:
        Where one module holds nothing but several that are alike, those and its own name with a dot.
    """
    if len(alike) == 1 and alike[0].entry is None:
        groups = list(runs(alike[0].inside))
        if len(groups) == 1 and len(groups[0]) > 1:
            return groups[0], f"{alike[0].label}."
    return alike, ""
