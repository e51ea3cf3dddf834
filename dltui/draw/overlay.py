"""Heat maps over a picture, side by side, with their colour bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dltui.draw.blending import Cut, blended, bright, common_range, part_of, shares_of
from dltui.draw.blocks import put_shades
from dltui.draw.canvas import Canvas, clip, text_width
from dltui.draw.colors import QUIET, SIGNAL
from dltui.draw.fields import Bar, put_bar
from dltui.draw.heatmap import on_top
from dltui.draw.images import GAP, folded, put_picture, resized
from dltui.draw.layout import Key, Plot, put_keys, sheet
from dltui.draw.letters import wrap
from dltui.draw.lines import marker
from dltui.draw.look import Depth, Look
from dltui.draw.scales import Axis, Floats, within
from dltui.draw.view import Drawing, View
from dltui.figures import ColorMap, Overlay, number

ROWS = 24  # rows of a picture at most when nobody asks for a height
LEAST = 15  # columns of a pane then
FOLDS = 8  # columns of a pane below which a long name is cut
CRISP = 0.8  # share of its width that a pane may lose so that all pixels are as wide as each other
TALLEST = 16  # rows of a colour bar
FEW = 0.995  # share of the values that lie within the ends of the colours
FAINT = 0.1  # share of the largest value below which a signed map is left blank where there is no colour


def draw_overlay(figure: Overlay, look: Look, view: View) -> Drawing:
    """Return the picture, and each map over it, in rows; the cursor is on the same spot of each."""
    tall, wide = figure.picture.shape[:2]
    if not (figure.values.size and tall and wide):
        return Drawing(sheet(figure, look, 1)[0])
    panes = [*([-1] if figure.bare else []), *range(len(figure.values))]
    x, y = _shown(figure, view)
    cut = _cut(figure, x, y)
    names = [figure.name_of(pane) if pane >= 0 and figure.veiled else "" for pane in panes]
    fitted, side, head = figure, 0, 0
    for _ in range(2):  # the first time without the colour bar, whose width is that of the numbers beside it
        grid = _arranged(figure, look, names, max(look.width - side, 1), head)
        fitted = _fitted(figure, grid, look, cut)
        bar = _bar(fitted, look)
        # Of colours that aren't seen none need be told.
        side = bar.columns(look.width) if figure.veiled else 0
        head = int(bool(side or figure.marks) or view.cursor is not None)
    grid = _arranged(figure, look, names, max(look.width - side, 1), head)
    canvas, top, height = sheet(figure, look, head + grid.top(len(grid.below)))
    put_keys(canvas, top, _keys(figure, look, view), most=1)
    plots: dict[int, Plot] = {}
    for place, (pane, name) in enumerate(zip(panes, names, strict=True)):
        plot = _plot(canvas, place, grid, (top + head, top + height), (x, y))
        if plot is None:
            break
        plots[pane] = plot
        _put(plot, fitted, pane, look, cut)
        _name(plot, name, grid.below[place // grid.each_row])
        _signs(plot, figure, look, view)
    if side and height > head + 1 and plots:
        across = min(grid.each_row, len(panes)) * (grid.columns + GAP) - GAP
        shown = grid.top((len(plots) - 1) // grid.each_row) + grid.rows
        long = min(TALLEST, shown, height - head)
        _put_bar(Plot(canvas, 0, top + head, across, long, x, y), bar, figure.colormap, look)
    return Drawing(canvas, plots.get(0, next(iter(plots.values()))).frame() if plots else None)


@dataclass(frozen=True, slots=True)
class Grid:
    """How panes stand.

    Attributes:
        each_row: Panes side by side.
        columns: Cells across of each.
        rows: Cells down of each, without the lines of its name.
        below: For each row of panes, the lines that the longest name in it takes.
    """

    each_row: int
    columns: int
    rows: int
    below: tuple[int, ...]

    def top(self, line: int) -> int:
        """Return the cells above a row of panes."""
        return line * self.rows + sum(self.below[:line])


def arranged(names: Sequence[str], aspect: float, native: int, width: int, height: int) -> Grid:
    """Return how panes stand so that all are seen and are as large as can be.

    Args:
        names: What stands below each pane, on as many lines as it needs.
        aspect: Width over height of the picture in pixels, which are square; a cell is twice as tall as wide.
        native: Pixels in a row of the picture; few pixels stay as wide as each other where that costs little.
        width: Columns that there are.
        height: Rows that there are.

    Returns:
        The arrangement.
    """
    found = [_as_wide(names, n, aspect, native, width, height) for n in range(1, len(names) + 1)]
    return max(found, key=lambda grid: grid.columns)


def _as_wide(
    names: Sequence[str], each_row: int, aspect: float, native: int, width: int, height: int
) -> Grid:
    """Return panes as wide as they can be with so many of them in a row."""
    below = (1,) * -(-len(names) // each_row)
    while True:
        rows = max(1, (height - sum(below)) // len(below))
        columns = max(1, min((width + GAP) // each_row - GAP, int(2 * rows * aspect)))
        whole = columns // native * native
        columns = whole if whole >= CRISP * columns else columns
        needed = tuple(map(max, below, _lines_below(names, each_row, columns)))
        if needed == below:  # names that need more lines leave smaller panes, which may need more lines again
            return Grid(each_row, columns, max(1, min(round(columns / aspect / 2), rows)), below)
        below = needed


def _told(name: str, columns: int) -> list[str]:
    """Return a name on the lines that it takes below a pane; where all its parts would be cut, its start has to do."""
    return folded(name, columns) if columns >= FOLDS else [clip(name, columns)]


def _lines_below(names: Sequence[str], each_row: int, columns: int) -> list[int]:
    """Return for each row of panes how many lines its longest name takes."""
    return [
        max(len(_told(name, columns)) for name in names[first : first + each_row])
        for first in range(0, len(names), each_row)
    ]


def _arranged(figure: Overlay, look: Look, names: Sequence[str], width: int, head: int) -> Grid:
    """Return how the panes of a figure stand: within the height that there is, or one that suits them."""
    tall, wide = figure.picture.shape[:2]
    native = max(wide, figure.values.shape[2])
    if look.height is not None:
        caption = len(wrap(figure.caption, max(look.width, 1))) if figure.caption else 0
        most = max(2, look.height - bool(figure.title) - head - caption)
        return arranged(names, wide / tall, native, width, most)
    count = len(names)
    lines = -(-count // max(1, min(count, (width + GAP) // (LEAST + GAP))))
    each_row = -(-count // lines)
    named = sum(_lines_below(names, each_row, max(1, (width + GAP) // each_row - GAP)))
    return _as_wide(names, each_row, wide / tall, native, width, lines * ROWS + named)


def _plot(
    canvas: Canvas, place: int, grid: Grid, ends: tuple[int, int], axes: tuple[Axis, Axis]
) -> Plot | None:
    """Return where a pane stands between the first row and the one after the last, or None where it has no room."""
    line, column = divmod(place, grid.each_row)
    row = ends[0] + grid.top(line)
    rows = min(grid.rows, ends[1] - row - grid.below[line])
    rows = rows if place else max(1, rows)
    left = column * (grid.columns + GAP)
    if (rows < grid.rows and place) or row + rows > canvas.height or left >= canvas.width:
        return None
    return Plot(canvas, left, row, min(grid.columns, canvas.width - left), rows, *axes)


def _put_bar(plot: Plot, bar: Bar, colormap: ColorMap, look: Look) -> None:
    """Draw the colour bar beside the panes, in the same shades as these where there is no colour."""
    put_bar(plot, bar, look)
    if look.depth is Depth.NONE:
        steps = (np.arange(plot.height)[::-1] + 0.5) / plot.height
        beside = Plot(plot.canvas, plot.left + plot.width + 1, plot.top, 2, plot.height, plot.x, plot.y)
        _shade(beside, np.repeat(steps[:, None], 2, axis=1), colormap, look)


def reading(figure: Overlay, x: float, y: float) -> str:
    """Return what every map has at a spot, in words."""
    column, row = cell_at(figure, x, y)
    told = "  ".join(
        f"{figure.name_of(i)} {number(float(figure.values[i, row, column]), 4)}"
        for i in range(len(figure.values))
    )
    return f"row {row}  column {column}  {told}"


def cell_at(figure: Overlay, x: float, y: float) -> tuple[int, int]:
    """Return column and row of the maps' cell that is nearest to a spot."""
    rows, columns = figure.values.shape[1:]
    column = np.clip(np.nan_to_num(x), 0, columns - 1)
    row = np.clip(np.nan_to_num(y), 0, rows - 1)
    return round(float(column)), round(float(row))


