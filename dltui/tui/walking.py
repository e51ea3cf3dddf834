"""The way through the application: every thing in a tab of its own, and which one is shown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual._styles_cache import StylesCache
from textual.driver import Driver

from dltui.tui import _names, catalog
from dltui.tui.catalog import Item, jobs
from dltui.tui.keeping import Keeper
from dltui.tui.resting import Rest
from dltui.tui.screens.base import Room
from dltui.tui.screens.home import HomeScreen
from dltui.tui.trail import Trail
from dltui.tui.widgets.open_tabs import OpenTabs, Tab
from dltui.tui.working import WorkingApp

if TYPE_CHECKING:
    from dltui.jobs import Job

HOME = "home"
LET_GO = 0.1  # seconds after a tab was closed that its screen is surely gone


class WalkingApp(WorkingApp):
    """Tabs, and the way between them.

    Attributes:
        trail: What is open, and where one came from.
        rest: Quiets the screens that are not shown.
        keeper: Writes down what is open.
    """

    MODES = {HOME: HomeScreen}  # noqa: RUF012
    DEFAULT_MODE = HOME

    def __init__(self, folder: Path | None, driver: type[Driver] | None, *, fresh: bool) -> None:
        """Make the application.

        Args:
            folder: Where the user is; the current folder when None.
            driver: What reads the terminal; Textual's own when None.
            fresh: Open nothing again that was open the last time.
        """
        super().__init__(folder, driver)
        self.trail = Trail(HOME)
        self.rest = Rest(self)
        self.keeper = Keeper(self, fresh=fresh)
        self._opened: dict[str, Item] = {}

    def open_job(self, job: Job | None) -> None:
        """Open the screen of a job."""
        if job is not None:
            self.open_item(jobs.job_item(job))

    def action_show_job(self, name: str) -> None:
        """Open a job by its name."""
        self.open_job(jobs.by_name(name))

    def open_kept(self, job: Job | None) -> None:
        """Open what a job kept, on its own screen."""
        from dltui.tui.screens.job import kept_item

        if job is not None and job.path is not None:
            self.open_item(kept_item(job))

    def open_form(self, verb: str, values: Mapping[str, object] | None = None) -> None:
        """Open the form of a verb.

        Args:
            verb: Its words, such as ``landscape``.
            values: What it is filled with, by name of the field, all others at their defaults; None leaves it as it
                is.
        """
        from dltui.tui.catalog.verbs import verb_item
        from dltui.tui.screens.form import FormScreen

        known = [item for item in self.items.get("verbs") or () if item.key == verb]
        self.open_item(known[0] if known else verb_item(verb))
        room = self.screen_stack[0]
        if isinstance(room, FormScreen) and values is not None:
            room.prefill(values)

    def open_item(self, item: Item) -> None:
        """Open a thing in a tab of its own on the screen for its kind, or go to its tab."""
        if item.kind == "shelf":
            self.go_home(item.key)
            return
        if item.place not in self.trail.open and not _screen_of(item):
            self.notify(f"{item.command or item.name} runs on the command line; y copies it.", markup=False)
            return
        self.add_item(item)
        self._count_use(item.place)
        self.trail.go(item.place)
        self._arrive()

    def open_by_hand(self, command: str) -> None:
        """Open what a ``dltui byhand`` command line works, to step through it.

        Args:
            command: The whole command line.
        """
        from dltui.commands.byhand_screen import bench_of, hand_item
        from dltui.errors import DltuiError

        try:
            bench_of(hand_item(command).key)  # what can't be worked has no screen
            self.open_item(hand_item(command))
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)

    def go_home(self, shelf: str = "") -> None:
        """Go home, to the overview or to a shelf by its name."""
        self.go_to(HOME)
        home = self.screen_stack[0]
        if isinstance(home, HomeScreen):
            home.show_shelf(shelf)

    def _count_use(self, place: str) -> None:
        """Remember that a thing was wanted."""
        self.usage.count(place)
        self.run_worker(self.usage.keep, thread=True, group="usage", exclusive=True, exit_on_error=False)

    def add_item(self, item: Item) -> None:
        """Make a tab for a thing; its screen is made when one goes there."""
        if item.place not in self.trail.open:
            self._opened[item.place] = item
            self.add_mode(item.place, partial(self.room, item))
            self.trail.add(item.place)

    def room(self, item: Item) -> Room:
        """Return the screen for a thing."""
        make: type[Room] = catalog.named(_names.SCREENS[_screen_of(item)])
        self.tuning.screens_came()
        return make(item)

    def go_to(self, place: str) -> None:
        """Go to the tab of a place that is open."""
        self.trail.go(place)
        self._arrive()

    def opened(self) -> list[Item]:
        """Return all things that have a tab, in the order of the tabs."""
        return [self._opened[place] for place in self.trail.open if place != HOME]

    def tabs(self) -> tuple[Tab, ...]:
        """Return the tabs of all open things."""
        return (Tab(HOME, "home", kept=True), *(Tab(item.place, item.name) for item in self.opened()))

    async def close_place(self, place: str) -> None:
        """Close the tab of a place."""
        if place == HOME or place not in self.trail.open:
            return
        self.trail.close(place)
        self._arrive()
        self._opened.pop(place)
        await self.remove_mode(place)
        self.forget_soon()

    def forget_soon(self) -> None:
        """Let go of a screen that was taken apart, as soon as that has come to its end."""
        self.set_timer(LET_GO, self._let_go)

    def _let_go(self) -> None:
        """Forget who listened and has gone, and what was drawn for them."""
        for news in (self.shelf_read, self.job_news, self.tuning.news):
            news.forget()
        # It caches by the object that asks, and so keeps what a thousand widgets drew, long after they are gone.
        StylesCache.get_inner_outer.cache_clear()

    def _arrive(self) -> None:
        """Show the place where the trail says one is."""
        self.keeper.note()
        self.switch_mode(self.trail.here)
        room = self.screen_stack[0]
        if isinstance(room, Room):
            room.show_tabs(self.tabs(), self.trail.here)
        self.rest.arrived(self.trail.here)

    @on(OpenTabs.Chosen)
    async def _tab_clicked(self, event: OpenTabs.Chosen) -> None:
        if event.closing:
            await self.close_place(event.place)
        else:
            self.go_to(event.place)


def _screen_of(item: Item) -> str:
    """Return the kind under which a screen for a thing is registered, or "" when there is none."""
    return next((kind for kind in (f"{item.kind}:{item.schema}", item.kind) if kind in _names.SCREENS), "")
