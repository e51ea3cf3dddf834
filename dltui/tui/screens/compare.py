"""Several things side by side: turned together, read at the same place, on one scale if wished."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Grid
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from dltui.draw.view import View, view_from
from dltui.figures import Figure, Heatmap, Surface, difference, on_one_scale, same_grid
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog import Item
from dltui.tui.catalog.figures import figures_of
from dltui.tui.manners.linking import apart, linked
from dltui.tui.marking import MOST
from dltui.tui.register import screen
from dltui.tui.screens.base import Room
from dltui.tui.screens.gallery import short_title
from dltui.tui.trouble import sentence
from dltui.tui.widgets.compare_pane import ComparePane
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.tab_line import TabLine

SMALLEST = (38, 9)  # columns and rows of a pane, below which panes become tabs


def compared(members: Sequence[Item]) -> Item:
    """Return what opens several things side by side.

    Args:
        members: Two to four things.

    Returns:
        An item whose key holds all of them, so that it can be opened again after a restart.
    """
    names = " | ".join(item.name for item in members)
    return Item("compare", names, "side by side", json.dumps([item[:6] for item in members]), "")


def members_of(item: Item) -> list[Item]:
    """Return the things that an item of ``compared`` holds; none when it was not made by it."""
    try:
        return [_member(fields) for fields in json.loads(item.key)][:MOST]
    except (TypeError, ValueError):
        return []


def _member(fields: list[object]) -> Item:
    """Return a thing from what the key keeps of it."""
    kind, name, note, key, command, schema = map(str, fields)
    return Item(kind, name, note, key, command, schema)


@screen("compare")
class CompareScreen(Room):
    """Two to four panes; where two fields have the same grid, one more for their difference."""

    CSS_PATH = Path(__file__).with_name("compare.tcss")
    BINDINGS = actions.register(
        "Side by side",
        Action("compare", "pane", ("tab", "shift+tab"), "pane", "Go to the next pane, or the one before.",
               ("1", "-1")),
        Action("compare", "link", ("o", "L"), "link", "Let the panes go their own ways, or together again."),
        Action("compare", "one_scale", ("s",), "one scale", "Let colours and heights mean the same in all panes."),
        Action("compare", "difference", ("d",), "difference", "Show or hide the second less the first."),
        Action("compare", "figure", ("n", "p"), "next", "Show the next figure of each, or the one before.",
               ("1", "-1")),
        Action("compare", "reload", ("r",), "", "Read the things again.", shown=0),
        Action("compare", "copy_command", ("y",), "copy command", "Copy the command that shows the same."),
    )  # fmt: skip
    AUTO_FOCUS = "ComparedView"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self.members = members_of(item)
        self._found: list[list[Figure]] = []
        self._at = 0  # which figure of each is shown
        self._views: dict[int, View] = {}  # of the figures that were looked at, by their number
        self._linked, self._shared, self._differing = True, False, True
        self._active = 0

    @property
    def crumbs(self) -> tuple[str, ...]:
        """What this is, then the things."""
        return ("Side by side", self.item.name)

    @property
    def command_line(self) -> str:
        """The command that shows the same: one where all are saved results, one each where all are settings."""
        if all(member.kind in {"exhibit", "setting"} for member in self.members):
            return "; ".join(member.command for member in self.members)
        if any(member.kind != "result" for member in self.members):
            return ""
        words = ["dltui", "open", *(member.key for member in self.members)]
        return shlex.join([*words, "--same-scale"] if self._shared else words)

    @property
    def panes(self) -> list[ComparePane]:
        """The panes that have something to show."""
        return list(self.query(ComparePane))[: len(self._shown())]

    def furnish(self) -> ComposeResult:
        """Lay out as many panes as may be wanted."""
        yield TabLine(id="which")
        with Grid(id="panes"):
            for _ in range(MOST + 1):
                yield ComparePane()
        yield Static(id="apart", markup=False)

    def on_mount(self) -> None:
        """Begin to read."""
        self.tell("reading …")
        self.action_reload()

    def action_reload(self) -> None:
        """Read all things, in a thread."""
        work = partial(_read_all, self.members)
        self.run_worker(work, thread=True, exclusive=True, group="read", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show what was read, or tell why it can't be."""
        event.stop()
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            self._found = event.worker.result
            self._hang()
        elif event.state is WorkerState.ERROR:
            self.tell("can't be read")
            self.notify(sentence(event.worker.error), severity="error", markup=False)

    # from one time to the next

    def remember(self) -> dict[str, Any]:
        """Return how the panes are looked at: which figure, from where, linked or not."""
        if not self._found:
            return {}
        flags = {"linked": self._linked, "shared": self._shared, "differing": self._differing}
        view = asdict(self._views[self._at]) if self._at in self._views else None
        return {"at": self._at, "view": view, **flags}

    def recall(self, known: dict[str, Any]) -> None:
        """Look at the same figure in the same way."""
        at = known.get("at")
        self._at = at if isinstance(at, int) and at >= 0 else 0
        self._linked = known.get("linked") is not False
        self._shared = known.get("shared") is True
        self._differing = known.get("differing") is not False
        if (view := view_from(known.get("view"))) is not None:
            self._views[self._at] = view

    # what is shown

    def _shown(self) -> list[tuple[str, Figure]]:
        """Return names and figures of the panes."""
        chosen = [figures[min(self._at, len(figures) - 1)] for figures in self._found]
        names = [
            f"{member.name} · {short_title(figure)}"
            for member, figure in zip(self.members, chosen, strict=False)
        ]
        bare = [replace(figure, title="", caption="") for figure in chosen]
        shown = list(zip(names, on_one_scale(bare) if self._shared else bare, strict=True))
        gap = self._gap(chosen) if self._differing else None
        return [*shown, ("difference", gap)] if gap is not None else shown

    def _gap(self, figures: list[Figure]) -> Figure | None:
        """Return the second less the first, when there are two on one grid."""
        if len(figures) != 2:
            return None
        names = (self.members[0].name, self.members[1].name)
        one, other = figures
        if isinstance(one, Surface) and isinstance(other, Surface) and same_grid(one, other):
            return replace(difference(one, other, names), title="")
        if isinstance(one, Heatmap) and isinstance(other, Heatmap) and same_grid(one, other):
            return replace(difference(one, other, names), title="")
        return None

    def _hang(self) -> None:
        """Show the chosen figure of each thing, from where figures of this number were looked at last."""
        shown = self._shown()
        for number, pane in enumerate(self.query(ComparePane)):
            pane.display = number < len(shown)
            if number < len(shown):
                pane.show_figure(*shown[number], self._views.get(self._at))
        self.query_one(TabLine).names = tuple(name for name, _ in shown)
        self._active = min(self._active, len(shown) - 1)
        self._arrange()
        self._tell_state()
        self.refresh_bindings()

    def _tell_state(self) -> None:
        how = "linked" if self._linked else "each on its own"
        self.tell(f"{how} · {'one scale' if self._shared else 'own scales'}")

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self.call_after_refresh(self._arrange)

    def _arrange(self) -> None:
        """Give every pane its place; where there is no room for all, one at a time."""
        grid, panes = self.query_one("#panes", Grid), self.panes
        columns, rows = shape(len(panes), *grid.size)
        alone = columns == 0
        self.set_class(alone, "-tabs")
        for number, pane in enumerate(panes):
            pane.display = not alone or number == self._active
            last = number == len(panes) - 1
            pane.styles.column_span = columns - number % columns if last and columns else 1
        grid.styles.grid_size_columns, grid.styles.grid_size_rows = max(1, columns), max(1, rows)
        self.query_one(TabLine).active = self._active

    # looking

    @on(FigureView.Looked)
    def _follow(self, event: FigureView.Looked) -> None:
        """Let the other panes follow the one that was turned or pointed at."""
        leader = event.view
        self._views[self._at] = leader.view
        if self._linked and leader.figure is not None:
            with self.prevent(FigureView.Looked):
                for pane in self.panes:
                    if pane.view is not leader and pane.view.figure is not None:
                        pane.view.look(linked(leader.figure, leader.view, pane.view.figure, pane.view.view))
        self._tell_apart()

    def _tell_apart(self) -> None:
        views = [pane.view for pane in self.panes[: len(self.members)]]
        figures = [view.figure for view in views if view.figure is not None]
        names = [member.name for member in self.members]
        self.query_one("#apart", Static).update(apart(figures, [view.view for view in views], names))

    @on(TabLine.Chosen)
    def _clicked(self, event: TabLine.Chosen) -> None:
        self._go_to(event.index)

    def _go_to(self, number: int) -> None:
        self._active = number
        self._arrange()
        self.set_focus(self.panes[number].view)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what means something for what is shown."""
        if action in {"pane", "link", "one_scale", "figure"}:
            return bool(self._found)
        if action == "difference":
            at = [figures[min(self._at, len(figures) - 1)] for figures in self._found]
            return self._gap(at) is not None
        return super().check_action(action, parameters)

    def action_pane(self, step: int) -> None:
        """Go to another pane."""
        focused = [number for number, pane in enumerate(self.panes) if pane.view.has_focus]
        now = focused[0] if focused and not self.has_class("-tabs") else self._active
        self._go_to((now + step) % len(self.panes))

    def action_link(self) -> None:
        """Link the panes, or let them go."""
        self._linked = not self._linked
        self._tell_state()
        focused = self.focused
        if self._linked and isinstance(focused, FigureView):
            focused.post_message(FigureView.Looked(focused))

    def action_one_scale(self) -> None:
        """Draw all fields on one scale, or each on its own."""
        self._shared = not self._shared
        self._redraw()

    def action_difference(self) -> None:
        """Show or hide the difference."""
        self._differing = not self._differing
        self._hang()

    def action_figure(self, step: int) -> None:
        """Show another figure of each."""
        self._at = (min(self._at, self._most() - 1) + step) % self._most()
        self._hang()

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.copy(self.command_line)

    def _most(self) -> int:
        """Return how many figures the richest of the things has."""
        return max(len(figures) for figures in self._found)

    def _redraw(self) -> None:
        """Draw the same figures anew, each from where it is looked at."""
        views = [pane.view.view for pane in self.panes]
        for pane, (name, figure), view in zip(self.panes, self._shown(), views, strict=True):
            pane.show_figure(name, figure, view)
        self._tell_state()


def shape(count: int, width: int, height: int) -> tuple[int, int]:
    """Return columns and rows of panes, as wide as high as can be; 0 where there is no room for all.

    Args:
        count: How many panes.
        width: Columns of cells.
        height: Rows of cells.

    Returns:
        Columns and rows of the grid.
    """
    fitting = []
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        across, down = width // columns, height // rows
        empty = columns * rows - count
        if across >= SMALLEST[0] and down >= SMALLEST[1] and empty < 2:
            fitting.append((abs(across - 2.2 * down) + 5 * empty, columns, rows))
    _, columns, rows = min(fitting, default=(0, 0, 0))
    return columns, rows


def _read_all(members: list[Item]) -> list[list[Figure]]:
    """Return the figures of all things."""
    return [figures_of(member) for member in members]
