"""Search: what fits best comes first, what was used and what is new before the rest, and nothing is lost."""

import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import Item
from dltui.tui.fuzzy import Candidate, Finder
from dltui.tui.palette import commands, everything
from dltui.tui.screens.help import HelpScreen
from dltui.tui.screens.home import HomeScreen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.screens.search import SearchScreen
from dltui.tui.usage import Usage, Use
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.preview import Preview

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
NOW = 1_800_000_000.0
DAY = 86_400.0


def thing(name: str, note: str = "", when: float = 0.0, kind: str = "result") -> Candidate:
    return Candidate(Item(kind, name, note, name, "", when=when))


def names(finder: Finder, query: str) -> list[str]:
    return [hit.candidate.item.name for hit in finder.find(query)]


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("land", ["landscape", "my-landscape", "islands", "hessian"]),  # start, word, inside, note
        ("landscape", ["landscape", "my-landscape"]),
        ("LAND", ["landscape", "my-landscape", "islands", "hessian"]),
        ("lenet hess", ["hessian"]),  # every word somewhere
        ("mlsc", ["my-landscape"]),  # letters in their order
        ("nothing of the kind", []),
    ],
)
def test_what_fits_better_comes_first(query: str, order: list[str]) -> None:
    things = [
        thing("hessian", "of a lenet, beside its landscape"),
        thing("islands"),
        thing("my-landscape"),
        thing("landscape"),
    ]
    found = names(Finder(things, {}, NOW), query)
    assert found[: len(order)] == order
    assert set(found) <= set(order) | {"hessian"}


def test_new_and_used_things_come_before_their_equals() -> None:
    things = [
        thing("net-a"),
        thing("net-b", when=NOW - DAY),
        thing("net-c"),
        thing("net-d", when=NOW - 300 * DAY),
    ]
    uses = {"result net-c": Use(5, NOW - DAY)}
    assert names(Finder(things, uses, NOW), "net")[:2] == ["net-c", "net-b"]
    assert names(Finder(things, uses, NOW), "")[:2] == ["net-c", "net-b"]
    # what fits better is not pushed away by what is used more
    assert names(Finder([*things, thing("c")], uses, NOW), "c")[0] == "c"


def test_found_letters_are_those_that_were_typed() -> None:
    (hit,) = Finder([thing("my-landscape")], {}, NOW).find("land my")
    assert "".join("my-landscape"[place] for place in hit.places) == "myland"
    (hit,) = Finder([thing("loss-landscape")], {}, NOW).find("lsc")
    assert "".join("loss-landscape"[place] for place in hit.places) == "lsc"


def test_two_thousand_things_are_searched_in_far_less_than_a_second() -> None:
    things = [
        thing(f"run-{i:04}-{'lenet' if i % 3 else 'resnet'}", f"digits {i * 7919}") for i in range(2000)
    ]
    finder = Finder(things, {}, NOW)
    started = time.process_time()
    for query in ("l", "le", "len", "lenet 7", "rsnt", "zzz"):
        finder.find(query)
    assert time.process_time() - started < 2.0  # it takes about 0.04 s


def test_counts_are_kept_and_damaged_ones_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    usage = Usage()
    usage.count("result a")
    usage.count("result a")
    usage.keep()
    assert Usage().uses["result a"].count == 2
    for damaged in ("[1]", "{", json.dumps({"a": 3}), json.dumps({"a": ["x", "y"]})):
        usage.path.write_text(damaged)
        assert Usage().uses == {}


async def test_everything_is_found_that_there_is(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        kinds = {candidate.item.kind for candidate in everything(app)}
        assert {"result", "model", "data", "exhibit", "verb", "shelf", "action"} <= kinds
        offered = {candidate.item.kind for candidate in commands(app)}
        assert offered == {"action", "verb", "theme"}
        keys = {candidate.item.name: candidate.item.note for candidate in commands(app)}
        assert keys["Open what is chosen in the list"] == "enter"


async def test_search_shows_what_is_chosen_and_opens_it_by_keys_and_by_mouse(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(140, 40)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"saddle")
        await settle(pilot)
        hits = app.screen.query_one("#hits", ItemList)
        assert hits.chosen is not None
        assert hits.chosen.name == "saddle"
        assert app.screen.query_one(Preview).has_class("-picture")
        await pilot.press("down", "up", "enter")
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)
        assert app.usage.uses["result " + str(results / "saddle.safetensors")].count == 1
        await pilot.press("slash")
        await settle(pilot)
        hits = app.screen.query_one("#hits", ItemList)
        assert hits.chosen is not None  # what was used last stands first
        assert hits.chosen.name == "saddle"
        await pilot.press(*"bowl")
        await pilot.click("#hits", offset=(5, 0), times=2)
        await settle(pilot)
        assert app.screen_stack[0].item.name == "bowl"  # type: ignore[attr-defined]


async def test_search_that_finds_nothing_says_so(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"qqqxz", "enter")
        assert isinstance(app.screen, SearchScreen)
        assert "fits 'qqqxz'" in str(app.screen.query_one("#none").render())
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_a_theme_is_chosen_by_name(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p", *"nord", "enter")
        await settle(pilot)
        assert app.theme == "nord"


async def test_help_is_narrowed_by_letters(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("question_mark")
        page = app.screen.query_one("VerticalScroll Static")
        assert "A field of 41 × 41 values of loss" in str(page.render())  # what is seen, in words
        assert "dltui landscape rosenbrock" in str(page.render())
        await pilot.press(*"file")
        await pilot.pause()
        told = str(page.render())
        assert "to a file" in told
        assert "Leave dltui" not in told
        await pilot.press("escape")
        assert app.screen.query_one(Input).value == ""
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)
