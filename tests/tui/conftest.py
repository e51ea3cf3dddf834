"""A home of its own for every test, real results to look at, and an application to drive."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.worker import WorkerFailed

from dltui.figures import Heatmap, Lines, Prose, Series, Table
from dltui.results import Made
from dltui.results.gallery import Gallery
from dltui.results.landscape import Landscape
from dltui.tui.app import DltuiApp


def made(command: str, when: str) -> Made:
    return Made(
        command=command,
        when=when,
        seconds=3.25,
        seed=7,
        versions={"dltui": "0.1.0", "python": "3.11.7"},
        machine="x86_64 Linux",
    )


def rosenbrock() -> Landscape:
    """(1 − x)² + 100 (y − x²)² around its minimum at (1, 1); loss + 0.01, so that its logarithm exists."""
    steps = np.linspace(-1, 1, 41)
    x, y = np.meshgrid(1 + steps, 1 + 2 * steps)
    return Landscape(
        title="rosenbrock",
        made=made("dltui landscape rosenbrock --save bowl.safetensors", "2026-11-23T21:00:00+00:00"),
        alphas=steps,
        betas=steps,
        loss=(1 - x) ** 2 + 100 * (y - x**2) ** 2 + 0.01,
        center_loss=0.01,
        normalize="filter",
        samples=1000,
        parameters=2,
    )


def saddle() -> Landscape:
    """x² − y², the simplest saddle."""
    steps = np.linspace(-1, 1, 21)
    x, y = np.meshgrid(steps, steps)
    return Landscape(
        title="saddle x² − y²",
        made=made("dltui landscape saddle", "2026-11-23T20:00:00+00:00"),
        alphas=steps,
        betas=steps,
        loss=x**2 - y**2,
        center_loss=0.0,
        normalize="none",
        samples=1,
        parameters=2,
    )


def mixture() -> Gallery:
    """One figure of every manner that a landscape has not."""
    step = np.arange(100.0)
    return Gallery(
        title="a bit of everything",
        made=made("dltui lab run everything", "2026-11-22T20:00:00+00:00"),
        shown=(
            Lines(title="Decay", x_label="step", series=(Series(name="exp", x=step, y=np.exp(-step / 30)),)),
            Table(title="Squares", columns=("n", "n²"), rows=tuple((n, n * n) for n in range(200))),
            Prose(title="Notes", text="Nothing to add."),
            Heatmap(
                title="Times table",
                values=np.outer(np.arange(1.0, 10), np.arange(1.0, 10)),
                x=np.arange(1.0, 10),
                y=np.arange(1.0, 10),
                value_label="product",
                downwards=True,
            ),
        ),
    )


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same terminal, time zone and home for every test."""
    for name in ("NO_COLOR", "SSH_CONNECTION", "TEXTUAL_THEME", "TEXTUAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("dltui.tui.screens.home.PAUSE", 0.01)
    (tmp_path / "here").mkdir()


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder that the user is in; empty."""
    return tmp_path / "here"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The results folder with three results in it."""
    folder = tmp_path / "home" / "results"
    rosenbrock().save(folder / "bowl.safetensors")
    saddle().save(folder / "saddle.safetensors")
    mixture().save(folder / "mixture.safetensors")
    return folder


@pytest.fixture
def make_app(here: Path) -> Callable[..., DltuiApp]:
    """An application whose user is in ``here``."""

    def make(open_path: Path | None = None) -> DltuiApp:
        return DltuiApp(open_path, folder=here, warm=False)

    return make


@pytest.fixture
def settle() -> Callable[[Pilot[int]], Awaitable[None]]:
    """Wait until everything that was asked for is read and painted."""

    async def wait(pilot: Pilot[int]) -> None:
        await pilot.pause(0.02)  # longer than the cursor must rest
        with suppress(WorkerFailed):  # the application tells of it itself
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.pause(0.04)  # a frame that was put off

    return wait
