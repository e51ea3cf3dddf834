"""Home: the shelves, and a glimpse of what is chosen on them."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import OptionList, Static
from textual.worker import Worker, WorkerState

from dltui.tui import actions, catalog
from dltui.tui.catalog import SHELVES, Glimpse, Item, Shelf
from dltui.tui.catalog.items import homely
from dltui.tui.screens.base import Room
from dltui.tui.trouble import sentence
from dltui.tui.widgets.item_list import ItemList
from dltui.tui.widgets.preview import Preview
from dltui.tui.widgets.tab_line import TabLine

FIRST = "results"  # the shelf that is shown at the start
PAUSE = 0.08  # seconds that the cursor rests on a thing before its file is read


class HomeScreen(Room):
    """Everything at hand: results, runs, models, the lab."""

    CSS_PATH = "home.tcss"
    BINDINGS = actions.bindings("home")
    AUTO_FOCUS = "ItemList"

    def __init__(self) -> None:
        super().__init__()
        self._shelf = next((place for place, shelf in enumerate(SHELVES) if shelf.name == FIRST), 0)
        self._pause: Timer | None = None

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Home is where the way begins."""
        return ()

    @property
    def command_line(self) -> str:
        """The command of what is chosen."""
        chosen = self._list.chosen
        return chosen.command if chosen else ""

    @property
    def shelf(self) -> Shelf:
        """The shelf that is shown."""
        return SHELVES[self._shelf]

    @property
    def _list(self) -> ItemList:
        return self.query_one(ItemList)

    def furnish(self) -> ComposeResult:
        """Lay out shelves, list and glimpse."""
        shelves = TabLine(*(shelf.title for shelf in SHELVES), id="shelves")
        shelves.active = self._shelf
        yield shelves
        with Horizontal(id="panes"):
            yield ItemList(id="items")
            yield Preview(id="glimpse")
            yield Static(id="empty")

    def on_mount(self) -> None:
        """Follow what is read from the folders."""
        self.dltui.shelf_read.subscribe(self, self._shelf_read)
        self.tell(homely(self.dltui.folder))
        self._fill()

    def on_screen_resume(self) -> None:
        """Show what may have come while another screen was shown."""
        self._fill()

    def _shelf_read(self, shelf: str) -> None:
        if shelf == self.shelf.name:
            self._fill()
        self._count()

    def _count(self) -> None:
        """Write how much stands on each shelf beside its name."""
        counts = [self.dltui.items.get(shelf.name) for shelf in SHELVES]
        self.query_one(TabLine).names = tuple(
            shelf.title if items is None else f"{shelf.title} {len(items)}"
            for shelf, items in zip(SHELVES, counts, strict=True)
        )

    def _fill(self) -> None:
        """Show the things of the chosen shelf."""
        items = self.dltui.items.get(self.shelf.name)
        self._list.fill(items or [])
        self._count()
        nothing = items is not None and not items
        self.set_class(nothing, "-empty")
        if nothing:
            self.query_one("#empty", Static).update(_empty(self.shelf))
        if not items:
            self.query_one(Preview).show(None)

    # what is chosen

    @on(OptionList.OptionHighlighted)
    def _rest(self) -> None:
        """Read the file of what is chosen, once the cursor rests."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._glimpse)

    def _glimpse(self) -> None:
        chosen = self._list.chosen
        if chosen is not None:
            work = partial(_named_glimpse, chosen)
            self.run_worker(
                work, thread=True, exclusive=True, group="glimpse", name=chosen.name, exit_on_error=False
            )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or why it can't be."""
        if event.worker.group != "glimpse":
            return
        event.stop()
        preview = self.query_one(Preview)
        if event.state is WorkerState.ERROR:
            preview.say(event.worker.name, sentence(event.worker.error))
            self.refresh_bindings()
        elif event.state is WorkerState.SUCCESS and event.worker.result is not None:
            item, found = event.worker.result
            if item == self._list.chosen:
                preview.show(found)
                self.refresh_bindings()

    @on(OptionList.OptionSelected)
    def _open(self) -> None:
        chosen = self._list.chosen
        if chosen is not None:
            self.dltui.open_item(chosen)

    # keys

    @on(TabLine.Chosen)
    def _clicked(self, event: TabLine.Chosen) -> None:
        self.action_shelf_number(event.index)

    def action_shelf_number(self, number: int) -> None:
        """Show a shelf by its place."""
        if number >= len(SHELVES):
            return
        self._shelf = number
        self.query_one(TabLine).active = number
        self._fill()
        self.set_focus(self._list)

    def action_shelf(self, step: int) -> None:
        """Show the next shelf, or the one before."""
        self.action_shelf_number((self._shelf + step) % len(SHELVES))

    def action_look(self) -> None:
        """Move between the list and the picture."""
        pictures = self.query("Preview.-picture FigureView")
        if isinstance(self.focused, ItemList) and pictures:
            self.set_focus(pictures.first())
        else:
            self.set_focus(self._list)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer a closer look only where there is a picture."""
        if action == "look":
            return bool(self.query("Preview.-picture"))
        return super().check_action(action, parameters)

    def action_reload(self) -> None:
        """Read the folders again."""
        self.dltui.read_shelves()

    def action_copy_command(self) -> None:
        """Copy the command of what is chosen."""
        self.copy(self.command_line)


def _named_glimpse(item: Item) -> tuple[Item, Glimpse]:
    """Return a thing with what is shown of it."""
    return item, catalog.glimpse(item)


def _empty(shelf: Shelf) -> Content:
    """Return what an empty shelf says."""
    tries = [Content.assemble("  ", (command, "$text-accent bold")) for command in shelf.tries]
    return Content("\n\n").join([Content(shelf.nothing), *tries])
