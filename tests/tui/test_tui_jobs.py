"""Journeys of a job: from the form to the result, to a cancel, to a crash and a second try, to leaving."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, OptionList

from dltui.jobs import Job, Started
from dltui.results import load
from dltui.runs import home
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.jobs import at_a_glance, in_order, job_item, lasting, standing, told
from dltui.tui.screens.ask import Ask, AskName
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.screens.job import JobScreen
from dltui.tui.screens.jobs import JobsPane
from dltui.tui.screens.scratch import ScratchScreen
from dltui.tui.widgets.top_bar import TopBar

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
SHORT = ("landscape", "mlp", "--data", "moons", "--steps", "9")
LONG = ("landscape", "mlp", "--data", "moons", "--steps", "401", "--exact")


def told_of(app: DltuiApp) -> list[str]:
    return [f"{one.title} {one.message}" for one in app._notifications]


async def test_from_the_form_to_the_result(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        app.open_form("landscape", {"model": "mlp", "data": "moons", "steps": 9})
        await settle(pilot)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, JobScreen), "the screen of the job")
        screen, (job,) = app.screen, app.jobs
        assert isinstance(screen, JobScreen)
        assert job.words == SHORT
        assert screen.command_line == f"dltui {' '.join(SHORT)}"
        await until(pilot, lambda: job.over, "the end")
        await settle(pilot)
        await settle(pilot)
        assert job.state == "done", job.failure
        assert job.path is not None
        assert job.path.parent == home() / "results"
        assert next(type(one).__name__ for one in screen._figures) == "Surface"
        assert not told_of(app)  # whoever looks at it needs no word
        await pilot.press("o")
        await settle(pilot)
        assert isinstance(app.screen, GalleryScreen)
        assert app.screen.item.path == job.path
        assert [item.name for item in app.items["results"]] == [job.path.stem]


async def test_partial_pictures_come_and_a_cancel_keeps_them(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        job = app.run_job(LONG)
        app.open_job(job)
        screen = app.screen
        assert isinstance(screen, JobScreen)
        await until(pilot, lambda: screen._figures, "a partial picture")
        assert not job.over
        await pilot.press("left")
        turned, before = screen.view.view, screen.view.figure
        await until(pilot, lambda: screen.view.figure is not before, "a newer picture")
        assert screen.view.view == turned  # it is still looked at from where one was
        assert "1 job" in screen.query_one(TopBar).jobs
        await pilot.press("c")
        assert job.state in {"cancelling", "cancelled"}
        await until(pilot, lambda: job.over, "the end")
        await settle(pilot)
        assert screen.query_one(TopBar).jobs == ""
        assert job.path is not None
        assert told(job).startswith("cancelled · kept at ")
        assert "· cancelled at " in load(job.path).title
        await until(pilot, lambda: app.items.get("scratch"), "the shelf")
        assert [item.key for item in app.items["scratch"]] == [str(job.path)]
        await pilot.press("o")
        await settle(pilot)
        assert isinstance(app.screen, ScratchScreen)
        await pilot.press("m")
        assert isinstance(app.screen, AskName)
        await pilot.press(*"half", "enter")
        await settle(pilot)
        assert isinstance(app.screen, GalleryScreen)
        assert app.screen.item.path == home() / "results" / "half.safetensors"
        assert "scratch " + str(job.path) not in app.trail.open
        assert app.farewell() == ""  # it was kept


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
async def test_a_crash_is_told_survived_and_tried_again(
    make_app: Make, settle: Settle, how: signal.Signals
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        job = app.run_job(LONG)
        app.open_job(job)
        await until(pilot, lambda: job.partial is not None, "a partial result")
        (started,) = [event for event in job.events() if isinstance(event, Started)]
        os.kill(started.pid, how)
        await until(pilot, lambda: job.over, "the end")
        await settle(pilot)
        screen = app.screen
        assert job.state == "failed"
        why = str(screen.query_one("#why").render())
        assert how.name in why
        assert job.failure is not None
        assert all(line in why for line in job.failure.last_lines)
        assert (how is signal.SIGSEGV) == ("Segmentation fault" in why)
        assert job.path is not None
        assert job.path.name in why
        assert "1 unfinished result" in app.farewell()
        await pilot.press("R")
        await settle(pilot)
        again = app.jobs[-1]
        assert again is not job
        assert again.words == job.words
        assert isinstance(app.screen, JobScreen)
        assert app.screen.job is again
        await until(pilot, lambda: again.partial is not None, "the second try")
        again.cancel()
        await until(pilot, lambda: again.over, "the end")


async def test_what_cant_run_is_one_sentence(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        job = app.run_job(("shapes", "conv2d", "--input", "1,3,8,8", "-o", "4", "-k", "11"))
        await until(pilot, lambda: job.over and told_of(app), "word of the end")
        (word,) = told_of(app)
        assert "✗ shapes conv2d" in word
        assert "open it" in word
        await pilot.press("J")
        pane = app.screen
        assert isinstance(pane, JobsPane)
        await until(pilot, lambda: pane.query_one(OptionList).option_count == 1, "the job")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, JobScreen)
        assert app.screen.has_class("-trouble")


async def test_pane_shows_every_job_and_cancels_one(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("J")
        await until(pilot, lambda: app.screen.has_class("-none"), "word that nothing runs")
        await pilot.press("J")
        jobs = [app.run_job(LONG), app.run_job(LONG), app.run_job(SHORT)]
        await until(pilot, lambda: all(job.progress for job in jobs[:2]), "progress")
        await pilot.press("J")
        pane = app.screen
        assert isinstance(pane, JobsPane)
        await until(pilot, lambda: pane.query_one(OptionList).option_count == 3, "all three")
        lines = [str(pane.query_one(OptionList).get_option_at_index(place).prompt) for place in range(3)]
        assert ["running" in line for line in lines] == [True, True, False]
        assert "queued" in lines[2]
        await pilot.press("j", "c")
        await until(pilot, lambda: jobs[1].over, "the end")
        await until(pilot, lambda: jobs[2].state == "done", "the one that waited")
        assert not jobs[0].over
        await pilot.press("escape", "q")
        assert isinstance(app.screen, Ask)
        assert app.focused is app.screen.query_one("#no", Button)
        await pilot.press("enter")
        assert app.is_running
        assert not isinstance(app.screen, Ask)
        await pilot.press("q", "y")
        await until(pilot, lambda: not app.is_running or app._exit, "the end")
    assert jobs[0].state == "cancelled"
    assert jobs[0].path is not None
    assert "2 unfinished results are in " in app.farewell()


async def test_toast_leads_to_the_job(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settle(pilot)
        job = app.run_job(SHORT)
        await until(pilot, lambda: job.over and told_of(app), "word of the end")
        app._hear(job)  # what was told before the end may be heard after it
        await settle(pilot)
        (word,) = told_of(app)
        assert "✓ landscape mlp" in word
        await until(pilot, lambda: app.screen.query("Toast"), "the toast")
        await settle(pilot)
        toast = app.screen.query("Toast").first()
        place = next(
            x
            for x in range(60)
            if "@click" in app.screen.get_style_at(toast.region.x + x, toast.region.bottom - 2).meta
        )
        await pilot.click(offset=(toast.region.x + place, toast.region.bottom - 2))
        await settle(pilot)
        assert isinstance(app.screen, JobScreen)
        assert app.screen.job is job


def test_jobs_are_told_in_a_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from dltui.jobs import Cancelled, Progress

    assert [lasting(s) for s in (0.2, 59.4, 61, 3700)] == ["under 1 s", "59 s", "1 min 01 s", "1 h 01 min"]
    jobs = [Job(name, LONG, lambda _: None) for name in "abc"]
    jobs[0].take(Cancelled(None))
    jobs[1].take(Started(1))
    jobs[1].take(Progress(3, 4, 7.0))
    jobs[1].began = 100.0
    monkeypatch.setattr(time, "time", lambda: 112.0)
    assert standing(jobs[1]) == "running · 75% · 12 s · 7 s left"
    assert in_order(jobs) == [jobs[1], jobs[2], jobs[0]]
    assert at_a_glance(jobs) == "▸ 2 jobs · 38%"
    assert at_a_glance(jobs[:1]) == ""
    assert job_item(jobs[0]).name == "landscape mlp"
    assert told(jobs[0]) == "cancelled before there was anything to keep"
