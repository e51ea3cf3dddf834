"""The screens, driven by keys and mouse."""

import itertools
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Input, Static

from dltui.commands.cloud_screen import SpaceScreen
from dltui.commands.inspect_screen import ModelScreen
from dltui.figures import Heatmap, Lines, number
from dltui.runs import MetricsWriter, new_run
from dltui.tui.app import DltuiApp
from dltui.tui.screens.data import DataScreen
from dltui.tui.screens.exhibit import ExhibitScreen
from dltui.tui.screens.export import ExportScreen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.screens.home import HomeScreen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.screens.run import RunScreen
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.key_bar import KeyBar
from dltui.tui.widgets.preview import Preview
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.top_bar import shortened

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
SIZES = [(80, 24), (120, 40), (200, 60)]


def seen(app: DltuiApp) -> str:
    """Everything on the screen as text."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    assert len(strips) == height
    assert all(strip.cell_length == width for strip in strips)
    return "\n".join(strip.text for strip in strips)


def counted(text: str, shelf: str) -> int:
    """How many the heading of a shelf in the overview says that there are."""
    found = re.search(rf"{shelf} ─+ (\d+)", text)
    assert found, f"no heading {shelf} in {text}"
    return int(found[1])


async def test_home_and_help_at_every_size_in_the_dark_and_in_the_light(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        async for text in everywhere(app, pilot):
            assert all(word in text for word in ("Results", "Runs", "? help", "q quit"))
            assert counted(text, "Results") == 3
            assert counted(text, "Runs") == 0
        await pilot.press("question_mark")
        async for text in everywhere(app, pilot):
            assert "Help" in text
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


@pytest.mark.parametrize(
    ("shelf", "kind"),
    [
        ("1", ResultScreen),
        ("2", RunScreen),
        ("3", ModelScreen),
        ("4", DataScreen),
        ("5", SpaceScreen),
        ("7", ExhibitScreen),
    ],
)
async def test_every_screen_at_every_size_in_the_dark_and_in_the_light(
    results: Path, make_app: Make, settle: Settle, shelf: str, kind: type[GalleryScreen]
) -> None:
    new_run(model="lenet", data="digits", settings={"epochs": 2}, command="dltui train lenet")
    app = make_app()
    async with app.run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        await pilot.press(shelf, "enter")
        await settle(pilot)
        assert isinstance(app.screen, kind)
        async for text in everywhere(app, pilot):
            assert app.screen.item.name in text
            assert all(word in text for word in ("esc back", "? help", "q quit"))
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def everywhere(app: DltuiApp, pilot: Pilot[int]) -> AsyncIterator[str]:
    """What stands on the screen at every size, in both themes."""
    for size in SIZES:
        await pilot.resize_terminal(*size)
        for theme in sorted(("dark", "light"), key=lambda theme: theme != app.theme):
            app.theme = theme
            await pilot.pause()
            yield seen(app)


@pytest.mark.parametrize("size", [(59, 24), (80, 17), (20, 5), (1, 1)])
async def test_small_terminal_gets_a_plain_sentence(make_app: Make, size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert not app.screen.query_one(KeyBar).display
        assert app.screen.query_one("#too-small").display
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.screen.query_one(KeyBar).display
        assert not app.screen.query_one("#too-small").display
        await pilot.press("q")
    assert app.return_code == 0


async def test_empty_home_tells_what_to_try(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        text = seen(app)
        assert "dltui quickstart" in text
        assert "dltui landscape lenet --data digits --save bowl.safetensors" in text
        await pilot.press("y", "tab", "down", "G", "2")
        assert "No training runs yet" in seen(app)


async def test_home_paints_its_skeleton_before_anything_is_read(make_app: Make, results: Path) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)):
        assert isinstance(app.screen, HomeScreen)
        assert "Results" in seen(app)


async def test_glimpse_follows_the_cursor(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "Loss landscape · rosenbrock" in seen(app)
        await pilot.press("1", "j")
        await settle(pilot)
        assert "Loss landscape · saddle" in seen(app)
        await pilot.press("G")
        await settle(pilot)
        assert "Decay" in seen(app)
        await pilot.press("tab")
        assert isinstance(app.focused, FigureView)
        await pilot.press("right")
        assert app.focused.view.cursor is not None
        await pilot.press("tab")
        assert isinstance(app.focused, ItemList)


async def test_rotating_changes_the_picture(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        view = app.screen.query_one(FigureView)
        pictures = [view.canvas.glyph.copy()]
        for key in ("left", "up", "l", "plus", "k"):
            await pilot.press(key)
            await settle(pilot)
            pictures.append(view.canvas.glyph.copy())
        assert all((one != other).any() for one, other in itertools.pairwise(pictures))
        assert "azimuth 35°   elevation 42°   zoom 1.15×" in seen(app)
        await pilot.press("0")
        await settle(pilot)
        assert (view.canvas.glyph == pictures[0]).all()


async def test_dragging_and_the_wheel(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        view = app.screen.query_one(FigureView)
        await pilot.mouse_down(FigureView, offset=(30, 10))
        await pilot.hover(FigureView, offset=(40, 12))
        await pilot.mouse_up(FigureView, offset=(40, 12))
        assert view.view.azimuth != 35
        assert view.view.elevation != 30
        held = view.view
        await pilot.hover(FigureView, offset=(20, 12))
        assert view.view == held


def cell(field: Heatmap, view: FigureView) -> tuple[int, int]:
    """Column and row under the cursor."""
    assert view.view.cursor is not None
    pairs = zip((field.x, field.y), view.view.cursor, strict=True)
    column, row = (int(np.argmin(np.abs(axis - at))) for axis, at in pairs)
    return column, row


@pytest.mark.parametrize("size", SIZES)
async def test_heatmap_readout_is_the_value_of_the_array(
    results: Path, make_app: Make, settle: Settle, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("enter", "2")
        await settle(pilot)
        view = app.screen.query_one(FigureView)
        field = view.figure
        assert isinstance(field, Heatmap)
        await pilot.press("right")  # the cursor appears near the middle
        await settle(pilot)
        first = cell(field, view)
        assert all(abs(place - 20) <= 3 for place in first)
        await pilot.press("right", "right", "up")
        await settle(pilot)
        column, row = cell(field, view)
        assert (column, row) == (first[0] + 2, first[1] + 1)
        loss = f"{field.values[row, column]:.6g}"
        text = f"α {number(float(field.x[column]))}   β {number(float(field.y[row]))}   loss {loss}"
        assert text in str(app.screen.query_one("#readout", Static).render())
        region: Region = view.region
        await pilot.hover(FigureView, offset=(region.width // 3, region.height // 2))
        await settle(pilot)
        x, y = view.view.cursor
        value = field.values[int(np.argmin(np.abs(field.y - y))), int(np.argmin(np.abs(field.x - x)))]
        assert f"loss {value:.6g}" in str(app.screen.query_one("#readout", Static).render())


async def test_figures_are_changed_by_number_name_and_click(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        tabs = app.screen.query_one(TabLine)
        for key, active in [("n", 1), ("n", 2), ("n", 0), ("p", 2), ("1", 0), ("9", 0), ("3", 2)]:
            await pilot.press(key)
            assert tabs.active == active
        await pilot.click(TabLine, offset=(3, 0))
        assert tabs.active == 0


async def test_words_twin(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("w")
        await settle(pilot)
        assert "A field of 41 × 41 values of loss: lowest" in seen(app)
        assert "does not prove convexity" in " ".join(seen(app).split())
        await pilot.press("n")
        assert "Loss from above" in seen(app)
        await pilot.press("w")
        assert app.screen.query_one(FigureView).display


async def test_details_tell_how_it_was_made_and_the_command_is_copied(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert "machine" not in seen(app)
        await pilot.press("i")
        await settle(pilot)
        assert "x86_64 Linux" in seen(app)
        assert "2026-11-23 21:00" in seen(app)
        await pilot.press("y")
        assert app.clipboard == "dltui landscape rosenbrock --save bowl.safetensors"


async def test_export_writes_what_is_shown(results: Path, here: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter", "2")
        await settle(pilot)
        await pilot.press("e")
        assert isinstance(app.screen, ExportScreen)
        name = app.screen.query_one(Input)
        assert name.value == "bowl-2.png"
        name.value = "map.json"
        await pilot.press("enter")
        await settle(pilot)
        assert "map.json" in [note.message for note in app._notifications][-1]
        assert "Loss from above" in json.dumps(
            json.loads((here / "map.json").read_text()), ensure_ascii=False
        )


@pytest.mark.parametrize("name", ["", "no/such\0name.png"])
async def test_export_that_fails_is_a_notice(
    results: Path, make_app: Make, settle: Settle, name: str
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("e")
        app.screen.query_one(Input).value = name
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)
        notes = [note.severity for note in app._notifications]
        assert notes == (["error"] if name else [])


async def test_corrupt_file_is_told_and_nothing_breaks(results: Path, make_app: Make, settle: Settle) -> None:
    (results / "broken.safetensors").write_bytes(b"garbage")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("1", "G")
        await settle(pilot)
        assert "can't read" in seen(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "can't read" in " ".join(seen(app).split())
        await pilot.press("n", "p", "1", "w", "w", "i", "e", "left", "plus", "escape")
        assert isinstance(app.screen, HomeScreen)


async def test_run_is_followed_while_it_grows(make_app: Make, settle: Settle) -> None:
    run = new_run(model="lenet", data="digits", settings={"epochs": 2}, command="dltui train lenet")
    with MetricsWriter(run) as writer:
        app = make_app()
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            await pilot.press("2")
            await settle(pilot)
            await pilot.press("enter")
            await settle(pilot)
            assert "no step is written yet" in seen(app)
            for step in range(1, 4):
                writer.append({
                    "kind": "step",
                    "step": step,
                    "epoch": 1,
                    "loss": 2.0 / step,
                    "learning_rate": 0.1,
                })
            await until(pilot, lambda: "Loss · lenet on digits" in seen(app), "the curve")
            await pilot.press("right")
            view = app.screen.query_one(FigureView)
            await until(pilot, lambda: isinstance(view.figure, Lines), "the curve as it is shown")
            cursor = view.view.cursor
            writer.append({"kind": "step", "step": 4, "epoch": 1, "loss": 0.5, "learning_rate": 0.1})
            await until(pilot, lambda: len(view.figure.series[0].x) == 4, "the step")  # type: ignore[union-attr]
            assert view.view.cursor == cursor
            assert "running" in seen(app)


async def test_unchanged_run_is_not_read_again(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_run(model="lenet", data="digits", settings={}, command="")
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("2", "enter")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, RunScreen)
        started: list[object] = []
        monkeypatch.setattr(screen, "run_worker", lambda *_, **__: started.append(1))
        for _ in range(8):
            screen.read()
        assert len(started) <= 1


async def test_file_that_was_asked_for_is_opened_on_top_of_home(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app(results / "saddle.safetensors")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)
        assert "saddle" in seen(app)
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_without_colours_everything_still_tells_itself(
    results: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert "Loss landscape" in seen(app)
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
        ]
        colours = {part.name for style in styles for part in (style.color, style.bgcolor) if part is not None}
        assert colours <= {"default"}
        underlined = "".join(
            segment.text
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.underline
        )
        assert "bowl" in underlined  # the cursor of the list is seen without colour
        assert "saddle" not in underlined
        view = app.screen.query_one(FigureView)
        assert len(set(view.canvas.glyph.ravel().tolist())) > 8


async def test_theme_is_changed_and_the_picture_with_it(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        before = app.theme
        await pilot.press("t")
        await settle(pilot)
        assert app.theme != before
        view = app.screen.query_one(Preview).query_one(FigureView)
        _, _, background, _ = view.colors
        text = view.render_lines(Region(0, 0, view.size.width, 1))[0].render(app.console)
        assert f"48;2;{background.r:03};{background.g:03};{background.b:03}" in text
        await pilot.press("t")
        assert app.theme == before


async def test_key_bar_is_clicked_like_keys(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        bar = app.screen.query_one(KeyBar)
        text = seen(app).splitlines()[-1]
        assert len(text.rstrip()) <= 80
        await pilot.click(KeyBar, offset=(text.index("enter open") + 2, 0))
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)
        assert [hint.label for hint in bar.hints()]


async def test_deleted_result_is_told(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        (results / "bowl.safetensors").unlink()
        await pilot.press("enter")
        await settle(pilot)
        assert "no file" in " ".join(seen(app).split())
        await pilot.press("escape", "r")
        await settle(pilot)
        assert counted(seen(app), "Results") == 2


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (40, "depth 20: cells bend down 4.1% with"),
        (29, "depth 20: cells bend down…"),
        (17, "depth 20: cells…"),
        (11, "depth 20…"),
        (4, "dep…"),
        (0, ""),
    ],
)
def test_a_remark_is_cut_between_words(width: int, told: str) -> None:
    assert shortened("depth 20: cells bend down 4.1% with", width, whole=True) == told
