"""The application: opens at once, reads the shelves beside, leads from screen to screen. Never imports torch."""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

from textual.app import App
from textual.command import Provider
from textual.signal import Signal
from textual.worker import Worker, WorkerState

from dltui.errors import UsageError
from dltui.tui import actions, catalog
from dltui.tui.catalog import SHELVES, Item
from dltui.tui.screens._names import SCREENS
from dltui.tui.screens.base import Room
from dltui.tui.screens.home import HomeScreen
from dltui.tui.sheet import Sheet
from dltui.tui.trouble import sentence

THEMES = ("textual-dark", "textual-light")


def everything() -> type[Provider]:
    """Return what the palette searches, once it is opened."""
    from dltui.tui.palette import Everything

    return Everything


class DltuiApp(App[int]):
    """One place to look around."""

    TITLE = "dltui"
    CSS_PATH = "app.tcss"
    BINDINGS = actions.bindings("app")
    MODES = {"home": HomeScreen}  # noqa: RUF012
    DEFAULT_MODE = "home"
    COMMANDS = {everything}  # noqa: RUF012 - as Textual declares it

    def __init__(self, open_path: Path | None = None, folder: Path | None = None) -> None:
        # Without colours the terminal's own are used, and not the greys that Textual would make of the theme.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.stylesheet = Sheet(variables=self.get_css_variables())
        self.folder = folder or Path.cwd()
        self.items: dict[str, list[Item]] = {}
        self.shelf_read: Signal[str] = Signal(self, "shelf-read")
        self._open_path = open_path

    def on_mount(self) -> None:
        """Show the file that was asked for on top of home."""
        if self._open_path is not None:
            from dltui.tui.catalog.results import item_of, look_in

            self.open_item(item_of(self._open_path, look_in(self._open_path)))

    def on_ready(self) -> None:
        """Begin to read once the first picture stands."""
        gc.freeze()  # what was imported stays, so that the first collection need not walk through it
        gc.enable()  # turned off in dltui.__main__ for the start-up
        self.call_after_refresh(self.read_shelves)

    def read_shelves(self) -> None:
        """Read every shelf in a thread of its own."""
        for shelf in SHELVES:
            work = partial(catalog.read, shelf, self.folder)
            group = f"shelf-{shelf.name}"
            self.run_worker(
                work, name=shelf.name, group=group, thread=True, exclusive=True, exit_on_error=False
            )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Keep what was read, and tell the screens."""
        if not event.worker.group.startswith("shelf-"):
            return
        if event.state is WorkerState.SUCCESS:
            self.items[event.worker.name] = event.worker.result or []
        elif event.state is WorkerState.ERROR:
            self.items.setdefault(event.worker.name, [])
            self.notify(sentence(event.worker.error), severity="error", markup=False)
        else:
            return
        self.shelf_read.publish(event.worker.name)

    def open_item(self, item: Item) -> None:
        """Open a thing on the screen for its kind."""
        module, _, name = SCREENS[item.kind].partition(":")
        self.push_screen(getattr(import_module(module), name)(item))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow to go back only where there is a way back."""
        if action == "back":
            return self._rooms() > 1
        return super().check_action(action, parameters)

    async def action_back(self) -> None:
        """Leave this screen."""
        if self._rooms() > 1:
            await self.pop_screen()

    def _rooms(self) -> int:
        """Return how many full screens are on top of each other."""
        return sum(isinstance(screen, Room) for screen in self.screen_stack)

    def action_help(self) -> None:
        """Show the keys of the screen."""
        from dltui.tui.screens.help import HelpScreen

        command = self.screen.command_line if isinstance(self.screen, Room) else ""
        self.push_screen(HelpScreen(self.screen, command))

    def action_next_theme(self) -> None:
        """Change between dark and light."""
        self.theme = THEMES[1] if self.current_theme.dark else THEMES[0]


def run_app(open_path: Path | None = None) -> int:
    """Run the application until the user leaves it.

    Args:
        open_path: A saved result to open at once.

    Returns:
        The exit code.

    Raises:
        UsageError: If there is no terminal.
        DltuiError: If the file is no result.
    """
    if not all(
        stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    ):
        raise UsageError("the TUI needs a terminal; try `dltui open FILE` or `--help`")
    if open_path is not None:
        from dltui.results.store import load, peek

        if peek(open_path) is None:
            load(open_path)  # raises the sentence that says why
    app = DltuiApp(open_path)
    app.run()
    return app.return_code or 0
