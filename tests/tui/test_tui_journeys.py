"""Whole journeys through the application, with real workers: what a person came for, from the first key to the file."""

from __future__ import annotations

import csv
import io
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from dltui.checkpoints import open_model
from dltui.commands.hessian_screen import ONLY_AT_THE_MODEL, SpectrumScreen
from dltui.commands.landscape_screen import LandscapeScreen, nearest
from dltui.commands.shapes_screen import ChainScreen
from dltui.data import load as load_data
from dltui.draw import save as save_figures
from dltui.figures import Lines, Surface
from dltui.instruments.landscape import scan
from dltui.jobs import Job, Started
from dltui.objective import Objective
from dltui.results import load
from dltui.results.landscape import Landscape
from dltui.results.spectrum import Spectrum
from dltui.runs import home
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import homely
from dltui.tui.screens.compare import CompareScreen
from dltui.tui.screens.exhibit import ExhibitScreen
from dltui.tui.screens.export import ExportScreen
from dltui.tui.screens.form import FormScreen
from dltui.tui.screens.job import JobScreen
from dltui.tui.screens.jobs import JobsPane
from dltui.tui.screens.scratch import ScratchScreen
from dltui.tui.screens.search import SearchScreen
from dltui.tui.widgets.belt import Belt
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.field_row import FieldRow
from dltui.tui.widgets.key_bar import KeyBar
from dltui.tui.widgets.slider import Slider
from dltui.tui.widgets.top_bar import TopBar

from .conftest import until  # noqa: TID252 - the tests of this folder share it

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
Room = TypeVar("Room")
NET = "mlp:width=8,activation=tanh"  # smooth, so that second differences mean something
LONG = ("landscape", NET, "--data", "moons", "--steps", "401", "--exact")
SHORT = ("landscape", NET, "--data", "moons", "--steps", "101", "--exact")


@pytest.fixture(autouse=True)
def _quick_pilot() -> None:
    """Let keys come as slowly as Textual's own pilot presses them: a person waits for what the screen shows."""


