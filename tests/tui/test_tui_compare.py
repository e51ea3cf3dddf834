"""Side by side: what is turned or read in one pane is turned and read in the others."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from dltui.draw.view import View
from dltui.figures import Heatmap, Lines, Points, Series, Surface
from dltui.results import load
from dltui.tui.app import DltuiApp
from dltui.tui.catalog import Item
from dltui.tui.manners.linking import apart, linked, plane_of, value_at
from dltui.tui.screens.beside import BesideScreen
from dltui.tui.screens.compare import CompareScreen, compared, members_of, shape
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.widgets.compare_pane import ComparePane
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.item_list import ItemList

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


@pytest.fixture
def twin(results: Path) -> Path:
    """A second landscape on the grid of the first, twice as high."""
    bowl = load(results / "bowl.safetensors")
    path = results / "twin.safetensors"
    replace(bowl, title="twin", loss=2 * bowl.loss).save(path)
    return path


async def side_by_side(app: DltuiApp, pilot: Pilot[int], settle: Settle, *names: str) -> CompareScreen:
    """Mark results on the shelf, and put them side by side."""
    await settle(pilot)
    listed = app.screen.query_one(ItemList)
    for name in names:
        assert listed.choose(next(item.place for item in listed.items if item.name == name))
        await pilot.pause()
        await pilot.press("space")
    await pilot.press("vertical_line")
    await settle(pilot)
    assert isinstance(app.screen, CompareScreen)
    return app.screen


def views(screen: CompareScreen) -> list[View]:
    return [pane.view.view for pane in screen.panes]


def read(screen: CompareScreen) -> list[str]:
    return [str(pane.query_one(".read", Static).render()) for pane in screen.panes]


async def test_turning_one_turns_all_until_they_are_let_go(
    twin: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        assert len(screen.panes) == 3
        await pilot.press("right", "right", "up", "plus")
        await settle(pilot)
        assert {(v.azimuth, v.elevation, v.zoom) for v in views(screen)} == {(47.0, 36.0, 1.15)}
        await pilot.press("tab", "left")
        await settle(pilot)
        assert screen.panes[1].view.has_focus
        assert {v.azimuth for v in views(screen)} == {41.0}
        await pilot.press("o", "right")
        await settle(pilot)
        assert [v.azimuth for v in views(screen)] == [41.0, 47.0, 41.0]
        await pilot.press("o")
        await settle(pilot)
        assert {v.azimuth for v in views(screen)} == {47.0}


async def test_a_quick_hand_never_makes_the_panes_fall_back(
    twin: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        first = screen.panes[0].view
        for _ in range(25):
            first.action_turn(1, 0)
        await settle(pilot)
        assert {v.azimuth for v in views(screen)} == {(35.0 + 25 * 6) % 360}


async def test_cursors_read_the_same_place_and_how_far_it_is_apart(
    twin: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        await pilot.press("n", "right", "right", "right", "up")
        await settle(pilot)
        cursors = {v.cursor for v in views(screen)}
        assert len(cursors) == 1
        ((x, y),) = cursors  # type: ignore[misc]
        one, other, gap = (pane.view.figure for pane in screen.panes)
        assert isinstance(one, Heatmap)
        assert isinstance(other, Heatmap)
        assert isinstance(gap, Heatmap)
        here = value_at(one, View(cursor=(x, y)))
        assert here is not None
        assert value_at(other, View(cursor=(x, y))) == pytest.approx(2 * here)
        assert value_at(gap, View(cursor=(x, y))) == pytest.approx(here)
        texts = read(screen)
        assert len({text.partition("loss")[0] for text in texts[:2]}) == 1
        assert "twin − bowl = " in str(screen.query_one("#apart", Static).render())
        await pilot.press("plus", "plus")
        await settle(pilot)
        assert len({(v.x_range, v.y_range) for v in views(screen)}) == 1
        assert views(screen)[0].x_range is not None


async def test_a_mouse_over_one_reads_in_all(twin: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        await pilot.press("n")
        await settle(pilot)
        await pilot.hover(screen.panes[1].view, offset=(20, 6))
        await settle(pilot)
        cursors = [v.cursor for v in views(screen)]
        assert cursors[0] is not None
        assert len(set(cursors)) == 1
        assert screen.panes[1].view.has_focus


async def test_one_scale_gives_both_the_same_range_and_command(
    twin: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        assert screen.command_line.endswith("twin.safetensors")
        await pilot.press("right", "s")
        await settle(pilot)
        one, other = (pane.view.figure for pane in screen.panes[:2])
        assert isinstance(one, Surface)
        assert isinstance(other, Surface)
        assert one.limits is not None
        assert one.limits == other.limits
        assert one.limits == (float(one.values.min()), float(other.values.max()))
        assert {v.azimuth for v in views(screen)} == {41.0}  # nothing was turned back
        assert screen.command_line.endswith("--same-scale")


async def test_the_difference_comes_and_goes(twin: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        await pilot.press("d")
        await settle(pilot)
        assert len(screen.panes) == 2
        assert [pane.display for pane in screen.query(ComparePane)] == [True, True, False, False, False]
        await pilot.press("d")
        await settle(pilot)
        assert len(screen.panes) == 3


async def test_another_grid_has_no_difference(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "saddle")
        assert len(screen.panes) == 2
        assert not screen.check_action("difference", ())


async def test_a_gallery_is_put_beside_what_is_chosen(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("2", "right", "vertical_line")
        await settle(pilot)
        assert isinstance(app.screen, BesideScreen)
        await pilot.press(*"sadd")
        await settle(pilot)
        assert app.screen._left[0].name == "saddle"
        assert all("sadd" in f"{item.name} {item.note}".lower() for item in app.screen._left)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert [member.name for member in app.screen.members] == ["bowl", "saddle"]
        assert isinstance(app.screen.panes[0].view.figure, Heatmap)  # the figure that was looked at
        assert views(app.screen)[0].cursor is not None
        await pilot.press("vertical_line", *"mixture", "enter")
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert len(app.screen.panes) == 3
        assert [item.name for item in app.opened()] == ["bowl", "bowl | saddle | mixture"]


async def test_panes_become_tabs_where_there_is_no_room(twin: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(60, 18)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        assert screen.has_class("-tabs")
        assert [pane.display for pane in screen.panes] == [True, False, False]
        await pilot.press("right", "tab")
        await settle(pilot)
        assert [pane.display for pane in screen.panes] == [False, True, False]
        assert {v.azimuth for v in views(screen)} == {41.0}
        await pilot.resize_terminal(200, 60)
        await settle(pilot)
        assert not screen.has_class("-tabs")
        assert all(pane.display for pane in screen.panes)


async def test_side_by_side_is_there_again_after_a_restart(
    twin: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await side_by_side(app, pilot, settle, "bowl", "twin")
        await pilot.press("n", "s", "right", "right")
        await settle(pilot)
        before = views(screen)[0]
        app.exit()
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert views(app.screen)[0] == before
        assert app.screen.command_line.endswith("--same-scale")


async def test_one_that_is_gone_is_told(twin: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        gone = Item("result", "gone", "", str(twin.with_name("gone.safetensors")), "")
        app.marking.open([Item("result", "twin", "", str(twin), ""), gone])
        await settle(pilot)
        assert isinstance(app.screen, CompareScreen)
        assert "gone.safetensors" in next(iter(app._notifications)).message
        await pilot.press("tab", "s", "o", "n", "d")  # and no key brings it down
        assert isinstance(app.screen, CompareScreen)


async def test_a_figure_tells_when_it_is_looked_at_from_elsewhere(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    heard: list[View] = []
    async with app.run_test(size=(100, 30), message_hook=lambda m: _hear(m, heard)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, GalleryScreen)
        await pilot.press("right")
        await settle(pilot)
        assert {view.azimuth for view in heard} == {41.0}  # on its way up it is heard several times


def _hear(message: object, heard: list[View]) -> None:
    if isinstance(message, FigureView.Looked):
        heard.append(message.view.view)


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (2, (120, 36), (2, 1)),
        (2, (78, 19), (2, 1)),
        (2, (60, 30), (1, 2)),
        (2, (60, 14), (0, 0)),
        (4, (200, 55), (2, 2)),
        (4, (80, 19), (2, 2)),
        (3, (200, 20), (3, 1)),
        (1, (60, 12), (1, 1)),
    ],
)
def test_panes_stand_as_the_size_allows(count: int, size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert shape(count, *size) == expected


def test_members_come_back_from_the_key() -> None:
    members = [Item("result", "a", "n", "/a", "c", "landscape"), Item("run", "b", "", "/b", "")]
    assert members_of(compared(members)) == members
    for key in ("", "3", "[[1]]", "[[]]", "null"):
        assert members_of(Item("compare", "", "", key, "")) == []


X = np.arange(4.0)
FIELD = Heatmap(values=np.arange(16.0).reshape(4, 4), x=X, y=X, x_label="a", y_label="b")
CURVES = Lines(series=(Series(name="c", x=X, y=X**2),), x_label="step", y_label="loss")
CLOUD = Points(position=np.zeros((3, 3)))


def test_only_what_has_axes_in_common_is_linked() -> None:
    here, there = View(cursor=(1.0, 2.0), x_range=(0.0, 1.0), azimuth=80.0), View(azimuth=5.0)
    assert linked(FIELD, here, FIELD, there) == View(cursor=(1.0, 2.0), x_range=(0.0, 1.0), azimuth=5.0)
    assert linked(FIELD, here, CURVES, there) == there
    assert linked(FIELD, here, replace(FIELD, x_label="other"), there) == there
    surface = Surface(values=FIELD.values, x=X, y=X)
    assert linked(CLOUD, here, surface, there) == View(azimuth=80.0)
    assert linked(CLOUD, here, FIELD, there) == there
    assert plane_of(CLOUD) is None


def test_what_is_apart_is_told_in_numbers() -> None:
    spot = View(cursor=(2.2, 0.9))
    assert value_at(FIELD, spot) == 6.0
    assert value_at(CURVES, spot) == 4.0
    twice = replace(FIELD, values=2 * FIELD.values)
    assert apart([FIELD, twice], [spot, spot], ["a", "b"]) == "b − a = 12 − 6 = 6"
    assert apart([FIELD, CURVES], [spot, spot], ["a", "b"]) == ""
    assert apart([FIELD, twice], [spot, View()], ["a", "b"]) == ""
    assert apart([FIELD], [spot], ["a"]) == ""
