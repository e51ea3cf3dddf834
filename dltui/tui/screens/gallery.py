"""What results, runs and cards share: figures, one at a time, with what is known of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual._path import CSSPathType
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from dltui.draw.view import View, view_from
from dltui.figures import Figure
from dltui.tui import actions
from dltui.tui.catalog import Item
from dltui.tui.screens.base import DESIGNED, Room
from dltui.tui.trouble import sentence
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.tab_line import TabLine


class GalleryScreen(Room):
    """Shows the figures of one thing; subclasses read it from the disk."""

    CSS_PATH: ClassVar[CSSPathType | None] = Path(__file__).with_name(
        "gallery.tcss"
    )  # absolute: screens below it may stand elsewhere
    BINDINGS = actions.bindings("gallery")
    AUTO_FOCUS = "FigureView"
    DETAILS_FROM = DESIGNED  # columns from which the details stand beside the picture at first

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._figures: list[Figure] = []
        self._shown = 0
        self._views: dict[int, View] = {}  # from where each figure was looked at last
        self._recalled: tuple[int, dict[int, View]] | None = None

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The shelf, then the thing."""
        return (self.shelf_title, self.item.name)

    @property
    def shelf_title(self) -> str:
        """The shelf that such things stand on."""
        return "Results"

    @property
    def command_line(self) -> str:
        """The command that makes or shows it."""
        return self.item.command

    @property
    def about(self) -> str:
        """What the figure says, without a picture."""
        return spoken(self._figures[self._shown]) if self._figures else ""

    @property
    def view(self) -> FigureView:
        """The widget that shows the figure."""
        return self.query_one(FigureView)

    def furnish(self) -> ComposeResult:
        """Lay out names, picture, details and read-out."""
        yield TabLine(id="figures")
        with Horizontal(id="panes"):
            yield from self.beside()
            with Vertical(id="stage"):
                yield FigureView()
                with VerticalScroll(id="spoken"):
                    yield Static(id="said", markup=False)
            with VerticalScroll(id="details", can_focus=False):
                yield from self.compose_details()
        yield Static(id="readout", markup=False)

    def compose_details(self) -> ComposeResult:
        """Lay out what stands beside the picture."""
        yield Facts()
        yield Static(id="command")

    def on_mount(self) -> None:
        """Show what is known at once, and begin to read."""
        self.set_class(self.app.size.width >= self.DETAILS_FROM, "-details")
        self.tell("reading …")
        self.read()

    def beside(self) -> ComposeResult:
        """Yield what stands to the left of the picture; nothing unless a screen has something to choose there."""
        yield from ()

    @abstractmethod
    def read(self) -> None:
        """Begin to read the thing, with ``read_by``."""

    @abstractmethod
    def received(self, found: Any) -> None:
        """Show what was read, with ``hang``."""

    def read_by(self, work: Callable[[], object]) -> None:
        """Let ``work`` run in a thread; what it returns goes to ``received``, what it raises to ``fail``."""
        self.run_worker(work, thread=True, exclusive=True, group="read", exit_on_error=False)

    def hang(self, figures: Sequence[Figure], facts: tuple[tuple[str, str], ...], remark: str) -> None:
        """Show figures; the one that was looked at stays, and so does the view of it.

        Args:
            figures: What there is to see.
            facts: How it was made, by name.
            remark: What it is, for the top bar.
        """
        same = bool(self._figures) and [type(f) for f in figures] == [type(f) for f in self._figures]
        self._figures = list(figures)
        self._shown = self._shown if same else 0
        self._views = self._views if same else {}
        if self._recalled is not None and not same and self._recalled[0] < len(figures):
            self._shown, self._views = self._recalled
        self._recalled = None
        self.query_one("#figures", TabLine).names = tuple(short_title(figure) for figure in self._figures)
        self.query_one(Facts).facts = facts
        self.query_one("#command", Static).update(_command(self.command_line))
        self.tell(remark)
        if self._figures:
            self._show(keep=same)
        self.refresh_bindings()

    def fail(self, error: BaseException | None) -> None:
        """Tell in words why there is nothing to see, or why what is seen is no longer the newest."""
        self.tell("can't be read")
        if self._figures:
            self.notify(sentence(error), title=self.item.name, severity="error", markup=False)
            return
        self.query_one("#said", Static).update(sentence(error))
        self.add_class("-words")

    @property
    def holds(self) -> bool:
        """Nothing: what it shows is read from the disk."""
        return False

    def remember(self) -> dict[str, Any]:
        """Return which figure is shown, and from where each was looked at."""
        if not self._figures:
            return {}
        views = self._views | {self._shown: self.view.view}
        return {
            "figure": self._shown,
            "views": {str(place): asdict(view) for place, view in views.items() if view != View()},
        }

    def recall(self, known: dict[str, Any]) -> None:
        """Show that figure again, and each from there, as soon as they are read."""
        figure, views = known.get("figure"), known.get("views")
        if isinstance(figure, int) and figure >= 0 and isinstance(views, dict):
            seen = {int(place): view_from(view) for place, view in views.items() if str(place).isdecimal()}
            self._recalled = (figure, {place: view for place, view in seen.items() if view is not None})

    def put_figure(self, place: int, figure: Figure) -> None:
        """Show a figure in the place of another one: from the same view where that was shown."""
        keep = place == self._shown
        self._figures[place] = figure
        if keep:
            self._show(keep=True)
        else:
            self.action_figure(place + 1)

    def view_of(self, place: int) -> View | None:
        """Return from where a figure shall be looked at: as it was left, or None for its own default."""
        return self._views.get(place)

    def _show(self, *, keep: bool = False) -> None:
        """Show the chosen figure, from the same view if ``keep``, else as it was left."""
        figure = self._figures[self._shown]
        self.query_one("#figures", TabLine).active = self._shown
        number = f"-{self._shown + 1}" if len(self._figures) > 1 else ""
        self.view.keeping.stem = self.item.name.replace("/", "-") + number
        self.view.show_figure(figure, self.view.view if keep else self.view_of(self._shown))
        self.query_one("#said", Static).update(spoken(figure))

    @on(FigureView.Readout)
    def _looked(self, event: FigureView.Readout) -> None:
        self.query_one("#readout", Static).update(self.read_out(event.text))

    def read_out(self, text: str) -> str:
        """Return the line below the figure after the eye or the cursor moved.

        Args:
            text: What the figure itself tells.
        """
        return text

    @on(TabLine.Chosen)
    def _clicked(self, event: TabLine.Chosen) -> None:
        self.action_figure(event.index + 1)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is done with figures only where there are some."""
        if action in {"next_figure", "previous_figure"}:
            return len(self._figures) > 1
        if action in {"figure", "words", "export"}:
            return bool(self._figures)
        if action == "by_hand":
            return bool(self.hand_line)
        return super().check_action(action, parameters)

    def action_figure(self, number: int) -> None:
        """Show a figure by its number, counted from 1."""
        if 1 <= number <= len(self._figures):
            self._views[self._shown] = self.view.view
            self._shown = number - 1
            self._show()

    def action_next_figure(self) -> None:
        """Show the next figure."""
        self.action_figure((self._shown + 1) % len(self._figures) + 1)

    def action_previous_figure(self) -> None:
        """Show the previous figure."""
        self.action_figure((self._shown - 1) % len(self._figures) + 1)

    def action_words(self) -> None:
        """Change between picture and words."""
        self.toggle_class("-words")
        self.set_focus(self.query_one("#spoken") if self.has_class("-words") else self.view)

    def action_details(self) -> None:
        """Show or hide how it was made."""
        self.toggle_class("-details")

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.copy(self.command_line)

    @property
    def hand_line(self) -> str:
        """The command line of what was worked by hand here; empty where nothing was."""
        return self.command_line if self.command_line.startswith("dltui byhand ") else ""

    def action_by_hand(self) -> None:
        """Step through what was worked by hand."""
        self.dltui.open_by_hand(self.hand_line)

    def action_export(self) -> None:
        """Ask for a file name, then write the figure to it."""
        self.view.action_save()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take what was read."""
        event.stop()
        worker = event.worker
        if worker.group not in {"read", "export"}:
            return
        if event.state is WorkerState.SUCCESS and worker.group == "read":
            self.received(worker.result)
        elif event.state is WorkerState.ERROR and worker.group == "read":
            self.fail(worker.error)


def short_title(figure: Figure) -> str:
    """Return what a figure is called beside others of the same thing."""
    return figure.title.partition(" · ")[0] or type(figure).__name__.lower()


def spoken(figure: Figure) -> str:
    """Return everything that a figure says, without a picture."""
    return "\n\n".join(part for part in (figure.title, figure.words(), figure.caption) if part)


def _command(line: str) -> Content:
    """Return the command line under its heading."""
    return (
        Content.assemble(("as a command (y copies it)\n", "$foreground 70%"), (line, "$text-accent"))
        if line
        else Content("")
    )
