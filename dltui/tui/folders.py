"""Looking at the folders of runs and results, to read again what has changed there."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dltui.tui.screens.base import Room

WATCH = "watch"  # group of the worker that looks


class Folders:
    """When the folders have changed, as a screen has seen them last."""

    def __init__(self, screen: Room) -> None:
        self._screen = screen
        self._stamps: tuple[float, ...] | None = None

    def look(self) -> None:
        """See in a thread whether the folders have changed, while someone looks at the screen."""
        screen = self._screen
        if screen.app.screen is screen:
            work = partial(_stamps, screen.dltui.folder)
            screen.run_worker(work, thread=True, exclusive=True, group=WATCH, exit_on_error=False)

    def seen(self, stamps: tuple[float, ...]) -> None:
        """Read again what has changed; runs that go on always have.

        Args:
            stamps: When each folder has changed.
        """
        before, self._stamps = self._stamps, stamps
        shelves = self._screen.dltui
        going = any(item.state == "running" for item in shelves.items.get("runs") or [])
        if going or (before and before[0] != stamps[0]):
            shelves.read_shelf("runs")
        if before and before[1:] != stamps[1:]:
            shelves.read_shelf("results")


def _stamps(folder: Path) -> tuple[float, ...]:
    """Return when the folders of runs and results, and the current one, have changed; called in a thread."""
    from dltui.runs import results_folder, runs_folder

    stamps = []
    for path in (runs_folder(), results_folder(), folder):
        try:
            stamps.append(path.stat().st_mtime)
        except OSError:
            stamps.append(0.0)
    return tuple(stamps)
