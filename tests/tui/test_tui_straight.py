"""Frames written past the compositor: the terminal shows what the compositor would have painted."""

from typing import Any

import numpy as np
import pyte
import pytest
from textual.app import App, ComposeResult
from textual.containers import Container, Horizontal
from textual.filter import Monochrome
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Static

from dltui.draw.canvas import NO_COLOUR, Canvas
from dltui.draw.look import Depth
from dltui.tui.widgets.canvas_view import CanvasView
from dltui.tui.widgets.settled import Settled
from dltui.tui.widgets.straight import Straight, free

WIDE, HIGH = 50, 12


def noisy(seed: int, width: int = 40, height: int = 11) -> Canvas:
    """Random glyphs, colours and holes, and a wide character."""
    rng = np.random.default_rng(seed)
    canvas = Canvas(width, height)
    canvas.glyph[:] = rng.choice(np.array([ord(c) for c in " a▀⣿\U0001cd00"], np.uint32), (height, width))
    for part in (canvas.front, canvas.back):
        part[:] = rng.integers(0, 1 << 24, (height, width))
        part[rng.random((height, width)) < 0.3] = NO_COLOUR
    canvas.bold[:] = rng.random((height, width)) < 0.2
    canvas.text(3, 2, "漢字")
    return canvas


class Terminal:
    """A terminal emulator that is written to as a driver would do."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDE, HIGH)
        self._stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> None:
        """Take what an update says."""
        self._stream.feed(text)

    def cells(self) -> list[list[tuple[str, str, str, bool]]]:
        """Return glyph, colours and weight of every cell."""
        rows = ((self.screen.buffer[y][x] for x in range(WIDE)) for y in range(HIGH))
        return [[(cell.data, cell.fg, cell.bg, cell.bold) for cell in row] for row in rows]


class Show(App[None]):
    """A canvas between others, and something that may lie over it."""

    CSS = """
    Screen { layers: base top; }
    #left { width: 10; }
    #foot { height: 1; dock: bottom; }
    #over { layer: top; width: 6; height: 2; display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static("left", id="left")
            yield CanvasView()
        yield Static("foot", id="foot")
        yield Static("OVER", id="over")

    def _display(self, screen: Any, renderable: Any) -> None:
        """Note what would be written."""
        if renderable is not None:
            self.seen.append(renderable)
        super()._display(screen, renderable)

    def straight(self) -> list[Straight]:
        """Return the frames that were written past the compositor since it was asked last."""
        found = [update for update in self.seen if isinstance(update, Straight)]
        self.seen.clear()
        return found

    def whole(self) -> str:
        """Return all of the screen as the compositor says it."""
        update: Any = self.screen._compositor.render_full_update()
        text: str = update.render_segments(self.console)
        return text


