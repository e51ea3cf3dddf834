"""Pictures that rest become pixels, whatever moves is cells, and nothing is left behind."""

import asyncio
import re

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from dltui.draw import Depth, Look, draw
from dltui.draw.glyphs import Glyphs
from dltui.draw.kitty import placed
from dltui.draw.slots import PLACEHOLDER
from dltui.draw.terminals import Pixels, Surroundings
from dltui.figures import Figure, Lines, Series, Surface
from dltui.tui.widgets.canvas_view import CanvasStrip
from dltui.tui.widgets.figure_view import FigureView

GRID = np.linspace(-1, 1, 21)
LAND = Surface(title="Saddle", values=GRID[:, None] ** 2 - GRID[None] ** 2, x=GRID, y=GRID)
CURVE = Lines(series=(Series(name="", x=GRID, y=GRID**2),))
SENT = re.compile(r"\x1b_Ga=T,U=1,q=2,f=32,o=z,s=\d+,v=\d+,i=(\d+),")
GONE = re.compile(r"\x1b_Ga=d,d=I,i=(\d+),q=2\x1b\\")


class Show(App[None]):
    CSS = "Screen { layers: base top; } #over { layer: top; width: 20; height: 3; offset: 10 8; display: none; }"

    def __init__(self, protocol: str, figure: Figure = LAND) -> None:
        super().__init__()
        self.surroundings = Surroundings(Glyphs.OCTANT, Pixels(protocol, (6, 12)))
        self._shown = figure
        self.told: list[str] = []

    def on_figure_view_readout(self, event: FigureView.Readout) -> None:
        self.told.append(event.text)

    def compose(self) -> ComposeResult:
        yield FigureView(self._shown)
        yield Static("over it", id="over")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written past Textual."""
    written: list[str] = []

    def write(app: object, text: str) -> bool:
        written.append(text)
        return True

    monkeypatch.setattr("dltui.tui.widgets.canvas_view.write", write)
    monkeypatch.setattr("dltui.tui.widgets.finish.REST", 0.05)
    monkeypatch.setattr("dltui.tui.widgets.canvas_view.AGAIN", 0.05)
    return written


async def until(condition: object, seconds: float = 10) -> None:
    """Wait until something holds."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


def text_of(view: FigureView) -> str:
    return "".join(strip.text for strip in view.render_lines(view.size.region))


def parts(view: FigureView) -> int:
    """How many cells show a part of a picture."""
    return text_of(view).count(PLACEHOLDER)


async def test_a_resting_picture_is_sent_to_kitty_and_goes_when_it_moves(wire: list[str]) -> None:
    app = Show("kitty")
    async with app.run_test(size=(60, 24)):
        view = app.query_one(FigureView)
        assert parts(view) == 0
        await until(lambda: view.in_pixels)
        (number,) = SENT.findall("".join(wire))
        assert parts(view) > 100
        assert "Saddle" in text_of(view)
        assert {strip.cell_length for strip in view.render_lines(view.size.region)} == {60}
        view.action_turn(1, 0)
        assert parts(view) == 0
        await until(lambda: GONE.findall("".join(wire)) == [number])
        await until(lambda: view.in_pixels)
        other = SENT.findall("".join(wire))[-1]
        assert other != number
    assert GONE.findall("".join(wire)) == [number, other]


def test_a_picture_is_cut_between_its_parts() -> None:
    canvas = draw(LAND, Look(width=60, height=20, depth=Depth.TRUE, pixels=Pixels("kitty", (8, 16)))).canvas
    shown = placed(canvas, [77])
    for row in range(5, 15):
        strip = CanvasStrip(shown, row, (0, 0), None)
        assert strip.cell_length == 60
        for cut in range(1, 60):
            left, right = strip.crop(0, cut), strip.crop(cut, 60)
            assert left.text + right.text == strip.text
            assert len(re.sub(rf"{PLACEHOLDER}..", "x", left.text)) == cut


async def test_below_another_screen_there_are_cells(wire: list[str]) -> None:
    app = Show("kitty")
    async with app.run_test(size=(60, 24)) as pilot:
        view = app.query_one(FigureView)
        await until(lambda: view.in_pixels)
        await app.push_screen(ModalScreen())
        await pilot.pause()
        assert parts(view) == 0
        app.pop_screen()
        await pilot.pause()
        assert parts(view) > 100


async def test_sixel_is_painted_where_the_picture_is_and_again_after_it_was_covered(wire: list[str]) -> None:
    app = Show("sixel")
    async with app.run_test(size=(60, 24)) as pilot:
        view = app.query_one(FigureView)
        await until(lambda: view.in_pixels)
        (painted,) = wire
        assert painted.startswith("\x1b[?2026h\x1b7\x1b[2;1H\x1bP0;1;0q")  # below the title
        assert painted.endswith("\x1b\\\x1b8\x1b[?2026l")
        assert parts(view) == 0
        await until(lambda: len(wire) == 2)  # the lines were asked for, so cells have been written
        app.query_one("#over").display = True
        await until(lambda: not view.in_pixels)
        count = len(wire)
        await pilot.pause(0.3)
        assert len(wire) == count  # never over something else
        app.query_one("#over").display = False
        await until(lambda: len(wire) == count + 1)


async def test_sixel_of_a_moved_picture_does_not_come_back(wire: list[str]) -> None:
    app = Show("sixel")
    async with app.run_test(size=(60, 24)):
        view = app.query_one(FigureView)
        await until(lambda: view.in_pixels)
        first = wire[-1]
        view.action_turn(1, 0)
        assert not view.in_pixels
        await until(lambda: view.in_pixels)
        assert wire[-1] != first


@pytest.mark.parametrize("figure", [CURVE], ids=["curve"])
async def test_what_is_no_picture_stays_cells(wire: list[str], figure: Figure) -> None:
    app = Show("kitty", figure)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause(0.4)
        assert not wire
        await pilot.press("M")  # means nothing here
        assert app.query_one(FigureView).check_action("glyphs", ()) is False


async def test_without_an_answer_nothing_is_written(wire: list[str]) -> None:
    app = Show("kitty")
    app.surroundings = Surroundings(Glyphs.SEXTANT)
    async with app.run_test(size=(60, 24)) as pilot:
        await pilot.pause(0.4)
        assert not wire
        assert not app.query_one(FigureView).in_pixels


async def test_a_key_goes_through_the_glyphs(wire: list[str]) -> None:
    app = Show("kitty")
    async with app.run_test(size=(60, 24)) as pilot:
        view = app.query_one(FigureView)
        await until(lambda: view.in_pixels)
        seen = []
        for _ in range(5):
            view.action_glyphs()
            await pilot.pause()
            codes = set(view.canvas.glyph.ravel().tolist())
            seen.append([name for name in Glyphs if codes & OWN[name]])
        assert [text for text in app.told if text.startswith("drawn in")] == [
            "drawn in halves", "drawn in quadrants", "drawn in sextants", "drawn in octants", "drawn in pixels",
        ]  # fmt: skip
        assert [names[-1] for names in seen] == ["half", "quadrant", "sextant", "octant", "octant"]
        await until(lambda: view.in_pixels)


OWN = {
    glyphs: set(glyphs.table)
    - {code for other in Glyphs if other.grain < glyphs.grain for code in other.table}
    for glyphs in Glyphs
}
