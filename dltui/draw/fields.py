"""What all drawings of a field need: values as shares of a range, resampled to pixels, and the colour bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.draw.blocks import put_halves, put_shades
from dltui.draw.canvas import clip, pack, text_width
from dltui.draw.colors import QUIET, paint
from dltui.draw.layout import Plot
from dltui.draw.look import Depth, Look
from dltui.draw.scales import Axis, Floats, axis_of
from dltui.figures import ColorMap, Field

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bar:
    """The range of a field's values and how it is coloured.

    Attributes:
        axis: The values, low to high.
        colormap: Their colours.
        label: Their name and unit.
    """

    axis: Axis
    colormap: ColorMap
    label: str

    def columns(self, width: int) -> int:
        """Return the columns it takes on the right of a canvas ``width`` wide; 0 where there is no room."""
        if width < 44:
            return 0
        return 5 + max((text_width(text) for _, text in self.axis.ticks(8)), default=0)


def bar_of(figure: Field, colormap: ColorMap) -> Bar:
    """Return the colour bar of a field; ``coolwarm`` is centred on 0."""
    values = figure.values if figure.limits is None else np.asarray(figure.limits, float)
    return Bar(axis_of(values, figure.scale, centred=colormap == "coolwarm"), colormap, figure.value_label)


def put_bar(plot: Plot, bar: Bar, look: Look) -> None:
    """Draw the colour bar to the right of a plot."""
    canvas, left = plot.canvas, plot.left + plot.width + 1
    if not bar.columns(canvas.width):
        return
    if look.depth is Depth.NONE:
        steps = (np.arange(plot.height)[::-1] + 0.5) / plot.height
        put_shades(canvas, left, plot.top, np.repeat(steps[:, None], 2, axis=1), look)
    else:
        steps = (np.arange(2 * plot.height)[::-1] + 0.5) / (2 * plot.height)
        put_halves(canvas, left, plot.top, np.repeat(pack(paint(bar.colormap, steps))[:, None], 2, axis=1))
    upright = Plot(canvas, left, plot.top, 2, plot.height, plot.x, bar.axis)
    for value, text in bar.axis.ticks(max(2, min(8, plot.height // 2))):
        spot = upright.cell(plot.x.low, value)
        if spot is not None:
            canvas.text(left + 2, spot[1], "╴", QUIET)
            canvas.text(left + 3, spot[1], text, QUIET)
    label = clip(bar.label, canvas.width // 2)
    start = canvas.width - max(text_width(label), canvas.width - left)
    row = plot.top - 1
    if row >= 0 and np.all(canvas.glyph[row, max(start - 1, 0) :] == ord(" ")):
        canvas.text(start, row, label, QUIET)


def spaced(places: Floats) -> Axis:
    """Return the axis of a grid's columns or rows: from border to border, logarithmic when the places are."""
    known = places[np.isfinite(places)]
    if known.size < 2:
        return axis_of(known)
    if known.size > 2 and known[0] > 0 and known[-1] / known[0] >= 30:
        ratios = known[1:] / known[:-1]
        if np.allclose(ratios, ratios[0], rtol=1e-3):
            half = float(np.sqrt(ratios[0]))
            return Axis(float(known[0]) / half, float(known[-1]) * half, "log")
    low, high = float(known[0]), float(known[-1])
    axis = Axis(low - float(known[1] - known[0]) / 2, high + float(known[-1] - known[-2]) / 2)
    return axis if axis.high > axis.low else axis_of(known)


def borders(places: Floats) -> Floats:
    """Return where one grid cell ends and the next begins: the middles between the places, shape (n - 1,)."""
    return (places[1:] + places[:-1]) / 2


def resample(shares: Floats, x: Floats, y: Floats, across: Floats, down: Floats, *, smooth: bool) -> Floats:
    """Return a field at the pixels of a picture.

    A pixel shows the grid cell that it lies in; where several cells fall into one pixel, their mean. NaN pixels are
    holes or lie outside.

    Args:
        shares: The field, shape (len(y), len(x)), NaN where it has no number.
        x: Abscissae of the columns, ascending.
        y: Ordinates of the rows, ascending.
        across: Abscissae of the borders of the pixel columns, ascending, shape (w + 1,).
        down: Ordinates of the borders of the pixel rows, ascending, shape (h + 1,).
        smooth: Interpolate bilinearly between the places instead, except beside holes.

    Returns:
        Shape (h, w).
    """
    rows, columns = _cells(y, down), _cells(x, across)
    picture = _pooled(_pooled(shares, *rows).T, *columns).T
    if not smooth or min(shares.shape) < 2:
        return picture
    fine = _bilinear(
        shares,
        np.interp(_middles(down), y, np.arange(len(y))),
        np.interp(_middles(across), x, np.arange(len(x))),
    )
    return np.where(np.isfinite(fine) & np.isfinite(picture), fine, picture)


def holes(shares: Floats, x: Floats, y: Floats, across: Floats, down: Floats) -> NDArray[np.bool_]:
    """Return the pixels whose middle lies in a hole, so that narrow gaps between small fields are kept.

    Args:
        shares: The field, shape (len(y), len(x)), NaN where it has no number.
        x: Abscissae of the columns, ascending.
        y: Ordinates of the rows, ascending.
        across: Abscissae of the borders of the pixel columns, ascending, shape (w + 1,).
        down: Ordinates of the borders of the pixel rows, ascending, shape (h + 1,).

    Returns:
        Shape (h, w).
    """
    rows, columns = (
        np.searchsorted(borders(places), _middles(ends), side="right")
        for places, ends in ((y, down), (x, across))
    )
    return np.asarray(np.isnan(shares[np.ix_(rows, columns)]))


def _middles(ends: Floats) -> Floats:
    """Return the middles of the stretches between ends."""
    return (ends[1:] + ends[:-1]) / 2


def _cells(places: Floats, ends: Floats) -> tuple[Ints, Ints]:
    """Return the first grid cell of each pixel and the one after its last."""
    walls = borders(places)
    first = np.searchsorted(walls, ends[:-1], side="right")
    middle = np.searchsorted(walls, _middles(ends), side="right")
    last = np.searchsorted(walls, ends[1:], side="left") + 1
    several = last - first > 2  # fewer are two halves at a wall: the one in the middle is the honest one
    return np.where(several, first, middle), np.where(several, last, middle + 1)


def _pooled(field: Floats, first: Ints, last: Ints) -> Floats:
    """Return the mean of the known rows from first to last, for each pixel."""
    if np.all(last - first <= 1):
        picked: Floats = field[first]
        return picked
    known = np.isfinite(field)
    total = np.concatenate([np.zeros((1, field.shape[1])), np.cumsum(np.where(known, field, 0), axis=0)])
    count = np.concatenate([np.zeros((1, field.shape[1])), np.cumsum(known, axis=0)])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = (total[last] - total[first]) / (count[last] - count[first])
    return mean


def _bilinear(field: Floats, rows: Floats, columns: Floats) -> Floats:
    """Return a field between its places; rows and columns are counted in grid cells."""
    row = np.clip(rows.astype(int), 0, field.shape[0] - 2)
    column = np.clip(columns.astype(int), 0, field.shape[1] - 2)
    up, right = (rows - row)[:, None], (columns - column)[None, :]
    upper = field[row]
    lower = field[row + 1]
    with np.errstate(invalid="ignore"):
        left = upper[:, column] * (1 - up) + lower[:, column] * up
        beside = upper[:, column + 1] * (1 - up) + lower[:, column + 1] * up
        mixed: Floats = left * (1 - right) + beside * right
    return mixed
