"""The window of a layer over its picture: what one output place reads, or one input place writes."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from dltui.draw.canvas import Canvas, clip
from dltui.shapes.reach import Slide
from dltui.tui.widgets.canvas_view import CanvasView

CELL = 2  # columns of a place that is one row high: a row is about twice as high as a column is wide
LARGEST = 4  # rows that a place takes at most, where there is room
GREY, INK = (110, 118, 128), (205, 214, 224)
PLACE, BORDER, TAP, BORDER_TAP, SPOT, MADE = (
    (52, 84, 122), (58, 58, 64), (240, 180, 40), (150, 112, 30), (220, 90, 70), (44, 110, 92),
)  # fmt: skip
BETWEEN = 4  # columns between both grids


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a grid lies on the canvas, and which part of it is seen.

    Attributes:
        column: Its first column.
        first: First place that is seen, down and across; below 0 in the border.
        count: Places that are seen, down and across.
        rows: Rows that a place takes.
    """

    column: int
    first: tuple[int, int]
    count: tuple[int, int]
    rows: int = 1

    def place_at(self, column: int, row: int, top: int) -> tuple[int, int] | None:
        """Return the place under a cell of the canvas, or None outside."""
        across, down = (column - self.column) // (CELL * self.rows), (row - top) // self.rows
        if 0 <= down < self.count[0] and 0 <= across < self.count[1] and column >= self.column:
            return self.first[0] + down, self.first[1] + across
        return None


