"""The dashboard: what it shows, what it asks of runs, and that it draws no more than has changed."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from dltui.commands.watch_screen import WatchScreen, watch_item
from dltui.figures import Heatmap, Lines
from dltui.jobs import Job
from dltui.results.base import Made
from dltui.runs import MetricsWriter, Run, finish, new_run
from dltui.runs.control import CONTROL
from dltui.runs.history import from_rows
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import Item
from dltui.tui.screens.ask import Ask
from dltui.tui.screens.home import HomeScreen
from dltui.tui.screens.job import JobScreen
from dltui.tui.screens.run import RunScreen
from dltui.tui.widgets.compare_pane import ComparePane
from dltui.tui.widgets.run_lines import RunLines
from dltui.tui.widgets.tab_line import TabLine

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


class Going:
    """A run that another program trains."""

    def __init__(self, run: Run, writer: MetricsWriter) -> None:
        self.run, self._writer, self.step = run, writer, 0

    def start(self, **told: Any) -> None:
        row = {"kind": "start", "step": 0, "seconds": 0.0, "steps": 100, "classes": 10, "device": "cpu"}
        self._write(row | told)

    def steps(self, count: int, *, layers: bool = False, **told: Any) -> None:
        for _ in range(count):
            self.step += 1
            loss = 2.3 * 0.97**self.step
            row = {"loss": loss, "learning_rate": 0.1, "grad_norm": 1.0, "rate": 500.0}
            self._tell("step", row | told)
        if layers:
            norms = {f"fc{n}": 10.0 ** (n - 9) for n in range(1, 9)}
            self._tell("layers", {"grad_norm": norms, "update_ratio": norms, "dead": {"act1": 0.25}})

    def judged(self) -> None:
        self._tell(
            "eval", {"epoch": 1.0, "train_loss": 0.5, "test_loss": 0.6, "test_accuracy": 0.9, "f1": 0.8}
        )

    def _tell(self, kind: str, told: dict[str, Any]) -> None:
        self._write({"kind": kind, "step": self.step, "seconds": self.step / 10} | told)

    def _write(self, row: dict[str, Any]) -> None:
        self._writer.append(row)
        self._writer.flush()


@contextmanager
def going(**how: Any) -> Iterator[Going]:
    run = new_run(model="lenet", data="digits", settings={}, **how)
    with MetricsWriter(run) as writer:
        yield Going(run, writer)
    finish(run, "done")


@pytest.fixture
def live() -> Iterator[Going]:
    with going() as one:
        one.start()
        one.steps(20, layers=True)
        one.steps(20, layers=True)
        one.judged()
        yield one


def opened(app: DltuiApp) -> WatchScreen:
    assert isinstance(app.screen, WatchScreen)
    return app.screen


def panes(app: DltuiApp) -> list[ComparePane]:
    return [pane for pane in opened(app).query(ComparePane) if pane.display]


def asked(run: Run) -> list[str]:
    path = run.folder / CONTROL
    return [json.loads(line)["ask"] for line in path.read_text().splitlines()] if path.exists() else []


async def watching(pilot: Pilot[int], settle: Settle, *runs: Run) -> None:
    await settle(pilot)
    assert isinstance(pilot.app, DltuiApp)
    pilot.app.open_item(watch_item([str(run.folder) for run in runs]))
    await until(pilot, lambda: isinstance(pilot.app.screen, WatchScreen) and panes(pilot.app))  # type: ignore[arg-type]
    await settle(pilot)


@pytest.mark.parametrize(("size", "count"), [((80, 24), 1), ((120, 40), 4), ((200, 60), 6)])
async def test_as_many_pictures_as_there_is_room_for(
    live: Going, make_app: Make, settle: Settle, size: tuple[int, int], count: int
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await watching(pilot, settle, live.run)
        assert len(panes(app)) == count
        names = opened(app).query_one("#names", TabLine)
        assert names.names[:3] == ("loss", "gradients", "accuracy")
        assert names.names[-1] == "f1"
        for place in range(len(names.names)):
            assert names.active == place
            assert app.focused is not None
            assert app.focused.has_focus
            await pilot.press("n")
            await settle(pilot)
        assert names.active == 0
        line = str(opened(app).query_one(RunLines).render())
        assert "● " in line
        assert "step 40/100" in line


async def test_a_run_leads_to_its_dashboard_and_back(live: Going, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("2", "enter")
        await settle(pilot)
        assert isinstance(app.screen, RunScreen)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, WatchScreen) and panes(app))
        assert opened(app).crumbs == ("Runs", live.run.name, "watch")
        assert "dltui watch" in opened(app).command_line
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)


async def test_curves_grow_and_nothing_else_is_drawn(live: Going, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await watching(pilot, settle, live.run)
        loss, layers, accuracy, _ = panes(app)
        assert isinstance(layers.view.figure, Heatmap)
        assert layers.view.figure.row_names[0] == "fc1"
        frames = layers.view.frames, accuracy.view.frames
        live.steps(5)

        def newest() -> float:
            assert isinstance(loss.view.figure, Lines)
            return float(loss.view.figure.series[0].x[-1])

        await until(pilot, lambda: newest() == 45, "the new steps")
        assert (layers.view.frames, accuracy.view.frames) == frames
        live.steps(1, layers=True)
        await until(pilot, lambda: layers.view.frames > frames[0], "the new layers")
        assert accuracy.view.frames == frames[1]


async def test_nothing_is_read_while_the_terminal_has_not_taken_the_last_picture(
    live: Going, make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await watching(pilot, settle, live.run)
        before = panes(app)[0].view.frames
        monkeypatch.setattr("dltui.commands.watch_screen.waiting", lambda app: True)
        live.steps(5)
        await pilot.pause(0.4)
        assert panes(app)[0].view.frames == before
        monkeypatch.setattr("dltui.commands.watch_screen.waiting", lambda app: False)
        await until(pilot, lambda: panes(app)[0].view.frames > before)


async def test_runs_are_asked_to_pause_go_on_keep_and_stop(
    live: Going, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await watching(pilot, settle, live.run)
        await pilot.press("space")
        assert asked(live.run) == ["pause"]
        await until(pilot, lambda: "paused" in str(opened(app).query_one(RunLines).render()), "the pause")
        await pilot.press("space", "C", "S")
        assert isinstance(app.screen, Ask)
        await pilot.press("escape")
        assert asked(live.run) == ["pause", "go-on", "checkpoint"]
        await pilot.press("S", "y")
        await settle(pilot)
        assert asked(live.run) == ["pause", "go-on", "checkpoint", "stop"]


async def test_a_run_that_ended_is_asked_for_nothing(make_app: Make, settle: Settle) -> None:
    with going() as one:
        one.start()
        one.steps(30)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await watching(pilot, settle, one.run)
        await pilot.press("space", "C", "S")
        await settle(pilot)
        assert isinstance(app.screen, WatchScreen)
        assert asked(one.run) == []
        assert "✓" in str(opened(app).query_one(RunLines).render())


async def test_curves_are_looked_at_otherwise(live: Going, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await watching(pilot, settle, live.run)

        def loss() -> Lines:
            figure = panes(app)[0].view.figure
            assert isinstance(figure, Lines)
            return figure

        before = loss()
        assert [line.name for line in before.series] == ["batch", "smoothed", "train", "test"]
        assert (before.x_label, before.y_scale) == ("step", "log")
        assert before.levels == ((math.log(10), "a guess: ln 10"),)
        await pilot.press("s", "s", "b", "O", "O")
        await until(pilot, lambda: loss().x_label == "time (s)")
        await settle(pilot)
        assert [line.name for line in loss().series] == ["batch", "train", "test"]
        assert loss().y_scale == "linear"
        expected = f"dltui watch {live.run.name} --x time --smooth 0 --linear"
        assert opened(app).command_line == expected
        known = opened(app).remember()
        await pilot.press("z")
        await settle(pilot)
        assert len(panes(app)) == 1
        await pilot.press("z", "y")
        await settle(pilot)
        assert app.clipboard == expected
        await pilot.press("x")
        await watching(pilot, settle, live.run)
        opened(app).recall(known)
        assert opened(app).command_line == expected


async def test_what_is_ill_is_told_and_shown_whole(make_app: Make, settle: Settle) -> None:
    with going() as one:
        one.start()
        for _ in range(4):
            one.steps(20, layers=True)
        one.steps(10, loss=float("nan"))
        app = make_app()
        async with app.run_test(size=(80, 24)) as pilot:
            await watching(pilot, settle, one.run)
            told = str(opened(app).query_one("#ill", Static).render())
            assert "✗ From step 81 on the loss was not finite" in told
            assert "+1 more: d" in told
            await pilot.press("d")
            await settle(pilot)
            every = str(opened(app).query_one("#all", Static).render())
            assert "vanishing-gradients" in every
            assert "(notes 000a:vanishing-gradient)" in every
            assert "Gradients vanish" in opened(app).about
            await pilot.press("question_mark")
            await settle(pilot)
            await pilot.press("escape", "d")
            await settle(pilot)
            assert panes(app)


async def test_several_runs_lie_over_each_other_and_one_leads(
    live: Going, make_app: Make, settle: Settle
) -> None:
    with going(name="other") as other:
        other.start()
        other.steps(10, layers=True)
        other.steps(10, layers=True)
        app = make_app()
        async with app.run_test(size=(120, 40)) as pilot:
            await watching(pilot, settle, live.run, other.run)
            loss = panes(app)[0].view.figure
            assert isinstance(loss, Lines)
            assert [line.name for line in loss.series] == [live.run.name, "other"]
            assert len({line.tint for line in loss.series}) == 2
            await pilot.press("r")
            await settle(pilot)
            await until(pilot, lambda: "other" in str(panes(app)[1].query_one(".name", Static).render()))
            await pilot.press("C")
            assert (asked(live.run), asked(other.run)) == ([], ["checkpoint"])


async def test_a_run_that_is_gone_is_a_sentence(here: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.open_item(watch_item([str(here / "gone")]))
        await settle(pilot)
        await until(pilot, lambda: "gone" in str(opened(app).query_one("#ill", Static).render()))
        await pilot.press("s", "b", "O", "n", "z", "d", "space", "S", "r", "y", "escape")
        assert isinstance(app.screen, HomeScreen)


async def test_an_item_of_another_version_opens_nothing(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.open_item(watch_item([])._replace(key="{nonsense"))
        await settle(pilot)
        assert isinstance(app.screen, WatchScreen)


def test_the_verb_opens_it_on_a_terminal(live: Going, terminal: Callable[..., Any]) -> None:
    app = terminal("from dltui.cli import run; raise SystemExit(run(['watch']))", 100, 30)
    app.read_until("step 40/100")
    assert "watch" in app.shown
    live.steps(3)
    app.read_until("step 43/100")
    app.press("q")
    assert app.ended() == 0
    assert b"Traceback" not in app.raw


async def test_a_job_that_trains_leads_to_the_dashboard_of_its_run(
    live: Going, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.open_item(Item("job", "train digits-cnn", "", "job-1", "dltui train digits-cnn"))
        await settle(pilot)
        assert isinstance(app.screen, JobScreen)
        await pilot.press("d")
        assert isinstance(app.screen, JobScreen)  # which trains nothing that is known
        job = Job("job-1", ("train", "digits-cnn"), lambda _: None)
        rows = [{"epoch": 1, "train_loss": 0.5, "test_loss": 0.6, "test_accuracy": 0.9, "learning_rate": 0.1}]
        job.partial = from_rows(rows, title="", run=live.run.name, parameters=9, split="", made=Made())
        job.state, job.ended = "done", 1.0
        app.screen.job = job
        app.screen._tick()
        await settle(pilot)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, WatchScreen) and panes(app))
        assert opened(app).crumbs[1] == live.run.name
