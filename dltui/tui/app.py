"""The application: opens at once, reads the shelves beside, leads from screen to screen. Never imports torch."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump
from textual.signal import Signal
from textual.worker import Worker, WorkerState

from dltui.errors import UsageError
from dltui.tui import _names, actions, catalog
from dltui.tui.catalog import SHELVES, Item
from dltui.tui.palette import Everything
from dltui.tui.screens.base import Room
from dltui.tui.screens.help import HelpScreen
from dltui.tui.screens.home import HomeScreen
from dltui.tui.trail import Trail
from dltui.tui.trouble import sentence
from dltui.tui.widgets.open_tabs import OpenTabs, Tab

if TYPE_CHECKING:
    from dltui.jobs import Engine, Job

THEMES = ("textual-dark", "textual-light")
HOME = "home"
WARM_AFTER = 0.3  # seconds after the first picture that the workers begin to load torch


class DltuiApp(App[int]):
    """One place to look around.

    Attributes:
        folder: Where the user is.
        items: What stands on each shelf that has been read, by the shelf's name.
        shelf_read: Tells the name of a shelf that was read.
        job_news: Tells a job that has news.
    """

    TITLE = "dltui"
    CSS_PATH = "app.tcss"
    BINDINGS = actions.bindings("app")
    MODES = {HOME: HomeScreen}  # noqa: RUF012
    DEFAULT_MODE = HOME
    COMMANDS = {Everything}  # noqa: RUF012 - as Textual declares it

    @dataclass
    class JobNews(Message):
        """A job has news; posted from threads of the engine."""

        job: Job

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, DltuiApp.JobNews) and message.job is self.job

    def __init__(
        self, open_path: Path | None = None, folder: Path | None = None, *, warm: bool = True
    ) -> None:
        """Make the application.

        Args:
            open_path: A saved result to open at once.
            folder: Where the user is; the current folder when None.
            warm: Load torch in a worker process soon after the start, so that the first job begins at once.
        """
        # Without colours the terminal's own are used, and not the greys that Textual would make of the theme.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.folder = folder or Path.cwd()
        self.items: dict[str, list[Item]] = {}
        self.shelf_read: Signal[str] = Signal(self, "shelf-read")
        self.job_news: Signal[Job] = Signal(self, "job-news")
        self.trail = Trail(HOME)
        self._open_path = open_path
        self._warm = warm
        self._opened: dict[str, Item] = {}

    def on_mount(self) -> None:
        """Show the file that was asked for on top of home."""
        if self._open_path is not None:
            from dltui.tui.catalog.results import item_of, look_in

            self.open_item(item_of(self._open_path, look_in(self._open_path)))

    def on_ready(self) -> None:
        """Begin to read once the first picture stands."""
        gc.enable()  # turned off in dltui.__main__ for the start-up
        self.call_after_refresh(self.read_shelves)
        if self._warm:
            self.set_timer(WARM_AFTER, self._warm_up)

    def on_unmount(self) -> None:
        """End every job, keeping what it knows."""
        if "engine" in self.__dict__:
            self.engine.close()

    # shelves

    def read_shelves(self) -> None:
        """Read every shelf in a thread of its own."""
        for shelf in SHELVES:
            self.read_shelf(shelf.name)

    def read_shelf(self, name: str) -> None:
        """Read one shelf again, in a thread."""
        (shelf,) = [one for one in SHELVES if one.name == name]
        work = partial(catalog.read, shelf, self.folder)
        group = f"shelf-{name}"
        self.run_worker(work, name=name, group=group, thread=True, exclusive=True, exit_on_error=False)

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

    # jobs

    @cached_property
    def engine(self) -> Engine:
        """What runs verbs and exhibits in processes of their own."""
        from dltui.jobs import Engine

        return Engine(on_news=self._hear)

    def _warm_up(self) -> None:
        self.engine.start()

    def _hear(self, job: Job) -> None:
        """Pass news on to this thread; called from threads of the engine."""
        self.post_message(self.JobNews(job))

    def run_job(self, words: Sequence[str]) -> Job:
        """Run a command line in a process of its own.

        Args:
            words: What follows ``dltui``.

        Returns:
            The job; ``job_news`` tells how it goes.
        """
        return self.engine.run(words)

    def open_job(self, job: Job) -> None:
        """Open the screen of a job."""
        self.notify(job.line, title="Begun", markup=False)

    @on(JobNews)
    def _news(self, event: JobNews) -> None:
        self.job_news.publish(event.job)
        if event.job.over and event.job.path is not None:
            self.read_shelf("results")

    # the way

    def open_item(self, item: Item) -> None:
        """Open a thing in a tab of its own on the screen for its kind, or go to its tab."""
        place = item.place
        if place not in self.trail.open:
            kinds = (f"{item.kind}:{item.schema}", item.kind)
            kind = next(kind for kind in kinds if kind in _names.SCREENS)
            make: type[Room] = catalog.named(_names.SCREENS[kind])
            self._opened[place] = item
            self.add_mode(place, partial(make, item))
        self.trail.go(place)
        self._arrive()

    def go_to(self, place: str) -> None:
        """Go to the tab of a place that is open."""
        self.trail.go(place)
        self._arrive()

    def tabs(self) -> tuple[Tab, ...]:
        """Return the tabs of all open things."""
        named = ((place, self._opened[place].name) for place in self.trail.open if place != HOME)
        return (Tab(HOME, "home", kept=True), *(Tab(place, name) for place, name in named))

    async def close_place(self, place: str) -> None:
        """Close the tab of a place."""
        if place == HOME or place not in self.trail.open:
            return
        self.trail.close(place)
        self._arrive()
        self._opened.pop(place)
        await self.remove_mode(place)

    def _arrive(self) -> None:
        """Show the place where the trail says one is."""
        self.switch_mode(self.trail.here)
        room = self.screen_stack[0]
        if isinstance(room, Room):
            room.show_tabs(self.tabs(), self.trail.here)

    @on(OpenTabs.Chosen)
    async def _tab_clicked(self, event: OpenTabs.Chosen) -> None:
        if event.closing:
            await self.close_place(event.place)
        else:
            self.go_to(event.place)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer ways only where they lead anywhere."""
        if action == "back":
            return self.trail.can(-1) or len(self.screen_stack) > 1
        if action == "forward":
            return self.trail.can(1)
        if action == "beside":
            return len(self.trail.open) > 1
        if action == "close":
            return self.trail.here != HOME
        return super().check_action(action, parameters)

    async def action_back(self) -> None:
        """Go back to where one came from."""
        if len(self.screen_stack) > 1:
            await self.pop_screen()
        elif self.trail.back() is not None:
            self._arrive()

    def action_forward(self) -> None:
        """Go forward again."""
        if self.trail.forward() is not None:
            self._arrive()

    def action_beside(self, step: int) -> None:
        """Go to another tab."""
        self.go_to(self.trail.beside(step))

    async def action_close(self) -> None:
        """Close the tab."""
        await self.close_place(self.trail.here)

    def action_help(self) -> None:
        """Show the keys of the screen."""
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
