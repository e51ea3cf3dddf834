"""Curves in braille."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dltui.draw.braille import BLANK, Dots, Ints, cells_of, plot_dots, trace
from dltui.draw.canvas import clip, text_width
from dltui.draw.colors import QUIET, SIGNAL, packed_of, series_color
from dltui.draw.layout import Key, Plot, chart
from dltui.draw.look import Depth, Look
from dltui.draw.scales import Axis, Floats, axis_of, within
from dltui.draw.thin import thin
from dltui.draw.view import Drawing, View
from dltui.figures import Lines, Series, number

MARKERS = "●■▲◆○□△◇▼▽"  # as many as there are colours
ASCII_MARKERS = "*+ox#@%&=^"
SPACE = ord(" ")


def draw_lines(figure: Lines, look: Look, view: View) -> Drawing:
    """Return the curves of a figure, with bands, levels and the cross-hair."""
    x, y = axes_of(figure, view)
    keys = _keys(figure, look, view)
    plot = chart(figure, look, x, y, labels=(figure.x_label, figure.y_label), keys=keys)
    put_curves(plot, figure, look, marked=len(figure.series) > 1 and look.depth is Depth.NONE)
    if view.cursor is not None:
        cross(plot, view.cursor)
    return Drawing(plot.canvas, plot.frame())


def put_curves(plot: Plot, figure: Lines, look: Look, *, marked: bool) -> None:
    """Draw bands, levels and curves into the place for them.

    Args:
        plot: Where to.
        figure: What to draw.
        look: Colours and glyphs that may be used.
        marked: Put the marker of each curve on it.
    """
    for index, series in figure.tinted():
        if series.low is not None and series.high is not None:
            _band(plot, series, index, look)
    for level, _ in figure.levels:
        _level(plot, level)
    for index, series in figure.tinted():
        _curve(plot, series, index, look)
        if series.marks or marked:
            _markers(plot, series, index, len(figure.series), look)
    for level, text in figure.levels:
        _name_level(plot, level, text)


def axes_of(figure: Lines, view: View) -> tuple[Axis, Axis]:
    """Return abscissa and ordinate that hold all curves, bands and levels, or what the view asks for."""
    x = within(axis_of(_all([line.x for line in figure.series]), figure.x_scale), view.x_range)
    heights = [
        part
        for line in figure.series
        for part in (line.y, line.low, line.high)
        if part is not None and len(part)
    ]
    levels = np.array([level for level, _ in figure.levels], float)
    y = within(axis_of(_all([*heights, levels]), figure.y_scale, pad=0.03), view.y_range)
    return x, y


def cross(plot: Plot, cursor: tuple[float, float]) -> None:
    """Draw a cross-hair through the column of the cursor, in the cells that are still empty."""
    spot = plot.cell(cursor[0], plot.y.low)
    if spot is None:
        return
    for row in range(plot.top, plot.top + plot.height):
        if plot.canvas.glyph[row, spot[0]] == SPACE:
            plot.canvas.text(spot[0], row, "│", SIGNAL)


def overlay(plot: Plot, dots: Dots, colour: int, ascii_glyph: str = "") -> None:
    """Put dots over the plot's cells: braille, joined with what is there, or one ASCII glyph a cell."""
    pattern = cells_of(dots).astype(np.uint32)
    area = np.s_[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]
    glyph, front = plot.canvas.glyph[area], plot.canvas.front[area]
    hit = pattern > 0
    if ascii_glyph:
        glyph[hit] = ord(ascii_glyph)
    else:
        there = np.where((glyph >= BLANK) & (glyph < BLANK + 256), glyph - BLANK, 0)
        glyph[hit] = BLANK + (pattern | there)[hit]
    front[hit] = colour


