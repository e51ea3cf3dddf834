"""Fields seen from above."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import lcm

import numpy as np
from numpy.typing import NDArray

from dltui.draw.blocks import HOLE, put_halves, put_shades
from dltui.draw.braille import BLANK, cells_of, trace
from dltui.draw.canvas import NO_COLOUR, pack
from dltui.draw.colors import QUIET, SIGNAL, contrast, packed_of, paint
from dltui.draw.fields import Bar, bar_of, holes, put_bar, resample, spaced
from dltui.draw.layout import Key, Plot, chart, level
from dltui.draw.lines import marker
from dltui.draw.look import Depth, Look
from dltui.draw.mosaic import put_mosaic
from dltui.draw.patches import put_patch
from dltui.draw.scales import Axis, Floats, NamedAxis, within
from dltui.draw.view import Drawing, View
from dltui.figures import Heatmap, number
from dltui.figures.fields import Path

SPACE = ord(" ")
LINE = "━"  # a trail in the legend
ROUND = 8  # rows below which a picture shows more over the whole width than it does when it is round
BETWEEN = (58, 58, 66)  # what small fields stand on
LEVELS = 9  # bands between contours
TRAILS = ((255, 255, 255), (255, 150, 60), (255, 110, 160), (110, 220, 255), (230, 50, 50), (200, 160, 255))


def draw_heatmap(figure: Heatmap, look: Look, view: View) -> Drawing:
    """Return a field as colours, with contours, trails, marks, axes and colour bar."""
    bar = bar_of(figure, look.map_of(figure.colormap))
    x_places, y_places = np.asarray(figure.x, float), np.asarray(figure.y, float)
    x, y = within(spaced(x_places), view.x_range), within(spaced(y_places), view.y_range)
    ends = (y.high, y.low) if figure.downwards else (y.low, y.high)
    upright = NamedAxis(*ends, names=figure.row_names) if figure.row_names else Axis(*ends, y.scale, y.bend)
    across = NamedAxis(x.low, x.high, names=figure.column_names) if figure.column_names else x
    plot = chart(
        figure,
        look,
        across,
        upright,
        labels=(figure.x_label, figure.y_label),
        keys=_keys(figure, look, view),
        side=bar.columns(look.width),
        fit=_fit(figure, look, view, abs(x.high - x.low) / abs(y.high - y.low)),
    )
    if figure.values.size:
        _fill(plot, figure, bar, look, x_places, y_places)
    for index, path in enumerate(figure.paths):
        _trail(plot, path, index, look, _line_key(figure, index, look))
    for index, mark in enumerate(figure.marks):
        _sign(plot, mark.x, mark.y, marker(index, look))
    if view.cursor is not None:
        _sign(plot, *view.cursor, "+" if look.ascii else "┼")
    put_bar(plot, bar, look)
    return Drawing(plot.canvas, plot.frame())


def read_at(figure: Heatmap, x: float, y: float) -> float:
    """Return the value of the grid cell nearest to a spot."""
    row = int(np.argmin(np.abs(np.asarray(figure.y, float) - y)))
    column = int(np.argmin(np.abs(np.asarray(figure.x, float) - x)))
    return float(figure.values[row, column])


def _keys(figure: Heatmap, look: Look, view: View) -> list[Key]:
    """Return the legend of marks and trails, and what the cursor reads."""
    keys = [Key(marker(i, look), mark.name) for i, mark in enumerate(figure.marks)]
    keys += [Key(_line_key(figure, i, look), path.name, trail_ink(i)) for i, path in enumerate(figure.paths)]
    if view.cursor is not None and figure.values.size:
        x, y = view.cursor
        value = number(read_at(figure, x, y))
        place = f"{figure.column_at(x)}  {figure.row_at(y)}"
        keys.insert(0, Key("┼", f"{place}  {figure.value_label or 'value'} {value}", SIGNAL))
    return keys


def _line_key(figure: Heatmap, index: int, look: Look) -> str:
    """Return what names a trail in the legend: a letter, written on it, where colours don't tell it from others."""
    alike = len(figure.paths) > 1 and (look.ascii or look.depth is Depth.NONE)
    return chr(ord("a") + index % 26) if alike else LINE


def _fit(
    figure: Heatmap, look: Look, view: View, ratio: float
) -> Callable[[int, int], tuple[int, int]] | None:
    """Return what chooses the room: units alike, or grid cells alike where they are seen one by one, or all of it."""
    if figure.equal:
        return partial(_round, ratio)
    if figure.contours or view.x_range or view.y_range:
        return None
    return partial(crisp, _tiles(figure), grain=_grain(figure, look))


def _tiles(figure: Heatmap) -> tuple[int, ...]:
    """Return how many rows and columns there are, or small fields down and across where gaps lie between them."""
    if not figure.fine:
        return figure.values.shape
    empty = np.isnan(np.asarray(figure.values, float))
    gaps = empty.all(axis=1), empty.all(axis=0)
    return tuple(
        int(np.count_nonzero(np.diff((~gap).astype(np.int8), prepend=0) > 0)) if gap.any() else gap.size
        for gap in gaps
    )


