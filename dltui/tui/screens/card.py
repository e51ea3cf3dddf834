"""One model, checkpoint or exhibit: what is known of it without running anything."""

from __future__ import annotations

from functools import partial

from textual.worker import Worker, WorkerState

from dltui.figures import Prose
from dltui.tui import catalog
from dltui.tui.screens.gallery import GalleryScreen


class CardScreen(GalleryScreen):
    """A card with the commands that go with it."""

    @property
    def shelf_title(self) -> str:
        """The shelf that such things stand on."""
        return "Lab" if self.item.kind == "exhibit" else "Models"

    def read(self) -> None:
        """Read headers and tables in a thread."""
        work = partial(catalog.glimpse, self.item)
        self.run_worker(work, thread=True, group="read", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read."""
        if event.worker.group != "read":
            super().on_worker_state_changed(event)
        elif event.state is WorkerState.SUCCESS and event.worker.result is not None:
            found = event.worker.result
            figure = found.figure or Prose(title=found.title, text=found.words)
            self.hang([figure], found.facts, self.item.kind)
        elif event.state is WorkerState.ERROR:
            self.fail(event.worker.error)
