"""The screen of a network as a graph: the calls in a tree that is unfolded, boxes and arrows beside."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList
from textual.worker import Worker, WorkerState

from dltui.figures import Figure
from dltui.results.modelgraph import ModelGraph
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.onward import origin
from dltui.tui.register import screen
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.call_tree import CallTree

INPUT = "input"  # group of the worker that finds out what a layer is asked for


@screen("result:graph")
class GraphScreen(MeasuredScreen):
    """Blocks are opened in the tree, and the drawing follows; a layer leads to what it makes of an input."""

    BINDINGS = actions.register(
        "This graph",
        Action("graph", "choose", ("tab",), "tree", "Go to the tree, and back to the figure."),
        Action(
            "graph",
            "unfold",
            ("u", "U"),
            "unfold",
            "Open another level of blocks, or close one.",
            ("1", "-1"),
            shown=2,
        ),
        Action(
            "graph", "activations", ("A",), "activations", "Show what the chosen layer makes of an input."
        ),
    )
    AUTO_FOCUS = "CallTree"

    _found: ModelGraph | None = None

    def show_result(self, result: ModelGraph, figures: list[Figure]) -> None:
        """Show the figures, and the calls in the tree."""
        self._found = result
        super().show_result(result, figures)
        self.query_one(CallTree).grow(result.nodes, result.edges, 0)
        self._draw()

    def beside(self) -> ComposeResult:
        """Yield the tree of calls."""
        yield CallTree()

    def action_choose(self) -> None:
        """Move between the tree and the figure."""
        tree = self.query_one(CallTree)
        self.set_focus(self.view if tree.has_focus else tree)

    def action_unfold(self, change: int) -> None:
        """Open or close a level of blocks."""
        self.query_one(CallTree).unfold(change)
        self._draw()

    def action_activations(self) -> None:
        """Ask what the chosen call makes of an input: at once where the graph was made with one, else by the form."""
        place = self.query_one(CallTree).place
        if self._found is None or place is None:
            return
        name = self._found.nodes[place].name
        layer = None if name in {"input", "output"} else [name]
        work = partial(_asked, self.item.command, layer)
        self.run_worker(work, thread=True, exclusive=True, group=INPUT, exit_on_error=False)

    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        """Open or close a block; look at what a layer makes of an input."""
        tree = self.query_one(CallTree)
        if tree.place is None or self._found is None:
            return
        if self._found.nodes[tree.place].block:
            tree.turn(tree.place)
            self._draw()
        else:
            self.action_activations()

    def _draw(self) -> None:
        """Draw what is open."""
        if self._found is not None and self._figures:
            drawn = self._found.drawn(self.query_one(CallTree).opened)
            self._figures = [drawn, *self._figures[1:]]
            self._show(keep=True)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Run the command or open the form that was put together; others are the screen's below."""
        if event.worker.group != INPUT:
            super().on_worker_state_changed(event)
            return
        event.prevent_default()
        event.stop()
        if event.state is WorkerState.SUCCESS and event.worker.result is not None:
            words, values = event.worker.result
            if words:
                self.dltui.open_job(self.dltui.run_job(words))
            else:
                self.dltui.open_form("features", values)
        elif event.state is WorkerState.ERROR:
            self.notify(str(event.worker.error), severity="error", markup=False)


def _asked(command: str, layer: list[str] | None) -> tuple[list[str], dict[str, object]]:
    """Return the command line that asks what a layer makes of an input, or the values of its form without one."""
    known = origin(command)
    values = known.for_form("features", layer=layer)
    if known.values.get("input") is None:
        return [], {name: value for name, value in values.items() if value is not None}
    return known.onward("features", layer=layer), values
