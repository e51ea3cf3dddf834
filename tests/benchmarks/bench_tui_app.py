"""The application that ``bench_tui.py`` measures: a picture that spins, and a line that says what was answered.

Keys: x is counted, c cancels the job, z turns a knob of an exhibit, s starts or stops the spinning.
"""

from __future__ import annotations

import json
import sys
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from dltui.draw.canvas import Canvas
from dltui.figures import Surface
from dltui.tui.app import DltuiApp
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.pace import Pace, waiting


class Counted(FigureView):
    """Counts its frames."""

    frames = 0

    def show(self, canvas: Any) -> None:
        """Show a frame and count it."""
        self.frames += 1
        super().show(canvas)


def bowl() -> Surface:
    """A bowl of 41 × 41 values."""
    grid = np.linspace(-1, 1, 41)
    return Surface(values=np.log1p(grid[:, None] ** 2 + 5 * grid[None, :] ** 2), x=grid, y=grid)


def full(width: int, height: int, turn: int) -> Canvas:
    """Return a canvas of smooth colours, all cells of which change with every turn."""
    canvas = Canvas(width, height)
    across, down = np.meshgrid(np.arange(width), np.arange(2 * height))
    phase = turn * np.pi / 12
    parts = [127 + 127 * np.sin(across / 23 + down / 31 * shift + phase) for shift in (1, 2, 3)]
    packed = sum(part.astype(np.uint32) << np.uint32(8 * place) for place, part in enumerate(parts))
    canvas.glyph[:] = ord("▀")
    canvas.front[:], canvas.back[:] = packed[::2], packed[1::2]
    return canvas


class Stage(Screen[None]):
    """One picture and two lines."""

    BINDINGS = [("x", "count"), ("c", "cancel"), ("z", "turn_knob"), ("f", "frames")]  # noqa: RUF012

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self._settings = settings
        self._count = self._turns = self._questions = 0
        self._exhibit: Any = None
        self._due = False
        self._jobs: list[Any] = []

    def compose(self) -> ComposeResult:
        """Lay out the picture and the line below it."""
        yield Counted(bowl(), pace=Pace(rate=self._settings.get("rate", 30)))
        yield Static("opened;", id="told")
        yield Static(id="job")

    def on_mount(self) -> None:
        """Begin what is measured."""
        if self._settings.get("spin"):
            self.call_after_refresh(self.query_one(Counted).action_spin)
        if self._settings.get("ready"):
            pictures = cycle([full(160, 50, turn) for turn in range(24)])
            view = self.query_one(Counted)
            self.set_interval(
                1 / self._settings["rate"], lambda: None if waiting(self.app) else view.show(next(pictures))
            )
        self.app.job_news.subscribe(self, self._news)  # type: ignore[attr-defined]
        for words in self._settings.get("jobs", ()):
            self._jobs.append(self.app.run_job(words))  # type: ignore[attr-defined]
        if self._settings.get("exhibit"):
            self._exhibit = self.app.engine.open_exhibit(  # type: ignore[attr-defined]
                self._settings["exhibit"], self._hear
            )

    def tell(self, text: str) -> None:
        """Show a text in the line."""
        self.query_one("#told", Static).update(text)

    def _news(self, job: Any) -> None:
        self.query_one("#job", Static).update(f"job {job.state};")

    def _hear(self, exhibit: Any) -> None:
        """Ask for a picture, once however many moments come meanwhile; called from a thread."""
        if not self._due:
            self._due = True
            self.app.call_later(self._moment)

    def _moment(self) -> None:
        self._due = False
        moment = self._exhibit.moment
        if moment is not None and moment.setting == self._exhibit.setting:
            self.query_one(Counted).show_figure(moment.shown.figures()[1])
            self.tell(f"turned {self._turns};")

    def action_count(self) -> None:
        """Answer a key."""
        self._count += 1
        self.tell(f"pressed {self._count};")

    def action_frames(self) -> None:
        """Say how many frames were drawn."""
        self._questions += 1
        self.tell(f"question {self._questions}, frames {self.query_one(Counted).frames};")

    def action_cancel(self) -> None:
        """Cancel the first job."""
        self._jobs[0].cancel()

    def action_turn_knob(self) -> None:
        """Turn a knob of the exhibit."""
        self._turns += 1
        self._exhibit.set(w1=0.1 + 0.02 * self._turns)


def main() -> None:
    """Run the application as the first argument asks."""
    settings = json.loads(sys.argv[1])
    app = DltuiApp(folder=Path.cwd(), warm=bool(settings.get("warm")))
    app.read_shelves = lambda: app.push_screen(Stage(settings))  # type: ignore[method-assign]
    app.run()


if __name__ == "__main__":
    main()