@pytest.fixture(autouse=True)
def never_too_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every frame be late enough to be written at once."""
    monkeypatch.setattr("dltui.tui.widgets.canvas_view.SOONEST", 0)


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.PALETTE, Depth.BASIC])
async def test_straight_frames_show_what_the_compositor_shows(depth: Depth) -> None:
    app, terminal, witness = Show(), Terminal(), Terminal()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        view = app.query_one(CanvasView)
        view.depth = depth
        terminal.feed(app.whole())
        for seed in range(5):
            app.straight()
            view.show(noisy(seed))
            frames = app.straight()
            assert len(frames) == 1
            terminal.feed(frames[0].render_segments(app.console))
            witness.feed(app.whole())
            assert terminal.cells() == witness.cells()
        await pilot.pause()
        assert not app.seen  # the compositor had nothing left to do


async def test_smaller_and_larger_canvases_fill_the_widget() -> None:
    app, terminal, witness = Show(), Terminal(), Terminal()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        view = app.query_one(CanvasView)
        terminal.feed(app.whole())
        for size in ((4, 2), (90, 30), (40, 11)):
            app.straight()
            view.show(noisy(1, *size))
            terminal.feed(app.straight()[0].render_segments(app.console))
            witness.feed(app.whole())
            assert terminal.cells() == witness.cells()


async def test_what_lies_over_the_canvas_is_left_to_the_compositor() -> None:
    app = Show()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        view, over = app.query_one(CanvasView), app.query_one("#over")
        over.display = True
        for place, straight in (((20, 3), 0), ((2, 3), 1), ((5, 3), 0), ((4, 3), 1), ((30, 10), 0)):
            over.styles.offset = place
            await pilot.pause(0.05)
            app.straight()
            view.show(noisy(sum(place)))
            assert len(app.straight()) == straight, place
            await pilot.pause(0.05)
            terminal = Terminal()
            terminal.feed(app.whole())
            assert "OVER" in terminal.screen.display[place[1]]


async def test_nothing_is_written_over_a_dialog_nor_in_its_absence_left_out() -> None:
    app = Show()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        view = app.query_one(CanvasView)
        await app.push_screen(ModalScreen())
        await pilot.pause(0.05)
        app.straight()
        view.show(noisy(1))
        await pilot.pause(0.05)
        assert not app.straight()
        app.pop_screen()
        await pilot.pause(0.05)
        app.straight()
        view.show(noisy(2))
        assert len(app.straight()) == 1


async def test_batches_hidden_canvases_and_pixels_are_left_to_the_compositor() -> None:
    app = Show()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        view = app.query_one(CanvasView)
        app.straight()
        with app.batch_update():
            view.show(noisy(1))
        await pilot.pause(0.05)
        assert not app.straight()
        view.settle(Settled(noisy(2), over=((0, 0, 4, 2, "sixel"),)))
        view.show(noisy(3))  # the pixels must go first
        assert not app.straight()
        await pilot.pause(0.05)
        view.show(noisy(4))
        assert len(app.straight()) == 1
        view.display = False
        await pilot.pause(0.05)
        app.straight()
        view.show(noisy(5))
        assert not app.straight()
    view.show(noisy(6))  # gone: no trouble


async def test_without_colours_the_compositor_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Show()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        app.straight()
        app.query_one(CanvasView).show(noisy(1))
        await pilot.pause(0.05)
        assert app.seen
        assert not app.straight()


async def test_colours_that_are_changed_afterwards_are_left_to_the_compositor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = Show()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        app.straight()
        monkeypatch.setattr(app, "get_line_filters", lambda: [Monochrome()])
        app.query_one(CanvasView).show(noisy(1))
        assert not app.straight()


async def test_frames_that_come_at_once_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Show()
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        view = app.query_one(CanvasView)
        app.straight()
        monkeypatch.setattr("dltui.tui.widgets.canvas_view.SOONEST", 1000)
        monkeypatch.setattr(view, "_written_at", -1000)
        for seed in range(9):
            view.show(noisy(seed))
        await pilot.pause(0.05)
        terminal, witness = Terminal(), Terminal()
        terminal.feed(app.whole())
        assert 2 <= len(app.seen) <= 3  # the first one, and the last one
        assert len(app.straight()) == 1
        view.show(noisy(8))
        await pilot.pause(0.05)
        witness.feed(app.whole())
        assert terminal.cells() == witness.cells()


class Scattered(App[None]):
    """Many boxes in layers, some half outside."""

    CSS = "Screen { layers: l0 l1 l2; overflow: hidden; } Container { border: none; }"

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = np.random.default_rng(seed)

    def compose(self) -> ComposeResult:
        for _ in range(6):
            box = Container(CanvasView())
            box.styles.layer = f"l{self._rng.integers(3)}"
            box.styles.width, box.styles.height = (int(side) for side in self._rng.integers(3, 16, 2))
            left, top = (int(place) for place in self._rng.integers(-4, (WIDE, HIGH)))
            box.styles.position = "absolute"
            box.styles.offset = (left, top)
            yield box


@pytest.mark.parametrize("seed", range(6))
async def test_a_canvas_is_free_where_every_cell_is_its_own(seed: int) -> None:
    app = Scattered(seed)
    async with app.run_test(size=(WIDE, HIGH)) as pilot:
        await pilot.pause()
        rng = np.random.default_rng(seed)
        for view in app.query(CanvasView):
            x, y, _, _ = view.region
            parts = [
                view.region,
                *(Region(x + i, y + j, 2, 1) for i, j in rng.integers(0, 9, (20, 2)).tolist()),
            ]
            for part in parts:
                cells = [(column, row) for column in part.column_range for row in part.line_range]
                inside = all(0 <= column < WIDE and 0 <= row < HIGH for column, row in cells)
                own = inside and all(app.screen.get_widget_at(*cell)[0] is view for cell in cells)
                assert free(view, part) == own, (part, view.region)
