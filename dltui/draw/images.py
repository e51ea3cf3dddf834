"""Pictures side by side."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from dltui.draw.blocks import put_halves
from dltui.draw.braille import BLANK, cells_of
from dltui.draw.canvas import Canvas, clip, pack, text_width
from dltui.draw.colors import QUIET
from dltui.draw.layout import sheet
from dltui.draw.look import Depth, Look
from dltui.draw.mosaic import put_mosaic
from dltui.draw.patches import put_patch
from dltui.draw.scales import Floats
from dltui.draw.view import Drawing, View
from dltui.figures import Images

GAP = 2
ROWS = 24  # rows for the pictures when nobody asks for a height: one picture fills them, many go beyond
TALL = 32  # rows of a screen with so much room that a few small pictures would be lost on it
WORDS = 3  # rows that a caption may take of it
SMALLEST = 12  # columns of a picture, where there is a choice
BREAK = re.compile(r"(?<=[\s/_-])|(?<=\.)(?!\d)|(?<=[^\d]\.)")
LADDER = " .:-=+*#%@"
# Thresholds of an ordered dither (Bayer 1973), one for each dot of four by four.
DITHER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) + 0.5) / 16


def draw_images(figure: Images, look: Look, view: View) -> Drawing:
    """Return pictures in rows, from the one at the view's offset on."""
    count, tall, wide = figure.pixels.shape[:3]
    named = any(figure.names)
    if not (count and tall and wide):
        return Drawing(sheet(figure, look, 1)[0])
    wanted = ROWS if look.height is None else max(1, look.height - bool(figure.title))
    columns, rows = tile(count, wide / tall, wide, max(look.width, 1), wanted - named, figure.each_row)
    each_row = beside(columns, look.width, figure.each_row)
    first = max(0, min(view.offset, count - 1)) // each_row * each_row
    lines = -(-(count - first) // each_row)
    names = [folded(name, columns) for name in figure.names]
    below = max(map(len, names), default=1) if named else 0
    pitch = rows + below
    canvas, top, room = sheet(figure, look, lines * pitch)
    for place, i in enumerate(range(first, count)):
        row, column = top + place // each_row * pitch, place % each_row * (columns + GAP)
        if row + pitch > top + room and place:
            break
        rows_here = max(1, min(rows, top + room - row - below))
        put_picture(canvas, column, row, figure.pixels[i], (columns, rows_here), look)
        for line, name in enumerate(names[i] if i < len(names) else []):
            canvas.text(column + (columns - text_width(name)) // 2, row + rows_here + line, name, QUIET)
    return Drawing(canvas)


def folded(name: str, columns: int) -> list[str]:
    """Return a name on as many lines as it needs, broken after spaces, dots and hyphens; longer parts are cut.

    A number such as 0.24 is one part.
    """
    lines = [""]
    for part in BREAK.split(name):
        if lines[-1] and text_width((lines[-1] + part).rstrip()) > columns:
            lines.append("")
        lines[-1] += part
    return [clip(line.strip(), columns) for line in lines]


def beside(columns: int, width: int, wished: int) -> int:
    """Return how many pictures stand in a row: those that fit, but no more than wished where something is."""
    fit = max(1, (width + GAP) // (columns + GAP))
    return min(fit, wished) if wished else fit


def tile(count: int, aspect: float, native: int, width: int, rows: int, wished: int = 0) -> tuple[int, int]:
    """Return columns and rows of one picture.

    Args:
        count: How many pictures there are.
        aspect: Width over height of a picture in pixels, which are square.
        native: Pixels in a row of a picture.
        width: Columns that there are.
        rows: Rows that there are; more may be taken when pictures would get smaller than can be seen.
        wished: Pictures that belong beside each other; 0 for any number.

    Returns:
        Columns and rows, both at least 1; a cell is twice as tall as wide.
    """

    def height(columns: int) -> int:
        return max(1, round(columns / aspect / 2))

    def fits(columns: int, room: int) -> bool:
        return -(-count // beside(columns, width, wished)) * (height(columns) + 1) <= room

    most = max(1, min(width, math.floor(2 * max(rows, 1) * aspect)))
    if count == 1:
        return most, min(height(most), max(rows, 1))
    step = native if native < 2 * SMALLEST else 1  # few pixels stay as wide as each other
    columns = max(1, min(native * max(1, round(16 / native)) if step > 1 else native, most))
    if wished and (room := (width + GAP) // wished - GAP) >= SMALLEST:
        most = min(most, room)
        columns = min(columns, room)
    while columns - step >= SMALLEST:
        if fits(columns, rows):
            break
        columns -= step
    while rows > TALL and columns + native <= most and fits(columns + native, rows - WORDS):
        columns += native
    return columns, height(columns)


def resized(picture: Floats, tall: int, wide: int) -> Floats:
    """Return a picture of shape (h, w, …) as (tall, wide, …): the mean where it shrinks, the nearest where it grows."""
    return np.swapaxes(_resized_rows(np.swapaxes(_resized_rows(picture, tall), 0, 1), wide), 0, 1)


def _resized_rows(picture: Floats, tall: int) -> Floats:
    """Return a picture with another number of rows."""
    rows = len(picture)
    if tall >= rows:
        nearest: Floats = picture[((np.arange(tall) + 0.5) * rows / tall).astype(int)]
        return nearest
    ends = np.arange(tall + 1) * rows // tall
    total = np.add.reduceat(picture, ends[:-1], axis=0)
    count = np.diff(ends).reshape(-1, *[1] * (picture.ndim - 1))
    mean: Floats = total / count
    return mean


def put_picture(
    canvas: Canvas, left: int, top: int, picture: NDArray[np.generic], size: tuple[int, int], look: Look
) -> None:
    """Draw one picture.

    Args:
        canvas: Where to.
        left: First column.
        top: First row.
        picture: Grey (h, w) or colour (h, w, 3), 0 dark and 1 bright.
        size: Columns and rows that it shall fill.
        look: Colours, glyphs and pixels that may be used.
    """
    columns, rows = size
    bright = np.clip(np.nan_to_num(np.asarray(picture, float)), 0, 1)
    colour = bright if bright.ndim == 3 else np.repeat(bright[..., None], 3, axis=-1)
    colour = colour[..., [0, 0, 0]] if colour.shape[-1] < 3 else colour[..., :3]
    grey = colour @ np.array([0.299, 0.587, 0.114])
    columns, rows = min(columns, canvas.width - left), min(rows, canvas.height - top)
    if columns < 1 or rows < 1:
        return
    if look.depth is not Depth.NONE and colour.shape[1] > columns:
        put_mosaic(canvas, left, top, _sized(colour, columns, rows, look.glyphs.grain), glyphs=look.glyphs)
    elif look.depth is not Depth.NONE:
        put_halves(canvas, left, top, pack(_sized(colour, columns, rows, (1, 2))))
    elif look.ascii:
        steps = np.minimum(resized(grey, rows, columns) * len(LADDER), len(LADDER) - 1).astype(int)
        canvas.glyph[top : top + rows, left : left + columns] = np.array([ord(g) for g in LADDER], np.uint32)[
            steps
        ]
    else:
        fine = resized(grey, 4 * rows, 2 * columns)
        threshold = np.tile(DITHER, (rows, -(-columns // 2)))[:, : 2 * columns]
        pattern = cells_of(fine > threshold)
        canvas.glyph[top : top + rows, left : left + columns] = BLANK + pattern.astype(np.uint32)
    if look.pixels is not None and look.depth is not Depth.NONE:
        sharp = _sized(colour, columns, rows, look.pixels.grain(columns, rows))
        put_patch(canvas, left, top, (columns, rows), sharp)


def _sized(colour: Floats, columns: int, rows: int, grain: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture of 0…1 as bytes, ``grain`` pixels to a cell across and down."""
    fine = resized(colour, grain[1] * rows, grain[0] * columns)
    return (fine * 255 + 0.5).astype(np.uint8)
