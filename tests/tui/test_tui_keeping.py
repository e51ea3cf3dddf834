"""What can be taken away from a figure: files, text, recordings."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PIL import Image
from textual.pilot import Pilot
from textual.widgets import Input, Static

from dltui.draw.endings import KINDS, MOVING
from dltui.draw.export import WRITERS
from dltui.draw.glyphs import Glyphs
from dltui.draw.terminals import Surroundings
from dltui.tui.app import DltuiApp
from dltui.tui.screens.export import ExportScreen, Names
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.keeping import named

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


async def opened(pilot: Pilot[int], settle: Settle) -> FigureView:
    """The first figure of the first result, in focus."""
    await settle(pilot)
    await pilot.press("enter")
    await settle(pilot)
    return pilot.app.screen.query_one(FigureView)


def said(app: DltuiApp) -> str:
    return str(app.screen.query_one("#said", Static).render())


def test_every_ending_says_what_it_writes() -> None:
    assert tuple(KINDS) == tuple(WRITERS)
    assert all(KINDS.values())


async def test_glyphs_chosen_by_key_outlive_the_late_answer_of_the_terminal(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        view = await opened(pilot, settle)
        view.action_glyphs()
        chosen = view.plain_look().glyphs
        other = next(one for one in Glyphs if one is not chosen)
        app.post_message(app.Answered(Surroundings(other)))
        await settle(pilot)
        assert app.surroundings == Surroundings(other)
        assert view.plain_look().glyphs is chosen
        app.tuning.change("glyphs", str(other))
        await settle(pilot)
        assert view.plain_look().glyphs is other  # a setting made later counts


async def test_dialog_asks_before_it_replaces(
    results: Path, here: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    old = here / "old.json"
    old.write_text("mine")
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, settle)
        await pilot.press("e")
        field = app.screen.query_one(Input)
        assert field.value == "bowl-1.png"
        assert field.cursor_position == len("bowl-1")
        field.value = "old.json"
        await pilot.press("enter")
        assert said(app) == "old.json exists. Press enter again to replace it, or change the name."
        assert old.read_text() == "mine"
        field.value = "new.json"
        await pilot.pause()
        assert said(app) == ""
        field.value = "old.json"
        await pilot.pause()
        await pilot.press("enter", "enter")
        await settle(pilot)
        assert json.loads(old.read_text())[0]["kind"] == "Surface"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.bmp", "The name must end in one of .png, .svg"),
        ("a", "The name must end in one of .png, .svg"),
        ("folder.txt", "folder.txt is a folder; add a name for the file."),
    ],
)
async def test_dialog_says_what_is_wrong_and_stays(
    results: Path, here: Path, make_app: Make, settle: Settle, name: str, sentence: str
) -> None:
    app = make_app()
    (here / "folder.txt").mkdir()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, settle)
        await pilot.press("e")
        app.screen.query_one(Input).value = name
        await pilot.press("enter")
        assert isinstance(app.screen, ExportScreen)
        assert said(app).startswith(sentence)


async def test_dialog_without_matplotlib_says_how_to_get_it(
    results: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltui.draw.endings.find_spec", lambda name: None)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, settle)
        await pilot.press("e", "enter")
        assert said(app) == (
            ".png needs matplotlib: pip install 'dltui[figures]'. Without it: .svg, .html, .csv, .json, .npz, .txt."
        )


async def test_names_are_completed(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    names = Names(tmp_path, (".png", ".svg", ".pdf"))
    assert await names.get_suggestion("pic") == "pictures/"
    assert await names.get_suggestion("pictures/bowl") == "pictures/bowl.png"
    assert await names.get_suggestion("bowl.s") == "bowl.svg"
    assert await names.get_suggestion("bowl.x") is None
    assert await names.get_suggestion("nowhere/b") == "nowhere/b.png"
    assert await names.get_suggestion("") is None


async def test_tab_takes_the_suggestion(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, settle)
        await pilot.press("e")
        field = app.screen.query_one(Input)
        field.value = "bowl.h"
        await pilot.pause(0.1)
        await pilot.press("tab")
        assert field.value == "bowl.html"


async def test_figure_is_copied_as_text(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        view = await opened(pilot, settle)
        await pilot.press("X")
        lines = app.clipboard.split("\n")
        assert "Loss landscape" in lines[0]
        assert max(map(len, lines)) <= view.size.width
        assert "\x1b" not in app.clipboard
        assert sum("⠀" < letter <= "⣿" for letter in app.clipboard) > 100


async def test_recording_keeps_what_was_shown(
    results: Path, here: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(pilot, settle)
        await pilot.press("V")
        assert view.keeping.recording
        for _ in range(4):
            await pilot.press("left")
            await settle(pilot)
        await pilot.press("V")
        assert isinstance(app.screen, ExportScreen)
        assert not view.keeping.recording
        size = view.size.width * 8, view.size.height * 16
        assert app.screen.query_one(Input).value == "bowl-1.gif"
        assert all(ending in str(app.screen.query_one("#kinds", Static).render()) for ending in MOVING)
        await pilot.press("enter")
        await settle(pilot)
    with Image.open(here / "bowl-1.gif") as gif:
        assert gif.n_frames == 5
        assert gif.size == size


async def test_glyphs_of_the_terminal_are_used(results: Path, make_app: Make, settle: Settle) -> None:
    from dltui.draw.glyphs import Glyphs

    app = make_app()
    app.surroundings = Surroundings(Glyphs.OCTANT)
    async with app.run_test(size=(100, 30)) as pilot:
        view = await opened(pilot, settle)
        assert (view.canvas.glyph >= 0x1CD00).sum() > 20
        await pilot.press("M")
        await settle(pilot)
        assert (view.canvas.glyph >= 0x1CD00).sum() == 0


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Loss landscape · lenet", "loss-landscape-lenet"),
        ("λ = 3", "3"),
        ("", "figure"),
        ("a b c d e f", "a-b-c-d-e"),
    ],
)
def test_a_title_makes_a_name(title: str, name: str) -> None:
    assert named(title) == name
