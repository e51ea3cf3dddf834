"""The settings screen: seen, changed at once, written to the file; keys that move, and what is told of conflicts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from dltui.settings import RULES, Settings, change, load, settings_path
from dltui.tui.actions import by_id, known, remake
from dltui.tui.app import DltuiApp
from dltui.tui.keymap import VIM, arranged, is_key, problems, remade, strokes, textual_keymap
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.screens.press import PressScreen
from dltui.tui.screens.settings import SettingsScreen
from dltui.tui.screens.theme import ThemeScreen
from dltui.tui.widgets.key_bar import KeyBar
from dltui.tui.widgets.row_list import RowList

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


@pytest.fixture(autouse=True)
def _own_keys():
    yield
    remake(None)


def row_of(name: str) -> int:
    return [rule.name for rule in RULES].index(name)


def said(app: DltuiApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).render())


async def on_setting(app: DltuiApp, pilot: Pilot[int], name: str) -> None:
    app.screen.query_one(RowList).highlighted = row_of(name)
    await pilot.pause()


async def test_settings_are_shown_explained_and_changed(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("comma")
        await settle(pilot)
        assert isinstance(app.screen, SettingsScreen)
        rows = app.screen.query_one(RowList)
        assert [rows.get_option_at_index(i).id for i in range(rows.option_count)] == [r.name for r in RULES]
        assert app.screen.command_line == "dltui settings set theme dark"
        assert "dltui settings set theme dark" in said(app, "#what")
        assert str(settings_path()) in said(app, "#where")
        await pilot.press("right")
        await settle(pilot)
        assert app.theme == "light"
        assert load().settings.theme == "light"
        await pilot.press("left", "left")
        await settle(pilot)
        assert app.theme == load().settings.theme == "safe-light"
        await pilot.press("u")
        await settle(pilot)
        assert app.theme == "dark"
        assert "theme" not in settings_path().read_text().splitlines()


async def test_numbers_are_typed(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("comma")
        await settle(pilot)
        await on_setting(app, pilot, "frame_rate")
        await pilot.press("enter", *"24", "enter")
        await settle(pilot)
        assert load().settings.frame_rate == 24
        await pilot.press("enter", *"99", "enter")
        await settle(pilot)
        assert load().settings.frame_rate == 24
        assert "frame_rate can't be 99" in next(iter(app._notifications)).message
        assert app.screen.query_one(Input).display
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, SettingsScreen)
        assert not app.screen.query_one(Input).display
        await pilot.press("right")
        await settle(pilot)
        assert load().settings.frame_rate == 25


async def test_the_environment_is_told_to_win(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_GLYPHS", "half")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("comma")
        await settle(pilot)
        await on_setting(app, pilot, "glyphs")
        assert "DLTUI_GLYPHS is set and wins" in said(app, "#what")
        await pilot.press("right")
        await settle(pilot)
        assert app.tuning.settings.glyphs == "half"
        assert 'glyphs = "quadrant"' in settings_path().read_text()


async def test_a_key_moves_and_footer_and_help_tell_it(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("comma", "tab")
        await settle(pilot)
        rows = app.screen.query_one(RowList)
        rows.highlighted = rows.get_option_index("gallery.words")
        await pilot.pause()
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, PressScreen)
        await pilot.press("e")
        await pilot.pause()
        assert "e for gallery.words already means: Write the figure to a file" in said(app, "#told")
        await pilot.press("b")
        await settle(pilot)
        assert load().settings.keys == {"gallery.words": ("b",)}
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, GalleryScreen)
        hints = {hint.label: hint.text for hint in app.screen.query_one(KeyBar).hints()}
        assert hints["words"] == "b"
        await pilot.press("w")
        await pilot.pause()
        assert not app.screen.has_class("-words")
        await pilot.press("b")
        await pilot.pause()
        assert app.screen.has_class("-words")
        moved = by_id("gallery.words")
        assert moved is not None
        assert moved.key_names() == "b"


async def test_an_arrow_of_one_manner_moves_and_the_others_stay(
    results: Path, make_app: Make, settle: Settle
) -> None:
    change(settings_path(), "keys.turn.turn.1", ("b",))
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, GalleryScreen)
        view = app.screen.view
        before = view.view.azimuth
        await pilot.press("right")
        await pilot.pause()
        assert view.view.azimuth == before
        await pilot.press("b")
        await pilot.pause()
        assert view.view.azimuth == before + 6
        await pilot.press("left")
        await pilot.pause()
        assert view.view.azimuth == before
        await pilot.press("2", "right")
        await settle(pilot)
        assert view.view.cursor is not None


async def test_themes_are_tried_on_and_taken_or_left(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("T")
        await settle(pilot)
        assert isinstance(app.screen, ThemeScreen)
        await pilot.press("down", "down")
        await settle(pilot)
        assert app.theme == "contrast-dark"
        await pilot.press("escape")
        await settle(pilot)
        assert app.theme == "dark"
        await pilot.press("T", "down", "down", "enter")
        await settle(pilot)
        assert app.theme == load().settings.theme == "contrast-dark"
        await pilot.press("t")
        await settle(pilot)
        assert app.theme == "contrast-light"
        assert load().settings.theme == "contrast-dark"


async def test_what_is_wrong_in_the_file_is_told_and_does_no_harm(make_app: Make, settle: Settle) -> None:
    settings_path().write_text('theme = "drak"\nglyph = "half"\n[keys]\n"gallery.export" = 3\n')
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.theme == "dark"
        assert len(app._notifications) == 3
        await pilot.press("comma")
        await settle(pilot)
        assert "theme can't be drak" in said(app, "#what")


async def test_reduced_motion_lets_nothing_spin(
    results: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_REDUCED_MOTION", "1")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("s")
        await pilot.pause()
        assert isinstance(app.screen, GalleryScreen)
        assert app.screen.view._spinning is None
        assert app.animation_level == "none"


def test_a_preset_without_letters_leaves_every_action_a_key() -> None:
    wished = Settings(keymap="arrows")
    for action in known():
        for stroke, table in zip(arranged(action, wished), strokes(action), strict=True):
            assert stroke.keys
            assert not set(stroke.keys) & VIM or set(table.keys) <= VIM  # a letter of its own stays
    (turn,) = [action for action in known() if action.id == "turn.turn"]
    assert remade(turn, wished).keys == ("left", "right", "up", "down")


def test_remade_actions_make_the_same_calls_by_other_keys() -> None:
    (turn,) = [action for action in known() if action.id == "turn.turn"]
    moved = remade(turn, Settings(keys={"turn.turn.0": ("a",), "turn.turn.1": ("d", "f", "g")}))
    calls = moved.calls()
    assert dict(calls)["a"] == "turn(-1, 0)"
    assert {key for key, call in calls if call == "turn(1, 0)"} == {"d", "f", "g"}
    assert {key for key, call in calls if call == "turn(0, 1)"} == {"up", "k"}
    assert [stroke.id for stroke in strokes(turn)] == [f"turn.turn.{i}" for i in range(4)]


def test_only_what_shares_a_widget_with_a_moved_key_is_named() -> None:
    assert textual_keymap(Settings()) == {}
    moved = textual_keymap(Settings(keys={"gallery.export": ("w",), "gallery.words": ("e",)}))
    assert (moved["gallery.export.0"], moved["gallery.words.0"]) == ("w", "e")
    assert {name.partition(".")[0] for name in moved} == {"gallery"}


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"gallery.exprt": ("e",)}, ["unknown action 'gallery.exprt': did you mean gallery.export"]),
        ({"gallery.export": ("strg+e",)}, ["gallery.export: 'strg+e' is no key"]),
        ({"gallery.export": ("q",)}, ["q for gallery.export already means: Leave dltui (app.quit)"]),
        ({"gallery.export": ("?",)}, ["? for gallery.export already means: Show every key"]),
        ({"gallery.export": ("w",), "gallery.words": ("e",)}, []),
        ({"home.reload": ("w",)}, []),  # another screen
        ({"gallery.export": ("f9",)}, []),
    ],
)
def test_problems_are_told_in_sentences(keys: dict[str, tuple[str, ...]], told: list[str]) -> None:
    found = problems(replace(Settings(), keys=keys))
    assert len(found) == len(told)
    assert all(sentence.startswith(start) for sentence, start in zip(found, told, strict=True))


@pytest.mark.parametrize(
    ("name", "known_"),
    [("e", True), ("ctrl+e", True), ("f5", True), ("question_mark", True), ("+", True), ("ctrl+", False),
     ("strg+e", False), ("enterr", False), ("", False), ("ctrl+shift+left", True)],
)  # fmt: skip
def test_keys_are_known_by_name(name: str, known_: bool) -> None:
    assert is_key(name) is known_
