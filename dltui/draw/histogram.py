"""Counts as standing bars, in eighths of a cell."""

from __future__ import annotations

import numpy as np

from dltui.draw.colors import SIGNAL, packed_of, series_color
from dltui.draw.layout import Key, Plot, chart
from dltui.draw.lines import cross
from dltui.draw.look import Look
from dltui.draw.scales import Axis, Floats, axis_of, within
from dltui.draw.view import Drawing, View
from dltui.figures import Histogram, number

PARTS = np.array([ord(glyph) for glyph in " ▁▂▃▄▅▆▇█"], np.uint32)
LIGHTER = (92, 168, 224)  # every other bin, where bins are wide enough to be told apart


def draw_histogram(figure: Histogram, look: Look, view: View) -> Drawing:
    """Return the bins of a histogram; bins narrower than a column show the fullest of those in it."""
    edges, counts = finite_bins(figure)
    x = within(Axis(float(edges[0]), float(edges[-1])), view.x_range)
    y = within(count_axis(counts, figure), view.y_range)
    keys = []
    if view.cursor is not None and counts.size:
        place = min(max(int(np.searchsorted(edges, view.cursor[0], side="right")) - 1, 0), len(counts) - 1)
        span = f"{number(float(edges[place]))} … {number(float(edges[place + 1]))}"
        keys = [Key("│", f"{span}: {number(float(counts[place]))}", SIGNAL)]
    plot = chart(figure, look, x, y, labels=(figure.value_label, "count"), keys=keys)
    if counts.size:
        _stand(plot, edges, counts)
    if view.cursor is not None:
        cross(plot, view.cursor)
    return Drawing(plot.canvas, plot.frame())


def finite_bins(figure: Histogram) -> tuple[Floats, Floats]:
    """Return edges that can be drawn, open ends as wide as their neighbours, and counts without NaN."""
    counts = np.nan_to_num(np.asarray(figure.counts, float).ravel(), posinf=0.0, neginf=0.0)
    edges = np.asarray(figure.edges, float).ravel().copy()
    known = np.isfinite(edges)
    if len(edges) != len(counts) + 1 or known.sum() < 2 or not known[1:-1].all():
        return np.arange(len(counts) + 1, dtype=float) if counts.size else np.array([0.0, 1.0]), counts
    inner = edges[known]
    width = float(np.median(np.diff(inner))) or 1.0
    if not known[0]:
        edges[0] = inner[0] - width
    if not known[-1]:
        edges[-1] = inner[-1] + width
    axis = axis_of(edges)
    return (edges, counts) if edges[-1] > edges[0] else (np.linspace(axis.low, axis.high, len(edges)), counts)


def count_axis(counts: Floats, figure: Histogram) -> Axis:
    """Return the axis of the counts: from 0, or from half the smallest one where powers are counted."""
    axis = axis_of(np.append(counts, 0.0), figure.scale, pad=0.0)
    if axis.scale == "log":
        return Axis(axis.low / 2, axis.high * 1.1, "log")
    return Axis(axis.low, axis.high if counts.any() else 1.0, axis.scale, axis.bend)


def _stand(plot: Plot, edges: Floats, counts: Floats) -> None:
    """Draw the bars."""
    ends = plot.x.values(np.linspace(0, 1, plot.width + 1))
    middle = (ends[1:] + ends[:-1]) / 2
    first = np.searchsorted(edges, ends[:-1], side="right") - 1
    last = np.searchsorted(edges, ends[1:], side="left")
    at = np.searchsorted(edges, middle, side="right") - 1
    several = last - first > 2
    heights = np.zeros(plot.width)
    for column in range(plot.width):
        low, high = (first[column], last[column]) if several[column] else (at[column], at[column] + 1)
        inside = counts[max(low, 0) : max(high, 0)]
        heights[column] = inside.max() if inside.size else np.nan
    share = np.nan_to_num(plot.y.share(heights), nan=0.0, neginf=0.0, posinf=1.0)
    eighths = np.round(np.clip(share, 0, 1) * plot.height * 8).astype(int)
    eighths[(eighths == 0) & (np.nan_to_num(heights) > 0)] = 1
    level = np.arange(plot.height)[::-1, None] * 8
    part = np.clip(eighths[None, :] - level, 0, 8)
    area = np.s_[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]
    filled = part > 0
    plot.canvas.glyph[area][filled] = PARTS[part][filled]
    wide = plot.width >= 2 * len(counts)
    colour = np.where((at % 2 == 1) & wide, packed_of(LIGHTER), packed_of(series_color(0)))
    plot.canvas.front[area][filled] = np.broadcast_to(colour, part.shape)[filled]
