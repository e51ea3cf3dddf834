"""What surrounds a chart: title, legend, axes with ticks, labels, caption; and the area that is left for data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dltui.draw.canvas import Canvas, Rgb, clip, text_width
from dltui.draw.colors import QUIET
from dltui.draw.letters import clip_middle, wrap
from dltui.draw.look import Look
from dltui.draw.scales import Axis
from dltui.draw.view import Frame
from dltui.figures import Figure

KEY_ROWS = 3  # rows of a legend at most where the height is given
CHART_HEIGHT = 22  # rows of a chart, without its caption, when nobody says otherwise


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend.

    Attributes:
        glyph: How it is drawn.
        text: What it is.
        colour: In which colour, or None for the terminal's own.
    """

    glyph: str
    text: str
    colour: Rgb | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """A canvas with a place for data.

    Attributes:
        canvas: The cells; what surrounds the data is already on it.
        left: First column of the place.
        top: First row of the place.
        width: Columns of the place, at least 1.
        height: Rows of the place, at least 1.
        x: The abscissa.
        y: The ordinate.
    """

    canvas: Canvas
    left: int
    top: int
    width: int
    height: int
    x: Axis
    y: Axis

    def frame(self) -> Frame:
        """Return where the data lie, for hovering and zooming."""
        return Frame(
            left=self.left,
            top=self.top,
            width=self.width,
            height=self.height,
            x_range=(self.x.low, self.x.high),
            y_range=(self.y.low, self.y.high),
            x_log=self.x.scale == "log",
            y_log=self.y.scale == "log",
            x_bend=self.x.bend if self.x.scale == "symlog" else 0.0,
            y_bend=self.y.bend if self.y.scale == "symlog" else 0.0,
        )

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """Return column and row of a spot in data units, or None when it is not in view."""
        across, up = float(self.x.share(x)), float(self.y.share(y))
        if not (0 <= across <= 1 and 0 <= up <= 1):
            return None
        column = self.left + min(int(across * self.width), self.width - 1)
        return column, self.top + min(int((1 - up) * self.height), self.height - 1)


def sheet(figure: Figure, look: Look, rows: int) -> tuple[Canvas, int, int]:
    """Return an empty canvas with title and caption on it, and the first row and number of rows between them.

    Args:
        figure: Whose title and caption they are.
        look: Width, and the height or None for as much as is needed.
        rows: Rows wanted between title and caption.

    Returns:
        Canvas, first free row, free rows (at least 1).
    """
    width = max(look.width, 1)
    title = wrap(figure.title, width)
    caption = wrap(figure.caption, width) if figure.caption else []
    if look.height is None:
        height = max(1, len(title) + rows + len(caption))
    else:
        height = max(look.height, 1)
        title = [clip(figure.title, width)] if figure.title and height >= 4 else []
        spare = height - len(title) - min(rows, max(8, height - len(title) - 3))
        caption = _shortened(caption, max(0, spare), width)
    canvas = Canvas(width, height)
    for place, line in enumerate(title):
        canvas.text(0, place, line, bold=True)
    for place, line in enumerate(caption):
        canvas.text(0, height - len(caption) + place, line, QUIET)
    top = len(title)
    return canvas, top, max(1, height - top - len(caption))


