"""Graphs as boxes and arrows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.draw.canvas import Canvas, clip, text_width
from dltui.draw.colors import QUIET, packed_of
from dltui.draw.layers import Edge, Layers, layers_of, places
from dltui.draw.layout import sheet
from dltui.draw.letters import wrap
from dltui.draw.look import Look
from dltui.draw.view import Drawing, View
from dltui.figures import Graph

MOST = 400  # nodes and bends that are still laid out; beyond, the arrows are listed
NARROWEST = 9  # cells of a box
NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8
Links = NDArray[np.uint8]
LINKS = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything stands.

    Attributes:
        layers: The graph in layers.
        upright: Layers follow each other downwards; otherwise to the right.
        size: Cells of each node across its layer.
        depth: Cells of each layer along the way.
        start: First cell of each node across its layer.
        tracks: For each gap between layers, the track of every node whose arrows bend there.
    """

    layers: Layers
    upright: bool
    size: dict[int, int]
    depth: list[int]
    start: dict[int, int]
    tracks: list[dict[int, int]]

    def middle(self, node: int) -> int:
        """Return where arrows leave and reach a node."""
        return self.start[node] + (self.size[node] - 1) // 2

    def gap(self, layer: int) -> int:
        """Return the cells between a layer and the next one."""
        bends = len(self.tracks[layer])
        return bends + 1 if self.upright else bends + 3

    def length(self) -> int:
        """Return the cells along the way from the first layer to the last."""
        return sum(self.depth) + sum(self.gap(i) for i in range(len(self.depth) - 1))

    def breadth(self) -> int:
        """Return the cells across the widest layer."""
        return max((self.start[node] + self.size[node] for node in self.start), default=1)

    def rows(self) -> int:
        """Return the rows of the picture."""
        return max(1, self.length() if self.upright else self.breadth())


def draw_graph(figure: Graph, look: Look, view: View) -> Drawing:
    """Return boxes and arrows, to the right where they fit, downwards otherwise, as a list when neither does."""
    width = max(look.width, 1)
    layers = layers_of(len(figure.nodes), figure.edges)
    plan = plan_of(figure, layers, width)
    if plan is None:
        return _page(figure, look, view, _listed(figure, width))
    pad = 0 if plan.upright else (width - plan.length()) // 2
    picture = Canvas(width, plan.rows())
    _put_links(picture, plan, len(figure.nodes), pad)
    _put_boxes(picture, plan, figure, pad)
    back = [line for text in _returns(figure, layers) for line in wrap(text, width)]
    return _page(figure, look, view, picture, back)


def row_of(figure: Graph, node: int, width: int) -> tuple[int, int]:
    """Return the row of the picture in which a node stands, to scroll there, and how many rows there are.

    Args:
        figure: The graph.
        node: Which of its nodes.
        width: Cells that there are.

    Returns:
        The first row of its box, or of its line where the graph is a list; all rows but the title's.
    """
    caption = len(wrap(figure.caption, width)) if figure.caption else 0
    layers = layers_of(len(figure.nodes), figure.edges)
    plan = plan_of(figure, layers, width)
    if plan is None:
        lines = [len(wrap(text, width)) for text in _list_of(figure)]
        return sum(lines[:node]), sum(lines) + caption
    rows = plan.rows() + sum(len(wrap(text, width)) for text in _returns(figure, layers)) + caption
    if not plan.upright:
        return plan.start[node], rows
    layer = next(i for i, row in enumerate(layers.rows) if node in row)
    return sum(plan.depth[i] + plan.gap(i) for i in range(layer)), rows


def _returns(figure: Graph, layers: Layers) -> list[str]:
    """Return what is written of arrows that lead back."""
    return [f"↺ {figure.nodes[start]} → {figure.nodes[end]}" for start, end in layers.returns]