def _keys(figure: Overlay, look: Look, view: View) -> list[Key]:
    """Return what the cursor reads, and the legend of the marks."""
    marks = [Key(marker(i, look), mark.name) for i, mark in enumerate(figure.marks)]
    if view.cursor is None:
        return marks
    return [Key("┼", reading(figure, *view.cursor), SIGNAL), *marks]


def _signs(plot: Plot, figure: Overlay, look: Look, view: View) -> None:
    """Put the marks and the cursor on a pane."""
    signs = [(mark.x, mark.y, marker(i, look)) for i, mark in enumerate(figure.marks)]
    if view.cursor is not None:
        signs.append((*view.cursor, "+" if look.ascii else "┼"))
    for x, y, glyph in signs:
        spot = plot.cell(x, y)
        if spot is not None:
            on_top(plot, *spot, glyph, 0)


def _bar(figure: Overlay, look: Look) -> Bar:
    """Return the colour bar: of the values, or of shares of each map's own range."""
    axis, label = common_range(figure)
    return Bar(axis, look.map_of(figure.colormap), label)


def _shown(figure: Overlay, view: View) -> tuple[Axis, Axis]:
    """Return the columns and the rows that are looked at, rows downwards."""
    rows, columns = figure.values.shape[1:]
    across = within(Axis(-0.5, columns - 0.5), view.x_range)
    down = within(Axis(-0.5, rows - 0.5), view.y_range)
    return across, Axis(down.high, down.low)