class SlidingWindow(CanvasView):
    """Two grids: the side that the window lies on, and the side with one place for each position of it."""

    TOP = 1  # rows above the grids

    @dataclass
    class Moved(Message):
        """Someone clicked a place, and the window shall go there."""

        position: tuple[int, int]

    def __init__(self) -> None:
        super().__init__()
        self._slides: tuple[Slide, Slide] | None = None
        self._position = (0, 0)
        self._said = ""
        self._grids: tuple[Grid, Grid] | None = None

    def show_window(self, slides: tuple[Slide, ...], position: tuple[int, int], nothing: str = "") -> None:
        """Show a window at a position.

        Args:
            slides: One or two axes; none where there is nothing to slide.
            position: Down and across.
            nothing: What is said where there is nothing to slide.
        """
        flat = Slide(1, 1, 1, 1, 0, 1, slides[0].writes) if slides else None
        self._slides = (
            None if flat is None else (flat, slides[0]) if len(slides) == 1 else (slides[-2], slides[-1])
        )
        self._position, self._said = position, nothing
        self._paint()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._paint()

    def on_click(self, event: events.Click) -> None:
        """Move the window to the place that is clicked on."""
        if self._grids is None or self._slides is None:
            return
        under, made = (grid.place_at(event.x, event.y, self.TOP) for grid in self._grids)
        if made is not None:
            self.post_message(self.Moved(made))
        elif under is not None:
            position = tuple(
                _position_over(slide, place) for slide, place in zip(self._slides, under, strict=True)
            )
            self.post_message(self.Moved((position[0], position[1])))

    def _paint(self) -> None:
        width, height = self.size
        canvas = Canvas(width, height)
        self._grids = None
        if self._slides is None or width < 12 or height < 4:
            for row, line in enumerate(_wrapped(self._said, width)[:height]):
                canvas.text(0, row, line, GREY)
        else:
            self._draw(canvas)
        self.show(canvas)

    def _draw(self, canvas: Canvas) -> None:
        """Draw both grids."""
        assert self._slides is not None, "called with slides only"
        down, across = self._slides
        under, made = self._fitted(canvas)
        self._grids = (under, made)
        writes = across.writes
        names = ("output", "input") if writes else ("input", "output")
        for grid, name, sizes in (
            (under, names[0], (down.size, across.size)),
            (made, names[1], (down.places, across.places)),
        ):
            whole = all(n <= c for n, c in zip(sizes, grid.count, strict=True))
            said = (
                f"{name} {sizes[0]}×{sizes[1]}" if sizes[0] > 1 or down.places > 1 else f"{name} {sizes[1]}"
            )
            canvas.text(
                grid.column,
                0,
                clip(said if whole else f"{said}, a part", canvas.width - grid.column),
                INK,
                bold=True,
            )
        _arrow(canvas, under, made, self.TOP, writes=writes)
        self._lay(canvas, under, (down.touched(self._position[0]), across.touched(self._position[1])))
        for r in range(made.count[0]):
            for c in range(made.count[1]):
                here = (made.first[0] + r, made.first[1] + c) == self._position
                _cell(canvas, made, (r, c), self.TOP, SPOT if here else MADE, "● " if here else "· ")

    def _fitted(self, canvas: Canvas) -> tuple[Grid, Grid]:
        """Return where both grids lie: as large as there is room for, else the parts around the window."""
        assert self._slides is not None, "called with slides only"
        down, across = self._slides
        high, wide = canvas.height - self.TOP - 1, canvas.width - BETWEEN
        touched = [slide.touched(at) for slide, at in zip(self._slides, self._position, strict=True)]
        whole = [slide.left + slide.size + slide.right for slide in self._slides]
        need = max(whole[0], down.places), whole[1] + across.places
        rows = max(1, min(LARGEST, high // need[0], wide // (CELL * need[1])))
        cell = CELL * rows
        made_wide = min(across.places, max(3, wide // cell // 3))
        if whole[1] + across.places <= wide // cell:
            made_wide = across.places
        made_part = _part(
            self._position, (down.places, across.places), (high // rows, made_wide), (0, 0), (0, 0)
        )
        room = wide // cell - made_part[1][1]
        middle = (touched[0][len(touched[0]) // 2], touched[1][len(touched[1]) // 2])
        border = ((down.left, across.left), (down.right, across.right))
        under = Grid(0, *_part(middle, (down.size, across.size), (high // rows, room), *border), rows)
        return under, Grid(under.count[1] * cell + BETWEEN, *made_part, rows)

    def _lay(self, canvas: Canvas, grid: Grid, touched: tuple[range, range]) -> None:
        """Draw the side that the window lies on."""
        assert self._slides is not None, "called with slides only"
        down, across = self._slides
        for r in range(grid.count[0]):
            for c in range(grid.count[1]):
                row, column = grid.first[0] + r, grid.first[1] + c
                inside = 0 <= row < down.size and 0 <= column < across.size
                tap = row in touched[0] and column in touched[1]
                colour = (TAP if inside else BORDER_TAP) if tap else PLACE if inside else BORDER
                glyph = "■ " if tap and inside else "□ " if tap else "· " if inside else "░░"
                _cell(canvas, grid, (r, c), self.TOP, colour, glyph)


def _part(
    middle: tuple[int, int],
    sizes: tuple[int, int],
    room: tuple[int, int],
    before: tuple[int, int],
    after: tuple[int, int],
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first place and the count of the part around ``middle`` that has room, border included."""
    firsts, counts = [], []
    for at, size, fits, left, right in zip(middle, sizes, room, before, after, strict=True):
        whole = left + size + right
        count = max(1, min(whole, fits))
        firsts.append(max(-left, min(at - count // 2, size + right - count)))
        counts.append(count)
    return (firsts[0], firsts[1]), (counts[0], counts[1])


def _position_over(slide: Slide, place: int) -> int:
    """Return the position whose window has its middle nearest to a place."""
    middle = place + slide.left - (slide.taps - 1) * slide.dilation / 2
    return max(0, min(slide.places - 1, round(middle / slide.stride)))


def _cell(
    canvas: Canvas, grid: Grid, place: tuple[int, int], top: int, colour: tuple[int, int, int], glyph: str
) -> None:
    """Draw one place; a large one has its glyph in the middle."""
    high, wide = grid.rows, CELL * grid.rows
    row, column = top + place[0] * high, grid.column + place[1] * wide
    if row + high > canvas.height or column + wide > canvas.width:
        return
    ink = (30, 24, 0) if colour is TAP else INK
    for line in range(high):
        middle = glyph.strip().center(wide) if line == (high - 1) // 2 else " " * wide
        text = glyph if high == 1 else "░" * wide if glyph == "░░" else middle
        canvas.text(column, row + line, text, ink)
    canvas.back[row : row + high, column : column + wide] = (colour[0] << 16) | (colour[1] << 8) | colour[2]


def _arrow(canvas: Canvas, under: Grid, made: Grid, top: int, *, writes: bool) -> None:
    """Draw which side leads to which."""
    row = top + min(under.count[0], made.count[0]) * made.rows // 2
    canvas.text(made.column - BETWEEN + 1, row, "◀─" if writes else "─▶", INK)


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines."""
    from textwrap import wrap

    return wrap(text, max(8, width)) or [""]