async def rested(pilot: Pilot[int], read: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Return what is read when it doesn't change any more for a while."""
    found = read()
    while True:
        await pilot.pause(0.2)
        if read() == found:
            return found
        found = read()


async def arrived(pilot: Pilot[int], kind: type[Room]) -> Room:
    """Wait for a screen, and for whatever it has to show first."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind), kind.__name__)
    screen = pilot.app.screen
    assert isinstance(screen, kind)
    await until(pilot, lambda: getattr(screen, "_figures", True), "its figures")
    await pilot.pause()
    return screen


async def ended(pilot: Pilot[int], job: Job, state: str) -> None:
    await until(pilot, lambda: job.over, f"the end of {job.line}")
    assert job.state == state, job.failure
    await pilot.pause(0.05)


async def find(pilot: Pilot[int], letters: str) -> None:
    """Press a slash, type, take the first of what fits."""
    await pilot.press("slash")
    await until(pilot, lambda: isinstance(pilot.app.screen, SearchScreen), "the question")
    await pilot.press(*letters, "enter")


async def write(pilot: Pilot[int], here: Path, name: str) -> Path:
    """Press ``e`` and have the figure written to a file of this name."""
    await pilot.press("e")
    question = await arrived(pilot, ExportScreen)
    question.query_one(Input).value = name
    await pilot.press("enter")
    told = pilot.app._notifications
    await until(pilot, lambda: str(here / name) in [one.message for one in told], f"{name}")
    return here / name


def footer(app: DltuiApp) -> dict[str, str]:
    """Return what the line at the bottom names, by keys."""
    return {hint.text: hint.label for hint in app.screen.query_one(KeyBar).hints()}


def numbers(screen: ExhibitScreen) -> dict[str, str]:
    return dict(next(one for one in screen.query(Facts) if one.id == "numbers").facts)


async def test_search_an_exhibit_move_its_slider_save_a_png(
    make_app: Make, settle: Settle, here: Path
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        app.animation_level = "none"  # nothing plays by itself
        await settle(pilot)
        await find(pilot, "two-weight")
        screen = await arrived(pilot, ExhibitScreen)
        assert screen.item.key == "two-weight-saddle"
        await until(
            pilot, lambda: screen.query(FieldRow) and screen.live and screen.live.settled, "the first end"
        )
        await until(pilot, lambda: numbers(screen), "the numbers")
        before, picture = numbers(screen), screen.view.figure
        await pilot.press("tab")
        while not isinstance(app.focused, Slider):
            await pilot.press("down")
        slider = app.focused
        await pilot.press("shift+right")
        assert slider.text
        live = screen.live
        assert live is not None
        await until(pilot, lambda: live.settled and numbers(screen) != before, "new numbers")
        assert live.values["w1"] == float(slider.text)
        assert f"--w1 {slider.text}" in screen.command_line
        assert screen.view.figure is not picture
        figure = screen.view.figure
        assert figure is not None
        await pilot.press("tab")
        saved = await write(pilot, here, "saddle.png")
        with Image.open(saved) as made:
            pixels = np.asarray(made.convert("RGB"))
        look = screen.view.plain_look()
        save_figures([figure], here / "again.png", look)
        with Image.open(here / "again.png") as made:
            again = np.asarray(made.convert("RGB"))
        assert pixels.shape == again.shape
        np.testing.assert_array_equal(pixels, again)  # it is the figure's
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 100


async def test_form_landscape_closer_hessian_slice_export(make_app: Make, settle: Settle, here: Path) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await ended(pilot, app.run_job(("train", NET, "--data", "moons", "--epochs", "3")), "done")

        # the form
        await find(pilot, "landscape")
        form = await arrived(pilot, FormScreen)
        await until(
            pilot, lambda: form.answers and form.focused and form.focused.id != "run", "the first field"
        )
        assert {"^r": "run", "^y": "copy command"}.items() <= footer(app).items()
        assert "/" not in footer(app)  # which is a letter of the line
        await pilot.press(*"run:latest", "enter", *"moons", "ctrl+r")
        job_screen = await arrived(pilot, JobScreen)
        job = job_screen.job
        assert job is not None
        assert job.words == ("landscape", "run:latest", "--data", "moons")
        await ended(pilot, job, "done")

        # the landscape, and a part of it closer
        await pilot.press("o")
        screen = await arrived(pilot, LandscapeScreen)
        whole = screen.landscape
        for key in ("L", "L", "L", "K", "K"):
            await pilot.press(key)
        spot = await rested(pilot, lambda: screen.spot)
        assert spot != (0.0, 0.0)
        assert abs(spot[0]) < 1
        row, column = (
            nearest(whole.betas if whole.betas is not None else np.zeros(1), spot[1]),
            nearest(whole.alphas, spot[0]),
        )
        await pilot.press("z")
        await until(pilot, lambda: len(screen._levels) == 2 and screen.landscape.complete, "the finer scan")
        finer = screen.landscape
        await until(pilot, lambda: "file" in dict(screen.query_one(Facts).facts), "the finer scan's file")
        finer = screen.landscape
        told = dict(screen.query_one(Facts).facts)["file"]
        assert "landscape" in told
        assert told != homely(screen.item.path)
        objective = Objective.of(
            open_model("run:latest", load_data("moons", seed=0), weights=None, seed=0).module,
            load_data("moons", seed=0),
            part="train",
            seed=0,
        )
        witness = scan(objective, steps=25, distance=0.25, center=finer.center, seed=0, tolerance=0.01)
        np.testing.assert_allclose(finer.center, spot, atol=1e-5)
        np.testing.assert_allclose(finer.alphas, witness.alphas)
        np.testing.assert_allclose(finer.loss, witness.loss, rtol=1e-5)
        assert finer.loss[12, 12] == pytest.approx(
            whole.whole[row, column], rel=0.05
        )  # that one is interpolated
        # every cell of it
        assert finer.known is not None
        await pilot.press("I")
        await until(pilot, lambda: len(screen._levels) == 3 and screen.landscape.known is None, "every cell")
        exact = scan(objective, steps=25, distance=0.25, center=finer.center, seed=0)
        np.testing.assert_allclose(screen.landscape.loss, exact.loss, rtol=1e-5)
        await pilot.press("Z")
        assert screen.landscape is finer
        assert not [
            one for one in app._notifications if "landscape" in one.title
        ]  # whoever looks needs no word

        # its Hessian
        await pilot.press("C")
        await until(pilot, lambda: len(app.jobs) == 5, "the job of the Hessian")
        hessian = app.jobs[-1]
        assert hessian.words[:2] == ("hessian", "run:latest")
        await ended(pilot, hessian, "done")
        assert isinstance(hessian.result, Spectrum)
        assert hessian.result.loss == pytest.approx(finer.loss[12, 12], rel=1e-5)

        # the jobs, from where J walks
        app.go_to(screen.item.place)
        assert footer(app)["⇧←→↑↓"] == "walk"
        await pilot.press("f3")
        pane = await arrived(pilot, JobsPane)
        assert pane.query_one(OptionList).option_count == 5
        assert "cancels" not in str(pane.query_one(Vertical).border_subtitle)
        await pilot.press("escape")

        # out of it, as a picture and as numbers; a slice of θ* would be one of elsewhere
        app.open_job(hessian)
        job_screen = await arrived(pilot, JobScreen)
        await until(pilot, lambda: job_screen._drawn is hessian.result, "the final picture")
        saved = await write(pilot, here, "spectrum.svg")
        assert saved.read_text(encoding="utf-8").rstrip().endswith("</svg>")
        await pilot.press("o")
        await arrived(pilot, SpectrumScreen)
        await pilot.press("s")
        await until(
            pilot, lambda: ONLY_AT_THE_MODEL in [one.message for one in app._notifications], "the refusal"
        )
        assert len(app.jobs) == 5
        app.go_to(screen.item.place)
        await arrived(pilot, LandscapeScreen)
        table = await write(pilot, here, "finer.csv")
        rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8"))))
        assert len(rows) >= 25
        losses = [float(cell) for row_ in rows[1:] for cell in row_[-1:]]
        assert np.isclose(losses, finer.loss[12, 12], rtol=1e-4).any()
        await pilot.press("Z")
        assert screen.landscape is whole


async def test_spectrum_second_eigenvalue_slice_has_its_curvature(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        job = app.run_job(("hessian", NET, "--data", "moons", "--top", "3", "--bottom", "1"))
        await ended(pilot, job, "done")
        app.open_kept(job)
        screen = await arrived(pilot, SpectrumScreen)
        await pilot.press("tab")
        assert isinstance(app.focused, OptionList)
        await pilot.press("down")
        pair = screen.pair
        assert pair is not None
        assert (pair.place, pair.name) == (2, "λ₂")
        await pilot.press("s")
        job_screen = await arrived(pilot, JobScreen)
        slice_ = job_screen.job
        assert slice_ is not None
        assert "eigen:2" in slice_.words
        await ended(pilot, slice_, "done")
        found = slice_.result
        assert isinstance(found, Landscape)
        assert found.betas is None
        assert found.curvatures == [pytest.approx(pair.value, rel=1e-3)]
        middle, step = len(found.alphas) // 2, float(found.alphas[1] - found.alphas[0])
        assert found.alphas[middle] == 0
        below, at, above = found.loss[0, middle - 1 : middle + 2]
        assert (below - 2 * at + above) / step**2 == pytest.approx(pair.value, rel=5e-3)
        await until(pilot, lambda: isinstance(job_screen.view.figure, Lines), "the line")


async def test_cancel_keeps_and_a_crash_is_told_and_tried_again(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)

        # run, cancel, look at what is known
        job = app.run_job(LONG)
        app.open_job(job)
        screen = await arrived(pilot, JobScreen)
        await pilot.press("c")
        await ended(pilot, job, "cancelled")
        assert job.path is not None
        assert job.path.parent.name == "scratch"
        kept = load(job.path)
        assert isinstance(kept, Landscape)
        assert not kept.complete
        assert 0 < np.isfinite(kept.loss).sum() < kept.loss.size
        await until(pilot, lambda: app.items.get("scratch"), "the shelf")
        assert [item.key for item in app.items["scratch"]] == [str(job.path)]
        await pilot.press("o")
        scratch = await arrived(pilot, ScratchScreen)
        assert isinstance(scratch.view.figure, Surface)

        # run, crash, read why, run again
        crash = app.run_job(SHORT)
        app.open_job(crash)
        await until(pilot, lambda: crash.partial is not None, "a partial result")
        (started,) = [event for event in crash.events() if isinstance(event, Started)]
        os.kill(started.pid, signal.SIGKILL)
        await ended(pilot, crash, "failed")
        screen = await arrived(pilot, JobScreen)
        await until(pilot, lambda: screen.has_class("-trouble"), "the trouble")
        assert crash.failure is not None
        why = str(screen.query_one("#why").render())
        assert "SIGKILL" in why
        assert all(line in why for line in crash.failure.last_lines)
        assert "R runs it again" in why
        await pilot.press("R")
        await until(pilot, lambda: len(app.jobs) == 3, "the second try")
        again = app.jobs[-1]
        assert again.words == crash.words
        await ended(pilot, again, "done")
        assert again.path is not None
        assert again.path.parent == home() / "results"
        await pilot.press("o")
        opened = await arrived(pilot, LandscapeScreen)
        assert opened.landscape.complete


async def test_side_by_side_turned_left_and_found_again(
    make_app: Make, settle: Settle, results: Path
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for name in ("bowl", "saddle"):
            await find(pilot, name)
            screen = await arrived(pilot, LandscapeScreen)
            assert screen.item.name == name
            await pilot.press("space")
        await pilot.press("vertical_line")
        both = await arrived(pilot, CompareScreen)
        await until(pilot, lambda: len(both.panes) > 1 and both.panes[1].view.figure, "the panes")
        await pilot.press("left", "left", "up")
        await pilot.pause()
        one, other = (pane.view.view for pane in both.panes[:2])
        assert one.azimuth != screen.view.view.azimuth
        assert (one.azimuth, one.elevation) == (other.azimuth, other.elevation)
        assert "linked" in both.query_one(TopBar).remark
        places, turned = list(app.trail.open), (one.azimuth, one.elevation)
        await pilot.press("q")
        await until(pilot, lambda: app._exit, "the end")
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        both = await arrived(pilot, CompareScreen)
        assert app.trail.open == places
        await until(pilot, lambda: len(both.panes) > 1 and both.panes[1].view.figure, "the panes")
        for pane in both.panes[:2]:
            assert (pane.view.view.azimuth, pane.view.view.elevation) == turned


async def test_shapes_of_a_network_kernel_changed_copied_as_code(make_app: Make, settle: Settle) -> None:
    import torch

    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await find(pilot, "alexnet")
        screen = await arrived(pilot, ChainScreen)
        assert screen.item.name == "alexnet"
        await pilot.press("down", "down")  # kernel 11 → 9
        await pilot.press("Y")
        assert "nn.Conv2d(3, 64, kernel_size=9, stride=4, padding=2)" in app.clipboard
        made: dict[str, Any] = {}
        with torch.device("meta"):  # shapes alone
            exec(app.clipboard, made)
            sizes, x = [], torch.zeros(1, 3, 224, 224)
        for layer in made["net"]:
            x = layer(x)
            sizes.append("×".join(map(str, x.shape)))
        assert [box.output for box in screen.query_one(Belt).boxes] == sizes