def _round(ratio: float, width: int, height: int) -> tuple[int, int]:
    """Return the room on which a unit is as long across as up, or all of it where that would be a stamp."""
    return level(ratio, width, height) if height >= ROUND else (width, height)


def crisp(
    shape: tuple[int, ...], width: int, height: int, grain: tuple[int, int] = (1, 2)
) -> tuple[int, int]:
    """Return columns and rows that give all grid cells the same number of pixels, where that costs little room.

    Args:
        shape: Rows and columns of the grid.
        width: Columns that there are.
        height: Rows that there are.
        grain: Pixels of a terminal's cell across and down.

    Returns:
        Columns and rows to be used.
    """
    return _even(shape[1], width, grain[0]), _even(shape[0], height, grain[1])


def _even(count: int, room: int, parts: int) -> int:
    """Return how many of the terminal's cells, of so many pixels each, give every grid cell as many pixels."""
    if not count:
        return room
    whole = parts * room // lcm(count, parts) * lcm(count, parts)
    return whole // parts if whole >= 0.7 * parts * room else room


def _grain(figure: Heatmap, look: Look) -> tuple[int, int]:
    """Return how many pixels a cell has across and down."""
    if look.depth is Depth.NONE:
        return 1, 1
    return look.glyphs.grain if figure.fine and not look.ascii else (1, 2)


def _fill(plot: Plot, figure: Heatmap, bar: Bar, look: Look, x: Floats, y: Floats) -> None:
    """Colour the plot's cells, or shade them where there is no colour."""
    shares = bar.axis.share(figure.values)
    shares = np.where(np.isfinite(shares), shares, np.nan)
    colourless = look.depth is Depth.NONE
    grain = _grain(figure, look)
    picture = _picture(plot, figure, shares, x, y, grain)
    if colourless:
        put_shades(plot.canvas, plot.left, plot.top, picture, look)
    else:
        apart = figure.fine and _tiles(figure) != figure.values.shape
        _put_colours(plot, picture, bar, look, fine=grain != (1, 2), apart=apart)
        if look.pixels is not None:
            _put_pixels(
                plot,
                figure,
                bar,
                _picture(plot, figure, shares, x, y, look.pixels.grain(plot.width, plot.height)),
            )
        elif figure.contours and not look.ascii:
            _contours(plot, _picture(plot, figure, shares, x, y, (2, 4)))
    if figure.fine:
        return
    empty = ~np.isfinite(picture).reshape(plot.height, -1, plot.width).any(axis=1)
    area = np.s_[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]
    plot.canvas.glyph[area][empty] = HOLE
    plot.canvas.front[area][empty] = packed_of(QUIET)


def _put_colours(plot: Plot, picture: Floats, bar: Bar, look: Look, *, fine: bool, apart: bool) -> None:
    """Colour the plot's cells, half by half or in the finest glyphs there are.

    Gaps between small fields have a colour of their own: a cell has two, and the ground of the terminal as one of them
    would leave one for all that such a cell shows of a field.
    """
    seen, colours = np.isfinite(picture), paint(bar.colormap, picture)
    if apart:
        colours = np.where(seen[..., None], colours, np.array(BETWEEN, np.uint8))
        seen = np.ones_like(seen)
    if fine:
        put_mosaic(plot.canvas, plot.left, plot.top, colours, seen, look.glyphs)
    else:
        halves = np.where(seen, pack(colours), NO_COLOUR).astype(np.uint32)
        put_halves(plot.canvas, plot.left, plot.top, halves)


def _picture(
    plot: Plot, figure: Heatmap, shares: Floats, x: Floats, y: Floats, grain: tuple[int, int]
) -> Floats:
    """Return the shares at the pixels of the plot, top row first; ``grain`` pixels a cell across and down."""
    across = plot.x.values(np.linspace(0, 1, plot.width * grain[0] + 1))
    up = plot.y.values(np.linspace(0, 1, plot.height * grain[1] + 1))
    down = up[::-1] if figure.downwards else up
    picture = resample(shares, x, y, across, down, smooth=figure.contours)
    if figure.fine:
        picture = np.where(holes(shares, x, y, across, down), np.nan, picture)
    return picture if figure.downwards else picture[::-1]


def _put_pixels(plot: Plot, figure: Heatmap, bar: Bar, picture: Floats) -> None:
    """Lay the field over the plot's cells in real pixels, contours as thin lines."""
    colours = paint(bar.colormap, picture).astype(float)
    if figure.contours:
        line = _between_bands(picture)
        tone = colours[line]
        dark = (tone @ np.array([0.299, 0.587, 0.114]) < 75)[:, None]
        colours[line] = np.where(dark, tone * 0.55 + 255 * 0.45, tone * 0.4)
    size = plot.width, plot.height
    put_patch(plot.canvas, plot.left, plot.top, size, colours.astype(np.uint8), np.isfinite(picture))


