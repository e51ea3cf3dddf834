"""One saved result."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from textual.worker import Worker, WorkerState

from dltui.figures import Figure
from dltui.results import Result, load
from dltui.tui.catalog.results import facts
from dltui.tui.screens.gallery import GalleryScreen

Read = tuple[Result, list[Figure]]


class ResultScreen(GalleryScreen):
    """The figures of a result, and how it was made."""

    def read(self) -> None:
        """Load the file in a thread."""
        self.run_worker(partial(_read, self.item.path), thread=True, group="read", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read."""
        if event.worker.group != "read":
            super().on_worker_state_changed(event)
        elif event.state is WorkerState.SUCCESS and event.worker.result is not None:
            result, figures = event.worker.result
            self.hang(figures, facts(result, self.item.path), result.title)
        elif event.state is WorkerState.ERROR:
            self.fail(event.worker.error)


def _read(path: Path) -> Read:
    """Return a result and its figures."""
    result = load(path)
    return result, result.figures()
