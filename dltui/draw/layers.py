"""Graphs laid out in layers: who stands in which layer, in which order, and where (Sugiyama et al. 1981)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Edge = tuple[int, int]
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Layers:
    """A graph whose edges all lead from one layer to the next.

    Attributes:
        count: How many real nodes there are.
        rows: Nodes of each layer in their order; numbers from the count of real nodes on are bends of long edges.
        edges: Edges between neighbouring layers.
        returns: Edges that would close a circle, left out of the layers.
    """

    count: int
    rows: tuple[tuple[int, ...], ...]
    edges: tuple[Edge, ...]
    returns: tuple[Edge, ...]


def layers_of(count: int, edges: Sequence[Edge]) -> Layers:
    """Return a graph in layers: each node as far down as its longest way there, sources right before what reads them.

    Args:
        count: How many nodes there are.
        edges: Pairs (from, to); those to nodes that do not exist are ignored, those that close a circle set aside.

    Returns:
        The layers, with a bend in every layer that an edge passes.
    """
    known = [edge for edge in dict.fromkeys(edges) if 0 <= edge[0] < count and 0 <= edge[1] < count]
    returns = _returns(count, known)
    forward = [edge for edge in known if edge not in returns]
    depth = _depths(count, forward)
    rows: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for node, layer in enumerate(depth):
        rows[layer].append(node)
    short: list[Edge] = []
    free = count
    for start, end in forward:
        at = start
        for layer in range(depth[start] + 1, depth[end]):
            rows[layer].append(free)
            short.append((at, free))
            at, free = free, free + 1
        short.append((at, end))
    for sweep in range(SWEEPS):
        _order(rows, short, downwards=sweep % 2 == 0)
    return Layers(count, tuple(map(tuple, rows)), tuple(short), tuple(sorted(returns)))


def places(layers: Layers, size: dict[int, int], gap: int, room: int) -> dict[int, int]:
    """Return where each node begins across its layer, its middle near the middles it is joined to.

    Args:
        layers: The graph.
        size: Cells that each node takes across.
        gap: Cells kept free between neighbours.
        room: Cells that there are; a layer that needs more gets more.

    Returns:
        The first cell of each node.
    """
    needs = [sum(size[node] + gap for node in row) - gap for row in layers.rows]
    room = max([room, *needs])
    start: dict[int, int] = {}
    for row, need in zip(layers.rows, needs, strict=True):
        column = (room - need) // 2
        for node in row:
            start[node] = column
            column += size[node] + gap
    before, after = _neighbours(layers)
    for rows, joined in ((layers.rows, before), (layers.rows[::-1], after), (layers.rows, before)):
        for row in rows:
            _settle(row, start, size, joined, gap, room)
    return start


def _settle(
    row: tuple[int, ...],
    start: dict[int, int],
    size: dict[int, int],
    joined: dict[int, list[int]],
    gap: int,
    room: int,
) -> None:
    """Move the nodes of a layer towards their neighbours without changing the order."""
    end = 0
    for node in row:
        middles = sorted(start[other] + (size[other] - 1) // 2 for other in joined.get(node, []))
        if middles:
            wish = (middles[(len(middles) - 1) // 2] + middles[len(middles) // 2]) // 2
            start[node] = wish - (size[node] - 1) // 2
        start[node] = max(end, start[node])
        end = start[node] + size[node] + gap
    for node in reversed(row):
        start[node] = max(0, min(start[node], room - size[node]))
        room = start[node] - gap


def _neighbours(layers: Layers) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return what each node is joined to in the layer before and after it; bends count only where nothing else does."""
    bends = {node for row in layers.rows for node in row} - set(range(layers.count))
    tables: list[dict[int, list[int]]] = []
    for pairs in (((b, a) for a, b in layers.edges), iter(layers.edges)):
        joined: dict[int, list[int]] = {}
        for node, other in pairs:
            joined.setdefault(node, []).append(other)
        tables.append({n: [o for o in others if o not in bends] or others for n, others in joined.items()})
    return tables[0], tables[1]


def _returns(count: int, edges: Sequence[Edge]) -> set[Edge]:
    """Return the edges that lead back to a node on the way here, found by walking the graph in depth."""
    after: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        after[start].append(end)
    state, found = [0] * count, set[Edge]()
    for root in range(count):
        stack = [(root, iter(after[root]))] if not state[root] else []
        state[root] = state[root] or 1
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                stack.pop()
            elif state[following] == 1:
                found.add((node, following))
            elif state[following] == 0:
                state[following] = 1
                stack.append((following, iter(after[following])))
    return found


def _depths(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return the length of the longest way to each node; of a source, what lets it stand near."""
    fed = {end for _, end in edges}
    missing, after = [0] * count, [list[int]() for _ in range(count)]
    for start, end in edges:
        missing[end] += 1
        after[start].append(end)
    depth = [0] * count
    ready = [node for node in range(count) if not missing[node]]
    for node in ready:  # grows while it is walked
        for end in after[node]:
            depth[end] = max(depth[end], depth[node] + 1)
            missing[end] -= 1
            if not missing[end]:
                ready.append(end)
    for node, ends in enumerate(after):
        if ends and node not in fed:  # a source stands right before what reads it
            depth[node] = min(depth[end] for end in ends) - 1
    return depth


def _order(rows: list[list[int]], edges: Sequence[Edge], *, downwards: bool) -> None:
    """Sort each layer by the middle of what its nodes are joined to in the layer before."""
    near: dict[int, list[int]] = {}
    for start, end in edges:
        one, other = (end, start) if downwards else (start, end)
        near.setdefault(one, []).append(other)
    place = {node: i for row in rows for i, node in enumerate(row)}
    for row in rows if downwards else reversed(rows):
        keys = {
            node: sum(place[other] for other in near[node]) / len(near[node]) if node in near else place[node]
            for node in row
        }
        row.sort(key=keys.__getitem__)
        place.update({node: i for i, node in enumerate(row)})