def _between_bands(picture: Floats) -> NDArray[np.bool_]:
    """Return the pixels where the value passes from one band to the next."""
    band = np.nan_to_num(np.floor(picture * LEVELS), nan=-1)
    line = np.zeros(band.shape, np.bool_)
    line[:-1] |= (band[:-1] != band[1:]) & (band[1:] >= 0)
    line[:, :-1] |= (band[:, :-1] != band[:, 1:]) & (band[:, 1:] >= 0)
    return line & (band >= 0)


def _contours(plot: Plot, picture: Floats) -> None:
    """Draw dots where the value passes from one band to the next; ``picture`` has 4 × 2 pixels a cell."""
    pattern = cells_of(_between_bands(picture)).astype(np.uint32)
    canvas, hit = plot.canvas, pattern > 0
    area = np.s_[plot.top : plot.top + plot.height, plot.left : plot.left + plot.width]
    front, back = canvas.front[area], canvas.back[area]
    hit &= back != NO_COLOUR
    behind = (_parts(back[hit]) + _parts(np.where(canvas.glyph[area] == SPACE, back, front)[hit])) / 2
    dark = behind @ np.array([0.299, 0.587, 0.114]) < 75
    toned = np.where(dark[:, None], behind * 0.55 + 255 * 0.45, behind * 0.4)
    canvas.glyph[area][hit] = (BLANK + pattern)[hit]
    front[hit], back[hit] = pack(toned.astype(np.uint8)), pack(behind.astype(np.uint8))


def _parts(packed: NDArray[np.uint32]) -> Floats:
    """Return packed colours as red, green and blue, shape (…, 3)."""
    return np.stack([packed >> 16, (packed >> 8) & 255, packed & 255], axis=-1).astype(float)


def _trail(plot: Plot, path: Path, index: int, look: Look, sign: str) -> None:
    """Draw a trail over the field, the start of a way hollow and its end solid."""
    x, y = np.asarray(path.x, float), np.asarray(path.y, float)
    dots = np.zeros((4 * plot.height, 2 * plot.width), np.bool_)
    across, up = plot.x.share(x) * dots.shape[1], (1 - plot.y.share(y)) * dots.shape[0]
    column, row = trace(across, up, dots.shape[1], dots.shape[0])
    dots[row, column] = True
    pattern = cells_of(dots)
    for cell_row, cell_column in np.argwhere(pattern).tolist():
        glyph = "*" if look.ascii else chr(BLANK + int(pattern[cell_row, cell_column]))
        on_top(plot, plot.left + cell_column, plot.top + cell_row, glyph, index)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    ends = ((0, "o" if look.ascii else "○"), (-1, "@" if look.ascii else "●")) if path.ends else ()
    for place, glyph in ends:
        spot = plot.cell(float(x[known[place]]), float(y[known[place]])) if known.size else None
        if spot is not None:
            on_top(plot, *spot, glyph, index)
    if sign != LINE and known.size:
        at = known[known.size // 2]  # of lines, which may have gaps
        middle = plot.cell(*(_halfway(x[known], y[known]) if path.ends else (float(x[at]), float(y[at]))))
        if middle is not None:
            on_top(plot, *middle, sign, index)


def _halfway(x: Floats, y: Floats) -> tuple[float, float]:
    """Return where half the length of a trail is gone; of points that hardly move the way before them counts."""
    gone = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    return float(np.interp(gone[-1] / 2, gone, x)), float(np.interp(gone[-1] / 2, gone, y))


def _sign(plot: Plot, x: float, y: float, glyph: str) -> None:
    """Put a glyph on the cell of a spot in data units."""
    spot = plot.cell(x, y)
    if spot is not None:
        on_top(plot, *spot, glyph, 0)


def trail_ink(index: int) -> tuple[int, int, int] | None:
    """Return the colour of a trail, or None for one that is drawn in what stands out from the ground."""
    return TRAILS[index % len(TRAILS)] if index % len(TRAILS) else None


def on_top(plot: Plot, column: int, row: int, glyph: str, index: int) -> None:
    """Write a glyph over a coloured cell so that it can be read: the cell becomes one colour behind it."""
    canvas = plot.canvas
    front, back = int(canvas.front[row, column]), int(canvas.back[row, column])
    if canvas.glyph[row, column] in {ord("▀"), ord("▄")}:
        back = _between(front, back) if back != NO_COLOUR else front
    colour = contrast(back)
    if back != NO_COLOUR:
        colour = trail_ink(index) or colour
    canvas.text(column, row, glyph, colour if back != NO_COLOUR else None, bold=True)
    canvas.back[row, column] = back


def _between(one: int, other: int) -> int:
    """Return the mean of two packed colours."""
    return sum((((one >> shift) & 255) + ((other >> shift) & 255)) // 2 << shift for shift in (16, 8, 0))
