"""Moving results and runs to the trash, and bringing the last one back."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.tui.catalog.items import homely

if TYPE_CHECKING:
    from textual.worker import Worker

    from dltui.runs import Discarded
    from dltui.tui.catalog import Item
    from dltui.tui.screens.base import Room

DISCARDED = {"result", "run"}  # kinds that can be put away
DISCARD, RESTORE = "discard", "restore"  # groups of the workers that do it


class Trash:
    """What was put away from a screen.

    Attributes:
        gone: Where it is, the last one at the end.
    """

    def __init__(self, screen: Room) -> None:
        self._screen = screen
        self.gone: list[Discarded] = []

    def ask(self, item: Item) -> None:
        """Ask, then move something to the trash."""
        from dltui.runs import trash_folder
        from dltui.tui.screens.sure import SureScreen

        remark = f"It is moved to {homely(trash_folder())}, and u brings it back."
        question = SureScreen(f"Move the {item.kind} {item.name} to the trash?", remark, "move it")
        self._screen.app.push_screen(question, partial(self._discard, item))

    def restore(self) -> None:
        """Bring back what was moved last."""
        from dltui.runs import restore

        work = partial(restore, self.gone[-1])
        self._screen.run_worker(work, thread=True, group=RESTORE, exclusive=True, exit_on_error=False)

    def done(self, worker: Worker[Any]) -> None:
        """Tell what a worker has moved, there or back; the shelves are read again."""
        screen, moved = self._screen, worker.result
        if worker.group == RESTORE:
            self.gone.pop()
            self._read_again()
            screen.notify(homely(moved or Path()), title="Brought back", markup=False)
        elif moved:
            self.gone.append(moved)
            for kind in DISCARDED:
                screen.run_worker(screen.dltui.close_place(f"{kind} {moved.origin}"), group="close")
            self._read_again()
            told = f"{homely(moved.path)}; u brings it back"
            screen.notify(told, title="Moved to the trash", markup=False)

    def _discard(self, item: Item, sure: bool | None) -> None:
        """Move something in a thread, if it is meant."""
        if sure:
            from dltui.runs import discard

            work = partial(discard, item.path)
            self._screen.run_worker(work, thread=True, group=DISCARD, name=item.place, exit_on_error=False)

    def _read_again(self) -> None:
        self._screen.dltui.read_shelf("results")
        self._screen.dltui.read_shelf("runs")
