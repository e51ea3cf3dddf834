"""The screens of runs, of several runs, of data sets and of checkpoints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from textual.pilot import Pilot

from dltui.commands.inspect_screen import ModelScreen
from dltui.figures import Bars, Histogram, Images, Lines, Points, Table
from dltui.runs import MetricsWriter, Run, finish, new_checkpoint, new_run
from dltui.runs.compare import tints
from dltui.runs.folder import WEIGHTS
from dltui.runs.index import RunIndex
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import Item
from dltui.tui.catalog.runs import item_of
from dltui.tui.screens.data import DataScreen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.screens.home import HomeScreen
from dltui.tui.screens.overlay import OverlayScreen
from dltui.tui.screens.run import RunScreen
from dltui.tui.screens.search import SearchScreen
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.legend import Legend
from dltui.tui.widgets.top_bar import TopBar

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


def made_run(seed: int = 0, steps: int = 20) -> Run:
    run = new_run(model="lenet", data="digits", settings={"learning_rate": 0.1 + seed}, seed=seed, command="")
    with MetricsWriter(run) as writer:
        writer.append({"kind": "start", "steps": steps, "epochs": 2, "seconds": 0.0, "parameters": 9})
        for step in range(1, steps + 1):
            writer.append({"kind": "step", "step": step, "seconds": float(step), "loss": 4.0 / step})
        for epoch in (1, 2):
            told = {"test_loss": 1.0 / epoch, "test_accuracy": 0.5}
            writer.append(
                {"kind": "epoch", "epoch": epoch, "step": steps // 2 * epoch, "seconds": 1.0} | told
            )
    for step in (steps // 2, steps):
        with new_checkpoint(run, step) as folder:
            save_file({"w": np.zeros(3, np.float32)}, folder / WEIGHTS)
    return finish(run, "done")


def gallery(app: DltuiApp) -> GalleryScreen:
    assert isinstance(app.screen, GalleryScreen)
    return app.screen


def lines(app: DltuiApp) -> Lines:
    figure = gallery(app).view.figure
    assert isinstance(figure, Lines)
    return figure


async def test_curves_are_smoothed_straightened_and_drawn_over_time(make_app: Make, settle: Settle) -> None:
    run = made_run()
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("2", "enter")
        await settle(pilot)
        before = lines(app)
        assert [line.name for line in before.series] == ["batch", "test"]
        assert (before.x_label, before.y_scale) == ("step", "log")
        await pilot.press("s", "s", "b", "O", "O")
        await settle(pilot)
        after = lines(app)
        assert (after.x_label, after.y_scale) == ("time (s)", "linear")
        assert after.series[0].y[-1] > before.series[0].y[-1]
        command = f"dltui runs show {run.name} --x time --smooth 0.9 --linear"
        assert gallery(app).command_line == command
        await pilot.press("s", "s", "b", "O")
        await settle(pilot)
        assert lines(app).series[0].y.tolist() == before.series[0].y.tolist()


async def test_a_long_run_is_shown_while_it_is_read_and_from_its_index_afterwards(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltui.runs.follow.LONG", 1)
    monkeypatch.setattr("dltui.runs.follow.WORTH", 1)
    monkeypatch.setattr("dltui.tui.catalog.runs.PATIENCE", 0)
    monkeypatch.setattr("dltui.tui.screens.run.EVERY", 0.05)
    run = made_run(steps=9000)
    for _ in range(2):
        app = make_app()
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            app.open_item(item_of(run))
            await settle(pilot)
            for _ in range(100):
                await settle(pilot)
                batch = lines(app).series[0]
                if batch.x[-1] == 9000:
                    break
            assert batch.x[-1] == 9000
            assert len(batch.x) < 9000
            assert (batch.y.max(), batch.y.min()) == (4.0, 4.0 / 9000)  # both ends of every stretch
    assert RunIndex(run).path.is_file()


async def test_checkpoints_tell_what_was_measured_and_what_can_be_done(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DltuiApp, "open_form", None, raising=False)
    run = made_run()
    app = make_app()
    async with app.run_test(size=(120, 50)) as pilot:
        await settle(pilot)
        await pilot.press("2", "enter")
        await settle(pilot)
        found = app.screen.query_one("#checkpoints", ItemList)
        notes = [(item.name, item.note) for item in found.items]
        assert notes == [
            ("step 20", "epoch 2 · test loss 0.5 · 50.0 % right"),
            ("step 10", "epoch 1 · test loss 1 · 50.0 % right"),
        ]
        await pilot.press("tab", "down", "a")
        assert isinstance(app.screen, SearchScreen)
        await pilot.press(*"hessian", "enter")
        await settle(pilot)
        assert app.clipboard == f"dltui hessian run:{run.name}@step=10 --data digits"
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, ModelScreen)
        assert isinstance(gallery(app).view.figure, Histogram)


async def test_runs_are_overlaid_hidden_pinned_and_keep_their_colours(make_app: Make, settle: Settle) -> None:
    runs = [made_run(seed) for seed in range(3)]
    colours = tints(runs)
    key = ",".join(run.name for run in runs)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.open_item(Item("overlay", "3 runs", "", key, f"dltui runs compare {key}"))
        await settle(pilot)
        assert isinstance(app.screen, OverlayScreen)
        assert {line.name: line.tint for line in lines(app).series} == colours
        await pilot.press("tab", "space")
        await settle(pilot)
        assert {line.name for line in lines(app).series} == {run.name for run in runs[1:]}
        assert {line.name: line.tint for line in lines(app).series}.items() <= colours.items()
        await pilot.press("space", "down", "down", "P")
        await settle(pilot)
        assert lines(app).series[0].name == runs[2].name
        table = gallery(app)._figures[-1]
        assert isinstance(table, Table)
        assert table.columns[1] == runs[2].name
        assert [row[0] for row in table.rows] == ["seed", "learning rate"]
        legend = app.screen.query_one(Legend)
        assert legend.entries[0].pinned
        await pilot.press("space", "down", "space", "down", "space", "space")  # the last one can't be hidden
        await settle(pilot)
        assert lines(app).series
        await pilot.click(Legend, offset=(3, 0))
        assert gallery(app).command_line.startswith("dltui runs compare ")


async def test_overlay_of_runs_that_are_gone_is_a_sentence(make_app: Make, settle: Settle) -> None:
    made_run()
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.open_item(Item("overlay", "2 runs", "", "gone,lost", ""))
        await settle(pilot)
        assert "unknown run 'gone'" in str(app.screen.query_one("#said").render())
        await pilot.press("s", "b", "O", "P", "tab", "space", "n", "escape")
        assert isinstance(app.screen, HomeScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_pictures_are_leafed_through_by_page_and_class(
    make_app: Make, settle: Settle, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"data digits", "enter")
        await settle(pilot)
        assert isinstance(app.screen, DataScreen)
        first = gallery(app).view.figure
        assert isinstance(first, Images)
        await pilot.press("greater_than_sign")
        await settle(pilot)
        assert gallery(app).command_line == "dltui data show digits --page 2"
        assert "page 2 of 72" in app.screen.query_one(TopBar).remark
        await pilot.press("less_than_sign", "less_than_sign")
        await settle(pilot)
        assert "page 72 of 72" in app.screen.query_one(TopBar).remark
        await pilot.press("f", "f")
        await settle(pilot)
        shown = gallery(app).view.figure
        assert isinstance(shown, Images)
        assert set(shown.names) == {"1"}
        assert gallery(app).command_line == "dltui data show digits --class 1"
        await pilot.press("3")
        assert isinstance(gallery(app).view.figure, Bars)
        assert dict(app.screen.query_one(Facts).facts)["samples held out"] == "360"


async def test_own_files_points_and_broken_ones(here: Path, make_app: Make, settle: Settle) -> None:
    (here / "broken.npz").write_bytes(b"PK nonsense")
    x = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    np.savez(here / "own.npz", x=x, y=np.arange(50) % 2)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("slash", *"own.npz", "enter")
        await settle(pilot)
        assert isinstance(gallery(app).view.figure, Points)
        await pilot.press("f", "escape", "slash", *"broken.npz", "enter")
        await settle(pilot)
        assert "can't read" in str(app.screen.query_one("#said").render())
        await pilot.press("f", "greater_than_sign", "n", "e", "escape")
        assert isinstance(app.screen, HomeScreen)


async def test_the_way_is_clicked(make_app: Make, settle: Settle) -> None:
    made_run()
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("2", "enter")
        await settle(pilot)
        assert isinstance(app.screen, RunScreen)
        await pilot.click(TopBar, offset=(9, 0))  # "Runs" in "dltui › Runs › …"
        await settle(pilot)
        assert isinstance(app.screen, HomeScreen)
        assert app.screen.shelf is not None
        assert app.screen.shelf.name == "runs"
