"""Clouds in space, orbited."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dltui.draw.blocks import put_shades
from dltui.draw.box import put_box
from dltui.draw.braille import BITS, BLANK
from dltui.draw.camera import Camera, camera_of
from dltui.draw.canvas import pack
from dltui.draw.cloud import bar_of_values, colours_of, groups_of, keys_of
from dltui.draw.colors import QUIET, SERIES
from dltui.draw.fields import put_bar
from dltui.draw.layout import Plot, put_keys, sheet
from dltui.draw.lines import marker
from dltui.draw.look import Depth, Look
from dltui.draw.mosaic import put_mosaic
from dltui.draw.patches import put_patch
from dltui.draw.scales import Axis, Floats, axis_of
from dltui.draw.view import Drawing, View
from dltui.figures import Points

Ints = NDArray[np.int64]
Seen = tuple[Ints, Ints, Floats]  # pixels, which point is in front there, how far away it is
ROWS = 24
LONGEST = 8.0  # an axis this many times shorter than another gets a unit of its own
INDEX_BITS = 32
FADE = 0.55  # how far the farthest points go towards grey


def draw_space(figure: Points, look: Look, view: View) -> Drawing:
    """Return a cloud in its box; what is behind is fainter, and hidden by what is in front."""
    bar, keys = bar_of_values(figure, look), keys_of(figure, look)
    canvas, top, rows = sheet(figure, look, ROWS)
    head = put_keys(canvas, top, keys) if rows >= 8 else 0
    top, rows = top + head, rows - head
    width = max(1, canvas.width - (bar.columns(canvas.width) if bar is not None else 0))
    x, y, z, tall = _axes(figure)
    plot = Plot(canvas, 0, top, width, rows, x, y)
    roomy = width >= 40 and rows >= 12
    camera = camera_of(view, width, rows, tall, (5, 1) if roomy else (0, 0))
    _put(plot, figure, look, camera, (x, y, z), tall)
    names = [*figure.axes, "", "", ""][:3]
    put_box(plot, camera, z, tall, names, labelled=roomy)
    if bar is not None:
        put_bar(plot, bar, look)
    return Drawing(canvas)


def _axes(figure: Points) -> tuple[Axis, Axis, Axis, float]:
    """Return the three axes, in one unit unless they differ too much, and half the height of the box."""
    axes = [axis_of(figure.position[:, i]) for i in range(3)]
    sizes = [axis.high - axis.low for axis in axes]
    largest = max(sizes)
    if min(sizes) * LONGEST < largest:
        return axes[0], axes[1], axes[2], 0.8
    ground = max(sizes[:2])
    wide = [Axis((a.low + a.high - ground) / 2, (a.low + a.high + ground) / 2) for a in axes[:2]]
    return wide[0], wide[1], axes[2], sizes[2] / ground


def _put(
    plot: Plot,
    figure: Points,
    look: Look,
    camera: Camera,
    axes: tuple[Axis, Axis, Axis],
    tall: float,
) -> None:
    """Draw the points, the nearest one in front in each dot."""
    place = [
        (np.asarray(figure.position[:, i], float) - axis.low) * (2 / (axis.high - axis.low)) - 1
        for i, axis in enumerate(axes)
    ]
    column, row, depth = camera.see(place[0], place[1], place[2] * tall)
    count = len(figure.position)
    cells = plot.width * plot.height
    dense = look.depth is not Depth.NONE and count > 3 * cells
    grain = look.glyphs.grain if dense else (2, 4)
    seen = _seen(plot, column, row, depth, grain)
    if seen is None:
        return
    if dense:
        put_mosaic(plot.canvas, plot.left, plot.top, *_picture(plot, seen, grain, figure, look), look.glyphs)
    else:
        spots, which, haze = seen
        order = np.argsort(-haze, kind="stable")
        wide = plot.width * grain[0]
        _put_dots(
            plot, (spots % wide)[order], (spots // wide)[order], which[order], haze[order], figure, look
        )
    if look.pixels is not None and count * 5 > cells:
        fine = look.pixels.grain(plot.width, plot.height)
        sharp = _seen(plot, column, row, depth, fine, size=max(1, round(0.4 * fine[0])))
        if sharp is not None:
            whole = plot.width, plot.height
            put_patch(plot.canvas, plot.left, plot.top, whole, *_picture(plot, sharp, fine, figure, look))


def _seen(
    plot: Plot, column: Floats, row: Floats, depth: Floats, grain: tuple[int, int], *, size: int = 1
) -> Seen | None:
    """Return the points in front, or None where there is none.

    Args:
        plot: Where they are drawn.
        column: Places in cells from the left, shape (n,).
        row: Places in cells from the top, shape (n,).
        depth: Distances, smaller is nearer, shape (n,).
        grain: Pixels of a cell across and down.
        size: Pixels of a point, across and down.

    Returns:
        Pixels in reading order, the point in front at each, and its distance as a share 0…1.
    """
    across, down, far_points, which = _inside(plot, column * grain[0], row * grain[1], depth, grain)
    if not which.size:
        return None
    wide, tall = plot.width * grain[0], plot.height * grain[1]
    near, far = float(far_points.min()), float(far_points.max())
    haze = (far_points - near) * np.float32(1 / max(far - near, 1e-6))
    spots = [
        np.minimum(down + y, tall - 1) * wide + np.minimum(across + x, wide - 1)
        for y in range(size)
        for x in range(size)
    ]
    winner = _front(np.concatenate(spots), np.tile(haze, size * size), tall * wide)
    pixel = np.flatnonzero(winner >= 0)
    won = winner[pixel] % len(which)
    return pixel, which[won], haze[won]


def _picture(
    plot: Plot, seen: Seen, grain: tuple[int, int], figure: Points, look: Look
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the points in front as a picture, and the pixels on which there is one."""
    pixel, which, haze = seen
    shape = plot.height * grain[1], plot.width * grain[0]
    picture, filled = np.zeros((shape[0] * shape[1], 3), np.uint8), np.zeros(shape[0] * shape[1], np.bool_)
    picture[pixel] = _hazy(colours_of(figure, look, which), haze)
    filled[pixel] = True
    return picture.reshape(*shape, 3), filled.reshape(shape)


