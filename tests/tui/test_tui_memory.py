"""Where one was is there again after a restart; what is gone is not, and nothing broken brings anything down."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from dltui.draw.view import View, view_from
from dltui.settings import change, settings_path
from dltui.tui.app import DltuiApp
from dltui.tui.catalog import Item
from dltui.tui.memory import Memory, is_there, read_memory, state_path, write_memory
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.screens.home import HomeScreen
from dltui.tui.walking import HOME

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


async def leave_something(app: DltuiApp, settle: Settle) -> tuple[str, View]:
    """Open two results, turn one, change the theme, and leave."""
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.press("escape", "up", "enter")
        await settle(pilot)
        await pilot.press("2", "right", "plus", "t")
        await settle(pilot)
        assert isinstance(app.screen, GalleryScreen)
        place, view = app.screen.item.place, app.screen.view.view
        app.exit()
    return place, view


async def test_tabs_figure_view_and_theme_are_there_again(
    results: Path, make_app: Make, settle: Settle
) -> None:
    before = make_app()
    place, view = await leave_something(before, settle)
    assert view.cursor is not None
    assert view.x_range is not None
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert app.trail.open == before.trail.open
        assert app.theme == "light"
        assert isinstance(app.screen, GalleryScreen)
        assert app.screen.item.place == place
        assert app.screen._shown == 1
        assert app.screen.view.view == view
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert isinstance(app.screen, GalleryScreen)  # the other tab opens as it was left
        assert app.screen._shown == 0


async def test_the_shelf_and_what_was_chosen_are_there_again(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("3", "down", "down")
        await settle(pilot)
        assert isinstance(app.screen, HomeScreen)
        shelf, chosen = app.screen.shelf.name, app.screen._list.chosen
        app.exit()
    again = make_app()
    async with again.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert isinstance(again.screen, HomeScreen)
        assert (again.screen.shelf.name, again.screen._list.chosen) == (shelf, chosen)


async def test_what_is_gone_is_dropped_without_a_word(results: Path, make_app: Make, settle: Settle) -> None:
    place, _ = await leave_something(make_app(), settle)
    Path(place.partition(" ")[2]).unlink()
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert len(app.trail.open) == 2
        assert place not in app.trail.open
        assert app.trail.here == HOME
        assert not app._notifications


@pytest.mark.parametrize("how", ["setting", "fresh"])
async def test_a_clean_start_when_it_is_wished(
    results: Path, make_app: Make, settle: Settle, here: Path, how: str
) -> None:
    await leave_something(make_app(), settle)
    if how == "setting":
        change(settings_path(), "remember", False)
    app = DltuiApp(folder=here, warm=False, fresh=how == "fresh")
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.trail.open == [HOME]
        assert app.theme == "dark"
        app.exit()
    assert bool(json.loads(state_path().read_text())["tabs"]) is (how == "setting")  # or forgotten by now


async def test_a_new_theme_in_the_file_wins_over_the_one_chosen_by_key(
    results: Path, make_app: Make, settle: Settle
) -> None:
    await leave_something(make_app(), settle)
    change(settings_path(), "theme", "safe-dark")
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        assert app.theme == "safe-dark"


async def test_nothing_is_noted_of_screens_that_are_taken_apart(
    results: Path, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()

    async def close_all() -> None:
        await app.screen.remove_children()
        app.keeper._write_soon()
        await DltuiApp._close_all(app)
        ended.append(True)

    ended: list[bool] = []
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        monkeypatch.setattr(app, "_close_all", close_all)
    assert ended


async def test_a_file_that_is_asked_for_stays_in_front(results: Path, make_app: Make, settle: Settle) -> None:
    await leave_something(make_app(), settle)
    asked = results / "mixture.safetensors"
    app = make_app(asked)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert app.trail.here == f"result {asked}"
        assert len(app.trail.open) in {3, 4}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"version": 2}', '{"version": 1}', '{"version": 1, "tabs": 3, "here": "", "rooms": {}}'],
)
async def test_a_broken_or_newer_file_is_ignored(make_app: Make, settle: Settle, text: str) -> None:
    state_path().parent.mkdir(parents=True, exist_ok=True)
    state_path().write_text(text)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.trail.open == [HOME]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tabs=values, rooms=values, theme=values)
def test_any_json_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tabs, rooms, theme) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    write_memory(json.dumps({"version": 1, "tabs": tabs, "here": "home", "rooms": rooms, "theme": theme}))
    assert isinstance(read_memory(), Memory)


@given(
    known=st.dictionaries(st.sampled_from([*View.__slots__, "other"]), values, max_size=3),
)
def test_only_whole_views_are_taken_up(known: dict) -> None:
    view = view_from(known)
    assert view is None or set(known) <= set(View.__slots__)


def test_a_view_comes_back_whole() -> None:
    from dataclasses import asdict

    view = View(azimuth=12.5, x_range=(0.5, 2.0), cursor=(1.0, 3.0), offset=4)
    assert view_from(json.loads(json.dumps(asdict(view)))) == view
    assert view_from({"zoom": float("nan")}) is None
    assert view_from({"x_range": [1]}) is None
    assert view_from(None) is None


def test_only_what_can_be_opened_is_there(tmp_path: Path) -> None:
    assert is_there(Item("model", "lenet", "", "lenet", ""))
    assert not is_there(Item("model", "gone", "", "gone", ""))
    assert not is_there(Item("unheard", "of", "", "of", ""))
    assert not is_there(Item("result", "x", "", str(tmp_path / "x.safetensors"), ""))


def test_the_places_left_longest_ago_are_forgotten() -> None:
    memory = Memory()
    for number in range(300):
        memory.keep(f"place {number}", {"figure": 0})
    memory.keep("place 299", {})
    assert len(memory.rooms) == 199
    assert "place 100" in memory.rooms
    assert "place 99" not in memory.rooms
