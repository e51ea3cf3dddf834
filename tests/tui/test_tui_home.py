"""Home: the overview, the shelves, filter and order, and putting away without losing anything."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from textual.pilot import Pilot

from dltui.runs import MetricsWriter, Run, finish, new_run, trash_folder
from dltui.tui import catalog
from dltui.tui.app import DltuiApp
from dltui.tui.catalog import SHELVES, Shelf
from dltui.tui.catalog.deeds import at_step, deeds
from dltui.tui.catalog.items import Item
from dltui.tui.overview import aired, overview, shelf_rows
from dltui.tui.screens.home import HomeScreen
from dltui.tui.screens.overlay import OverlayScreen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.screens.search import SearchScreen
from dltui.tui.screens.sure import SureScreen
from dltui.tui.widgets import rows as written
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.preview import Preview
from dltui.tui.widgets.rows import Heading, Remark, age
from dltui.tui.widgets.spark import sparkline
from dltui.tui.widgets.tab_line import TabLine
from dltui.tui.widgets.top_bar import TopBar

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


def ended_run(loss: list[float], **told: str) -> Run:
    """A run that was done."""
    run = new_run(**{"model": "lenet", "data": "digits", "settings": {"epochs": 1}, "command": ""} | told)
    with MetricsWriter(run) as writer:
        for step, value in enumerate(loss, 1):
            writer.append({"kind": "step", "step": step, "loss": value, "seconds": float(step)})
    return finish(run, "done")


def listed(app: DltuiApp, name: str = "#items") -> list[str]:
    return [item.name for item in app.screen.query_one(name, ItemList).items]


def home(app: DltuiApp) -> HomeScreen:
    assert isinstance(app.screen, HomeScreen)
    return app.screen


# the pieces


@pytest.mark.parametrize("width", [80, 120, 160])
async def test_every_shelf_stands_in_the_line_and_is_chosen_by_a_click(
    make_app: Make, settle: Settle, width: int
) -> None:
    app = make_app()
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        line = app.screen.query_one(TabLine)
        shown = str(line.render())
        assert all(shelf.title in shown for shelf in SHELVES)
        assert "…" not in shown
        await pilot.click(line, offset=(shown.index(SHELVES[-1].title) + 2, 0))
        assert home(app).shelf == SHELVES[-1]


def test_sparkline_falls_with_the_loss_and_keeps_holes() -> None:
    assert sparkline([8, 4, 2, 1], 4) == "█▆▃▁"  # each half of the one before: even steps
    assert sparkline([1.0, 1.0], 9) == "▁▁"
    assert sparkline([4.0, float("nan"), 1.0], 3) == "█ ▁"
    assert sparkline([], 5) == ""
    assert sparkline([float("nan")], 5) == ""
    assert len(sparkline(list(range(1, 1000)), 14)) == 14
    assert sparkline([-1.0, 0.0, 1.0], 3) == "▁▅█"  # no logarithm of what is not positive


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (3, "now"),
        (61, "1 m"),
        (3600 * 5, "5 h"),
        (86_400 * 3, "3 d"),
        (86_400 * 20, "2 w"),
        (86_400 * 900, "2 y"),
    ],
)
def test_age_is_told_in_four_cells(seconds: float, told: str) -> None:
    assert age(written.clock() - seconds) == told
    assert len(told) <= 4


def test_overview_shows_what_goes_on_first_and_what_fills_an_empty_shelf() -> None:
    running = Item("run", "young", "", "/young", "", state="running")
    old = [Item("run", f"old-{i}", "", f"/{i}", "", state="done") for i in range(9)]
    exhibits = [Item("exhibit", name, "", name, "", group=group) for name, group in ("ax", "bx", "cy")]
    first, second = overview({"results": [], "runs": [running, *old], "lab": exhibits}, [], 3, {})
    names = [row.text if isinstance(row, Heading | Remark) else row.name for row in first]
    assert names[:2] == ["Now", "young"]
    assert "dltui quickstart" in names
    at = names.index("Runs")
    assert names[at + 1 : at + 5] == ["old-0", "old-1", "old-2", "… 6 more"]
    families = [
        (row.name, row.key, row.note[0]) for row in second if isinstance(row, Item) and "#" in row.key
    ]
    assert families == [("x", "lab#x", "2"), ("y", "lab#y", "1")]
    assert [row for row in second if isinstance(row, Remark)]  # shelves that are not read yet
    assert not isinstance(aired(first)[0], Remark)
    assert [row.text for row in shelf_rows(exhibits) if isinstance(row, Heading)] == ["x", "y"]


def test_shelf_that_cannot_be_read_says_so_and_not_that_it_is_empty() -> None:
    _, second = overview({"models": []}, [], 3, {"models": "OSError: the disk is gone"})
    at = next(i for i, row in enumerate(second) if isinstance(row, Heading) and row.text == "Models")
    assert isinstance(second[at], Heading)
    assert second[at].remark == "?"
    assert [row.text for row in second[at + 1 : at + 3] if isinstance(row, Remark)] == [
        "This shelf could not be read; r tries again.",
        "OSError: the disk is gone",
    ]


async def test_shelf_that_could_not_be_read_is_read_again(
    make_app: Callable[..., DltuiApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = catalog.read

    def broken(shelf: Shelf, folder: Path) -> list[Item]:
        if shelf.name == "models":
            raise OSError("the disk is gone")
        return read(shelf, folder)

    monkeypatch.setattr(catalog, "read", broken)
    app = make_app()
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: app.unread)
        assert app.unread == {"models": "OSError: the disk is gone"}
        monkeypatch.setattr(catalog, "read", read)
        await pilot.press("r")
        await until(pilot, lambda: app.items["models"])
        assert not app.unread


def test_deeds_are_filled_in(tmp_path: Path) -> None:
    model = Item("model", "lenet", "", "lenet", "")
    assert [(deed.verb, deed.values) for deed in deeds(model)][:2] == [
        ("train", {"model": "lenet", "data": "digits"}),
        ("landscape", {"model": "lenet", "data": "digits"}),
    ]
    assert at_step("a-run", 300, "moons")[0].command == "dltui landscape run:a-run@step=300 --data moons"
    plain, told = tmp_path / "plain.safetensors", tmp_path / "told.safetensors"
    weights = {"w": np.zeros(3, np.float32)}
    save_file(weights, plain)
    save_file(
        weights,
        told,
        metadata={"dltui-model": json.dumps({"model": "mlp", "input_shape": [2], "outputs": 2})},
    )
    item = Item("checkpoint", "x", "", str(plain), "")
    assert deeds(item)[0].command == f"dltui landscape MODEL --weights {plain}"
    assert deeds(Item("checkpoint", "x", "", str(told), ""))[0].values == {"model": str(told)}
    assert f"dltui weights {plain}" in [deed.command for deed in deeds(item)]
    assert "dltui weights lenet" in [deed.command for deed in deeds(model)]
    assert deeds(Item("exhibit", "x", "", "x", "")) == []


# the screen


async def test_overview_gives_way_to_a_shelf_and_comes_back(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert home(app).shelf is None
        assert listed(app)[:3] == ["bowl", "saddle", "mixture"]
        await pilot.press("1")
        assert listed(app) == ["bowl", "saddle", "mixture"]
        assert app.screen.query_one(TopBar).crumbs == ("Results",)
        await pilot.press("right", "right")
        assert app.screen.query_one(TabLine).active == 3
        await pilot.press("escape")
        assert home(app).shelf is None
        await pilot.press("left", "0")
        assert home(app).shelf is None
        await pilot.click(TabLine, offset=(14, 0))
        assert home(app).shelf is not None
        await pilot.click(TopBar, offset=(2, 0))
        assert home(app).shelf is None


async def test_a_family_of_the_overview_leads_to_it_on_its_shelf(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.items["lab"] = [Item("exhibit", name, "", name, "", group=name[0]) for name in ("a1", "b1", "b2")]
        app.open_item(Item("shelf", "b", "", "lab#b", ""))
        await pilot.pause()
        assert home(app).chosen is not None
        assert home(app).chosen.name == "b1"  # type: ignore[union-attr]


@pytest.mark.parametrize(("size", "panes"), [((80, 24), 1), ((100, 30), 2), ((120, 40), 2), ((200, 60), 3)])
async def test_panes_by_the_room_there_is(
    results: Path, make_app: Make, settle: Settle, size: tuple[int, int], panes: int
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        shown = [
            any(one.display for one in app.screen.query(name)) for name in ("#items", "#more", "#glimpse")
        ]
        assert sum(shown) == panes
        if panes == 1:
            await pilot.press("tab")
            await settle(pilot)
            assert app.screen.query_one("#glimpse").display
            assert not app.screen.query_one("#items").display
            await pilot.press("escape")
            assert app.screen.query_one("#items").display
        if panes == 3:
            await pilot.press("right")
            assert app.focused is app.screen.query_one("#more")
            await settle(pilot)
            assert home(app).chosen in app.screen.query_one("#more", ItemList).items
            await pilot.press("left")
            assert app.focused is app.screen.query_one("#items")


async def test_filter_narrows_and_loses_nothing(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("1", "f", *"sad")
        await settle(pilot)
        assert listed(app) == ["saddle"]
        await pilot.press("down", "escape")
        assert listed(app) == ["bowl", "saddle", "mixture"]
        await pilot.press("f", *"zzzz", "enter")
        assert listed(app) == []
        await pilot.press("escape")
        assert listed(app) == ["bowl", "saddle", "mixture"]
        await pilot.press("f", *"bow", "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)


async def test_lists_are_sorted_and_back(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("1", "s")
        assert listed(app) == ["bowl", "mixture", "saddle"]
        assert "by name" in app.screen.query_one(TopBar).remark
        await pilot.press("s", "s")
        assert listed(app) == ["bowl", "saddle", "mixture"]


async def test_deleting_asks_moves_to_the_trash_and_can_be_taken_back(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    was = (results / "bowl.safetensors").read_bytes()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("escape", "1", "d")
        assert isinstance(app.screen, SureScreen)
        await pilot.press("n")
        assert (results / "bowl.safetensors").is_file()
        await pilot.press("d", "y")
        await settle(pilot)
        assert listed(app) == ["saddle", "mixture"]
        assert (trash_folder() / "bowl.safetensors").read_bytes() == was
        assert [tab.name for tab in app.tabs()] == ["home"]  # its tab is closed
        await pilot.press("u")
        await settle(pilot)
        assert listed(app) == ["bowl", "saddle", "mixture"]
        assert (results / "bowl.safetensors").read_bytes() == was
        await pilot.press("d")
        await pilot.click("#yes")
        await settle(pilot)
        assert not (results / "bowl.safetensors").exists()


async def test_runs_show_their_loss_and_are_seen_to_go_on(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltui.tui.screens.home.EVERY", 0.1)
    ended_run([4.0, 2.0, 1.0])
    run = new_run(model="mlp", data="moons", settings={}, command="")
    app = make_app()
    with MetricsWriter(run) as writer:
        writer.append({"kind": "step", "step": 1, "loss": 3.0})
        writer.flush()
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            going, done = app.items["runs"]
            assert (going.state, going.spark) == ("running", (3.0,))
            assert (done.state, done.spark) == ("done", (4.0, 2.0, 1.0))
            writer.append({"kind": "step", "step": 2, "loss": 1.5})
            await until(pilot, lambda: app.items["runs"][0].spark == (3.0, 1.5), "the second step")
            await settle(pilot)
            assert home(app).query_one("#items", ItemList).items[0].spark == (3.0, 1.5)
            writer.close()
            await until(pilot, lambda: app.items["runs"][0].state == "died", "the end")


async def test_marked_runs_are_laid_over_each_other(make_app: Make, settle: Settle) -> None:
    runs = [ended_run([4.0, 2.0, 1.0 + i], model=f"mlp:width={8 + i}") for i in range(3)]
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("2", "space", "o")
        assert isinstance(app.screen, HomeScreen)  # one alone can't be compared
        await pilot.press("space", "o")
        await settle(pilot)
        assert isinstance(app.screen, OverlayScreen)
        assert set(app.screen.names) < {run.name for run in runs}
        assert len(app.screen.names) == 2


async def test_what_to_do_is_asked_and_copied_where_there_is_no_form(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DltuiApp, "open_form", None, raising=False)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("3", "a")
        await settle(pilot)
        assert isinstance(app.screen, SearchScreen)
        await pilot.press(*"landscape", "enter")
        await settle(pilot)
        assert app.clipboard == "dltui landscape mlp --data digits"


async def test_wheel_scrolls_click_chooses_double_click_opens(
    results: Path, make_app: Make, settle: Settle
) -> None:
    for number in range(40):
        (results / f"copy-{number:02}.safetensors").write_bytes((results / "saddle.safetensors").read_bytes())
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("1")
        items = app.screen.query_one("#items", ItemList)
        assert len(items) == 43
        await pilot.click("#items", offset=(5, 3))
        assert items.chosen is items.items[3]
        items.scroll_down(animate=False)
        await pilot.pause()
        assert items.scroll_y > 0
        await pilot.press("G")
        assert items.chosen is items.items[-1]
        await pilot.press("home", "pagedown", "ctrl+u", "k")
        assert items.chosen is items.items[0]
        await pilot.click("#items", offset=(5, 1), times=2)
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)


async def test_glimpse_of_what_is_broken_is_one_sentence(here: Path, make_app: Make, settle: Settle) -> None:
    (here / "broken.npz").write_bytes(b"PK nonsense")
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        told = str(app.screen.query_one(Preview).query_one("#words").render())
        assert "can't read" in told
        assert "broken.npz" in told