def pixels(plot: Plot, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return places in dots from the left upper corner of the plot."""
    return plot.x.share(x) * (2 * plot.width), (1 - plot.y.share(y)) * (4 * plot.height)


def _keys(figure: Lines, look: Look, view: View) -> list[Key]:
    """Return the legend; with a cursor it tells the values there."""
    keys = []
    for index, series in figure.tinted():
        plain = look.depth is Depth.NONE and (len(figure.series) > 1 or series.marks)
        glyph = marker(index, look) if plain or series.marks else "━━"
        text = series.name
        if view.cursor is not None:
            text += f" {read_at(series, view.cursor[0])}"
        keys.append(Key(glyph, text, series_color(index)))
    if len(keys) == 1 and view.cursor is None and figure.series[0].name in {figure.y_label, ""}:
        return []
    if view.cursor is not None:
        keys.insert(0, Key("│", f"{figure.x_label or 'x'} {number(view.cursor[0])}", SIGNAL))
    return keys


def read_at(series: Series, at: float) -> str:
    """Return the ordinate of the point whose abscissa is nearest to ``at``."""
    x, y = _floats(series.x), _floats(series.y)
    if not x.size or math.isnan(at) or np.isnan(x).all():
        return "–"
    return number(float(y[int(np.nanargmin(np.abs(x - at)))]))


def _curve(plot: Plot, series: Series, index: int, look: Look) -> None:
    """Draw one curve, or its points where they are too many for markers."""
    x, y = _floats(series.x), _floats(series.y)
    dots = np.zeros((4 * plot.height, 2 * plot.width), np.bool_)
    if series.marks:
        if len(x) > plot.width:
            column, row = pixels(plot, x, y)
            known = np.isfinite(column) & np.isfinite(row) & (np.abs(column) < 1e9) & (np.abs(row) < 1e9)
            plot_dots(dots, *_inner(dots, column[known], row[known]))
    else:
        borders = plot.x.values(np.linspace(0, 1, 2 * plot.width + 1))
        columns, rows = trace(*pixels(plot, *thin(x, y, borders)), dots.shape[1], dots.shape[0])
        dots[rows, columns] = True
    overlay(
        plot,
        dots,
        packed_of(series_color(index)),
        ASCII_MARKERS[index % len(ASCII_MARKERS)] if look.ascii else "",
    )


def _inner(dots: Dots, column: Floats, row: Floats) -> tuple[Ints, Ints]:
    """Return whole places, with those exactly on the right and lower border moved in."""
    columns = np.where(column == dots.shape[1], dots.shape[1] - 1, np.floor(column)).astype(np.int64)
    return columns, np.where(row == dots.shape[0], dots.shape[0] - 1, np.floor(row)).astype(np.int64)


def marker(index: int, look: Look) -> str:
    """Return the glyph that tells a series apart without colour."""
    markers = ASCII_MARKERS if look.ascii else MARKERS
    return markers[index % len(markers)]


def _markers(plot: Plot, series: Series, index: int, count: int, look: Look) -> None:
    """Put the marker of a series on its points, or every few columns on a long curve."""
    x, y = _floats(series.x), _floats(series.y)
    if series.marks and len(x) <= plot.width:
        chosen = range(len(x))
    else:
        gap = max(6, plot.width // 6)
        wanted = np.arange(gap * (index + 1) // (count + 1) % gap, plot.width, gap)
        order = np.argsort(x, kind="stable")
        found = (
            np.searchsorted(x[order], plot.x.values((wanted + 0.5) / plot.width)).clip(0, max(len(x) - 1, 0))
            if len(x)
            else np.zeros(0, np.int64)
        )
        chosen = order[found].tolist()
    for i in chosen:
        spot = plot.cell(float(x[i]), float(y[i]))
        if spot is not None:
            plot.canvas.text(*spot, marker(index, look), series_color(index))


def _band(plot: Plot, series: Series, index: int, look: Look) -> None:
    """Fill the space between the edges of a band with sparse dots."""
    assert series.low is not None
    assert series.high is not None
    x, low = pixels(plot, _floats(series.x), _floats(series.low))
    _, high = pixels(plot, _floats(series.x), _floats(series.high))
    known = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
    if known.sum() < 2:
        return
    order = np.argsort(x[known], kind="stable")
    columns = np.arange(2 * plot.width) + 0.5
    top = np.interp(columns, x[known][order], high[known][order], left=np.nan, right=np.nan)
    bottom = np.interp(columns, x[known][order], low[known][order], left=np.nan, right=np.nan)
    rows = np.arange(4 * plot.height)[:, None] + 0.5
    inside = (rows >= np.minimum(top, bottom)) & (rows <= np.maximum(top, bottom))
    sparse = (np.arange(2 * plot.width) % 2 == 0) & (rows // 1 % 2 == (np.arange(2 * plot.width) // 2) % 2)
    overlay(plot, inside & sparse, packed_of(series_color(index)), ":" if look.ascii else "")


def _level(plot: Plot, level: float) -> None:
    """Draw a horizontal guide line."""
    spot = plot.cell(plot.x.low, level)
    if spot is None:
        return
    for column in range(plot.left, plot.left + plot.width):
        if plot.canvas.glyph[spot[1], column] == SPACE:
            plot.canvas.text(column, spot[1], "╌", QUIET)


def _name_level(plot: Plot, level: float, text: str) -> None:
    """Say what a guide line is: at its right end where that is free, else where it is, above it or below."""
    spot = plot.cell(plot.x.low, level)
    if spot is None:
        return
    text = clip(text, plot.width)
    rows = [row for row in (spot[1] - 1, spot[1] + 1) if plot.top <= row < plot.top + plot.height]
    ends = range(plot.left + plot.width - text_width(text), plot.left - 1, -1)
    places = [(row, column) for column in ends for row in rows]
    free = (
        (row, column)
        for row, column in places
        if (plot.canvas.glyph[row, max(plot.left, column - 1) : column + text_width(text) + 1] == SPACE).all()
    )
    for row, column in [next(free, places[0])] if places else []:
        plot.canvas.text(column, row, text, QUIET)


def _floats(values: object) -> Floats:
    """Return values as floats of one axis."""
    return np.asarray(values, dtype=np.float64).ravel()


def _all(parts: Sequence[object]) -> Floats:
    """Return the parts one after another."""
    return np.concatenate([np.zeros(0), *(_floats(part) for part in parts)])
