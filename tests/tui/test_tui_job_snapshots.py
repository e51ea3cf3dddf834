"""How forms, jobs and exhibits look, kept as SVG files beside those of the other screens.

Everything here stands still: jobs are told by hand what would come from a process, and clocks are stopped.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from dltui.jobs import Cancelled, Failed, Job, Note, Partial, Progress, Started
from dltui.tui.app import DltuiApp
from dltui.tui.catalog import Item
from dltui.tui.screens.exhibit import ExhibitScreen
from dltui.tui.widgets.field_row import FieldRow

from .conftest import saddle  # noqa: TID252 - the tests of this folder share it
from .test_tui_snapshots import GROUNDS, SIZES, pattern, unlike  # noqa: TID252

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
LOOKS = [(size, theme) for size in SIZES for theme in GROUNDS]
NAMED = [f"{theme}-{width}x{height}" for (width, height), theme in LOOKS]
NOW = 1_000.0


def jobs() -> list[Job]:
    """One that runs, one that waits, one that was cancelled, one that crashed."""
    words = ("landscape", "mlp", "--data", "moons", "--steps", "201", "--exact")
    running, waiting, cancelled, crashed = (Job(name, words, lambda _: None) for name in "abcd")
    for job in (running, cancelled, crashed):
        job.take(Started(1))
        job.take(Progress(1200, 4000, 63.0))
        job.began = NOW - 27
    running.take(Note("mlp: random weights, seed 0"))
    running.take(Partial(replace(saddle(), title="mlp on moons")))
    cancelled.take(Cancelled(Path("/scratch/landscape-mlp.safetensors")))
    crashed.take(
        Failed(
            "the process of `dltui landscape mlp` crashed (SIGSEGV); run it again",
            ("Fatal Python error", "  File mine.py"),
        )
    )
    cancelled.ended = crashed.ended = NOW - 5
    return [running, waiting, cancelled, crashed]


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Stopped clocks, a pattern for pictures, and jobs that nobody runs."""
    found = jobs()
    monkeypatch.setattr("dltui.tui.widgets.figure_view.draw", pattern)
    monkeypatch.setattr("dltui.tui.catalog.jobs.time", type("Clock", (), {"time": staticmethod(lambda: NOW)}))
    monkeypatch.setattr(DltuiApp, "jobs", property(lambda _: found))
    return found


@pytest.mark.parametrize(("size", "theme"), LOOKS, ids=NAMED)
async def test_form(
    make_app: Make, settle: Settle, tmp_path: Path, still: list[Job], size: tuple[int, int], theme: str
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        app.open_form("gradients", {"model": "mlp", "data": "moons", "samples": -1})
        for _ in range(3):
            await settle(pilot)
        row = next(row for row in app.screen.query(FieldRow) if row.asked.name == "part")
        app.screen.set_focus(row.taker)
        await settle(pilot)
        assert not unlike(app, f"form-{theme}-{size[0]}x{size[1]}", tmp_path)


@pytest.mark.parametrize("which", ["running", "crashed"])
@pytest.mark.parametrize(("size", "theme"), LOOKS, ids=NAMED)
async def test_job(
    make_app: Make,
    settle: Settle,
    tmp_path: Path,
    still: list[Job],
    size: tuple[int, int],
    theme: str,
    which: str,
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        app.open_job(still[0 if which == "running" else 3])
        for _ in range(2):
            await settle(pilot)
        assert not unlike(app, f"job-{which}-{theme}-{size[0]}x{size[1]}", tmp_path)


@pytest.mark.parametrize(("size", "theme"), LOOKS, ids=NAMED)
async def test_jobs_pane(
    make_app: Make, settle: Settle, tmp_path: Path, still: list[Job], size: tuple[int, int], theme: str
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        app.open_job(still[0])
        await settle(pilot)
        await pilot.press("f3")
        await settle(pilot)
        assert not unlike(app, f"jobs-{theme}-{size[0]}x{size[1]}", tmp_path)


@pytest.mark.parametrize(("size", "theme"), [*LOOKS, ((200, 60), "dark")], ids=[*NAMED, "dark-200x60"])
async def test_exhibit(
    make_app: Make, settle: Settle, tmp_path: Path, still: list[Job], size: tuple[int, int], theme: str
) -> None:
    app = make_app()
    name = "two-weight-saddle"
    async with app.run_test(size=size) as pilot:
        app.theme, app.animation_level = theme, "none"
        app.open_item(Item("exhibit", name, "", name, f"dltui lab run {name}", group="geometry"))
        screen = app.screen
        assert isinstance(screen, ExhibitScreen)
        end = time.monotonic() + 60
        while not (screen.live and screen.live.settled and screen.query(FieldRow)):
            assert time.monotonic() < end, "it never came"
            await pilot.pause(0.02)
        await settle(pilot)
        await pilot.pause(0.15)
        await pilot.press("tab", "down")
        await settle(pilot)
        assert not unlike(app, f"exhibit-{theme}-{size[0]}x{size[1]}", tmp_path)