def plan_of(figure: Graph, layers: Layers, width: int) -> Plan | None:
    """Return where boxes and arrows stand.

    Args:
        figure: The graph.
        layers: The same in layers.
        width: Cells that there are.

    Returns:
        A plan that fits the width, or None where there is none.
    """
    if not figure.nodes or sum(map(len, layers.rows)) > MOST:
        return None
    wishes = [_box_width(figure, i) for i in range(len(figure.nodes))]
    plan = _arranged(figure, layers, wishes, width, upright=False)
    if len(layers.rows) > 1 and plan.length() <= width and plan.breadth() <= 40:
        return plan
    for most in (width, 28, 22, 16, 12, NARROWEST):
        plan = _arranged(figure, layers, [min(wish, most) for wish in wishes], width, upright=True)
        if plan.breadth() <= width:
            return plan
    return None


def _arranged(figure: Graph, layers: Layers, boxes: list[int], width: int, *, upright: bool) -> Plan:
    """Return the plan for boxes of these widths."""
    count = len(figure.nodes)
    tall = 4 if any(figure.notes) else 3
    nodes = [node for row in layers.rows for node in row]
    size = {node: 1 if node >= count else boxes[node] if upright else tall for node in nodes}
    depth = [tall if upright else max((boxes[n] for n in row if n < count), default=1) for row in layers.rows]
    start = places(layers, size, 2 if upright else 1, width if upright else 0)
    first = min(start.values(), default=0)
    used = max((start[node] + size[node] for node in start), default=0) - first
    spare = max(0, width - used) // 2 if upright else 0
    start = {node: cell - first + spare for node, cell in start.items()}
    plan = Plan(layers, upright, size, depth, start, [])
    place = {node: i for i, row in enumerate(layers.rows) for node in row}
    for layer, row in enumerate(layers.rows[:-1]):
        bent = {a for a, b in layers.edges if place[a] == layer and plan.middle(a) != plan.middle(b)}
        plan.tracks.append({node: i for i, node in enumerate(node for node in row if node in bent)})
    return plan


def _box_width(figure: Graph, node: int) -> int:
    """Return how wide the box of a node wants to be."""
    note = figure.notes[node] if node < len(figure.notes) else ""
    return max(text_width(figure.nodes[node]), text_width(note), 1) + 4


def _put_links(canvas: Canvas, plan: Plan, count: int, pad: int) -> None:
    """Draw the arrows."""
    links: Links = np.zeros((canvas.height, canvas.width), np.uint8)
    heads: list[Edge] = []
    at = pad
    for layer, row in enumerate(plan.layers.rows):
        end = at + plan.depth[layer]
        for node in row:
            if node >= count:
                _along(links, plan, at, end, plan.middle(node))
        if layer == len(plan.layers.rows) - 1:
            break
        following = end + plan.gap(layer)
        here = set(row)
        for a, b in (edge for edge in plan.layers.edges if edge[0] in here):
            bend = end + plan.tracks[layer].get(a, 0) + (not plan.upright)
            _arrow(links, plan, end, bend, following, (plan.middle(a), plan.middle(b)))
            if b < count:
                heads.append((following - 1, plan.middle(b)))
        at = following
    glyphs = np.array([ord(glyph) for glyph in LINKS], np.uint32)
    canvas.glyph[links > 0] = glyphs[links[links > 0]]
    canvas.front[links > 0] = packed_of(QUIET)
    for along, across in heads:
        column, row_of = (across, along) if plan.upright else (along, across)
        canvas.text(column, row_of, "▼" if plan.upright else "▶", QUIET)


def _along(links: Links, plan: Plan, start: int, stop: int, across: int) -> None:
    """Draw a line along the way, through the cells from start to the one before stop."""
    for step in range(start, stop):
        _join(links, plan, (step, across), NORTH | SOUTH if plan.upright else WEST | EAST)


