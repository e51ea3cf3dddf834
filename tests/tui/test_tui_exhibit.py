"""An exhibit, alive: knobs turned, moments played, kept, drawn, checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.errors import Cancelled
from dltui.figures import Heatmap, Lines, Prose
from dltui.jobs.perform import Moment
from dltui.lab import EXHIBITS
from dltui.lab._names import NAMES
from dltui.lab.run import run as run_exhibit
from dltui.lab.tour import stops
from dltui.registry import Entry
from dltui.results import load
from dltui.results.gallery import Gallery
from dltui.runs import home
from dltui.tui.app import DltuiApp
from dltui.tui.catalog import Item
from dltui.tui.catalog.exhibits import exhibit_item, glimpse, thumbnail
from dltui.tui.film import Film, weigh
from dltui.tui.screens.compare import CompareScreen
from dltui.tui.screens.exhibit import ExhibitScreen
from dltui.tui.screens.export import ExportScreen
from dltui.tui.story_page import number_rows
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.field_row import FieldRow
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.film_line import FilmLine
from dltui.tui.widgets.preview import Preview
from dltui.tui.widgets.slider import Slider

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
NAME = "counting"

COUNTING = '''
from typing import Annotated
from dltui.figures import Lines, Series
from dltui.lab import Frame, Slider, Switch, exhibit
import numpy as np


@exhibit("counting", family="testing", covers=())
def counting(
    stop: Annotated[int, Slider(1, 60, help="where it stops")] = 12,
    scale: Annotated[float, Slider(0.01, 100, log=True, help="what is multiplied")] = 1.0,
    squared: Annotated[bool, Switch(help="squares instead")] = False,
):
    """Counts up to a number.

    Try: --stop 30.
    Notice: the sum is n(n + 1)/2.

    The sum of the first n numbers is n(n + 1)/2.
    """
    if stop == 13:
        raise RuntimeError("thirteen")
    for count in range(1, stop + 1):
        x = np.arange(1.0, count + 1)
        y = scale * (x**2 if squared else x)
        yield Frame(
            figures=(Lines(title="Numbers", series=(Series(name="n", x=x, y=y),)),),
            numbers={"count": count, "sum": float(y.sum())},
            caption=f"count {count} of {stop}",
            total=stop,
        )


@counting.check
def gauss():
    """The sum against n(n + 1)/2."""
    frames = list(counting(stop=10))
    assert frames[-1].numbers["sum"] == 55, "it is not 55"
'''


@pytest.fixture(autouse=True)
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An exhibit that counts: the lab knows it while the test lasts."""
    (tmp_path / "counted.py").write_text(COUNTING, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(NAMES, NAME, Entry("counted", "Counts up to a number.", "testing"))
    yield
    EXHIBITS._found.pop(NAME, None)
    import sys

    sys.modules.pop("counted", None)


async def opened(app: DltuiApp, pilot: Pilot[int], settle: Settle, name: str = NAME) -> ExhibitScreen:
    app.animation_level = "none"  # nothing plays by itself
    await settle(pilot)
    app.open_item(Item("exhibit", name, "", name, f"dltui lab run {name}", group="testing"))
    await settle(pilot)
    screen = app.screen
    assert isinstance(screen, ExhibitScreen)
    await until(pilot, lambda: screen.query(FieldRow) and screen.live and screen.live.settled, "the end")
    await settle(pilot)
    return screen


def numbers(screen: ExhibitScreen) -> dict[str, str]:
    return dict(next(one for one in screen.query(Facts) if one.id == "numbers").facts)


async def test_a_turned_knob_gives_new_numbers(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle)
        assert [row.asked.name for row in screen.query(FieldRow)] == ["stop", "scale", "squared"]
        await until(pilot, lambda: numbers(screen) == {"count": "12", "sum": "78"}, "the first numbers")
        assert screen.command_line == "dltui lab run counting"
        await pilot.press("tab")
        assert isinstance(app.focused, Slider)
        await pilot.press("right", "right")
        await until(pilot, lambda: numbers(screen) == {"count": "14", "sum": "105"}, "the numbers of 14")
        assert screen.command_line == "dltui lab run counting --stop 14"
        assert "--stop 14" in str(screen.query_one("#line").render())
        await pilot.press("down", "down", "space")
        await until(pilot, lambda: numbers(screen) == {"count": "14", "sum": "1015"}, "squares")
        kept = run_exhibit(NAME, {"stop": 14, "squared": True})
        assert number_rows(kept.numbers) == tuple(numbers(screen).items())
        await pilot.press("R")
        await until(pilot, lambda: numbers(screen) == {"count": "12", "sum": "78"}, "the defaults")


async def test_knobs_stand_again_as_they_stood(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltui.tui.resting.AWAKE", 1)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        first = await opened(app, pilot, settle)
        await pilot.press("tab", "right", "right")
        await until(pilot, lambda: numbers(first) == {"count": "14", "sum": "105"}, "the numbers of 14")
        app.open_form("landscape", {"model": "mlp"})
        await until(pilot, lambda: not first.is_attached, "its rest")
        again = await opened(app, pilot, settle)
        assert again is not first
        await until(pilot, lambda: numbers(again) == {"count": "14", "sum": "105"}, "the numbers of 14 again")
        assert again.command_line == "dltui lab run counting --stop 14"


async def test_moments_are_stepped_played_and_wound(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle)
        film = screen.query_one(FilmLine)
        await until(pilot, lambda: (film.at, film.count, film.playing) == (11, 12, False), "the last moment")
        await pilot.press("comma", "comma")
        assert film.at == 9
        await until(pilot, lambda: numbers(screen)["count"] == "10", "the numbers of then")
        await pilot.press("full_stop")
        assert film.at == 10
        await pilot.mouse_down(film, offset=(3, 0))
        await pilot.mouse_up(film, offset=(3, 0))
        await pilot.pause()
        assert film.at == 0
        await pilot.press("space")
        assert film.playing
        await until(pilot, lambda: film.at >= 3, "the fourth moment")
        await pilot.press("space")
        at = film.at
        await pilot.pause(0.2)
        assert (film.at, film.playing) == (at, False)


async def test_it_plays_once_when_opened_unless_motion_is_reduced(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.animation_level = "full"
        app.open_item(Item("exhibit", NAME, "", NAME, f"dltui lab run {NAME}"))
        screen = app.screen
        assert isinstance(screen, ExhibitScreen)
        await pilot.pause()
        await until(pilot, lambda: screen.query_one(FilmLine).playing, "the film")
        await until(pilot, lambda: not screen.query_one(FilmLine).playing, "its end")
        assert screen.query_one(FilmLine).at == 11


async def test_what_is_shown_is_kept_and_drawn(
    make_app: Make, settle: Settle, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle)
        await until(pilot, lambda: numbers(screen)["count"] == "12", "the last moment")
        await pilot.press("comma", "m")
        await settle(pilot)
        (path,) = (home() / "results").glob("*.safetensors")
        kept = load(path)
        assert kept.summary()["numbers"]["count"] == 11
        assert kept.made.command == "dltui lab run counting"
        assert [item.key for item in app.items["results"]] == [str(path)]
        await pilot.press("e")
        assert isinstance(app.screen, ExportScreen)
        await pilot.press("enter")
        await settle(pilot)
        await until(pilot, (here / "counting.png").exists, "the file")
        assert (here / "counting.png").read_bytes().startswith(b"\x89PNG")
        await pilot.press("i")
        story = str(screen.query_one("#story").render())
        for part in ("Counts up to a number.", "--stop 30", "the sum is n(n + 1)/2", "The sum against"):
            assert part in story


async def test_what_fails_is_told_and_the_next_turn_goes_on(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle)
        await pilot.press("tab", "right")  # 13
        await until(pilot, lambda: screen.has_class("-failed"), "the failure")
        assert "thirteen" in str(screen.query_one("#failure").render())
        await pilot.press("right")
        await until(pilot, lambda: numbers(screen)["count"] == "14", "fourteen")
        assert not screen.has_class("-failed")
        refusal = screen.query(FieldRow).first().query_one(".refusal")
        await pilot.press("9", "9")
        await until(pilot, lambda: "a whole number from 1 to 60" in str(refusal.render()), "the refusal")
        assert screen.live is not None
        assert screen.live.values["stop"] == 9


async def test_checks_run_as_a_job_and_show_their_verdicts(make_app: Make, settle: Settle) -> None:
    app = make_app()
    name = "two-weight-saddle"
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, name)
        await pilot.press("v")
        (job,) = app.jobs
        assert job.words == ("lab", "check", name)
        await until(pilot, lambda: job.over and app._notifications, "the verdicts")
        await settle(pilot)
        page = str(screen.query_one("#verdict").render())
        assert page.count("✓") == len(EXHIBITS.load(name).checks)
        app.job_news.publish(job)  # as when the last of its lines arrives after its end
        await settle(pilot)
        assert [one.title for one in app._notifications] == ["Checks"]


async def test_closing_its_tab_ends_it(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, settle)
        await pilot.press("i")  # at this size the numbers stand with the story
        await until(pilot, lambda: screen.query("#details Facts"), "the numbers")
        facts = screen.query_one("#details Facts", Facts)
        await until(pilot, lambda: dict(facts.facts).get("count") == "12", "the last number")
        await pilot.press("x")
        await settle(pilot)
        assert screen.live is not None
        assert screen.live.closed


# the film


def moment(done: int, setting: int = 1, size: int = 10) -> Moment:
    axis = np.arange(float(size))
    figure = Heatmap(title="", values=np.zeros((size, size)), x=axis, y=axis)
    return Moment(setting, done, 0, Gallery(title=str(done), shown=(Prose(title="", text=""), figure)))


def test_film_keeps_the_course_and_the_newest_within_its_bounds() -> None:
    film = Film(most=16)
    for done in range(1, 201):
        film.add(moment(done))
        assert len(film) <= 16
        assert film.moments[-1].done == done
    kept = [one.done for one in film.moments]
    assert kept[0] == 1
    gaps = np.diff(kept[:-1])
    assert gaps.min() == gaps.max()  # even steps, but for the newest
    assert len(kept) > 6


def test_film_keeps_few_heavy_moments() -> None:
    weight = weigh(moment(1, size=100).shown)
    assert weight == 8 * (100 * 100 + 200)
    film = Film(weight=5 * weight)
    for done in range(1, 50):
        film.add(moment(done, size=100))
        assert len(film) <= 5
    tiny = Film(weight=1)
    for done in range(1, 50):
        tiny.add(moment(done))
    assert [one.done for one in tiny.moments] == [1, 49]


def test_another_setting_begins_a_new_film() -> None:
    film = Film()
    for done in (1, 2, 3):
        film.add(moment(done))
    newest = moment(1, setting=2)
    film.add(newest)
    film.add(newest)  # news of its end
    assert [one.setting for one in film.moments] == [2]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_knobs_stand_left_of_the_pictures_where_there_is_room(
    size: tuple[int, int], make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        screen = await opened(app, pilot, settle)
        side, stage, story = (screen.query_one(name).region for name in ("#side", "#stage", "#details"))
        wide = size[0] > 110
        assert (side.right <= stage.x) if wide else (side.y >= stage.bottom)
        assert bool(story) == wide
        assert not wide or (story.y >= stage.bottom if size[0] < 160 else story.x >= stage.right)
        assert all(part.right <= size[0] and part.bottom <= size[1] for part in (side, stage))


async def test_two_settings_side_by_side(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle)
        assert not screen.check_action("settings", ()), "nothing is turned"
        await pilot.press("tab", "right", "right", "a")
        await until(pilot, lambda: screen.command_line.endswith("--stop 14"), "a turned knob")
        await pilot.press("right", "b")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen), "both")
        beside = app.screen
        assert isinstance(beside, CompareScreen)
        assert [one.kind for one in beside.members] == ["setting", "setting"]
        assert beside.command_line == "dltui lab run counting --stop 14; dltui lab run counting --stop 15"


async def test_the_defaults_stand_beside_what_was_turned(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot, settle)
        await pilot.press("tab", "right", "right", "b")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.panes, "both panes")
        beside = app.screen
        assert isinstance(beside, CompareScreen)
        ends = [pane.view.figure.series[0].x[-1] for pane in beside.panes]  # type: ignore[union-attr]
        assert ends == [12, 14]
        await pilot.press("plus")
        await until(pilot, lambda: beside.panes[1].view.view.x_range, "the other follows")


