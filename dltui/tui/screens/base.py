"""What every full screen has: the way home above, the keys below, and a word for terminals that are too small."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual import events, on
from textual._context import active_app
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from dltui.tui.catalog import SHELVES
from dltui.tui.catalog.items import TO_FETCH, Item
from dltui.tui.catalog.jobs import at_a_glance
from dltui.tui.widgets.key_bar import KeyBar
from dltui.tui.widgets.open_tabs import OpenTabs, Tab
from dltui.tui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from dltui.jobs import Job
    from dltui.tui.app import DltuiApp
    from dltui.tui.catalog.deeds import Deed
    from dltui.tui.fuzzy import Candidate

FETCH = ("data", "get")  # how the command lines begin that fetch models and data
SMALLEST = (60, 18)
DESIGNED = 110  # columns from which there is room for a second pane


class Room(Screen[None]):
    """A full screen; subclasses say what stands between the two bars, and what they are called."""

    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (SMALLEST[0], "-plain"),
        (DESIGNED, "-wide"),
        (160, "-vast"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (SMALLEST[1], "-low"), (34, "-high")]  # noqa: RUF012

    def __init__(self, item: Item | None = None) -> None:
        """Make the screen.

        Args:
            item: The thing that it shows, or None for a screen that shows no single thing.
        """
        super().__init__(classes=self._sized())
        # All style sheets have been read by now but its own; Textual reads that one, and then would read all again.
        self._css_update_count = _read_sheets()
        self._item = item
        self._tabs: tuple[tuple[Tab, ...], str] = ((), "")
        self._was_shown = False

    def _sized(self) -> str:
        """Return the classes of the breakpoints at the size of now, so that the first picture is styled once."""
        try:
            width, height = active_app.get().size
        except LookupError:
            return ""
        ways = ((width, self.HORIZONTAL_BREAKPOINTS), (height, self.VERTICAL_BREAKPOINTS))
        return " ".join([name for limit, name in ends if limit <= size][-1] for size, ends in ways)

    @property
    def item(self) -> Item:
        """The thing that the screen shows."""
        assert self._item is not None, f"{type(self).__name__} shows no single thing"
        return self._item

    def compose(self) -> ComposeResult:
        """Lay out the bars and the furniture."""
        yield TopBar()
        yield OpenTabs()
        yield Static(
            f"dltui needs {SMALLEST[0]} × {SMALLEST[1]} cells.\nMake the terminal larger, or press q.",
            id="too-small",
        )
        with Vertical(id="floor"):
            yield from self.furnish()
        yield KeyBar()

    @abstractmethod
    def furnish(self) -> ComposeResult:
        """Yield the widgets between the bars."""

    @property
    @abstractmethod
    def crumbs(self) -> tuple[str, ...]:
        """The way from home to here, for the top bar."""

    @property
    def command_line(self) -> str:
        """The command line that shows the same; empty when there is none."""
        return ""

    @property
    def about(self) -> str:
        """What the screen shows, in words, for the help; empty when it speaks for itself."""
        return ""

    @property
    def thing(self) -> Item | None:
        """What is open here, or under the cursor."""
        return self._item

    @property
    def place(self) -> str:
        """The name of its tab."""
        return self._item.place if self._item else "home"

    @property
    def holds(self) -> bool:
        """Whether it holds something that making it again, with what it remembers, would not bring back."""
        return True

    def remember(self) -> dict[str, Any]:
        """Return what the screen wants to know again the next time, as JSON; called when one leaves it."""
        return {}

    def recall(self, known: dict[str, Any]) -> None:
        """Take up what ``remember`` returned the last time; it may be of another version, or nonsense."""

    @property
    def dltui(self) -> DltuiApp:
        """The application, by its own type."""
        return cast("DltuiApp", self.app)

    def show_tabs(self, tabs: tuple[Tab, ...], here: str) -> None:
        """Write what is open into the row of tabs, as soon as there is one."""
        self._tabs = (tabs, here)
        if self.is_mounted:
            self._write_tabs()

    def _on_mount(self, event: events.Mount) -> None:
        super()._on_mount(event)
        self._write_tabs()
        if self._item is not None and (known := self.dltui.keeper.memory.rooms.get(self.place)):
            self.recall(known)
        self.dltui.job_news.subscribe(self, lambda _: self._write_jobs())
        self._write_jobs()

    def _compositor_refresh(self) -> None:
        """Paint, unless the application still lays itself out: Textual would write every line, and show none."""
        if self.app._batch_count:
            self._repaint_required = True
        else:
            super()._compositor_refresh()

    def _on_screen_resume(self, event: events.ScreenResume) -> None:
        if not self._was_shown:
            # What is on the screen has just been styled as it came; only the screen itself came before its own rules.
            event.refresh_styles = False
            self.app.stylesheet.apply(self)
        self._was_shown = True
        self._write_jobs()

    def watches(self, job: Job) -> bool:  # noqa: ARG002
        """Return whether this screen itself tells how a job ends."""
        return False

    def _write_jobs(self) -> None:
        """Write what runs into the top bar."""
        self.query_one(TopBar).jobs = at_a_glance(self.dltui.jobs)

    def _write_tabs(self) -> None:
        row = self.query_one(OpenTabs)
        row.tabs, row.here = self._tabs

    def tell(self, remark: str = "") -> None:
        """Write the way here, and a remark, into the top bar."""
        bar = self.query_one(TopBar)
        bar.crumbs = self.crumbs
        bar.remark = remark

    @on(TopBar.Chosen)
    def _way_clicked(self, event: TopBar.Chosen) -> None:
        """Go where the way was clicked: home, or the shelf that one came from."""
        titles = {shelf.title: shelf.name for shelf in SHELVES}
        name = self.crumbs[event.step - 1] if event.step else ""
        if not event.step or name in titles:
            self.dltui.go_home(titles.get(name, ""))

    # what can be done with things

    def ask_deed(self, item: Item, *, data: str = "") -> None:
        """Ask what to do with a thing, then open the form of the verb.

        Args:
            item: The thing.
            data: The data that it goes with, when that is known.
        """
        self.run_worker(self._ask_deed(item, data), group="deeds", exclusive=True)

    async def _ask_deed(self, item: Item, data: str) -> None:
        from dltui.tui.catalog.deeds import deeds

        self.choose_deed(await asyncio.to_thread(deeds, item, data=data), item.name)

    def can_fetch(self, item: Item | None) -> bool:
        """Return whether a thing is one that could be fetched and isn't on its way."""
        if item is None or item.kind != "fetchable" or item.group != TO_FETCH:
            return False
        return not any(job.words == (*FETCH, item.key) and not job.over for job in self.dltui.jobs)

    def fetch(self, item: Item) -> None:
        """Fetch a thing by a job, and say so; the shelves are read again when it is here.

        Args:
            item: Something that can be fetched.
        """
        job = self.dltui.run_job([*FETCH, item.key])
        told = f"{item.name}, {item.note.partition(' · ')[0]}; J shows how far it is"
        self.notify(told, title=f"Fetching · {job.line}", markup=False)
        self.refresh_bindings()

    def choose_deed(self, found: Sequence[Deed], name: str) -> None:
        """Let one of some verbs be chosen.

        Args:
            found: The verbs with their values.
            name: What it is done to.
        """
        from dltui.tui.fuzzy import Candidate
        from dltui.tui.screens.search import SearchScreen

        listed = [
            Candidate(
                Item("verb", deed.label, deed.command, deed.command, deed.command), partial(self.begin, deed)
            )
            for deed in found
        ]
        if not listed:
            self.notify("Nothing can be done with this yet.", severity="warning")
            return
        question = SearchScreen(listed, {}, title=name, ask="what to do", glimpses=False)
        self.app.push_screen(question, _done)

    def begin(self, deed: Deed) -> None:
        """Open the form of a verb with its values; where there are no forms, copy its command line."""
        open_form = getattr(self.dltui, "open_form", None)
        if open_form is None:
            self.copy(deed.command)
        else:
            open_form(deed.verb, deed.values)

    def copy(self, text: str) -> None:
        """Put ``text`` on the clipboard and say so."""
        if not text:
            self.notify("There is no command to copy here.", severity="warning")
            return
        self.app.copy_to_clipboard(text)
        self.notify(text, title="Copied", markup=False)


def _read_sheets() -> int:
    """Return how often the application has read its style sheets anew, -1 outside of one."""
    try:
        return active_app.get()._css_update_count
    except LookupError:
        return -1


def _done(chosen: Candidate | None) -> None:
    """Do what was chosen."""
    if chosen is not None and chosen.run is not None:
        chosen.run()
