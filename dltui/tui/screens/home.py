"""Home: an overview of everything at hand, the shelves, and a glimpse of what is chosen on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.worker import Worker, WorkerState

from dltui.tui import actions
from dltui.tui.catalog import SHELVES, Item, Shelf
from dltui.tui.catalog.items import homely
from dltui.tui.folders import WATCH, Folders
from dltui.tui.overview import ORDERS, aired, empty_rows, ordered, overview
from dltui.tui.screens.base import SMALLEST, Room
from dltui.tui.sieve import Sieve
from dltui.tui.trash import DISCARD, DISCARDED, RESTORE, Trash
from dltui.tui.trouble import sentence
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.preview import Preview
from dltui.tui.widgets.rows import Remark, Row
from dltui.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from textual.widgets import Input

    from dltui.jobs import Job

EVERY = 1.5  # seconds between looks at the folders
OVERVIEW = "Overview"
MARKED = "runs"  # the shelf on which things can be marked
ACTED_ON = {"model", "checkpoint", "run", "data", "fetchable"}
SHOWN = {
    "-vast": 10,
    "-high": 5,
}  # things of each shelf in the overview, where there is room for more than few
FEW = 3


class HomeScreen(Room):
    """Everything at hand: what is new, results, runs, models, data, the lab, verbs."""

    CSS_PATH = "home.tcss"
    BINDINGS = actions.bindings("home")
    AUTO_FOCUS = "#items"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-narrow"),
        (SMALLEST[0], "-plain"),
        (96, "-middle"),
        (110, "-wide"),
        (160, "-vast"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._at = 0  # 0 for the overview, else the number of the shelf
        self._order = 0
        self._sieve = Sieve(self)
        self._trash = Trash(self)
        self._folders = Folders(self)
        # Held on to, as every key that may be shown in the footer asks what is chosen.
        self._items = ItemList(id="items")
        self._more: ItemList | None = None  # made when there was room for it

    def _sized(self) -> str:
        """Return the classes to begin with: home shows the overview first."""
        return f"{super()._sized()} -overview"

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Home is where the way begins; a shelf is one step from there."""
        return (self.shelf.title,) if self.shelf else ()

    @property
    def command_line(self) -> str:
        """The command of what is chosen."""
        chosen = self.chosen
        return chosen.command if chosen else ""

    @property
    def shelf(self) -> Shelf | None:
        """The shelf that is shown, or None for the overview."""
        return SHELVES[self._at - 1] if self._at else None

    @property
    def chosen(self) -> Item | None:
        """What is under the cursor."""
        return self._list.chosen

    @property
    def _list(self) -> ItemList:
        """The list that is in use: the first one, unless the second has the focus."""
        return self._more if self._more is not None and self._more.has_focus else self._items

    @property
    def thing(self) -> Item | None:
        """What is chosen."""
        return self._list.chosen

    def remember(self) -> dict[str, Any]:
        """Return which shelf is shown, and what is chosen on it."""
        chosen = self._list.chosen
        return {"shelf": self.shelf.name if self.shelf else "", "chosen": chosen.key if chosen else ""}

    def recall(self, known: dict[str, Any]) -> None:
        """Show that shelf again, and choose that thing as soon as it is read."""
        self.show_shelf(str(known.get("shelf", "")))
        self._list.wanted = str(known.get("chosen", ""))
        self._fill()  # what has been read by now is chosen at once, what has not as soon as it is

    def furnish(self) -> ComposeResult:
        """Lay out shelves, lists and glimpse."""
        names = (OVERVIEW, *(shelf.title for shelf in SHELVES))
        yield TabLine(*names, first=0, briefs=names, id="shelves")
        with Horizontal(id="panes"):
            yield self._items
            if self.has_class("-vast"):  # elsewhere it would be styled for nothing
                self._more = ItemList(id="more")
                yield self._more
            yield Preview(id="glimpse")

    def on_mount(self) -> None:
        """Follow what is read from the folders, and what is computed."""
        self.dltui.shelf_read.subscribe(self, self._shelf_read)
        self.dltui.job_news.subscribe(self, self._job_news)
        self.set_interval(EVERY, self._folders.look)
        self._fill()

    def on_screen_resume(self) -> None:
        """Show what may have come while another screen was shown."""
        self._fill()

    def on_resize(self) -> None:
        """Show as much as there is room for."""
        self.call_after_refresh(self._fill)

    # what stands where

    def _shelf_read(self, shelf: str) -> None:
        if self.shelf is None or shelf == self.shelf.name:
            self._fill()
        self._count()

    def _job_news(self, job: Job) -> None:
        del job
        if self.shelf is None:
            self._fill()

    def _count(self) -> None:
        """Write how much stands on each shelf beside its name."""
        counts = [self.dltui.items.get(shelf.name) for shelf in SHELVES]
        self.query_one(TabLine).names = (
            OVERVIEW,
            *(
                shelf.title if items is None else f"{shelf.title} {len(items)}"
                for shelf, items in zip(SHELVES, counts, strict=True)
            ),
        )

    def _fill(self) -> None:
        """Show the overview, or the things of the chosen shelf."""
        if not self.query("#glimpse"):
            return  # asked for before it was laid out, or after it was taken down
        self.set_class(self.shelf is None, "-overview")
        self.set_class(self.shelf is not None, "-shelf")
        rows, more = self._rows()
        wide = self.has_class("-vast") and self.shelf is None
        items = self._items
        if wide and self._more is None:
            self._more = ItemList(id="more")
            self.query_one("#panes").mount(self._more, before="#glimpse")
        items.marks = self.shelf is not None and self.shelf.name == MARKED
        if (sifted := self._sieve.sifted([*rows, *more])) is not None:
            items.fill(*sifted)
            more = []
        else:
            items.fill(aired(rows) if wide else [*rows, *more])
        if self._more is not None:
            self._more.fill(aired(more) if wide else [])
            if self._more.has_focus and not wide:
                self.set_focus(items)
        self._count()
        remark = homely(self.dltui.folder)
        self.tell(f"{ORDERS[self._order]} · {remark}" if self.shelf and self._order else remark)
        self.refresh_bindings()

    def _rows(self) -> tuple[list[Row], list[Row]]:
        """Return the rows of the first list and of the second."""
        if self.shelf is None:
            most = next((count for name, count in SHOWN.items() if self.has_class(name)), FEW)
            return overview(self.dltui.items, self.dltui.jobs_going(), most, self.dltui.unread)
        items = self.dltui.items.get(self.shelf.name)
        if items is None:
            return [Remark("reading …")], []
        if not items:
            return empty_rows(self.shelf, self.dltui.unread.get(self.shelf.name)), []
        return ordered(items, self._order), []

    def show_shelf(self, name: str) -> None:
        """Show a shelf.

        Args:
            name: Its name in the program, with ``#group`` for the first thing of a group; empty for the overview.
        """
        word, _, group = name.partition("#")
        numbers = {shelf.name: number for number, shelf in enumerate(SHELVES, 1)}
        self.action_shelf_number(numbers.get(word, 0))
        first = next(
            (item for item in self.dltui.items.get(word) or [] if group and item.group == group), None
        )
        if first is not None:
            self._list.choose(first.place)

    # what threads do

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take what threads have found or done."""
        group = event.worker.group
        if group not in {WATCH, DISCARD, RESTORE}:
            return
        event.stop()
        if event.state is WorkerState.ERROR:
            self.notify(sentence(event.worker.error), severity="error", markup=False)
        elif event.state is WorkerState.SUCCESS and group == WATCH:
            self._folders.seen(event.worker.result or ())
        elif event.state is WorkerState.SUCCESS:
            self._trash.done(event.worker)

    # what is chosen

    @on(ItemList.Moved)
    def _moved(self, event: ItemList.Moved) -> None:
        if event.list is self._list:
            self.query_one(Preview).look_at(event.item)
            self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        """Show a glimpse of what the other list has chosen."""
        if isinstance(self.focused, ItemList):
            self.query_one(Preview).look_at(self.chosen)
            self.refresh_bindings()

    @on(Preview.Shown)
    def _shown(self) -> None:
        self.refresh_bindings()

    @on(ItemList.Opened)
    def _open(self, event: ItemList.Opened) -> None:
        self.dltui.open_item(event.item)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what fits the letters."""
        self._sieve.letters = event.value
        self._fill()

    def on_key(self, event: events.Key) -> None:
        """Go from the letters down into the list."""
        if event.key == "down" and self._sieve.typing:
            event.stop()
            self.on_input_submitted()

    def on_input_submitted(self) -> None:
        """Go from the letters into the list."""
        self.set_focus(self._items)

    # keys

    @on(TabLine.Chosen)
    def _clicked(self, event: TabLine.Chosen) -> None:
        self.action_shelf_number(event.index)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what means something for what is chosen."""
        if not self.is_mounted or self._sieve.typing:
            return action == "overview" or action not in _HOME
        kind = self.chosen.kind if self.chosen else ""
        if action == "look":
            return self.chosen is not None
        if action == "overview":
            return self._sieve.there or self.has_class("-looking") or self._leads_to_overview()
        if action in {"mark", "sort"}:
            return self.shelf is not None and (action == "sort" or self.shelf.name == MARKED) and bool(kind)
        meant = {
            "overlay": self._list.marks and len(self._marked()) > 1,
            "discard": kind in DISCARDED,
            "restore": bool(self._trash.gone),
            "deeds": kind in ACTED_ON,
            "fetch": self.can_fetch(self.chosen),
        }
        return meant.get(action, super().check_action(action, parameters))

    def _leads_to_overview(self) -> bool:
        """Return whether escape shows the overview: on a shelf, when it leads nowhere else."""
        return self.shelf is not None and not self.dltui.trail.can(-1)

    def action_shelf_number(self, number: int) -> None:
        """Show a shelf by its place; 0 is the overview."""
        if number > len(SHELVES):
            return
        self._at, self._order = number, 0
        self._sieve.end()
        self.remove_class("-looking")
        self.query_one(TabLine).active = number
        items = self._items
        self.set_focus(items)
        items.rewind()
        self._fill()

    def action_shelf(self, step: int) -> None:
        """Go to the list beside, or to the next shelf or the one before."""
        items, more = self._items, self._more
        beside = (
            more
            if self.focused is items and step > 0
            else items
            if more is not None and self.focused is more and step < 0
            else None
        )
        if beside is not None and beside.display and len(beside):
            self.set_focus(beside)
        else:
            self.action_shelf_number((self._at + step) % (len(SHELVES) + 1))

    def action_overview(self) -> None:
        """Go back to the list, take a filter away, or show the overview."""
        if self.has_class("-looking"):
            self._look(picture=False)
        elif self._sieve.there:
            self._sieve.end()
            self.set_focus(self._items)
            self._fill()
        else:
            self.action_shelf_number(0)

    def action_look(self) -> None:
        """Move between the list and the picture, or where there is room for one of them, show the other."""
        self._look(picture=isinstance(self.focused, ItemList) and not self.has_class("-looking"))

    def _look(self, *, picture: bool) -> None:
        """Turn to the picture, or to the list."""
        self.set_class(picture, "-looking")
        pictures = self.query("Preview.-picture FigureView")
        self.set_focus(pictures.first() if picture and pictures else self._items)
        if picture and not pictures:
            self.set_focus(self._list)
        self.refresh_bindings()

    async def action_filter(self) -> None:
        """Ask for letters, and list what fits them."""
        await self._sieve.ask()

    def action_sort(self) -> None:
        """List in another order."""
        self._order = (self._order + 1) % len(ORDERS)
        self._fill()

    def action_mark(self) -> None:
        """Mark the run, and go to the next."""
        if self.chosen is not None:
            self._list.mark(self.chosen)
            self._list.action_cursor_down()
            self.refresh_bindings()

    def _marked(self) -> list[Item]:
        return self._items.marked_items

    def action_overlay(self) -> None:
        """Lay the marked runs over each other."""
        names = [item.name for item in self._marked()]
        word = ",".join(names)
        self.dltui.open_item(
            Item("overlay", f"{len(names)} runs", ", ".join(names), word, f"dltui runs compare {word}")
        )

    def action_discard(self) -> None:
        """Ask, then move what is chosen to the trash."""
        if self.chosen is not None:
            self._trash.ask(self.chosen)

    def action_restore(self) -> None:
        """Bring back what was moved last."""
        self._trash.restore()

    def action_deeds(self) -> None:
        """Ask what to do with what is chosen."""
        if self.chosen is not None:
            self.ask_deed(self.chosen)

    def action_fetch(self) -> None:
        """Fetch what is chosen."""
        if self.chosen is not None:
            self.fetch(self.chosen)

    def action_reload(self) -> None:
        """Read the folders again."""
        self.dltui.read_shelves()

    def action_copy_command(self) -> None:
        """Copy the command of what is chosen."""
        self.copy(self.command_line)


_HOME = {action.name for action in actions.of_scope("home")}