def _arrow(links: Links, plan: Plan, start: int, bend: int, stop: int, ends: Edge) -> None:
    """Draw a line along the way that changes its place across at ``bend``."""
    one, other = ends
    if one == other:
        _along(links, plan, start, stop, one)
        return
    _along(links, plan, start, bend, one)
    _along(links, plan, bend + 1, stop, other)
    came, goes = (NORTH, SOUTH) if plan.upright else (WEST, EAST)
    forth, back = (EAST, WEST) if plan.upright else (SOUTH, NORTH)
    if one > other:
        forth, back = back, forth
    _join(links, plan, (bend, one), came | forth)
    _join(links, plan, (bend, other), goes | back)
    for step in range(min(ends) + 1, max(ends)):
        _join(links, plan, (bend, step), forth | back)


def _join(links: Links, plan: Plan, cell: Edge, bit: int) -> None:
    """Add a direction to a cell, given along and across the way."""
    row, column = cell if plan.upright else (cell[1], cell[0])
    if 0 <= row < links.shape[0] and 0 <= column < links.shape[1]:
        links[row, column] |= bit


def _put_boxes(canvas: Canvas, plan: Plan, figure: Graph, pad: int) -> None:
    """Draw the boxes with their names and notes."""
    at = pad
    for layer, row in enumerate(plan.layers.rows):
        for node in row:
            if node < len(figure.nodes):
                column, top = (plan.start[node], at) if plan.upright else (at, plan.start[node])
                wide = plan.size[node] if plan.upright else plan.depth[layer]
                _box(canvas, column, top, wide, figure, node)
        at += plan.depth[layer] + (plan.gap(layer) if layer < len(plan.tracks) else 0)


def _box(canvas: Canvas, left: int, top: int, width: int, figure: Graph, node: int) -> None:
    """Draw one box."""
    lines = [figure.nodes[node]]
    if any(figure.notes):
        lines.append(figure.notes[node] if node < len(figure.notes) else "")
    canvas.text(left, top, "╭" + "─" * (width - 2) + "╮", QUIET)
    for place, line in enumerate(lines):
        shown = clip(line, width - 4)
        canvas.text(left, top + 1 + place, "│" + " " * (width - 2) + "│", QUIET)
        start = left + (width - text_width(shown)) // 2
        canvas.text(start, top + 1 + place, shown, QUIET if place else None, bold=not place)
    canvas.text(left, top + 1 + len(lines), "╰" + "─" * (width - 2) + "╯", QUIET)


def _listed(figure: Graph, width: int) -> Canvas:
    """Return the arrows as lines of text: each node with those it leads to."""
    lines = [line for text in _list_of(figure) for line in wrap(text, width)]
    canvas = Canvas(width, max(1, len(lines)))
    for row, line in enumerate(lines):
        canvas.text(0, row, line)
    return canvas


def _list_of(figure: Graph) -> list[str]:
    """Return a line a node: those it leads to, and its note."""
    after: dict[int, list[str]] = {i: [] for i in range(len(figure.nodes))}
    for start, end in figure.edges:
        if start in after and end in after:
            after[start].append(figure.nodes[end])
    texts = [
        f"{figure.nodes[node]} → {', '.join(targets)}" if targets else figure.nodes[node]
        for node, targets in after.items()
    ]
    notes = [*figure.notes, *[""] * len(texts)]
    return [f"{text}   {note}" if note else text for text, note in zip(texts, notes, strict=False)]


def _page(figure: Graph, look: Look, view: View, picture: Canvas, notes: list[str] | None = None) -> Drawing:
    """Return a picture, and notes below it, with title and caption, from the view's offset on."""
    notes = notes or []
    canvas, top, rows = sheet(figure, look, picture.height + len(notes))
    first = max(0, min(view.offset, picture.height + len(notes) - rows))
    kept = min(rows, max(0, picture.height - first))
    for name in ("glyph", "front", "back", "bold"):
        getattr(canvas, name)[top : top + kept] = getattr(picture, name)[first : first + kept]
    for place, line in enumerate(notes[max(0, first - picture.height) :][: rows - kept]):
        canvas.text(0, top + kept + place, line, QUIET)
    return Drawing(canvas)
