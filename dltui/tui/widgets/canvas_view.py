"""A canvas on the screen, drawn as ready escape text instead of styled segments."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.errors import NoWidget
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from dltui.draw.canvas import NO_COLOUR, Canvas, characters
from dltui.draw.look import Depth
from dltui.tui.widgets import escape
from dltui.tui.widgets.settled import Settled, at_once, painted, write

AGAIN = 0.3  # seconds after which pixels that were written over are painted again
LOOSE = (4, 2)  # every so many columns and rows it is checked that nothing lies over the picture
DEPTHS = {"truecolor": Depth.TRUE, "256": Depth.PALETTE, "standard": Depth.BASIC}


class CanvasStrip(Strip):
    """A row whose escape text is ready; its segments are made only when something must cut or restyle it."""

    __slots__ = ("_cells", "_ground", "_made")

    def __init__(self, cells: Canvas, row: int, ground: tuple[int, int], text: str | None) -> None:
        self._cells = (cells, row)
        self._ground = ground
        self._made: list[Segment] | None = None
        super().__init__((), cells.width)
        self._made = None
        self._render_cache = text

    @property
    def _segments(self) -> list[Segment]:
        if self._made is None:
            self._made = list(segments(*self._cells, self._ground))
        return self._made

    @_segments.setter
    def _segments(self, made: list[Segment]) -> None:
        self._made = made

    def __bool__(self) -> bool:
        return self._cells[0].width > 0


class CanvasView(Widget):
    """Shows a canvas, about thirty times faster than through styled segments.

    Leave borders and padding to a container: the picture fills the whole widget.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    CanvasView { width: 1fr; height: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._canvas = Canvas(0, 0)
        self._strips: list[Strip] | None = None
        self._settled: Settled | None = None
        self._sharp: list[Strip] | None = None
        self._painted = False
        self._again: Timer | None = None
        self.depth = Depth.TRUE

    @property
    def canvas(self) -> Canvas:
        """What is shown."""
        return self._canvas

    def show(self, canvas: Canvas) -> None:
        """Show ``canvas`` from now on; pixels of the last one go first."""
        self._canvas = canvas
        self._strips = None
        self._lift()
        self.refresh()

    def settle(self, picture: Settled) -> None:
        """Show what is shown in real pixels, until something else is shown."""
        self._lift()
        if picture.ahead and not write(self.app, picture.ahead):
            return
        self._settled = picture
        if picture.over:
            self._paint_over()
        else:
            self.refresh()

    @property
    def in_pixels(self) -> bool:
        """Whether real pixels are shown now."""
        return self._settled is not None and (self._painted or not self._settled.over)

    def on_unmount(self) -> None:
        """Let the terminal forget the pixels."""
        self._lift()

    def notify_style_update(self) -> None:
        """Draw again in the colours of a new theme."""
        super().notify_style_update()
        self._strips = self._sharp = None

    def render_line(self, y: int) -> Strip:
        """Return one row, for those who ask for single rows."""
        strips = self._all()
        return strips[y] if y < len(strips) else Strip.blank(self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows of a part of the widget."""
        strips = self._all()[crop.y : crop.bottom]
        if (
            self._settled is not None and self._settled.over
        ):  # the terminal forgets sixel where cells are written
            self._painted = False
            if self._again is None:
                self._again = self.set_timer(AGAIN, self._paint_over)
        for line_filter in self.get_line_filters():
            if not isinstance(line_filter, ANSIToTruecolor):
                strips = [strip.apply_filter(line_filter, self.background_colors[1]) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _all(self) -> list[Strip]:
        """Return all rows at the size of the widget."""
        size = self.size
        # Below another screen all colours are tinted, and those of kitty's pictures would no longer be numbers.
        if self._settled is not None and self._settled.ahead and self.screen is self.app.screen:
            if not _fit(self._sharp, size):
                self._sharp = self._render_rows(_fitted(self._settled.cells, size.width, size.height), None)
            return self._sharp or []
        if not _fit(self._strips, size):
            self._strips = self._render_rows(
                _fitted(self._canvas, size.width, size.height), self.fast_depth()
            )
        return self._strips or []

    def _lift(self) -> None:
        """Show cells again, and let the terminal forget the pixels once these stand."""
        if self._settled is not None and self._settled.after:
            after = self._settled.after
            if not self.is_attached or not self.call_after_refresh(write, self.app, after):
                write(self.app, after)
        self._settled, self._sharp, self._painted = None, None, False

    def _paint_over(self) -> None:
        """Paint sixel over the cells, where nothing else lies over these."""
        self._again = None
        if self._settled is None or not self._settled.over or not self._uncovered(self._settled):
            return
        left, top = self.region.offset
        parts = [painted(left + x, top + y, sequence) for x, y, _, _, sequence in self._settled.over]
        self._painted = write(self.app, at_once("".join(parts)))

    def _uncovered(self, picture: Settled) -> bool:
        """Return whether every cell of the pictures is on the screen, and this widget the uppermost there."""
        if self.screen is not self.app.screen or not self.screen.region.contains_region(self.region):
            return False
        left, top = self.region.offset
        spots = [
            (left + column, top + row)
            for x, y, columns, rows, _ in picture.over
            for column in {*range(x, x + columns, LOOSE[0]), x + columns - 1}
            for row in {*range(y, y + rows, LOOSE[1]), y + rows - 1}
        ]
        try:
            return all(self.screen.get_widget_at(*spot)[0] is self for spot in spots)
        except NoWidget:
            return False

    def _render_rows(self, canvas: Canvas, depth: Depth | None) -> list[Strip]:
        """Return a strip a row, with its escape text in so many colours, or segments alone."""
        ground = self.ground()
        texts: Iterable[str | None] = [None] * canvas.height
        if depth is not None:
            texts = escape.rows(canvas, depth, *ground)
        return [CanvasStrip(canvas, row, ground, text) for row, text in enumerate(texts)]

    def fast_depth(self) -> Depth | None:
        """Return the colours for ready escape text, or None where only segments will do."""
        if self.app.native_ansi_color or self.app.no_color:
            return None
        known = DEPTHS.get(self.app.console.color_system or "")
        return None if known is None else min(known, self.depth)

    def ground(self) -> tuple[int, int]:
        """Return the colours, in front and behind, of cells that have none of their own."""
        if self.app.native_ansi_color or self.app.no_color:
            return NO_COLOUR, NO_COLOUR
        _, _, background, colour = self.colors
        front = (background + colour).rgb
        return _packed(front), _packed(background.rgb)


def segments(canvas: Canvas, row: int, ground: tuple[int, int]) -> Iterable[Segment]:
    """Yield the cells of a row as segments, one for each stretch of equal style.

    Args:
        canvas: The cells.
        row: Which row.
        ground: Packed colours, in front and behind, for cells that have none.

    Yields:
        Segments that together are as wide as the canvas.
    """
    front = np.where(canvas.front[row] == NO_COLOUR, np.uint32(ground[0]), canvas.front[row])
    back = np.where(canvas.back[row] == NO_COLOUR, np.uint32(ground[1]), canvas.back[row])
    bold, glyph = canvas.bold[row], canvas.glyph[row]
    change = np.flatnonzero((np.diff(front) != 0) | (np.diff(back) != 0) | (np.diff(bold) != 0)) + 1
    bounds = [0, *change.tolist(), canvas.width]
    for start, stop in pairwise(bounds):
        if stop > start:
            cells = glyph[start:stop]
            yield Segment(characters(cells), _style(int(front[start]), int(back[start]), bool(bold[start])))


@lru_cache(maxsize=1 << 14)
def _style(front: int, back: int, bold: bool) -> Style:
    """Return the style of packed colours."""
    return Style(color=_colour(front), bgcolor=_colour(back), bold=bold or None)


def _colour(packed: int) -> Color | None:
    """Return a packed colour as rich knows it, or None for the terminal's own."""
    return None if packed == NO_COLOUR else Color.from_rgb(packed >> 16, (packed >> 8) & 255, packed & 255)


def _packed(rgb: tuple[int, int, int]) -> int:
    """Return a colour as 0xRRGGBB."""
    return (rgb[0] << 16) | (rgb[1] << 8) | rgb[2]


def _fitted(canvas: Canvas, width: int, height: int) -> Canvas:
    """Return the canvas cut and filled up to a size."""
    if (canvas.width, canvas.height) == (width, height):
        return canvas
    fitted = Canvas(width, height)
    wide, high = min(width, canvas.width), min(height, canvas.height)
    for part in ("glyph", "front", "back", "bold"):
        getattr(fitted, part)[:high, :wide] = getattr(canvas, part)[:high, :wide]
    return fitted


def _fit(strips: list[Strip] | None, size: Size) -> bool:
    """Return whether there are rows, and they have the size of the widget."""
    return (
        strips is not None
        and len(strips) == size.height
        and (not strips or strips[0].cell_length == size.width)
    )