async def test_the_tour_of_a_family(make_app: Make, settle: Settle) -> None:
    names = stops("shapes")
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, names[0])
        assert screen.crumbs == ("Lab", f"shapes 1 of {len(names)}", names[0])
        assert not screen.check_action("tour", ("-1",))
        await pilot.press("N")
        await until(pilot, lambda: app.screen is not screen, "the next stop")
        assert app.screen.crumbs[1:] == (f"shapes 2 of {len(names)}", names[1])  # type: ignore[attr-defined]
        await pilot.press("P")
        await until(pilot, lambda: app.screen.crumbs[-1] == names[0], "the stop before")  # type: ignore[attr-defined]


async def test_the_shelf_shows_a_first_picture_computed_now(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        preview = app.screen.query_one(Preview)
        preview.look_at(exhibit_item(NAME))
        await until(pilot, lambda: preview.has_class("-picture"), "the picture")
        figure = preview.query_one(FigureView).figure
        assert isinstance(figure, Lines)
        assert figure.title == "Numbers"
        assert glimpse(exhibit_item(NAME)).later is None, "it is computed once"


async def test_a_picture_that_can_not_be_computed_is_told(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        preview = app.screen.query_one(Preview)
        item = Item("exhibit", "gone", "", "gone", "")
        NAMES["gone"] = Entry("no_such_module", "Nothing.", "testing")
        try:
            preview.look_at(item)
            await until(pilot, lambda: "no_such_module" in str(preview.query_one("#words").render()), "why")
        finally:
            NAMES.pop("gone")


def test_nobody_looks_any_more() -> None:
    with pytest.raises(Cancelled):
        thumbnail("flat-or-sharp", lambda: False)


def test_a_film_that_is_played_once_more_keeps_each_moment_once() -> None:
    """What takes too long for the application's own process begins again in another one."""
    film = Film()
    for done in (1, 2, 3, 1, 2, 3, 4):
        film.add(Moment(1, done, 4, Gallery(title="", shown=(Prose(title="", text=f"{done}"),))))
    assert [one.done for one in film.moments] == [1, 2, 3, 4]
