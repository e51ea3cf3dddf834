"""The application: opens at once, reads the shelves beside, leads from screen to screen. Never imports torch."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual._styles_cache import StylesCache
from textual.app import App
from textual.driver import Driver
from textual.markup import escape
from textual.message import Message
from textual.message_pump import MessagePump
from textual.worker import Worker, WorkerState

from dltui.tui import _names, actions, catalog
from dltui.tui.catalog import SHELVES, Item, jobs
from dltui.tui.keeping import Keeper
from dltui.tui.marking import Marking
from dltui.tui.motion import reduced
from dltui.tui.news import News
from dltui.tui.resting import Rest
from dltui.tui.screens.base import FETCH, Room
from dltui.tui.screens.home import HomeScreen
from dltui.tui.sheet import Sheet
from dltui.tui.trail import Trail
from dltui.tui.trouble import sentence
from dltui.tui.tuning import Tuning
from dltui.tui.widgets.open_tabs import OpenTabs, Tab

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel
    from textual.widget import Widget

    from dltui.draw.terminals import Surroundings
    from dltui.jobs import Engine, Job
    from dltui.tui.asking import Asking
    from dltui.tui.fuzzy import Candidate
    from dltui.tui.usage import Usage

HOME = "home"
SETTINGS = Item("settings", "settings", "", "settings", "dltui settings")
WARM_AFTER = 0.3  # seconds after the first picture that the workers begin to load torch
EVERY = 20.0  # seconds between two times that what is gone is let go, and memory given back
LET_GO = 0.1  # seconds after a tab was closed that its screen is surely gone
COUNT_AFTER = 0.5  # seconds after news of a job that the shelf of jobs is read again


class DltuiApp(App[int]):
    """One place to look around.

    Attributes:
        folder: Where the user is.
        items: What stands on each shelf that has been read, by the shelf's name.
        shelf_read: Tells the name of a shelf that was read.
        job_news: Tells a job that has news.
        asking: What the terminal was asked, or None.
        surroundings: What the terminal is good for as far as it is known, or None when it was not asked.
    """

    TITLE = "dltui"
    CSS_PATH = "app.tcss"
    BINDINGS = actions.bindings("app")
    MODES = {HOME: HomeScreen}  # noqa: RUF012
    DEFAULT_MODE = HOME

    @dataclass(eq=False, repr=False)
    class JobNews(Message):
        """A job has news; posted from threads of the engine."""

        job: Job

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, DltuiApp.JobNews) and message.job is self.job

    @dataclass(eq=False, repr=False)
    class Answered(Message):
        """The terminal has said what it is good for, after the application began; posted from the thread that reads."""

        surroundings: Surroundings

    def __init__(
        self,
        open_path: Path | None = None,
        folder: Path | None = None,
        *,
        warm: bool = True,
        fresh: bool = False,
        first: Item | None = None,
        asking: Asking | None = None,
    ) -> None:
        """Make the application.

        Args:
            open_path: A saved result to open at once.
            folder: Where the user is; the current folder when None.
            warm: Load torch in a worker process soon after the start, so that the first job begins at once.
            fresh: Open nothing again that was open the last time.
            first: A thing to open at once.
            asking: What the terminal was asked.
        """
        # Without colours the terminal's own are used, and not the greys that Textual would make of the theme.
        super().__init__(_driver(asking), ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.tuning = Tuning(self)
        self.stylesheet = Sheet(variables=self.get_css_variables())
        if reduced():
            self.animation_level = "none"
        self.folder = folder or Path.cwd()
        self.items: dict[str, list[Item]] = {}
        self.shelf_read: News[str] = News(self, "shelf-read")
        self.job_news: News[Job] = News(self, "job-news")
        self.trail = Trail(HOME)
        self.rest = Rest(self)
        self.asking = asking
        self.surroundings: Surroundings | None = asking.surroundings if asking is not None else None
        self._open_path = open_path
        self._first = first
        self._warm = warm
        self.marking = Marking(self)
        self.keeper = Keeper(self, fresh=fresh)
        self._opened: dict[str, Item] = {}
        self._count_due = False
        self._ended_jobs: set[str] = set()
        jobs.follow(lambda: self.jobs)

    def get_driver_class(self) -> type[Driver]:
        """Return what writes to the terminal, or to a browser."""
        found = super().get_driver_class()
        if found.__name__ != "LinuxDriver":
            return found
        from dltui.tui.driver import PlainDriver

        return PlainDriver

    def on_mount(self) -> None:
        """Show the file that was asked for on top of home."""
        self.tuning.start()
        if self._open_path is not None:
            from dltui.tui.catalog.results import item_of, look_in

            self.open_item(item_of(self._open_path, look_in(self._open_path)))
        if self._first is not None:
            self.open_item(self._first)

    def on_ready(self) -> None:
        """Begin to read once the first picture stands."""
        from dltui.tui.threads import Threads
        from dltui.tui.trimming import share_one_heap

        share_one_heap()
        asyncio.get_running_loop().set_default_executor(Threads(thread_name_prefix="dltui-beside"))
        gc.freeze()  # what was imported stays, so that the first collection need not walk through it
        gc.enable()  # turned off in dltui.__main__ for the start-up
        self.call_after_refresh(self.read_shelves)
        self.call_after_refresh(self.keeper.begin)
        self.set_interval(EVERY, self._tidy)
        if self._warm:
            self.set_timer(WARM_AFTER, self._warm_up)

    @on(Answered)
    def _terminal_answered(self, event: Answered) -> None:
        """Draw as the terminal can show it, from now on."""
        if event.surroundings != self.surroundings:
            self.surroundings = event.surroundings
            self.tuning.news.publish(self.tuning.settings)

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
    def usage(self) -> Usage:
        """How often each thing was wanted, read when it is first asked for."""
        from dltui.tui.usage import Usage

        return Usage()

    @cached_property
    def engine(self) -> Engine:
        """What runs verbs and exhibits in processes of their own."""
        from dltui.jobs import Engine

        wished = self.tuning.settings
        threads = None if wished.threads == "auto" else wished.threads
        return Engine(wished.jobs, threads=threads, on_news=self._hear)

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

    @property
    def jobs(self) -> list[Job]:
        """The jobs of this session, the oldest first; asking starts no engine."""
        return self.engine.jobs if "engine" in self.__dict__ else []

    def open_job(self, job: Job | None) -> None:
        """Open the screen of a job."""
        if job is not None:
            self.open_item(jobs.job_item(job))

    @on(JobNews)
    def _news(self, event: JobNews) -> None:
        if event.job.name in self._ended_jobs:  # older news, heard after the end
            return
        over = event.job.over  # as listeners are told, and not as it may be a moment later
        self.job_news.publish(event.job)
        if not self._count_due:
            self._count_due = True
            self.set_timer(COUNT_AFTER, self._count)
        if over:
            self._ended_jobs.add(event.job.name)
            self._ended(event.job)

    def _count(self) -> None:
        self._count_due = False
        self.read_shelf("jobs")

    def _ended(self, job: Job) -> None:
        """Read the shelf that its result went to, and tell whoever is elsewhere."""
        if not self.screen_stack:  # the application is just ending: there is nobody to tell
            return
        if job.path is not None:
            self.read_shelf("results" if job.state == "done" else "scratch")
        if job.words[:2] == FETCH:
            for shelf in ("models", "data"):
                self.read_shelf(shelf)
        room = self.screen_stack[0]
        if isinstance(room, Room) and room.watches(job):
            return
        severity: SeverityLevel = "error" if job.state == "failed" else "information"
        title = f"{jobs.MARKS[job.state]} {jobs.job_title(job)}"
        leads = f"[@click=app.show_job('{job.name}')]open it[/] or press F3"
        self.notify(f"{escape(jobs.told(job, short=True))}\n{leads}", title=title, severity=severity)

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

    def jobs_going(self) -> list[Item]:
        """Return the jobs that have not ended, as things."""
        return [jobs.job_item(job) for job in self.jobs if not job.over]

    # the way

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

    def _start_widget(self, parent: Widget, widget: Widget) -> None:
        """Start a widget, but not for one that is being taken apart.

        The last layout of a screen may ask for scroll bars that it never had: they would wait for messages for ever,
        and with them the screen.
        """
        if parent._closing or parent._closed or parent._pruning:
            widget._attach(parent)
        else:
            super()._start_widget(parent, widget)

    def forget_soon(self) -> None:
        """Let go of a screen that was taken apart, as soon as that has come to its end."""
        self.set_timer(LET_GO, self._let_go)

    def _tidy(self) -> None:
        """Let go of what is gone, and give the memory back, which takes some milliseconds where there is much."""
        from dltui.tui.trimming import give_back

        self._let_go()
        asyncio.get_running_loop().run_in_executor(None, give_back)

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

    def exit(self, *args: Any, **options: Any) -> None:
        """Write down where one was, and leave."""
        self.keeper.end()
        super().exit(*args, **options)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer ways only where they lead anywhere."""
        if action == "back":
            return self.trail.can(-1) or len(self.screen_stack) > 1
        if action == "forward":
            return self.trail.can(1)
        if action == "beside":
            return len(self.trail.open) > 1
        if action in {"mark", "put_beside"}:
            return self.marking.offered(action)
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
        """Show the keys of the screen, and what it shows."""
        from dltui.tui.screens.help import HelpScreen

        room = self.screen if isinstance(self.screen, Room) else None
        self.push_screen(
            HelpScreen(self.screen, room.command_line if room else "", room.about if room else "")
        )

    def action_search(self) -> None:
        """Find anything."""
        from dltui.tui.palette import everything

        self._ask(
            everything(self),
            title="Find",
            ask="results, runs, models, data, exhibits, verbs …",
            glimpses=True,
        )

    def action_command_palette(self) -> None:
        """Choose what to do."""
        from dltui.tui.palette import commands

        self._ask(commands(self), title="Commands", ask="what to do", glimpses=False)

    def _ask(self, candidates: Sequence[Candidate], *, title: str, ask: str, glimpses: bool) -> None:
        """Let one of many things be found."""
        from dltui.tui.screens.search import SearchScreen

        if not isinstance(self.screen, SearchScreen):
            question = SearchScreen(candidates, self.usage.uses, title=title, ask=ask, glimpses=glimpses)
            self.push_screen(question, self._answered)

    async def _answered(self, chosen: Candidate | None) -> None:
        """Do or open what was found."""
        if chosen is None:
            return
        if chosen.run is None:
            self.open_item(chosen.item)
            return
        self._count_use(chosen.item.place)
        done = chosen.run()
        if isawaitable(done):
            await done

    def action_jobs(self) -> None:
        """Lay the jobs over the screen."""
        from dltui.tui.screens.jobs import JobsPane

        self.push_screen(JobsPane(), self.open_job)

    async def action_quit(self) -> None:
        """Leave, after a question where something still runs."""
        from dltui.tui.screens.ask import Ask

        busy = sum(not job.over for job in self.jobs)
        if not busy or isinstance(self.screen, Ask):
            self.exit(0)
            return
        them = "A job runs" if busy == 1 else f"{busy} jobs run"
        question = f"{them}. Quit, and keep what is known by now in the scratch folder?"
        self.push_screen(Ask(question, yes="Quit and keep", no="Stay"), self._leave)

    def _leave(self, sure: bool | None) -> None:
        if sure:
            self.exit(0)

    def farewell(self) -> str:
        """Return where this session left something unfinished, in one line; empty when it left nothing."""
        ended = (job.path for job in self.jobs if job.state in {"cancelled", "failed"})
        count = sum(path is not None and path.exists() for path in ended)
        if not count:
            return ""
        from dltui.jobs import scratch_folder
        from dltui.tui.catalog.items import homely

        what = "1 unfinished result is" if count == 1 else f"{count} unfinished results are"
        return f"{what} in {homely(scratch_folder())}; `dltui` lists what is there on the shelf Scratch"

    def action_next_theme(self) -> None:
        """Change between dark and light."""
        self.tuning.turn_ground()

    def action_change_theme(self) -> None:
        """Choose among all themes."""
        from dltui.tui.screens.theme import ThemeScreen

        self.push_screen(ThemeScreen())

    def action_mark(self) -> None:
        """Mark what is chosen, or take the mark off."""
        self.marking.mark()

    def action_put_beside(self) -> None:
        """Put things side by side."""
        self.marking.put_beside()

    def action_settings(self) -> None:
        """Show everything that can be set."""
        self.open_item(SETTINGS)


