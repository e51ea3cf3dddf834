"""A canvas on the screen, drawn as ready escape text instead of styled segments."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from dltui.draw.canvas import NO_COLOUR, Canvas, characters
from dltui.draw.look import Depth
from dltui.draw.slots import SLOT
from dltui.tui.widgets import escape
from dltui.tui.widgets.settled import Settled, at_once, painted, write
from dltui.tui.widgets.straight import free, write_rows

AGAIN = 0.3  # seconds after which pixels that were written over are painted again
SOONEST = 0.008  # seconds between two frames that are written at once; Textual joins those that come faster
DEPTHS = {"truecolor": Depth.TRUE, "256": Depth.PALETTE, "standard": Depth.BASIC}


class CanvasStrip(Strip):
    """A row whose escape text is ready; its segments are made only when something must cut or restyle it."""

    __slots__ = ("_cells", "_ground", "_made")

    def __init__(self, cells: Canvas, row: int, ground: tuple[int, int], text: str | None) -> None:
        # Strip's own __init__ makes seven caches, which most rows never need: a frame later they are forgotten.
        self._cells = (cells, row)
        self._ground = ground
        self._made: list[Segment] | None = None
        self._cell_length = cells.width
        self._render_cache = text

    def __getattr__(self, name: str) -> Any:
        """Make what Strip's own ``__init__`` would have made, when the first of it is needed."""
        if name not in Strip.__slots__:
            raise AttributeError(name)
        made, text = self._made, self._render_cache
        super().__init__((), self._cell_length)
        self._made, self._render_cache = made, text
        return object.__getattribute__(self, name)

    @property
    def ready(self) -> str | None:
        """The escape text of the row, or None where it must be made of segments."""
        return self._render_cache

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Return the parts between some cuts; that is the whole row where nothing lies over it."""
        cuts = list(cuts)
        return [self] if cuts == [self._cell_length] else super().divide(cuts)

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
        self._written_at = 0.0
        self.depth = Depth.TRUE

    @property
    def canvas(self) -> Canvas:
        """What is shown."""
        return self._canvas

    def show(self, canvas: Canvas) -> None:
        """Show ``canvas`` from now on; pixels of the last one go first."""
        self._canvas = canvas
        self._strips = None
        in_cells = self._settled is None and self.is_attached
        self._lift()
        if not in_cells or not self._written():
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
        for line_filter in self._filters():
            strips = [strip.apply_filter(line_filter, self.background_colors[1]) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _filters(self) -> list[LineFilter]:
        """Return what changes the colours of rows afterwards; those of a canvas are true already."""
        return [one for one in self.get_line_filters() if not isinstance(one, ANSIToTruecolor)]

    def _written(self) -> bool:
        """Write all rows straight to the terminal; return False where Textual must paint them, or soon will anyway."""
        now, place = time.monotonic(), self.region
        soon = now - self._written_at < SOONEST or self.app._batch_count
        if soon or self._filters() or place.size != self.size or not free(self, place):
            return False
        texts = [strip.ready for strip in self._all() if isinstance(strip, CanvasStrip) and strip.ready]
        if len(texts) != place.height:
            return False
        write_rows(self, texts, place)
        self._written_at = now
        return True

    def _all(self) -> list[Strip]:
        """Return all rows at the size of the widget."""
        size = self.size
        # Below another screen all colours are tinted, and those of kitty's pictures would no longer be numbers.
        if self._settled is not None and self._settled.ahead and self.screen is self.app.screen:
            if not _fit(self._sharp, size):
                self._sharp = self._sharp_rows(_fitted(self._settled.cells, size.width, size.height))
            return self._sharp or []
        if not _fit(self._strips, size):
            self._strips = self._render_rows(_fitted(self._canvas, size.width, size.height))
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
        place = self.region.offset
        return all(free(self, Region(*part).translate(place)) for *part, _ in picture.over)

    def _sharp_rows(self, canvas: Canvas) -> list[Strip]:
        """Return a strip a row for cells that show parts of kitty's pictures."""
        ground = self.ground()
        whole = canvas.cut(canvas.width, canvas.height)
        whole.front = np.where(canvas.front == NO_COLOUR, np.uint32(ground[0]), canvas.front)
        whole.back = np.where(canvas.back == NO_COLOUR, np.uint32(ground[1]), canvas.back)
        texts = whole.lines(Depth.TRUE)
        return [CanvasStrip(canvas, row, ground, text) for row, text in enumerate(texts)]

    def _render_rows(self, canvas: Canvas) -> list[Strip]:
        """Return a strip a row, with its escape text where nothing will restyle it afterwards."""
        ground, depth = self.ground(), self.fast_depth()
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
    """Yield the cells of a row as segments, one for each stretch of equal style, or part of a picture.

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
    other = (np.diff(front) != 0) | (np.diff(back) != 0) | (np.diff(bold) != 0)
    part = glyph >= SLOT  # its characters must not be torn apart where something covers a piece of the row
    change = np.flatnonzero(other | part[1:] | part[:-1]) + 1
    bounds = [0, *change.tolist(), canvas.width]
    for start, stop in pairwise(bounds):
        if stop > start:
            cells = glyph[start:stop]
            yield Segment(characters(cells), _style(int(front[start]), int(back[start]), bool(bold[start])))


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


def _fit(strips: list[Strip] | None, size: Size) -> bool:
    """Return whether there are rows, and they have the size of the widget."""
    return (
        strips is not None
        and len(strips) == size.height
        and (not strips or strips[0].cell_length == size.width)
    )
