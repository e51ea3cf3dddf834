"""Still charts of the command line through plotext 5.3: the only file that knows it.

plotext keeps one global figure, so everything is cleared before and after. It is handed numbers that are already
spaced (logarithms taken) and ticks of our own, and curves of at most four points a column: it takes 30 µs a point.
Left to our own raster are bars (plotext draws them in whole cells, three rows each, without their values), curves
with bands, named levels or markers (it has none of these), several series without colour (it can't tell them apart),
and all that is moving.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dltui.draw.canvas import NO_COLOUR, Canvas, clip, palette_index
from dltui.draw.cloud import colours_of, keys_of
from dltui.draw.colors import QUIET, packed_of, series_color
from dltui.draw.histogram import count_axis, finite_bins
from dltui.draw.layout import CHART_HEIGHT, KEY_ROWS, Key, key_rows, put_keys
from dltui.draw.letters import wrap
from dltui.draw.lines import axes_of
from dltui.draw.look import Depth, Look
from dltui.draw.panels import told_apart
from dltui.draw.scales import Axis, Floats, axis_of
from dltui.draw.thin import thin
from dltui.draw.view import View
from dltui.figures import Figure, Histogram, Lines, Points

MOST_CLOUD = 4000  # points of a cloud; plotext would take seconds for more
Put = Callable[[Any], None]


def chart_lines(figure: Figure, look: Look) -> list[str] | None:
    """Return a chart as finished lines, or None where our own raster does it better.

    Args:
        figure: What to draw.
        look: Width, height and colours; ASCII is not for plotext.

    Returns:
        Lines of at most ``look.width`` cells, or None.
    """
    if look.ascii or look.depth is Depth.BASIC or (look.height is not None and look.height < 12):
        return None
    if isinstance(figure, Lines):
        return _lines(figure, look)
    if isinstance(figure, Histogram):
        return _histogram(figure, look)
    if isinstance(figure, Points):
        return _points(figure, look)
    return None


def _lines(figure: Lines, look: Look) -> list[str] | None:
    """Return curves, unless they have what plotext lacks."""
    plain = all(line.low is None and not line.marks for line in figure.series)
    told = len(figure.series) == 1 or (look.depth is not Depth.NONE and told_apart(figure, look))
    points = sum(int(np.isfinite(np.asarray(line.y, float)).sum()) for line in figure.series)
    if not plain or not told or figure.levels or points < 2:
        return None
    x, y = axes_of(figure, View())
    keys = [Key("━━", line.name, series_color(i)) for i, line in figure.tinted()]
    keys = [] if len(keys) == 1 and figure.series[0].name in {"", figure.y_label} else keys
    borders = x.values(np.linspace(0, 1, look.width + 1))

    def put(plt: Any) -> None:
        for i, line in figure.tinted():
            short_x, short_y = thin(np.asarray(line.x, float), np.asarray(line.y, float), borders)
            for run_x, run_y in _runs(x.bent(short_x), y.bent(short_y)):
                plt.plot(run_x, run_y, marker="braille", color=_colour(packed_of(series_color(i)), look))

    return _page(figure, look, (x, y), (figure.x_label, figure.y_label), keys, put)


def _histogram(figure: Histogram, look: Look) -> list[str] | None:
    """Return counts as a filled staircase."""
    edges, counts = finite_bins(figure)
    if (
        not (counts > 0).any()
        or edges[-1] / 2 - edges[0] / 2 <= 5e-13 * np.abs(edges).max()
        or len(counts) > look.width
    ):
        return None
    x, y = Axis(float(edges[0]), float(edges[-1])), count_axis(counts, figure)
    floor = float(y.bent(y.low))
    columns = np.linspace(edges[0], edges[-1], 4 * look.width)
    at = np.clip(np.searchsorted(edges, columns, side="right") - 1, 0, len(counts) - 1)
    heights = np.nan_to_num(y.bent(counts), nan=floor, neginf=floor)[at]

    def put(plt: Any) -> None:
        colour = _colour(packed_of(series_color(0)), look)
        plt.plot(columns.tolist(), heights.tolist(), marker="hd", fillx=floor, color=colour)

    return _page(figure, look, (x, y), (figure.value_label, "count"), [], put)


def _points(figure: Points, look: Look) -> list[str] | None:
    """Return a cloud in the plane, unless it is too large, its colours tell a value or its axes are equal."""
    count = len(figure.position)
    flat = figure.position.ndim == 2 and figure.position.shape[1] == 2
    if (
        not flat
        or figure.equal
        or not 2 <= count <= MOST_CLOUD
        or (figure.value is not None and figure.group is None)
    ):
        return None
    if figure.group is not None and look.depth is Depth.NONE:
        return None
    place = np.asarray(figure.position, float)
    x, y = axis_of(place[:, 0], pad=0.03), axis_of(place[:, 1], pad=0.03)
    known = np.isfinite(place).all(axis=1) & (np.abs(place) < 1e100).all(axis=1)
    colours = colours_of(figure, look)

    def put(plt: Any) -> None:
        for colour in np.unique(colours[known]).tolist():
            chosen = known & (colours == colour)
            across, up = place[chosen, 0].tolist(), place[chosen, 1].tolist()
            plt.scatter(across, up, marker="braille", color=_colour(colour, look))

    keys = [Key("●", key.text, key.colour) for key in keys_of(figure, look)]
    names = (*figure.axes[:2], "", "")[:2]
    return _page(figure, look, (x, y), (names[0], names[1]), keys, put)


def _runs(x: Floats, y: Floats) -> list[tuple[list[float], list[float]]]:
    """Return the stretches of a curve between its gaps; plotext would join them."""
    known = np.isfinite(x) & np.isfinite(y)
    cuts = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    pairs = zip(cuts[::2].tolist(), cuts[1::2].tolist(), strict=True)
    return [(x[start:stop].tolist(), y[start:stop].tolist()) for start, stop in pairs]


def _page(
    figure: Figure, look: Look, axes: tuple[Axis, Axis], labels: tuple[str, str], keys: list[Key], put: Put
) -> list[str] | None:
    """Return title, legend, chart and caption as lines."""
    caption = wrap(figure.caption, look.width)
    title = wrap(figure.title, look.width) if look.height is None else [clip(figure.title, look.width)]
    most = max(KEY_ROWS, key_rows(keys, labels[1], look.width)) if look.height is None else KEY_ROWS
    head = Canvas(look.width, len(title) + most + 1)
    for row, line in enumerate(title):
        head.text(0, row, line, bold=True)
    used = len(title) if figure.title else 0
    used += put_keys(head, used, keys, labels[1], most=most)
    rows = (CHART_HEIGHT + most - KEY_ROWS if look.height is None else look.height - len(caption)) - used
    chart = _chart(look, axes, labels[0], rows, put) if rows >= 6 else None
    if chart is None:
        return None
    foot = Canvas(look.width, len(caption))
    for row, line in enumerate(caption):
        foot.text(0, row, line, QUIET)
    return [*head.lines(look.depth)[:used], *chart, *foot.lines(look.depth)]


def _chart(look: Look, axes: tuple[Axis, Axis], label: str, rows: int, put: Put) -> list[str] | None:
    """Return what plotext makes of it, or None when the numbers are beyond it."""
    import plotext as plt

    x, y = axes
    ends = np.concatenate([x.bent([x.low, x.high]), y.bent([y.low, y.high])])
    if (
        not np.isfinite(ends).all()
        or np.abs(ends).max() > 1e12
        or ends[1] - ends[0] < 1e-9
        or ends[3] - ends[2] < 1e-9
    ):
        return None
    plt.clear_figure()
    try:
        plt.limit_size(False, False)
        plt.plot_size(look.width, rows)
        plt.theme("clear")
        plt.xaxes(True, False)
        plt.yaxes(True, False)
        put(plt)
        plt.xlim(*ends[:2].tolist())
        plt.ylim(*ends[2:].tolist())
        _ticks(plt.xticks, x, look.width // 10)
        _ticks(plt.yticks, y, rows // 3)
        plt.xlabel(clip(label, look.width // 2))
        text = plt.build()
        bare = plt.uncolorize(text)
    finally:
        plt.clear_figure()
    if max(map(len, bare.split("\n"))) > look.width:
        return None
    return [line.rstrip() for line in (bare if look.depth is Depth.NONE else text).rstrip("\n").split("\n")]


def _ticks(setter: Callable[[list[float], list[str]], None], axis: Axis, most: int) -> None:
    """Hand plotext our ticks."""
    places = axis.ticks(max(2, min(10, most)))
    setter([float(axis.bent(value)) for value, _ in places], [text for _, text in places])


def _colour(packed: int, look: Look) -> Any:
    """Return a colour as plotext takes it: a number of the palette, three parts, or none."""
    if look.depth is Depth.NONE or packed == NO_COLOUR:
        return "default"
    if look.depth is Depth.PALETTE:
        return palette_index(packed)
    return (packed >> 16, (packed >> 8) & 255, packed & 255)