def chart(
    figure: Figure,
    look: Look,
    x: Axis,
    y: Axis,
    *,
    labels: tuple[str, str],
    keys: Sequence[Key] = (),
    side: int = 0,
    fit: Callable[[int, int], tuple[int, int]] | None = None,
) -> Plot:
    """Return a canvas with everything around the data, for a figure with two axes.

    Args:
        figure: Title and caption are taken from it.
        look: Width, height, glyphs.
        x: The abscissa.
        y: The ordinate.
        labels: Names of abscissa and ordinate.
        keys: The legend.
        side: Columns kept free on the right, for a colour bar.
        fit: Takes the columns and rows that there are for the data and returns those that shall be used.

    Returns:
        The plot, ready for data.
    """
    # Where nobody asked for a height, a long legend takes none of that of the data.
    most = max(KEY_ROWS, key_rows(keys, labels[1], max(look.width, 1))) if look.height is None else KEY_ROWS
    canvas, top, rows = sheet(figure, look, CHART_HEIGHT - 1 + most - KEY_ROWS)
    head = _legend(canvas, top, rows, keys, labels[1], most)
    foot = (2 if rows - head >= 4 else 0) + (1 if labels[0] and rows - head >= 9 else 0)
    height = max(1, rows - head - foot)
    ticks = ticked(y, max(2, min(9, (height + 1) // 3))) if canvas.width >= 30 else []
    left = min(max((text_width(text) for _, text in ticks), default=-1) + 2, canvas.width // 3)
    width = max(1, canvas.width - left - side)
    if fit is not None:
        width, height = fit(width, height)
        spare = rows - head - foot - height
        if look.height is None and spare > 0:  # nobody asked for these rows
            canvas, top, _ = sheet(figure, look, rows - spare)
            put_keys(canvas, top, keys if head else (), labels[1] if head else "", most=head)
    plot = Plot(canvas, left, top + head, width, height, x, y)
    ordinate(plot, ticks)
    if foot:
        abscissa(plot, labels[0] if foot == 3 else "")
    return plot


def level(ratio: float, width: int, height: int) -> tuple[int, int]:
    """Return the columns and rows on which a unit is as long across as up; a cell is twice as tall as wide.

    Args:
        ratio: Length of the abscissa over that of the ordinate.
        width: Columns that there are.
        height: Rows that there are.

    Returns:
        Columns and rows to be used.
    """
    columns = min(width, 2 * height * ratio)
    return max(1, round(columns)), max(1, min(height, round(columns / ratio / 2)))


def _shortened(lines: list[str], most: int, width: int) -> list[str]:
    """Return at most ``most`` lines, the last one marked where some are missing."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], clip(lines[most - 1] + " …", width)] if most else []


def _legend(canvas: Canvas, top: int, rows: int, keys: Sequence[Key], label: str, most: int) -> int:
    """Write the ordinate's label and the legend, and return how many rows they took."""
    most = most if rows >= 14 else int(rows >= 6)
    return put_keys(canvas, top, keys, label, most=most) if most else 0


def key_rows(keys: Sequence[Key], label: str, width: int) -> int:
    """Return how many rows a label and a legend take on a canvas of this width, when nothing is left out."""
    return put_keys(Canvas(width, len(keys) + 1), 0, keys, label, most=len(keys) + 1)


def put_keys(canvas: Canvas, top: int, keys: Sequence[Key], label: str = "", *, most: int = KEY_ROWS) -> int:
    """Write a label and a legend side by side.

    Args:
        canvas: Where to.
        top: First row.
        keys: The legend.
        label: What stands before it.
        most: Rows that may be used; entries that don't fit are left out, and "…" says so.

    Returns:
        How many rows were used.
    """
    if not (keys or label):
        return 0
    row, column = 0, canvas.text(0, top, clip(label, canvas.width), QUIET)
    end = column
    for key in keys:
        room = canvas.width - column - 2 if column else canvas.width
        if column and text_width(key.glyph) + 1 + text_width(key.text) > room:
            row, column, room = row + 1, 0, canvas.width
        if row >= most:
            canvas.text(min(end + 2, canvas.width - 1), top + most - 1, "…", QUIET)
            break
        column = canvas.text(column + 2 if column else 0, top + row, key.glyph, key.colour, bold=True)
        column = canvas.text(column, top + row, " " + clip(key.text, room - text_width(key.glyph) - 1))
        end = column
    return min(row + 1, most)


def ticked(axis: Axis, most: int) -> list[tuple[float, str]]:
    """Return about as many numbers along an axis, and not only one: that would tell nothing of its length."""
    found = axis.ticks(most)
    return found if len(found) > 1 else axis.ticks(most + 2)


def ordinate(plot: Plot, ticks: Sequence[tuple[float, str]] = ()) -> None:
    """Draw the left border with its ticks."""
    canvas, column = plot.canvas, plot.left - 1
    if column < 0:
        return
    rows = set(range(plot.top, plot.top + plot.height))
    for row in rows:
        canvas.text(column, row, "│", QUIET)
    for value, text in ticks:
        spot = plot.cell(plot.x.low, value)
        if spot is not None and spot[1] in rows:
            rows.remove(spot[1])
            shown = clip_middle(text, column)
            canvas.text(column - text_width(shown), spot[1], shown, QUIET)
            canvas.text(column, spot[1], "┤", QUIET)


def ground(plot: Plot) -> None:
    """Draw the lower border."""
    row = plot.top + plot.height
    if plot.left:
        plot.canvas.text(plot.left - 1, row, "└", QUIET)
    plot.canvas.text(plot.left, row, "─" * plot.width, QUIET)


def abscissa(plot: Plot, label: str = "") -> None:
    """Draw the lower border with its ticks, and the label below it."""
    ground(plot)
    canvas, row = plot.canvas, plot.top + plot.height
    free = 0
    for value, text in ticked(plot.x, max(2, min(10, plot.width // 9))):
        spot = plot.cell(value, plot.y.low)
        if spot is None:
            continue
        canvas.text(spot[0], row, "┬", QUIET)
        wide = text_width(text)
        start = max(0, min(spot[0] - wide // 2, canvas.width - wide))
        if start >= free:
            free = canvas.text(start, row + 1, text, QUIET) + 1
    label = clip(label, canvas.width)
    middle = plot.left + (plot.width - text_width(label)) // 2
    canvas.text(max(0, min(middle, canvas.width - text_width(label))), row + 2, label, QUIET)
