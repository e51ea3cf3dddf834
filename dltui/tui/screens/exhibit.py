"""One exhibit, alive: its knobs beside its pictures, which answer while they are turned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widgets import Static
from textual.worker import Worker

from dltui.errors import DltuiError
from dltui.jobs import Job, LiveExhibit
from dltui.lab import EXHIBITS, Exhibit
from dltui.lab.tour import beside, stop_told
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.answers import Answers, judge
from dltui.tui.catalog.exhibits import exhibit_item
from dltui.tui.catalog.items import Item, homely
from dltui.tui.catalog.settings import keep_setting, setting_item
from dltui.tui.player import Player
from dltui.tui.register import screen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.story_page import number_rows, story_page, verdict_page
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.field_row import FieldRow
from dltui.tui.widgets.film_line import FilmLine

if TYPE_CHECKING:
    from dltui.commands._forms import Form
    from dltui.jobs.perform import Moment

STORY_FROM = 36  # rows from which the story stands below the pictures at first
LATER = 0.1  # seconds between two looks at the numbers while they run


@screen("exhibit")
class ExhibitScreen(GalleryScreen):
    """Knobs, pictures, numbers; the newest setting is played, older ones are given up."""

    BINDINGS = actions.register(
        "This exhibit",
        Action("exhibit", "knobs", ("tab",), "knobs", "Go from the picture to the knobs, and back."),
        Action("exhibit", "knob", ("down", "up", "j", "k"), "knob", "Go to the next knob, or the one before.",
               ("1", "-1", "1", "-1"), shown=2),
        Action("exhibit", "play", ("space",), "play", "Play the moments from the first to the last, or stop."),
        Action("exhibit", "moment", ("comma", "full_stop"), "step", "Go a moment back or forward.", ("-1", "1"),
               shown=2),
        Action("exhibit", "reset_all", ("R",), "reset", "Put every knob back."),
        Action("exhibit", "keep", ("m", "ctrl+s"), "keep", "Keep what is shown now among the results."),
        Action("exhibit", "hold", ("a",), "hold", "Hold this setting, to put others beside it; else the defaults are."),
        Action("exhibit", "settings", ("b",), "beside", "Put the setting that is held and this one side by side."),
        Action("exhibit", "tour", ("N", "P"), "tour", "Go to the next exhibit of the family, or the one before.",
               ("1", "-1")),
        Action("exhibit", "check", ("v",), "verify", "Recompute what is known of it from elsewhere, as a job."),
    )  # fmt: skip
    CSS_PATH = [Path(__file__).with_name(f"{name}.tcss") for name in ("gallery", "exhibit")]  # noqa: RUF012 - as Textual has it
    shelf_title = "Lab"

    @dataclass
    class News(Message):
        """The exhibit shows something new; posted from its thread or from the one that listens."""

        live: LiveExhibit

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, ExhibitScreen.News)

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self.live: LiveExhibit | None = None
        self._player = Player(self)
        self.answers: Answers | None = None
        self._opening = False  # whether the first film is shown as it comes, moment by moment
        self._numbers: tuple[tuple[str, str], ...] = ()
        self._numbers_due = False
        self._check: Job | None = None
        self._told: Job | None = None  # the checks whose end was shown; news of it may come twice
        self._kin: tuple[str, ...] = ()
        self._knobs: dict[str, str] = {}  # how they stood the last time
        self._held: Item | None = None  # the setting that later ones are put beside

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The lab, the family, the exhibit."""
        return tuple(
            part for part in ("Lab", stop_told(self.item.key) or self.item.group, self.item.name) if part
        )

    @property
    def thing(self) -> Item:
        """The setting that is shown, as a thing that can stand beside others; the exhibit while none is turned."""
        if self.live is None or self.answers is None or not self.answers.texts:
            return self.item
        told = self.command_line.removeprefix("dltui lab run ")
        return setting_item(self.item.key, self.live.values, told, self.command_line)

    @property
    def command_line(self) -> str:
        """The command line that shows the end of what is set."""
        return self.answers.line() if self.answers else self.item.command

    def furnish(self) -> ComposeResult:
        """Lay out pictures, knobs, numbers, story."""
        with Horizontal(id="bench"):
            with Vertical(id="gallery"):
                yield from super().furnish()
                yield FilmLine()
                yield Static(id="failure", markup=False)
            with Vertical(id="side"):
                yield Vertical(id="knobs")
                yield Facts(id="numbers")
                yield Static(id="line", markup=False)

    def on_mount(self) -> None:
        """Play the exhibit as it stands, once everything is in its place; tell its story where there is room below."""
        below = self.has_class("-wide") and self.app.size.height >= STORY_FROM
        self.set_class(below or self.has_class("-vast"), "-details")
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Ask for the first picture; signature and story are read beside that."""
        self.dltui.job_news.subscribe(self, self._job_news)
        try:
            self.live = self.dltui.engine.open_exhibit(self.item.key, self._hear)
        except DltuiError as error:
            self.fail(error)
            return
        self._opening = self.app.animation_level != "none"
        self.live.set()

    def on_unmount(self) -> None:
        """End what plays."""
        if self.live is not None:
            self.live.close()

    @property
    def holds(self) -> bool:
        """Whether its checks were asked for; the knobs are remembered."""
        return self._check is not None

    def remember(self) -> dict[str, Any]:
        """Return how the knobs stand, too."""
        turned = dict(self.answers.texts) if self.answers is not None else self._knobs
        return super().remember() | ({"knobs": turned} if turned else {})

    def recall(self, known: dict[str, Any]) -> None:
        """Put the knobs where they stood, as soon as they are there."""
        super().recall(known)
        knobs = known.get("knobs")
        if isinstance(knobs, dict):
            self._knobs = {name: text for name, text in knobs.items() if isinstance(text, str)}

    @property
    def hand_line(self) -> str:
        """The first command among its kin that works something by hand."""
        return next((line for line in self._kin if line.startswith("dltui byhand ")), "")

    def watches(self, job: Job) -> bool:
        """Return whether this screen tells how a job ends: its own checks."""
        return job is self._check

    def read(self) -> None:
        """Import the exhibit in a thread."""
        self.read_by(partial(_read, self.item.key))

    def received(self, found: tuple[Exhibit, Form]) -> None:
        """Lay out the knobs, and tell the story."""
        exhibit, form = found
        self._kin = tuple(exhibit.kin)
        self.answers = Answers(form)
        stood = self._knobs
        rows = [FieldRow(one, one.complete, stood.get(one.name, ""), close=True) for one in form.fields]
        self.query_one("#knobs").mount_all(rows)
        details = self.query_one("#details")
        details.mount(Static(story_page(exhibit), id="story"), before=0)
        details.mount(Static(id="verdict"))
        self._write_line()
        self.refresh_bindings()

    # knobs

    @on(FieldRow.Changed)
    def _turned(self, event: FieldRow.Changed) -> None:
        """Play the new setting, unless the knob can't stand there."""
        event.stop()
        if self.answers is None or self.live is None:
            return
        name, text = event.name, event.text
        self.answers.put(name, text)
        found = judge(event.row.asked, text)
        self.answers.take(name, text, found)
        event.row.refuse(found[1])
        self._write_line()
        if not found[1] and self.live.values.get(name, event.row.asked.default) != found[0]:
            self._opening = False
            self._player.turned()
            self.live.set(**{name: found[0]})

    def action_details(self) -> None:
        """Show or hide the story; the numbers go with it where there is no room beside the pictures."""
        super().action_details()
        self.call_after_refresh(self._write_numbers)

    def _write_line(self) -> None:
        self.query_one("#line", Static).update(f"$ {self.command_line}")

    # what it shows

    def _hear(self, live: LiveExhibit) -> None:
        """Keep a moment and tell this screen; called from another thread."""
        moment = live.moment
        if moment is not None and moment.setting == live.setting and live.failure is None:
            self._player.film.add(moment)
        self.post_message(self.News(live))

    @on(News)
    def _news(self, event: News) -> None:
        live = event.live
        self.set_class(live.failure is not None, "-failed")
        if live.failure is not None:
            lines = (live.failure.sentence, *live.failure.last_lines[-4:])
            self.query_one("#failure", Static).update("\n".join(lines))
        if not len(self._player.film):
            return
        if self._opening:
            self._opening = False
            self._player.begin()
        self._player.follow()

    def show_moment(self, moment: Moment) -> None:
        """Show the pictures of a moment; the view of them stays."""
        shown = moment.shown
        figures = list(shown.shown[1:]) or list(shown.shown)  # the opening lines stand in the details
        same = [type(one) for one in figures] == [type(one) for one in self._figures]
        if not same:
            self.remove_class("-words")
            self.hang(figures, (), "")
        else:
            self._figures = figures
            self._show(keep=True)
        self._numbers = number_rows(shown.numbers)
        if not self._numbers_due:
            self._write_numbers()
            self._numbers_due = True
            self.set_timer(LATER, self._numbers_rest)

    def _numbers_rest(self) -> None:
        self._numbers_due = False
        self._write_numbers()

    def _write_numbers(self) -> None:
        """Write the numbers beside the pictures, or into the details where there is no room beside."""
        for place in self.query(Facts):
            if place.display:
                place.facts = self._numbers
        moment = self._player.moment
        if moment is not None:
            self.tell(moment.shown.title.partition(" · ")[2])

    @property
    def ended(self) -> bool:
        """Whether no moment of this setting is still to come."""
        return self.live is None or self.live.settled or self.live.failure is not None

    def action_play(self) -> None:
        """Play on, from the first moment once the last one was shown, or stop."""
        self._player.toggle()

    def action_moment(self, step: int) -> None:
        """Go a moment on or back."""
        self._player.step(step)

    @on(FilmLine.Chosen)
    def _wound(self, event: FilmLine.Chosen) -> None:
        self._player.wind(event.at)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what means something now."""
        if action in {"play", "moment"}:
            return len(self._player.film) > 1
        if action == "keep":
            return len(self._player.film) > 0
        if action == "knob":
            return self._among_knobs
        if action == "knobs":
            return bool(self.query(FieldRow))
        if action == "check":
            return self.answers is not None
        if action in {"hold", "settings"}:
            return self.answers is not None and bool(self._held or self.answers.texts)
        if action == "tour":
            return self.item.key in EXHIBITS and beside(self.item.key, int(str(parameters[0]))) is not None
        if action == "reset_all":
            return self.answers is not None and bool(self.answers.texts)
        return super().check_action(action, parameters)

    @property
    def _among_knobs(self) -> bool:
        return self.focused is not None and any(isinstance(one, FieldRow) for one in self.focused.ancestors)

    def action_knobs(self) -> None:
        """Go to the knobs, or back to the picture."""
        self.set_focus(self.view if self._among_knobs else self.query(FieldRow).first().taker)

    def action_knob(self, step: int) -> None:
        """Go to another knob; they are a ring."""
        rows = list(self.query(FieldRow))
        here = next(place for place, row in enumerate(rows) if row.taker is self.focused)
        self.set_focus(rows[(here + step) % len(rows)].taker)

    def action_reset_all(self) -> None:
        """Put every knob back."""
        for row in self.query(FieldRow):
            row.fill("")

    def action_hold(self) -> None:
        """Hold the setting that is shown."""
        self._held = self.thing
        self.notify(
            f"{self._held.name}\nturn the knobs, then b puts both side by side", title="Held", markup=False
        )

    def action_settings(self) -> None:
        """Put the setting that is held, or the defaults, beside the one that is shown."""
        held, here = self._held or self.item, self.thing
        if held.place == here.place:
            self.notify("Turn a knob first: both settings are the same.", severity="warning")
            return
        self.dltui.marking.open([held, here])

    def action_tour(self, step: int) -> None:
        """Go to another exhibit of the family, in teaching order."""
        name = beside(self.item.key, step)
        if name is not None:
            self.dltui.open_item(exhibit_item(name))

    def action_keep(self) -> None:
        """Keep the moment that is shown."""
        moment = self._player.moment
        if moment is not None:
            self.run_worker(
                partial(keep_setting, self.item.key, self.command_line, moment.shown),
                thread=True,
                group="keep",
                exit_on_error=False,
            )

    def action_check(self) -> None:
        """Run its checks as a job."""
        if self._check is None or self._check.over:
            self._check = self.dltui.run_job(("lab", "check", self.item.key))
            self._say_verdict()

    def _job_news(self, job: Job) -> None:
        if job is self._check:
            self._say_verdict()

    def _say_verdict(self) -> None:
        """Write how the checks stand, and show it once they have ended."""
        assert self._check is not None, "asked only then"
        page = verdict_page(self._check)
        self.query_one("#verdict", Static).update(page)
        if self._check.over and self._check is not self._told:
            self._told = self._check
            good = self._check.state == "done"
            self.notify(page.plain, title="Checks", severity="information" if good else "error", markup=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell where a moment was kept; the rest is the gallery's."""
        if event.worker.group == "keep" and event.worker.result is not None:
            event.stop()
            event.prevent_default()  # or Textual calls that of the class below as well
            self.notify(homely(event.worker.result), title="Kept", markup=False)
            self.dltui.read_shelf("results")


def _read(name: str) -> tuple[Exhibit, Form]:
    """Return an exhibit and the form of its knobs."""
    from dltui.commands._forms import LAB, form
    from dltui.lab import load

    return load(name), form(LAB + name)
