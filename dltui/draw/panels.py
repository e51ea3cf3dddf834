"""Curves too many to be told apart on one chart: each on a small one of its own, all of them with the same axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dltui.draw.canvas import Canvas, clip, text_width
from dltui.draw.colors import QUIET, SERIES, SIGNAL, series_color
from dltui.draw.images import folded
from dltui.draw.layout import CHART_HEIGHT, Key, Plot, abscissa, ground, ordinate, put_keys, sheet, ticked
from dltui.draw.lines import axes_of, cross, draw_lines, marker, put_curves, read_at
from dltui.draw.look import Depth, Look
from dltui.draw.scales import Axis
from dltui.draw.view import Drawing, View
from dltui.figures import Lines, Series, number

PLAIN = 4  # curves that can be told apart by their markers; points are told from curves anyway
WIDE = 14  # columns of a small chart where nobody asks for a height
ROWS = 5  # rows of it then
SMALLEST = (10, 3)  # columns and rows with which it still shows something
GAP = 3  # columns from the end of one to the first of the next, with the border of that
FOOT = 2  # rows for the numbers along the lowest border and for the label

COMMON = 1  # series of points that may be on every chart
APART = 2  # columns from one of these points to the next, about
HEAD = 1  # rows for the label of the ordinate and what is on every chart
TICKS = 2  # numbers along an ordinate

Tinted = tuple[int, Series]


@dataclass(frozen=True, slots=True)
class Panels:
    """How small charts stand.

    Attributes:
        each_row: Charts side by side.
        columns: Cells across of each.
        rows: Cells down of each.
        above: For each row of charts, the lines that the longest name in it takes.
    """

    each_row: int
    columns: int
    rows: int
    above: tuple[int, ...]

    def top(self, line: int) -> int:
        """Return the cells above a row of charts, with the names and lower borders of those before."""
        return line * (self.rows + 1) + sum(self.above[:line])

    def plot(self, canvas: Canvas, place: int, start: tuple[int, int], axes: tuple[Axis, Axis]) -> Plot:
        """Return where a chart stands, when the first one's name stands at this column and row."""
        line, column = divmod(place, self.each_row)
        left, top = start[0] + column * (self.columns + GAP), start[1] + self.top(line) + self.above[line]
        return Plot(canvas, left, top, self.columns, self.rows, *axes)


def draw_curves(figure: Lines, look: Look, view: View) -> Drawing:
    """Return curves on one chart, or on small ones where they are too many to be told apart and there is room."""
    if told_apart(figure, look):
        return draw_lines(figure, look, view)
    own, common = _parted(figure)
    names = [_name(series, view) for _, series in own]
    x, y = axes_of(figure, view)
    canvas, top, rows = sheet(figure, look, CHART_HEIGHT - 1)
    ticks = ticked(y, TICKS)
    left = max((text_width(text) for _, text in ticks), default=0) + 2
    free = None if look.height is None else rows - HEAD - FOOT
    panels = _standing(names, canvas.width - left, free)
    if panels is None:
        return draw_lines(figure, look, view)
    lines = len(panels.above)
    if free is None:
        canvas, top, _ = sheet(figure, look, HEAD + panels.top(lines) + FOOT)
    keys = [Key(marker(i, look), _name(series, view), series_color(i)) for i, series in common]
    put_keys(canvas, top, _cursor_key(figure, view) + keys, figure.y_label, most=HEAD)
    plots = [panels.plot(canvas, place, (left, top + HEAD), (x, y)) for place in range(len(own))]
    for place, (plot, (index, series), name) in enumerate(zip(plots, own, names, strict=True)):
        _put_name(plot, name)
        ordinate(plot, ticks if place % panels.each_row == 0 else ())
        (ground if place + panels.each_row < len(own) else abscissa)(plot)
        below = [(i, _thinned(points, plot.width // APART)) for i, points in common]
        put_curves(plot, _alone(figure, [*below, (index, series)]), look, marked=False)
        if view.cursor is not None:
            cross(plot, view.cursor)
    label = clip(figure.x_label, canvas.width - left)
    middle = left + (canvas.width - left - text_width(label)) // 2
    canvas.text(middle, top + HEAD + panels.top(lines) + FOOT - 1, label, QUIET)
    return Drawing(canvas, plots[0].frame())


def told_apart(figure: Lines, look: Look) -> bool:
    """Return whether curves are few enough for their colours, or for their markers where there is no colour."""
    if look.depth is not Depth.NONE:
        return len(figure.series) <= len(SERIES)
    joined = sum(not line.marks for line in figure.series)
    return (joined or len(figure.series)) <= PLAIN


def _parted(figure: Lines) -> tuple[list[Tinted], list[Tinted]]:
    """Return the curves that get a chart each, and the few points among them that are put on every one to compare."""
    points = [one for one in figure.tinted() if one[1].marks]
    if len(points) > COMMON:
        return figure.tinted(), []
    return [one for one in figure.tinted() if not one[1].marks], points


def _standing(names: Sequence[str], width: int, height: int | None) -> Panels | None:
    """Return how small charts stand, or None where there is no room for them."""
    count = len(names)
    if height is None:
        lines = -(-count // max(1, min(count, (width + GAP) // (WIDE + GAP))))
        return _in_lines(names, -(-count // lines), width, lambda _: ROWS)
    found = [
        _in_lines(names, each_row, width, lambda above: (height - sum(above)) // len(above) - 1)
        for each_row in range(1, count + 1)
    ]
    roomy = [panels for panels in found if panels.columns >= SMALLEST[0] and panels.rows >= SMALLEST[1]]
    return max(roomy, key=lambda panels: min(panels.columns, 3 * panels.rows), default=None)


def _in_lines(
    names: Sequence[str], each_row: int, width: int, rows: Callable[[Sequence[int]], int]
) -> Panels:
    """Return so many charts in a row, as wide as they can be."""
    columns = max(1, (width + GAP) // each_row - GAP)
    above = tuple(
        max(len(folded(name, columns)) for name in names[first : first + each_row])
        for first in range(0, len(names), each_row)
    )
    return Panels(each_row, columns, rows(above), above)


def _put_name(plot: Plot, name: str) -> None:
    """Write what a chart shows above it."""
    told = folded(name, plot.width)
    for line, text in enumerate(told):
        plot.canvas.text(plot.left, plot.top - len(told) + line, text)


def _name(series: Series, view: View) -> str:
    """Return what a curve is called, and its value at the cursor."""
    return series.name if view.cursor is None else f"{series.name} {read_at(series, view.cursor[0])}"


def _cursor_key(figure: Lines, view: View) -> list[Key]:
    """Return where the cursor stands, or nothing."""
    return (
        [] if view.cursor is None else [Key("│", f"{figure.x_label or 'x'} {number(view.cursor[0])}", SIGNAL)]
    )


def _thinned(points: Series, most: int) -> Series:
    """Return every so-manieth point, so few that what lies over them is seen between them."""
    step = -(-len(points.x) // max(1, most)) or 1
    return replace(points, x=points.x[::step], y=points.y[::step], low=None, high=None)


def _alone(figure: Lines, chosen: Sequence[Tinted]) -> Lines:
    """Return a figure of a few of its curves, in the colours and with the markers that they have in it."""
    return replace(figure, series=tuple(replace(series, tint=index) for index, series in chosen))
