"""What is shown of a thing before it is opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from dltui.tui import catalog
from dltui.tui.catalog import Glimpse, Item
from dltui.tui.trouble import sentence
from dltui.tui.widgets.facts import Facts

if TYPE_CHECKING:
    from dltui.figures import Figure

PAUSE = 0.08  # seconds that the cursor rests on a thing before its file is read
REST = 0.3  # seconds more before a picture is computed


class Preview(Vertical):
    """Title, picture, words and facts, one above the other; the picture can be taken hold of."""

    DEFAULT_CSS = """
    Preview {
        #title { text-style: bold; height: 1; margin: 0 0 1 0; text-wrap: nowrap; text-overflow: ellipsis; }
        #picture { height: 1fr; display: none; }
        #told { height: auto; max-height: 100%; }
        #words { height: auto; }
        Facts { margin: 1 0 0 0; }
        &.-picture #picture { display: block; }
        &.-picture #title { display: none; }
        &.-picture #told { max-height: 30%; margin: 1 0 0 0; }
    }
    """

    @dataclass(eq=False, repr=False)
    class Shown(Message):
        """Something else is shown."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._item: Item | None = None
        self._pause: Timer | None = None
        self._pictured = ""
        self._told = Glimpse(title="")  # what was read last

    def compose(self) -> ComposeResult:
        """Lay out the parts; the picture's own widget comes with the first picture."""
        yield Static(id="title", markup=False)
        yield Vertical(id="picture")
        with VerticalScroll(id="told", can_focus=False):
            yield Static(id="words", markup=False)
            yield Facts()

    def look_at(self, item: Item | None) -> None:
        """Read what there is to see of a thing in a thread, once the cursor rests on it, and show it."""
        self._item = item
        if self._pause is not None:
            self._pause.stop()
        if item is None:
            self.show(None)
        else:
            self._pause = self.set_timer(PAUSE, partial(self._read, item))

    def _read(self, item: Item) -> None:
        work = partial(catalog.glimpse, item)
        self.run_worker(
            work, thread=True, exclusive=True, group="glimpse", name=item.place, exit_on_error=False
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or why it can't be."""
        event.stop()
        if self._item is None or event.worker.name != self._item.place:
            return
        if event.state is WorkerState.ERROR and event.worker.group == "picture":
            words = f"{self._told.words}\n\n{sentence(event.worker.error)}"
            self.show(self._told._replace(words=words))
        elif event.state is WorkerState.ERROR:
            self.say(self._item.name, sentence(event.worker.error))
        elif event.state is WorkerState.SUCCESS and event.worker.group == "picture":
            self.show(self._told._replace(figure=event.worker.result, later=None))
        elif event.state is WorkerState.SUCCESS:
            self._take(self._item, event.worker.result or Glimpse(title=""))

    def _take(self, item: Item, told: Glimpse) -> None:
        """Show what was read; a picture that must be computed is asked for once the cursor has rested a while."""
        self._told = told
        self.show(told)
        if told.later is not None:
            self._pause = self.set_timer(REST, partial(self._compute, item, told.later))

    def _compute(self, item: Item, later: Callable[[Callable[[], bool]], Figure]) -> None:
        """Compute the picture in a thread, for as long as the cursor stays."""

        def wanted() -> bool:
            return self.is_attached and self._item is not None and self._item.place == item.place

        work = partial(later, wanted)
        self.run_worker(
            work, thread=True, exclusive=True, group="picture", name=item.place, exit_on_error=False
        )

    def show(self, glimpse: Glimpse | None) -> None:
        """Show another thing, or nothing."""
        shown = glimpse or Glimpse(title="")
        self.query_one("#title", Static).update(shown.title)
        self.query_one("#words", Static).update(shown.words)
        self.query_one(Facts).facts = shown.facts
        self.set_class(shown.figure is not None, "-picture")
        self._picture(shown)
        self.post_message(self.Shown())

    def say(self, title: str, trouble: str) -> None:
        """Show in words why there is nothing to show."""
        self.show(Glimpse(title=title, words=trouble))

    def _picture(self, glimpse: Glimpse) -> None:
        """Show the figure; numpy is loaded when there is the first one."""
        if glimpse.figure is None and not self.query("FigureView"):
            return
        from dltui.tui.widgets.figure_view import FigureView

        views = self.query(FigureView)
        place = self._item.place if self._item else ""
        if views:
            view = views.first()
            view.show_figure(_bare(glimpse.figure), view.view if place == self._pictured else None)
        elif glimpse.figure is not None:
            self.query_one("#picture").mount(FigureView(_bare(glimpse.figure)))
        self._pictured = place


def _bare(figure: Figure | None) -> Figure | None:
    """Return a figure without its caption, for which there is no room here."""
    return None if figure is None else replace(figure, caption="")