def _cut(figure: Overlay, x: Axis, y: Axis) -> tuple[Cut, Cut]:
    """Return the part of the rows and of the columns that is looked at, as shares."""
    rows, columns = figure.values.shape[1:]
    return ((y.high + 0.5) / rows, (y.low + 0.5) / rows), ((x.low + 0.5) / columns, (x.high + 0.5) / columns)


def _put(plot: Plot, figure: Overlay, pane: int, look: Look, cut: tuple[Cut, Cut]) -> None:
    """Draw one pane: the picture by itself, or a map over it where that is seen at all."""
    size = plot.width, plot.height
    if pane < 0 or not figure.veiled:
        put_picture(plot.canvas, plot.left, plot.top, part_of(bright(figure.picture), cut), size, look)
        return
    if look.depth is Depth.NONE:
        values = part_of(np.asarray(figure.values[pane], float), cut)
        small = resized(values, plot.height, plot.width)
        _shade(plot, shares_of(small, figure.ranges()[pane]), figure.colormap, look)
        return
    colours = _fine(figure, pane, plot, look, cut)
    put_picture(plot.canvas, plot.left, plot.top, colours, size, look)


def _shade(plot: Plot, shares: Floats, colormap: ColorMap, look: Look) -> None:
    """Shade a map where there is no colour; of a signed one what is below 0 is dashed, and about 0 it is left blank."""
    rows, columns = shares.shape
    area = np.s_[plot.top : plot.top + rows, plot.left : plot.left + columns]
    plot.canvas.glyph[area] = ord(" ")
    if colormap != "coolwarm":
        put_shades(plot.canvas, plot.left, plot.top, shares, look)
        return
    signed = 2 * shares - 1
    put_shades(plot.canvas, plot.left, plot.top, np.where(signed > FAINT, signed, np.nan), look)
    for least, dash in ((FAINT, "-" if look.ascii else "╌"), (0.5, "=" if look.ascii else "═")):
        plot.canvas.glyph[area][signed < -least] = ord(dash)


def _fitted(figure: Overlay, grid: Grid, look: Look, cut: tuple[Cut, Cut]) -> Overlay:
    """Return the figure with the ends of its colours at what is left of its values where a cell shows many of them.

    Pixels of both signs cancel in the mean that a cell shows: with the ends of single pixels nothing would be seen.
    """
    fine = (1, 1) if look.depth is Depth.NONE else None
    size = _size(figure, (grid.columns, grid.rows), look, cut, fine)
    ranges = figure.ranges()
    factors = []
    for values, (low, high) in zip(figure.values, ranges, strict=True):
        part = part_of(np.asarray(values, float), cut)
        whole, seen = _reach(part), _reach(resized(part, *size))
        factors.append(min(1.0, seen / whole) if whole > 0 and seen > 0 and low in {0, -high} else 1.0)
    if len(set(ranges)) == 1:
        factors = [max(factors)] * len(factors)
    return replace(
        figure, limits=tuple((low * f, high * f) for (low, high), f in zip(ranges, factors, strict=True))
    )


def _reach(values: Floats) -> float:
    """Return the size that few values are beyond."""
    known = np.abs(values[np.isfinite(values)])
    return float(np.quantile(known, FEW)) if known.size else 0.0


def _fine(figure: Overlay, pane: int, plot: Plot, look: Look, cut: tuple[Cut, Cut]) -> Floats:
    """Return a map over its picture, as fine as both are and as the cells can show."""
    return blended(figure, pane, _size(figure, (plot.width, plot.height), look, cut), cut)


def _size(
    figure: Overlay,
    cells: tuple[int, int],
    look: Look,
    cut: tuple[Cut, Cut],
    fine: tuple[int, int] | None = None,
) -> tuple[int, int]:
    """Return rows and columns of pixels that a pane of so many cells can show, as many as there are at most."""
    grain = fine or (look.pixels.grain(*cells) if look.pixels is not None else (2, 4))
    most = grain[1] * cells[1], grain[0] * cells[0]
    native = [max(figure.picture.shape[i], figure.values.shape[i + 1]) for i in (0, 1)]
    shares = [max(1e-9, end - start) for start, end in cut]
    size = [min(m, max(1, round(n * s))) for m, n, s in zip(most, native, shares, strict=True)]
    return size[0], size[1]


def _name(plot: Plot, name: str, most: int) -> None:
    """Write a name below a pane, in its middle, on at most so many lines."""
    for line, told in enumerate(_told(name, plot.width)[:most]):
        row = plot.top + plot.height + line
        if row < plot.canvas.height:
            plot.canvas.text(plot.left + (plot.width - text_width(told)) // 2, row, told, QUIET)
