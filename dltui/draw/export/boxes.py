"""Graphs on paper: boxes with round corners and arrows, where the terminal would have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dltui.draw.canvas import clip
from dltui.draw.export.letterpress import COLUMNS, print_cells
from dltui.draw.graph import Plan, plan_of
from dltui.draw.layers import Edge, layers_of
from dltui.figures import Graph

QUIET, LINE = "0.45", "0.6"
Way = list[tuple[float, float]]


def print_graph(part: Any, figure: Graph) -> None:
    """Draw boxes and arrows; a graph that has no room is printed as the terminal would list it.

    Args:
        part: The matplotlib subfigure to draw on.
        figure: The graph.
    """
    plan = plan_of(figure, layers_of(len(figure.nodes), figure.edges), COLUMNS)
    if plan is None or plan.layers.returns:
        print_cells(part, figure)
        return
    count = len(figure.nodes)
    shift = 0 if plan.upright else (COLUMNS - plan.length()) // 2
    axes = part.add_subplot()
    axes.set_xlim(0, COLUMNS)
    axes.set_ylim(max(1, plan.length() if plan.upright else plan.breadth()), 0)
    axes.axis("off")
    for way, head in _ways(plan, count, shift):
        turned = way if plan.upright else [(y, x) for x, y in way]
        axes.plot(*zip(*turned, strict=True), color=LINE, lw=0.9, solid_joinstyle="round", zorder=1)
        if head:
            axes.plot(*turned[-1], marker="v" if plan.upright else ">", color=LINE, ms=3.5, zorder=2)
    size = 0.93 * part.bbox.width / part.figure.dpi * 72 / COLUMNS / 0.602
    at = shift
    for layer, row in enumerate(plan.layers.rows):
        for node in row:
            if node < count:
                left, top = (plan.start[node], at) if plan.upright else (at, plan.start[node])
                wide, tall = plan.size[node], plan.depth[layer]
                _box(axes, (left, top, *((wide, tall) if plan.upright else (tall, wide))), figure, node, size)
        at += plan.depth[layer] + (plan.gap(layer) if layer < len(plan.tracks) else 0)


def _ways(plan: Plan, count: int, shift: int) -> Iterator[tuple[Way, bool]]:
    """Yield the lines between layers, across first and along second, and whether an arrow's head ends each."""
    at = float(shift)
    for layer, row in enumerate(plan.layers.rows):
        end = at + plan.depth[layer]
        for node in row:
            if node >= count:
                middle = plan.middle(node) + 0.5
                yield [(middle, at), (middle, end)], False
        if layer == len(plan.layers.rows) - 1:
            return
        following = end + plan.gap(layer)
        here = set(row)
        for a, b in (edge for edge in plan.layers.edges if edge[0] in here):
            yield _way(plan, (a, b), end - 0.5 * (a < count), following + 0.5 * (b < count), layer), b < count
        at = following


def _way(plan: Plan, edge: Edge, start: float, stop: float, layer: int) -> Way:
    """Return the line from one node to another: straight, or with a bend on its own track."""
    one, other = (plan.middle(node) + 0.5 for node in edge)
    last = stop - (0.45 if edge[1] < plan.layers.count else 0)
    if one == other:
        return [(one, start), (one, last)]
    bend = start + 0.5 * (edge[0] < plan.layers.count) + plan.tracks[layer].get(edge[0], 0) + 0.5
    bend += 0 if plan.upright else 1
    return [(one, start), (one, bend), (other, bend), (other, last)]


def _box(axes: Any, place: tuple[float, float, float, float], figure: Graph, node: int, size: float) -> None:
    """Draw one box with its name and its note."""
    from matplotlib.patches import FancyBboxPatch

    left, top, wide, tall = place
    shape = "round,pad=0,rounding_size=0.5"
    axes.add_patch(
        FancyBboxPatch(
            (left + 0.2, top + 0.5),
            wide - 0.4,
            tall - 1,
            boxstyle=shape,
            fc="white",
            ec=LINE,
            lw=0.9,
            zorder=3,
        )
    )
    note = figure.notes[node] if node < len(figure.notes) else ""
    lines = [(figure.nodes[node], "black", "bold"), *([(note, QUIET, "normal")] if note else [])]
    for number, (text, colour, weight) in enumerate(lines):
        axes.text(
            left + wide / 2,
            top + tall / 2 + number - (len(lines) - 1) / 2,
            clip(text, int(wide) - 3).replace("$", r"\$"),
            family="monospace",
            size=size,
            ha="center",
            va="center",
            color=colour,
            weight=weight,
            zorder=4,
        )
