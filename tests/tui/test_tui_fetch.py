"""Things to fetch on the shelves: what is told of them, the key that fetches them, and what is there afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from dltui.data.fetch.manifest import thing
from dltui.data.fetch.places import folder_of
from dltui.jobs import Job
from dltui.tui import catalog
from dltui.tui.app import DltuiApp
from dltui.tui.catalog import SHELVES
from dltui.tui.catalog.deeds import deeds
from dltui.tui.catalog.fetchable import fetchables
from dltui.tui.screens.fetch import FetchScreen

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
DATA_SHELF = next(shelf for shelf in SHELVES if shelf.name == "data")
MODELS_SHELF = next(shelf for shelf in SHELVES if shelf.name == "models")


def pretend(name: str) -> None:
    """Put files of the right sizes where a thing would lie."""
    for member in thing(name).members:
        path = folder_of(name) / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(member.bytes)


def test_things_stand_last_on_their_shelf_until_they_are_here(tmp_path: Path) -> None:
    before = {item.name: item for item in catalog.read(DATA_SHELF, tmp_path)}
    assert before["mnist"].kind == "fetchable"
    assert before["mnist"].group == before["dragon"].group == "to fetch"
    assert before["mnist"].command == "dltui data get mnist"
    pretend("mnist")
    pretend("dragon")
    after = {item.name: item for item in catalog.read(DATA_SHELF, tmp_path)}
    assert (after["mnist"].kind, after["mnist"].group) == ("data", "fetched")
    assert (after["dragon"].kind, after["dragon"].group) == ("fetchable", "fetched")
    assert after["dragon"].command == "dltui data path dragon"
    names = [item.name for item in catalog.read(MODELS_SHELF, tmp_path) if item.kind == "fetchable"]
    assert {"minilm", "smollm2", "mtcnn", "mobilenet-v2"} <= set(names)


def test_what_is_told_of_a_thing() -> None:
    for item in [*fetchables("model"), *fetchables("data")]:
        found = catalog.glimpse(item)
        facts = dict(found.facts)
        assert facts["where"] == "not on this machine: fetch it with D"
        assert facts["licence"]
        assert facts["command"] == f"dltui data get {item.name}"
        assert found.figure is not None


def test_what_can_be_done_with_things() -> None:
    (item,) = (item for item in fetchables("model") if item.name == "mobilenet-v2")
    (deed,) = deeds(item)
    assert deed.command == "dltui data get mobilenet-v2"
    pretend("mobilenet-v2")
    pretend("lpips")
    assert all(deed.values == {"model": "mobilenet-v2"} for deed in deeds(item))
    assert [deed.verb for deed in deeds(item)] == ["explain", "features", "dream"]
    pretend("minilm")
    (reader,) = (item for item in fetchables("model") if item.name == "minilm")
    assert [deed.verb for deed in deeds(reader)] == ["explain", "features", "attention"]
    (heads,) = (item for item in fetchables("model") if item.name == "lpips")
    assert deeds(heads) == []


async def test_a_key_fetches_what_is_chosen(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    app = make_app()

    def run_job(words: Sequence[str]) -> Job:
        asked.append(tuple(words))
        return Job("fetching", tuple(words), lambda _: None)

    monkeypatch.setattr(app, "run_job", run_job)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("4")
        await settle(pilot)
        assert app.screen.check_action("fetch", ()) is False  # digits are here
        await pilot.press("end")
        await settle(pilot)
        await pilot.press("D")
        await settle(pilot)
        assert asked == [("data", "get", "speech")]
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, FetchScreen)
        assert app.screen.crumbs == ("Data", "speech")
        await pilot.press("D")
        await settle(pilot)
        assert len(asked) == 2
        monkeypatch.setattr(type(app), "jobs", [Job("fetching", asked[0], lambda _: None)])
        assert app.screen.check_action("fetch", ()) is False  # it is on its way
        monkeypatch.setattr(type(app), "jobs", [])
        assert app.screen.check_action("fetch", ()) is True
        pretend("speech")
        app.read_shelf("data")
        await settle(pilot)
        assert app.screen.check_action("fetch", ()) is False  # it is here


async def test_a_fetch_that_has_ended_fills_the_shelves(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    read: list[str] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        monkeypatch.setattr(app, "read_shelf", read.append)
        job = Job("fetching", ("data", "get", "mnist"), lambda _: None)
        job.state = "done"
        app._ended(job)
        await settle(pilot)
    assert {"models", "data"} <= set(read)
