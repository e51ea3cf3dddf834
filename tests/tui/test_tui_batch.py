"""The screen of a batch: followed while it runs, stopped from here, its jobs opened, and how it looks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.batch.folder import batches_folder, job_folder, write_card
from dltui.batch.log import Lines, LogWriter
from dltui.commands.batch_screen import BatchScreen
from dltui.figures import Bars, Table
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.batches import item_of, read
from dltui.tui.screens.form import FormScreen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.top_bar import TopBar

from .conftest import saddle, until  # noqa: TID252 - the tests of this folder share them
from .test_tui_snapshots import GROUNDS, SIZES, unlike  # noqa: TID252

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
NOW = 1_795_608_000.0
JOBS = ("train[lr=0.1]", "train[lr=1]", "look[lr=0.1]", "look[lr=1]", "sum")


def made_batch() -> tuple[Path, LogWriter]:
    """One job done, one failed, one that runs, one skipped, one that waits; whoever holds the log runs it."""
    batch = batches_folder() / "bowls-1234"
    told = [
        {
            "name": name,
            "group": name.partition("[")[0],
            "words": ["landscape"],
            "needs": ["train[lr=0.1]"] if name == "look[lr=0.1]" else [],
            "variables": {"lr": float(name.partition("=")[2].rstrip("]"))} if "[" in name else {},
        }
        for name in JOBS
    ]
    card = {
        "kind": "batch",
        "name": "bowls",
        "source": "bowls.toml",
        "jobs": told,
        "collect": ["loss.center"],
    }
    write_card(batch, card | {"limits": {"jobs": 2}, "on": "local", "command": "dltui batch bowls.toml -k"})
    log = LogWriter(batch)
    log.write("begin", jobs=list(JOBS), on="local")
    done = {"began": NOW - 90, "ended": NOW - 60, "exit_code": 0, "command": "dltui landscape a"}
    log.write("job", job=JOBS[0], state="done", attempt=1, **done)
    why = "the loss became NaN in conv1"
    log.write(
        "job", job=JOBS[1], state="failed", attempt=3, began=NOW - 60, ended=NOW - 50, exit_code=1, reason=why
    )
    line = "dltui landscape run:digits-7f3a --json"
    log.write("job", job=JOBS[2], state="running", attempt=1, began=NOW - 42, place="pid 77", command=line)
    log.write("job", job=JOBS[3], state="skipped", reason=f"needs {JOBS[1]}, which failed")
    for name, said in ((JOBS[0], "saved it"), (JOBS[1], why), (JOBS[2], "going on from 40 of 961 cells")):
        folder = job_folder(batch, name)
        folder.mkdir(parents=True)
        (folder / "stderr.txt").write_text(f"begun\n{said}\n")
    (job_folder(batch, JOBS[0]) / "stdout.json").write_text(json.dumps({"loss": {"center": 0.125}}))
    (job_folder(batch, JOBS[2]) / "progress").write_text("240 961\n")
    saddle().save(job_folder(batch, JOBS[0]) / "result.safetensors")
    return batch, log


def shown(app: DltuiApp) -> BatchScreen:
    assert isinstance(app.screen, BatchScreen)
    return app.screen


async def test_a_batch_is_followed_and_its_jobs_open(make_app: Make, settle: Settle) -> None:
    batch, log = made_batch()
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_item(item_of(batch))
        await until(pilot, lambda: shown(app).chosen, "the list of jobs")
        await settle(pilot)
        screen = shown(app)
        assert screen.query_one(TopBar).remark == "running · 1 of 5 done"
        assert [item.state for item in screen.list.items] == [
            "done",
            "failed",
            "running",
            "stopped",
            "waiting",
        ]
        assert "24 %" in screen.list.items[2].note
        assert "going on from 40 of 961 cells" in screen.list.items[2].note
        table = screen.view.figure
        assert isinstance(table, Table)
        assert table.columns == ("job", "state", "lr", "seconds", "loss.center")
        assert table.rows[0] == ("train", "done", 0.1, 30.0, 0.125)

        await pilot.press("f")
        await until(
            pilot, lambda: screen.list.chosen and screen.list.chosen.name == JOBS[2], "the job that runs"
        )
        await settle(pilot)
        assert dict(screen.query_one(Facts).facts)["needs"] == JOBS[0]
        await pilot.press("c")
        (asked,) = Lines(batch / "control.jsonl").new()
        assert (asked["ask"], asked["job"]) == ("stop", JOBS[2])
        await pilot.press("C")
        assert Lines(batch / "control.jsonl").new()[-1]["job"] == ""

        (job_folder(batch, JOBS[2]) / "stdout.json").write_text(json.dumps({"loss": {"center": 0.5}}))
        log.write("job", job=JOBS[2], state="done", ended=NOW, exit_code=0)
        log.write("job", job=JOBS[4], state="done", ended=NOW, began=NOW - 1, exit_code=0)
        log.write("end", state="failed", done=3, of=5)
        log.close()
        await until(pilot, lambda: screen.query_one(TopBar).remark == "failed · 3 of 5 done", "the end")
        assert not screen.check_action("stop_batch", ())
        await pilot.press("2")
        await settle(pilot)
        bars = screen.view.figure
        assert isinstance(bars, Bars)
        assert np.allclose(bars.values, [0.125, 0.5])

        screen.list.choose(screen.list.items[0].place)
        await pilot.press("tab")
        screen.set_focus(screen.list)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)


async def test_a_batch_that_nobody_runs_any_more_has_died_and_can_be_run_again(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, log = made_batch()
    log.close()
    app = make_app()
    ran: list[list[str]] = []
    monkeypatch.setattr(DltuiApp, "run_job", lambda _, words: ran.append(list(words)))
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_item(item_of(batch))
        await until(pilot, lambda: shown(app).chosen, "the list of jobs")
        await settle(pilot)
        assert shown(app).query_one(TopBar).remark == "died · 1 of 5 done"
        assert not shown(app).check_action("stop_job", ())
        await pilot.press("R")
        assert ran == [["batch", "bowls.toml", "-k", "--folder", str(batch)]]


async def test_a_batch_runs_as_a_job_of_the_application(make_app: Make, here: Path, settle: Settle) -> None:
    (here / "jobs.toml").write_text('[[job]]\nname="a"\nrun="shapes conv2d --input 1,3,8,8 -o 4 -k 3"\n')
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.open_form("batch", {"file": str(here / "jobs.toml")})
        await settle(pilot)
        assert isinstance(app.screen, FormScreen)
        job = app.run_job(["batch", str(here / "jobs.toml"), "--collect", "parameters"])
        await until(pilot, lambda: job.over, "the end of the job")
        assert job.failure is None
        assert job.result is not None
        assert job.result.document()["jobs"][0]["values"] == {"parameters": 112}
        assert [item.note for item in read(here)] == ["1 of 1 done · done"]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", GROUNDS)
async def test_snapshot_of_a_batch(
    make_app: Make,
    settle: Settle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    theme: str,
) -> None:
    monkeypatch.setattr("dltui.batch.log.time", type("Clock", (), {"time": staticmethod(lambda: NOW)}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLTUI_HOME", "home")
    batch, log = made_batch()
    app = make_app()
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        app.open_item(item_of(batch))
        await until(pilot, lambda: shown(app).chosen, "the list of jobs")
        await pilot.press("down", "down")
        for _ in range(3):
            await settle(pilot)
        assert not unlike(app, f"batch-{theme}-{size[0]}x{size[1]}", tmp_path)
    log.close()
