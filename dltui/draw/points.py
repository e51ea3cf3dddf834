"""Clouds of points in the plane and in space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.braille import BITS, BLANK
from dltui.draw.canvas import NO_COLOUR, pack
from dltui.draw.colors import SIGNAL, paint, series_color
from dltui.draw.fields import Bar, put_bar
from dltui.draw.layout import Key, Plot, chart
from dltui.draw.lines import cross, marker
from dltui.draw.look import Depth, Look
from dltui.draw.scales import Floats, axis_of, within
from dltui.draw.space import draw_space
from dltui.draw.view import Drawing, View
from dltui.figures import Points, number

Ints = NDArray[np.int64]


def draw_points(figure: Points, look: Look, view: View) -> Drawing:
    """Return a cloud, coloured by group, own colour or value."""
    if figure.position.ndim == 2 and figure.position.shape[1] >= 3:
        colours, bar = colours_of(figure, look), bar_of_values(figure, look)
        return draw_space(figure, look, view, colours, bar, keys_of(figure, look))
    flat = np.asarray(figure.position, float)
    if flat.ndim != 2 or flat.shape[1] < 2:
        flat = np.zeros((0, 2))
    scale = bar_of_values(figure, look)
    x = within(axis_of(flat[:, 0], pad=0.03), view.x_range)
    y = within(axis_of(flat[:, 1], pad=0.03), view.y_range)
    keys = keys_of(figure, look)
    if view.cursor is not None:
        keys.insert(0, Key("│", _nearest(flat, figure, view.cursor), SIGNAL))
    side = scale.columns(look.width) if scale is not None else 0
    plot = chart(figure, look, x, y, labels=(_axis(figure, 0), _axis(figure, 1)), keys=keys, side=side)
    across, up = plot.x.share(flat[:, 0]), plot.y.share(flat[:, 1])
    seen = np.flatnonzero((across >= 0) & (across <= 1) & (up >= 0) & (up <= 1))
    column = np.minimum(across[seen] * 2 * plot.width, 2 * plot.width - 1).astype(np.int64)
    row = np.minimum((1 - up[seen]) * 4 * plot.height, 4 * plot.height - 1).astype(np.int64)
    put_cloud(plot, column, row, seen, figure, look, colours_of(figure, look))
    if scale is not None:
        put_bar(plot, scale, look)
    if view.cursor is not None:
        cross(plot, view.cursor)
    return Drawing(plot.canvas, plot.frame())


def put_cloud(
    plot: Plot, column: Ints, row: Ints, which: Ints, figure: Points, look: Look, colours: NDArray[np.uint32]
) -> None:
    """Put points on a plot; later ones win their cell's colour and marker.

    Args:
        plot: Where to.
        column: Dots from the left, two to a cell, shape (n,).
        row: Dots from the top, four to a cell, shape (n,).
        which: The number of each point in the figure, shape (n,).
        figure: Its groups choose the markers.
        look: Glyphs and colours that may be used.
        colours: Packed colour of every point of the figure.
    """
    canvas, cell_column, cell_row = plot.canvas, plot.left + column // 2, plot.top + row // 4
    canvas.front[cell_row, cell_column] = colours[which]
    grouped = figure.group is not None
    if look.ascii or (grouped and look.depth is Depth.NONE) or len(which) * 5 <= plot.width * plot.height:
        codes = np.array([ord(marker(i, look)) for i in range(8)], np.uint32)
        group = groups_of(figure)[which] if grouped else np.zeros(len(which), np.int64)
        canvas.glyph[cell_row, cell_column] = codes[group % 8]
        return
    pattern = np.zeros(canvas.glyph.shape, np.uint32)
    np.bitwise_or.at(pattern, (cell_row, cell_column), np.array(BITS, np.uint32)[row % 4, column % 2])
    canvas.glyph[pattern > 0] = (BLANK + pattern)[pattern > 0]


def groups_of(figure: Points) -> Ints:
    """Return the class of each point as whole numbers; what is no number belongs to class 0."""
    return np.asarray(
        np.nan_to_num(np.asarray(figure.group, float).ravel(), posinf=0, neginf=0).astype(np.int64)
    )


def colours_of(figure: Points, look: Look) -> NDArray[np.uint32]:
    """Return the packed colour of every point."""
    count = len(figure.position)
    if look.depth is Depth.NONE:
        return np.full(count, NO_COLOUR, np.uint32)
    if figure.rgb is not None:
        return pack(np.clip(np.nan_to_num(np.asarray(figure.rgb, float)), 0, 255).astype(np.uint8))
    if figure.group is not None:
        palette = pack(np.array([series_color(i) for i in range(8)], np.uint8))
        grouped: NDArray[np.uint32] = palette[groups_of(figure) % 8]
        return grouped
    if figure.value is not None:
        return pack(paint("viridis", axis_of(figure.value).share(np.asarray(figure.value, float))))
    return np.full(count, pack(np.array(series_color(0), np.uint8)), np.uint32)


def bar_of_values(figure: Points, look: Look) -> Bar | None:
    """Return the colour bar, where colour tells a value."""
    if figure.value is None or figure.rgb is not None or figure.group is not None or look.depth is Depth.NONE:
        return None
    return Bar(axis_of(figure.value), "viridis", "")


def keys_of(figure: Points, look: Look) -> list[Key]:
    """Return the legend of the groups."""
    if figure.group is None or figure.rgb is not None or not len(figure.position):
        return []
    present = np.unique(groups_of(figure)).tolist()[:24]
    names = figure.group_names
    return [
        Key(marker(i, look), names[i] if 0 <= i < len(names) else str(i), series_color(i)) for i in present
    ]


def _axis(figure: Points, place: int) -> str:
    """Return the name of an axis, or nothing."""
    return figure.axes[place] if place < len(figure.axes) else ""


def _nearest(flat: Floats, figure: Points, cursor: tuple[float, float]) -> str:
    """Return what is known of the point nearest to the cursor, distances measured in extents of the cloud."""
    known = np.isfinite(flat).all(axis=1)
    if not known.any():
        return "no point"
    size = np.maximum(np.ptp(flat[known], axis=0), 1e-300)
    far = (((flat - np.array(cursor)) / size) ** 2).sum(axis=1)
    i = int(np.argmin(np.where(known, far, np.inf)))
    text = f"#{i}  {_axis(figure, 0)} {number(float(flat[i, 0]), 3)}  {_axis(figure, 1)} {number(float(flat[i, 1]), 3)}"
    if figure.group is not None:
        group = int(groups_of(figure)[i])
        return f"{text}  {figure.group_names[group] if 0 <= group < len(figure.group_names) else group}"
    return text if figure.value is None else f"{text}  value {number(float(figure.value[i]))}"
