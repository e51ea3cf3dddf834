"""The application: opens at once, and leads from screen to screen. Never imports torch."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.driver import Driver
from textual.message import Message

from dltui.tui import actions
from dltui.tui.catalog import Item
from dltui.tui.marking import Marking
from dltui.tui.motion import reduced
from dltui.tui.screens.base import Room
from dltui.tui.sheet import Sheet
from dltui.tui.tuning import Tuning
from dltui.tui.walking import HOME, WalkingApp

if TYPE_CHECKING:
    from textual.widget import Widget

    from dltui.draw.terminals import Surroundings
    from dltui.tui.asking import Asking
    from dltui.tui.fuzzy import Candidate

SETTINGS = Item("settings", "settings", "", "settings", "dltui settings")
WARM_AFTER = 0.3  # seconds after the first picture that the workers begin to load torch
EVERY = 20.0  # seconds between two times that what is gone is let go, and memory given back


class DltuiApp(WalkingApp):
    """One place to look around.

    Attributes:
        asking: What the terminal was asked, or None.
        surroundings: What the terminal is good for as far as it is known, or None when it was not asked.
    """

    TITLE = "dltui"
    CSS_PATH = "app.tcss"
    BINDINGS = actions.bindings("app")

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
        super().__init__(folder, _driver(asking), fresh=fresh)
        self.tuning = Tuning(self)
        self.stylesheet = Sheet(variables=self.get_css_variables())
        if reduced():
            self.animation_level = "none"
        self.asking = asking
        self.surroundings: Surroundings | None = asking.surroundings if asking is not None else None
        self._open_path = open_path
        self._first = first
        self._warm = warm
        self.marking = Marking(self)

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

    # what is gone

    def _start_widget(self, parent: Widget, widget: Widget) -> None:
        """Start a widget, but not for one that is being taken apart.

        The last layout of a screen may ask for scroll bars that it never had: they would wait for messages for ever,
        and with them the screen.
        """
        if parent._closing or parent._closed or parent._pruning:
            widget._attach(parent)
        else:
            super()._start_widget(parent, widget)

    def _tidy(self) -> None:
        """Let go of what is gone, and give the memory back, which takes some milliseconds where there is much."""
        from dltui.tui.trimming import give_back

        self._let_go()
        asyncio.get_running_loop().run_in_executor(None, give_back)

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
        from dltui.results import load, peek

        if peek(open_path) is None:
            load(open_path)  # raises the sentence that says why
    asking.hear()
    app = DltuiApp(open_path, fresh=fresh, first=first, warm=first is None, asking=asking)
    app.run()
    if parting := app.farewell():
        sys.stderr.write(f"{parting}\n")
    return app.return_code or 0
