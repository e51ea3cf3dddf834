"""A canvas on the screen, drawn as ready escape text instead of styled segments."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.look import Depth
from dltui.tui.widgets import escape


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
        self.depth = Depth.TRUE

    @property
    def canvas(self) -> Canvas:
        """What is shown."""
        return self._canvas

    def show(self, canvas: Canvas) -> None:
        """Show ``canvas`` from now on."""
        self._canvas = canvas
        self._strips = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw again in the colours of a new theme."""
        super().notify_style_update()
        self._strips = None

    def render_line(self, y: int) -> Strip:
        """Return one row, for those who ask for single rows."""
        strips = self._all()
        return strips[y] if y < len(strips) else Strip.blank(self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows of a part of the widget."""
        strips = self._all()[crop.y : crop.bottom]
        for line_filter in self.get_line_filters():
            if not isinstance(line_filter, ANSIToTruecolor):
                strips = [strip.apply_filter(line_filter, self.background_colors[1]) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _all(self) -> list[Strip]:
        """Return all rows at the size of the widget."""
        size = self.size
        if (
            self._strips is None
            or len(self._strips) != size.height
            or self._strips[0].cell_length != size.width
        ):
            self._strips = self._render_rows(_fitted(self._canvas, size.width, size.height))
        return self._strips

    def _render_rows(self, canvas: Canvas) -> list[Strip]:
        """Return a strip a row, with its escape text where nothing will restyle it afterwards."""
        ground = self._ground()
        depth = self._fast_depth()
        texts: Iterable[str | None] = [None] * canvas.height
        if depth is not None:
            texts = escape.rows(canvas, depth, *ground)
        return [CanvasStrip(canvas, row, ground, text) for row, text in enumerate(texts)]

    def _fast_depth(self) -> Depth | None:
        """Return the colours for ready escape text, or None where only segments will do."""
        if self.app.native_ansi_color or self.app.no_color:
            return None
        known = {"truecolor": Depth.TRUE, "256": Depth.PALETTE}.get(self.app.console.color_system or "")
        return None if known is None else min(known, self.depth)

    def _ground(self) -> tuple[int, int]:
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
            text = cells[cells != 0].astype("<u4").tobytes().decode("utf-32-le")
            yield Segment(text, _style(int(front[start]), int(back[start]), bool(bold[start])))


@lru_cache(maxsize=1 << 11)  # a soak on odd colours grew by 20 MB with eight times as many
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
