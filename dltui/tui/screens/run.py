"""One run: its curves as they grow, and its settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dltui.tui.catalog import Item
from dltui.tui.catalog.runs import RunStory, story
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen

EVERY = 0.5  # seconds between looks at the run's files
ASK_AGAIN = 10  # looks after which an unchanged run is read again

Stamp = tuple[tuple[int, int], ...]


@screen("run")
class RunScreen(GalleryScreen):
    """The charts of a run; drawn again whenever its files have grown."""

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._stamp: Stamp | None = None
        self._looks = 0

    @property
    def shelf_title(self) -> str:
        """The shelf that runs stand on."""
        return "Runs"

    def on_mount(self) -> None:
        """Begin to follow the files."""
        super().on_mount()
        self.set_interval(EVERY, self.read)

    def read(self) -> None:
        """Read the folder in a thread, unless nothing has changed since the last time."""
        # A killed run leaves its files as they are: only asking for its state tells, and that less often.
        self._looks += 1
        stamp = (*stamp_of(self.item.path), (self._looks // ASK_AGAIN, 0))
        if stamp != self._stamp:
            self._stamp = stamp
            self.read_by(partial(story, self.item.path))

    def received(self, found: RunStory) -> None:
        """Show the charts as they are by now."""
        self.hang(found.figures, found.facts, found.state)


def stamp_of(folder: Path) -> Stamp:
    """Return sizes and times of a run's files, to see whether they have changed."""
    stamps = []
    for name in ("run.json", "metrics.jsonl"):
        try:
            known = (folder / name).stat()
        except OSError:
            stamps.append((0, 0))
        else:
            stamps.append((known.st_size, known.st_mtime_ns))
    return tuple(stamps)