def _driver(asking: Asking | None) -> type[Driver] | None:
    """Return what reads the terminal: Textual's own, unless an answer may come among the keys."""
    if asking is None or not asking.asked:
        return None
    from dltui.tui.listening import Listening  # only where terminals are files

    return Listening


def _screen_of(item: Item) -> str:
    """Return the kind under which a screen for a thing is registered, or "" when there is none."""
    return next((kind for kind in (f"{item.kind}:{item.schema}", item.kind) if kind in _names.SCREENS), "")


def run_app(
    open_path: Path | None = None, *, fresh: bool = False, first: Item | None = None, asking: Asking
) -> int:
    """Run the application until the user leaves it.

    Args:
        open_path: A saved result to open at once.
        fresh: Open nothing again that was open the last time.
        first: A thing to open at once; it needs no torch, which is not loaded ahead then.
        asking: What the terminal was asked.

    Returns:
        The exit code.

    Raises:
        DltuiError: If the file is no result.
    """
    if open_path is not None:
        from dltui.results.store import load, peek

        if peek(open_path) is None:
            load(open_path)  # raises the sentence that says why
    asking.hear()
    app = DltuiApp(open_path, fresh=fresh, first=first, warm=first is None, asking=asking)
    app.run()
    if parting := app.farewell():
        sys.stderr.write(f"{parting}\n")
    return app.return_code or 0
