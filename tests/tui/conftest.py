"""A home of its own for every test, real results to look at, and an application to drive."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np
import pyte
import pytest
import textual.app
import textual.pilot
from textual.pilot import Pilot
from textual.worker import WorkerCancelled, WorkerFailed

from dltui.figures import Heatmap, Lines, Prose, Series, Table
from dltui.results import Made
from dltui.results.gallery import Gallery
from dltui.results.landscape import Landscape
from dltui.results.spectrum import Spectrum
from dltui.tui.app import DltuiApp

from .idle import wait_for_idle  # noqa: TID252 - the tests of this folder share it

PATIENT = 300.0  # seconds; reached only when something is wrong
ROOT = Path(__file__).resolve().parents[2]
NOW = 1_795_608_000.0  # 2026-11-25 12:00, for ages in lists


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


def spectrum() -> Spectrum:
    """Three eigenvalues of twelve, and a density around 1."""
    eigenvalues = np.linspace(-1, 8, 50)
    return Spectrum(
        title="mlp on moons",
        made=made("dltui hessian mlp --data moons", "2026-11-21T20:00:00+00:00"),
        parameters=12,
        top_eigenvalues=np.array([8.0, 3.0]),
        top_residuals=np.array([1e-6, 1e-5]),
        bottom_eigenvalues=np.array([-1.0]),
        bottom_residuals=np.array([1e-4]),
        layers=["fc1.weight", "fc1.bias"],
        top_masses=np.array([[0.75, 0.25], [0.1, 0.9]]),
        bottom_masses=np.array([[0.5, 0.5]]),
        converged=True,
        trace=11.0,
        trace_stderr=0.0,
        eigenvalues=eigenvalues,
        density=np.exp(-((eigenvalues - 1) ** 2)),
        moments=np.array([1.0, 2.0]),
        loss=0.5,
        products=10,
        samples=7,
    )


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same terminal, time zone and home for every test."""
    for name in ("NO_COLOR", "SSH_CONNECTION", "TEXTUAL_THEME", "TEXTUAL", "TMUX", "STY", "DLTUI_GLYPHS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("TERM_PROGRAM", "VTE_VERSION", "DLTUI_REDUCED_MOTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("dltui.tui.widgets.preview.PAUSE", 0.01)
    monkeypatch.setattr("dltui.tui.widgets.rows.clock", lambda: NOW)
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


@pytest.fixture(autouse=True)
def _quick_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pilot go on as soon as the application rests."""
    for module in (textual.app, textual.pilot):
        monkeypatch.setattr(module, "wait_for_idle", wait_for_idle)


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
        for _ in range(
            8
        ):  # one that failed or was called off, of which the application tells, ends the waiting
            try:
                await pilot.app.workers.wait_for_complete()
                break
            except (WorkerFailed, WorkerCancelled):
                continue
        await pilot.pause()
        await pilot.pause(0.04)  # a frame that was put off

    return wait


async def until(pilot: Pilot[int], holds: Callable[[], object], what: str = "it") -> None:
    """Wait until something holds, and fail when it never does."""
    end = time.monotonic() + PATIENT
    while not holds():
        assert time.monotonic() < end, f"{what} never came; on {pilot.app.screen}"
        await pilot.pause(0.02)


# What the emulator does not know and would print: strings for pictures and names, and private requests of keys.
UNKNOWN = re.compile(rb"\x1b(?:[_P][^\x1b]*\x1b\\|\[[<>?]\d*u)")
BEGUN = re.compile(rb"\x1b(?:[_P][^\x1b]*\x1b?|\[[<>?]?\d*)?\Z")


class Terminal:
    """A child process on a pseudo-terminal, its screen kept by an emulator."""

    def __init__(
        self,
        code: str,
        here: Path,
        columns: int = 100,
        rows: int = 30,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = self._held = b""
        self._main, child = pty.openpty()
        fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(child)
        self.child = child
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=here,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | (environment or {}),
            start_new_session=True,
        )

    @property
    def shown(self) -> str:
        return "\n".join(self.screen.display)

    def until(self, holds: Callable[[], object], what: str, seconds: float = PATIENT) -> None:
        """Read until something holds, and fail when it never does."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{what} never came; the screen is\n{self.shown}"
            self._read(0.05)

    def read_until(self, text: str) -> str:
        self.until(lambda: text in self.shown, repr(text))
        return self.shown

    def answer(self, question: bytes, answer: bytes) -> None:
        """Wait for a question, say the answer."""
        self.read_raw_until(question)
        os.write(self._main, answer)

    def read_raw_until(self, pattern: bytes) -> re.Match[bytes]:
        """Wait for bytes that the emulator would not understand."""
        self.until(lambda: re.search(pattern, self.raw), repr(pattern))
        found = re.search(pattern, self.raw)
        assert found
        return found

    def quiet(self, seconds: float = 1.0) -> None:
        """Read until nothing has come for a while."""
        while self._read(seconds):
            pass

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the terminal."""
        self.screen.resize(rows, columns)
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, wait: float) -> bool:
        """Read what comes within some seconds; return whether something came."""
        if not select.select([self._main], [], [], wait)[0]:
            return False
        part = os.read(self._main, 65536)
        self.raw += part
        known = UNKNOWN.sub(b"", self._held + part)
        begun = BEGUN.search(known)
        known, self._held = (known[: begun.start()], known[begun.start() :]) if begun else (known, b"")
        self._stream.feed(known)
        return True

    def press(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def ended(self) -> int:
        self.until(lambda: self.process.poll() is not None, "the end")
        while self._read(0.1):
            pass
        return self.process.wait()

    def hang_up(self) -> None:
        """Let the terminal go, as a line to another machine does that breaks."""
        os.close(self.child)
        os.close(self._main)
        self._main = self.child = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self._main >= 0:
            os.close(self._main)
            os.close(self.child)


@pytest.fixture
def terminal(here: Path) -> Iterator[Callable[..., Terminal]]:
    """Start a child on a terminal of its own; it is gone when the test is."""
    started: list[Terminal] = []

    def start(code: str, columns: int = 100, rows: int = 30, **environment: str) -> Terminal:
        started.append(Terminal(code, here, columns, rows, environment))
        return started[-1]

    yield start
    for one in started:
        one.close()
