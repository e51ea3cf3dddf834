"""One of several figures side by side."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from dltui.draw.view import View
from dltui.figures import Figure
from dltui.tui.widgets.figure_view import FigureView


class ComparedView(FigureView):
    """A figure beside others; it never spins, so that ``s`` is free for the scale."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow what means something for this figure, but no spinning."""
        return action != "spin" and super().check_action(action, parameters)

    def on_enter(self, event: events.Enter) -> None:
        """Take the focus with the mouse, so that keys go where one points."""
        del event
        self.focus(scroll_visible=False)


class ComparePane(Vertical):
    """A name, a figure, and what the cursor reads in it."""

    DEFAULT_CSS = """
    ComparePane { width: 1fr; height: 1fr; padding: 0 1; }
    ComparePane .name { height: 1; color: $foreground 70%; text-wrap: nowrap; text-overflow: ellipsis; }
    ComparePane .read { height: 1; color: $text-accent; text-wrap: nowrap; text-overflow: ellipsis; }
    ComparePane:focus-within .name { color: $text-primary; background: $primary-muted; text-style: bold; }
    ComparePane:nocolor:focus-within .name { text-style: bold reverse; }
    """

    def compose(self) -> ComposeResult:
        """Lay out the parts."""
        yield Static(classes="name", markup=False)
        yield ComparedView()
        yield Static(classes="read", markup=False)

    @property
    def view(self) -> ComparedView:
        """What shows the figure."""
        return self.query_one(ComparedView)

    def show_figure(self, name: str, figure: Figure, view: View | None) -> None:
        """Show another figure under a name."""
        self.query_one(".name", Static).update(name)
        self.view.show_figure(figure, view)

    @on(FigureView.Readout)
    def _read(self, event: FigureView.Readout) -> None:
        self.query_one(".read", Static).update(event.text)
