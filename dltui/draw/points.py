"""Clouds of points in the plane and in space."""

from __future__ import annotations

from functools import partial

import numpy as np

from dltui.draw.cloud import bar_of_values, groups_of, keys_of, put_cloud
from dltui.draw.colors import SIGNAL
from dltui.draw.fields import put_bar
from dltui.draw.layout import Key, chart, level
from dltui.draw.lines import cross
from dltui.draw.look import Look
from dltui.draw.scales import Floats, axis_of, within
from dltui.draw.space import draw_space
from dltui.draw.view import Drawing, View
from dltui.figures import Points, number


def draw_points(figure: Points, look: Look, view: View) -> Drawing:
    """Return a cloud, coloured by group, own colour or value."""
    if figure.position.ndim == 2 and figure.position.shape[1] >= 3:
        return draw_space(figure, look, view)
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
    labels = (_axis(figure, 0), _axis(figure, 1))
    fit = partial(level, (x.high - x.low) / (y.high - y.low)) if figure.equal else None
    plot = chart(figure, look, x, y, labels=labels, keys=keys, side=side, fit=fit)
    across, up = plot.x.share(flat[:, 0]), plot.y.share(flat[:, 1])
    seen = np.flatnonzero((across >= 0) & (across <= 1) & (up >= 0) & (up <= 1))
    column = np.minimum(across[seen] * 2 * plot.width, 2 * plot.width - 1).astype(np.int64)
    row = np.minimum((1 - up[seen]) * 4 * plot.height, 4 * plot.height - 1).astype(np.int64)
    put_cloud(plot, column, row, seen, figure, look)
    if scale is not None:
        put_bar(plot, scale, look)
    if view.cursor is not None:
        cross(plot, view.cursor)
    return Drawing(plot.canvas, plot.frame())


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
