"""Dots of braille: eight to a cell, for curves and clouds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Dots = NDArray[np.bool_]
Ints = NDArray[np.int64]
BLANK = 0x2800
# The dots of a cell, row by row, as bits of the code point (Unicode 15, block 2800–28FF).
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def cells_of(dots: Dots) -> NDArray[np.uint8]:
    """Return the braille pattern of each cell, shape (h, w), of dots of shape (4h, 2w)."""
    height, width = dots.shape[0] // 4, dots.shape[1] // 2
    pattern = np.zeros((height, width), np.uint8)
    for row in range(4):
        for column in range(2):
            pattern |= dots[row::4, column::2].view(np.uint8) * np.uint8(BITS[row][column])
    return pattern


def trace(x: NDArray[np.float64], y: NDArray[np.float64], width: int, height: int) -> tuple[Ints, Ints]:
    """Return the pixels of a polyline, columns and rows, all within the picture.

    Args:
        x: Places of the corners across, in pixels from the left border, shape (n,); NaN breaks the line.
        y: Places of the corners down, in pixels from the top border, shape (n,).
        width: Pixels in a row.
        height: Number of rows.

    Returns:
        Column and row of every pixel on the way, each of shape (m,); some may occur more than once.
    """
    starts, stops = _clipped(x, y, width, height)
    way = np.abs(stops - starts).max(axis=0, initial=0.0) if starts.size else np.zeros(0)
    steps = np.floor(way + 0.01).astype(np.int64) + 2  # less than a pixel apart: rounding must leave no hole
    total = int(steps.sum())
    segment = np.repeat(np.arange(len(steps)), steps)
    along = np.arange(total) - np.repeat(np.cumsum(steps) - steps, steps)
    share = along / np.maximum(steps - 1, 1)[segment]
    places = starts[:, segment] + share * (stops - starts)[:, segment]
    column = np.minimum(places[0].astype(np.int64), width - 1)
    row = np.minimum(places[1].astype(np.int64), height - 1)
    return column, row


def _clipped(
    x: NDArray[np.float64], y: NDArray[np.float64], width: int, height: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends, each of shape (2, n), of the parts of the segments inside the picture (Liang and Barsky 1984).

    A corner without a neighbour counts as a segment of no length, so that a lone point is seen.
    """
    corners = np.stack([x, y])
    known: Dots = np.isfinite(x) & np.isfinite(y)
    joined = known[:-1] & known[1:]
    alone = known.copy()
    alone[:-1] &= ~joined
    alone[1:] &= ~joined
    start = np.concatenate([corners[:, :-1][:, joined], corners[:, alone]], axis=1)
    stop = np.concatenate([corners[:, 1:][:, joined], corners[:, alone]], axis=1)
    way = stop - start
    enter, leave = np.zeros(start.shape[1]), np.ones(start.shape[1])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for axis, size in ((0, width), (1, height)):
            one, other = -start[axis] / way[axis], (size - start[axis]) / way[axis]
            still = way[axis] == 0
            outside = still & ((start[axis] < 0) | (start[axis] > size))
            first = np.where(still, -np.inf, np.minimum(one, other))
            last = np.where(still, np.inf, np.maximum(one, other))
            enter = np.maximum(enter, np.where(outside, np.inf, first))
            leave = np.minimum(leave, last)
        seen = enter <= leave
        start, way, enter, leave = start[:, seen], way[:, seen], enter[seen], leave[seen]
        came, went = start + enter * way, start + leave * way
    ends = np.array([[width], [height]], float)
    return np.clip(np.nan_to_num(came), 0, ends), np.clip(np.nan_to_num(went), 0, ends)


def plot_dots(dots: Dots, column: Ints, row: Ints) -> None:
    """Set the dots at these places; places outside are ignored."""
    inside = (column >= 0) & (column < dots.shape[1]) & (row >= 0) & (row < dots.shape[0])
    dots[row[inside], column[inside]] = True
