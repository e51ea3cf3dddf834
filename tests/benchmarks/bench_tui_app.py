"""The application that ``bench_tui.py`` measures: a picture that spins, and a line that says what was answered.

Keys: x is counted, c cancels the job, z turns a knob of an exhibit, s starts or stops the spinning.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from dltui.figures import Surface
from dltui.tui.app import DltuiApp
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.pace import Pace


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


class Stage(Screen[None]):
    """One picture and two lines."""

    BINDINGS = [("x", "count"), ("c", "cancel"), ("z", "turn_knob"), ("f", "frames")]  # noqa: RUF012

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self._settings = settings
        self._count = self._turns = self._questions = 0
        self._exhibit: Any = None
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
        self.app.job_news.subscribe(self, self._news)  # type: ignore[attr-defined]
        for words in self._settings.get("jobs", ()):
            self._jobs.append(self.app.run_job(words))  # type: ignore[attr-defined]
        if self._settings.get("exhibit"):
            self._exhibit = self.app.engine.open_exhibit(  # type: ignore[attr-defined]
                self._settings["exhibit"], lambda _: self.app.call_later(self._moment)
            )

    def tell(self, text: str) -> None:
        """Show a text in the line."""
        self.query_one("#told", Static).update(text)

    def _news(self, job: Any) -> None:
        self.query_one("#job", Static).update(f"job {job.state};")

    def _moment(self) -> None:
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