def _inside(
    plot: Plot, column: Floats, row: Floats, depth: Floats, grain: tuple[int, int]
) -> tuple[Ints, Ints, Floats, Ints]:
    """Return whole places, distances and numbers of the points on the screen."""
    with np.errstate(invalid="ignore"):
        on = (column >= 0) & (column < plot.width * grain[0]) & (row >= 0) & (row < plot.height * grain[1])
    which = np.flatnonzero(on & np.isfinite(depth))
    return column[which].astype(np.int64), row[which].astype(np.int64), depth[which], which


def _front(pixel: Ints, haze: Floats, pixels: int) -> Ints:
    """Return for each pixel the number of its nearest point, or −1."""
    none = np.iinfo(np.int64).max
    front = np.full(pixels, none, np.int64)
    key = ((haze * (1 << 20)).astype(np.int64) << INDEX_BITS) | np.arange(len(pixel))
    np.minimum.at(front, pixel, key)
    return np.where(front == none, -1, front & ((1 << INDEX_BITS) - 1))


def _hazy(colours: NDArray[np.uint32], haze: Floats) -> NDArray[np.uint8]:
    """Return colours faded towards grey by distance 0…1, shape (n, 3)."""
    parts = np.stack([colours >> 16, (colours >> 8) & 255, colours & 255], axis=1).astype(np.float32)
    fade = (haze * FADE)[:, None]
    return (parts * (1 - fade) + np.array(QUIET, np.float32) * fade).astype(np.uint8)


def _put_dots(
    plot: Plot,
    column: Ints,
    row: Ints,
    which: Ints,
    haze: Floats,
    figure: Points,
    look: Look,
) -> None:
    """Put points that come from far to near as dots or markers."""
    canvas, cell_column, cell_row = plot.canvas, plot.left + column // 2, plot.top + row // 4
    if look.depth is not Depth.NONE:
        canvas.front[cell_row, cell_column] = pack(_hazy(colours_of(figure, look, which), haze))
    few = len(which) * 5 <= plot.width * plot.height
    if figure.group is not None and (look.ascii or few or look.depth is Depth.NONE):
        codes = np.array([ord(marker(i, look)) for i in range(len(SERIES))], np.uint32)
        canvas.glyph[cell_row, cell_column] = codes[groups_of(figure, which) % len(SERIES)]
    elif look.ascii:
        shade = np.full((plot.height, plot.width), np.nan)
        shade[row // 4, column // 2] = 1 - haze
        put_shades(canvas, plot.left, plot.top, shade, look)
    elif few:
        canvas.glyph[cell_row, cell_column] = ord(marker(0, look))
    else:
        pattern = np.zeros(canvas.glyph.shape, np.uint32)
        np.bitwise_or.at(pattern, (cell_row, cell_column), np.array(BITS, np.uint32)[row % 4, column % 2])
        canvas.glyph[pattern > 0] = (BLANK + pattern)[pattern > 0]
