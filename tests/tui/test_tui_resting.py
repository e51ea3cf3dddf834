"""Screens that nobody has looked at for long are taken apart, and come back as they were."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from dltui.figures import Table
from dltui.results.gallery import Gallery
from dltui.tui import resting
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.results import item_of, look_in
from dltui.tui.screens.base import Room
from dltui.tui.screens.result import ResultScreen
from tests.tui.conftest import until

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


@pytest.fixture
def shelf(results: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Six results, and room for three screens."""
    monkeypatch.setattr(resting, "AWAKE", 3)
    paths = [results / f"table-{number}.safetensors" for number in range(6)]
    for number, path in enumerate(paths):
        tables = tuple(
            Table(title=f"table {more}", columns=("n",), rows=((number + more,),)) for more in range(3)
        )
        Gallery(title=f"tables {number}", shown=tables).save(path)
    return paths


def standing(app: DltuiApp) -> set[str]:
    return {item.place for item in app.opened() if item.place in app._screen_stacks}


async def test_only_so_many_screens_stand_and_a_rested_one_comes_back_as_it_was(
    shelf: list[Path], make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        items = [item_of(path, look_in(path)) for path in shelf]
        app.open_item(items[0])
        await settle(pilot)
        first = app.screen
        assert isinstance(first, ResultScreen)
        await pilot.press("n")
        assert first._shown == 1
        for item in items[1:]:
            app.open_item(item)
            await settle(pilot)
        await until(pilot, lambda: len(standing(app)) == 3, "rest for the others")
        assert standing(app) == {item.place for item in items[3:]}
        assert [item.place for item in app.opened()] == [item.place for item in items]  # every tab is there
        app.go_to(items[0].place)
        await settle(pilot)
        again = app.screen
        assert isinstance(again, ResultScreen)
        assert again is not first
        assert again._shown == 1
        await until(
            pilot, lambda: standing(app) == {items[0].place, items[4].place, items[5].place}, "the next rest"
        )


async def test_a_screen_that_holds_something_stays(
    shelf: list[Path], make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        items = [item_of(path, look_in(path)) for path in shelf]
        app.open_form("landscape", {"model": "mlp"})
        await settle(pilot)
        form = app.screen
        assert isinstance(form, Room)
        assert form.holds
        for item in items:
            app.open_item(item)
            await settle(pilot)
        await until(pilot, lambda: len(standing(app)) == 3, "rest for the others")
        app.go_to(form.place)
        await settle(pilot)
        assert app.screen is form
