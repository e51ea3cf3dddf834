"""The fast way onto the screen against the slow one, through a terminal emulator of its own."""

import numpy as np
import pyte
import pytest
from rich.console import Console
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Static

from dltui.draw.canvas import NO_COLOUR, Canvas, palette_index
from dltui.draw.glyphs import Glyphs
from dltui.draw.look import Depth, Look
from dltui.draw.nearest import palette
from dltui.draw.pictures import draw
from dltui.figures import Images
from dltui.tui.widgets import escape
from dltui.tui.widgets.canvas_view import CanvasStrip, CanvasView

GLYPHS = np.array([ord(c) for c in "aZ ~é─▀⣿▚\U0001fb0f\U0001cd00\U0001cde5\U0001cea8…"], np.uint32)
FRONT, BACK = 0xE0E0E0, 0x121212


def noisy(width: int = 40, height: int = 12, seed: int = 0) -> Canvas:
    """Random glyphs, colours, holes, bold cells and wide characters."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(width, height)
    canvas.glyph[:] = rng.choice(GLYPHS, (height, width))
    for part in (canvas.front, canvas.back):
        part[:] = rng.integers(0, 1 << 24, (height, width))
        part[rng.random((height, width)) < 0.3] = NO_COLOUR
    canvas.bold[:] = rng.random((height, width)) < 0.3
    canvas.front[:, 1::2] = canvas.front[:, ::2]  # runs of two, so that some codes are left out
    canvas.back[:, 1::2] = canvas.back[:, ::2]
    canvas.text(3, 2, "漢字 wide")
    return canvas


def screen(lines: list[str], width: int) -> list[list[tuple[str, str, str, bool]]]:
    """What a terminal shows: glyph, colours and weight of every cell."""
    terminal = pyte.Screen(width, len(lines))
    stream = pyte.Stream(terminal)
    for row, line in enumerate(lines):
        stream.feed(f"\x1b[{row + 1};1H{line}")
    return [
        [(c.data, c.fg, c.bg, c.bold) for c in (terminal.buffer[y][x] for x in range(width))]
        for y in range(len(lines))
    ]


def slow(canvas: Canvas) -> list[str]:
    console = Console(color_system="truecolor", force_terminal=True)
    return [CanvasStrip(canvas, row, (FRONT, BACK), None).render(console) for row in range(canvas.height)]


@pytest.mark.parametrize("seed", range(4))
def test_fast_path_shows_what_the_slow_path_shows(seed: int) -> None:
    canvas = noisy(seed=seed)
    fast = escape.rows(canvas, Depth.TRUE, FRONT, BACK)
    assert screen(fast, canvas.width) == screen(slow(canvas), canvas.width)


@pytest.mark.parametrize("depth", [Depth.BASIC, Depth.PALETTE, Depth.TRUE])
@pytest.mark.parametrize("glyphs", Glyphs)
def test_fast_path_shows_pictures_as_the_lines_of_the_command_line_do(depth: Depth, glyphs: Glyphs) -> None:
    rng = np.random.default_rng(0)
    picture = Images(pixels=rng.random((1, 90, 90, 3)))
    canvas = draw(picture, Look(width=36, height=18, depth=Depth.TRUE, glyphs=glyphs)).canvas
    canvas.front[canvas.front == NO_COLOUR] = FRONT
    canvas.back[canvas.back == NO_COLOUR] = BACK
    fast = escape.rows(canvas, depth, FRONT, BACK)
    assert screen(fast, canvas.width) == screen(canvas.lines(depth), canvas.width)


def test_escape_text_says_the_cells_themselves() -> None:
    canvas = Canvas(3, 1)
    canvas.text(0, 0, "ab", (1, 20, 255), bold=True)
    shown = screen(escape.rows(canvas, Depth.TRUE, FRONT, BACK), 3)[0]
    assert shown == [
        ("a", "0114ff", "121212", True),
        ("b", "0114ff", "121212", True),
        (" ", "e0e0e0", "121212", False),
    ]


def test_codes_stand_only_where_the_style_changes() -> None:
    canvas = Canvas(50, 1)
    line = escape.rows(canvas, Depth.TRUE, FRONT, BACK)[0]
    assert line == "\x1b[38;2;224;224;224m\x1b[48;2;18;18;18m" + " " * 50 + "\x1b[0m"


def test_palette_agrees_with_the_one_of_drawing() -> None:
    colours = np.random.default_rng(1).integers(0, 1 << 24, 2000).astype(np.uint32)
    assert palette(colours).tolist() == [palette_index(int(c)) for c in colours]


def test_256_colours_take_a_fraction_of_the_bytes() -> None:
    canvas = noisy(160, 50)
    few, many = (sum(map(len, escape.rows(canvas, d, FRONT, BACK))) for d in (Depth.PALETTE, Depth.TRUE))
    assert few < 0.7 * many
    assert {c[0] for row in screen(escape.rows(canvas, Depth.PALETTE, FRONT, BACK), 160) for c in row} >= {
        "a",
        "⣿",
    }


@pytest.mark.parametrize("size", [(0, 0), (5, 0), (0, 3)])
def test_canvas_without_cells_has_empty_rows(size: tuple[int, int]) -> None:
    assert escape.rows(Canvas(*size), Depth.TRUE, FRONT, BACK) == [""] * size[1]


def test_segments_are_made_only_when_asked_for() -> None:
    canvas = noisy()
    strip = CanvasStrip(canvas, 0, (FRONT, BACK), "ready")
    assert strip.render(Console()) == "ready"
    assert strip._made is None
    assert len(strip.text) == canvas.width
    assert strip.cell_length == canvas.width
    assert bool(strip)


def test_cut_strips_join_to_the_whole() -> None:
    canvas = noisy()
    console = Console(color_system="truecolor", force_terminal=True)
    for row in range(canvas.height):
        whole = CanvasStrip(canvas, row, (FRONT, BACK), None)
        parts = whole.divide([7, 20, canvas.width])
        assert screen([Strip.join(parts).render(console)], 40) == screen([whole.render(console)], 40)
        assert whole.crop(7, 20).cell_length == 13


class Show(App[None]):
    CSS = "Static { width: 10; } #over { layer: top; width: 6; height: 2; offset: 3 1; } Screen { layers: base top; }"

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("left")
            yield CanvasView()
        yield Static("OVER", id="over")


async def test_canvas_fills_the_widget_and_survives_overlap_and_export() -> None:
    app = Show()
    async with app.run_test(size=(50, 12)) as pilot:
        view = app.query_one(CanvasView)
        view.show(noisy())
        await pilot.pause()
        rows = view.render_lines(Region(0, 0, 40, 12))
        assert [row.cell_length for row in rows] == [40] * 12
        assert [row.cell_length for row in view.render_lines(Region(5, 2, 10, 3))] == [10] * 3
        assert "OVER" in app.export_screenshot()
        view.show(Canvas(4, 2))  # smaller than the widget: the rest is filled
        await pilot.pause()
        assert [row.cell_length for row in view.render_lines(Region(0, 0, 40, 12))] == [40] * 12


async def test_without_colours_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Show(ansi_color=True)
    async with app.run_test(size=(50, 12)) as pilot:
        view = app.query_one(CanvasView)
        view.show(noisy())
        await pilot.pause()
        shown = screen([strip.render(app.console) for strip in view.render_lines(Region(0, 0, 40, 12))], 40)
        assert {cell[1:3] for row in shown for cell in row} == {("default", "default")}


async def test_the_ground_follows_the_theme() -> None:
    app = Show()
    async with app.run_test(size=(50, 12)) as pilot:
        view = app.query_one(CanvasView)
        view.show(Canvas(40, 12))
        texts = []
        for theme in ("textual-dark", "textual-light"):
            app.theme = theme
            await pilot.pause()
            texts.append(view.render_lines(Region(0, 0, 40, 1))[0].render(app.console))
        assert texts[0] != texts[1]
