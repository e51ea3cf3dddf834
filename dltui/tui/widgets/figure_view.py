"""One figure that is looked at with keys and mouse."""

from __future__ import annotations

import time
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer

from dltui.draw import draw
from dltui.draw.canvas import Canvas
from dltui.draw.look import Depth, Look
from dltui.draw.view import View
from dltui.errors import DltuiError
from dltui.figures import Figure
from dltui.tui import actions
from dltui.tui.manners import Manner, manner_of
from dltui.tui.widgets.canvas_view import CanvasView
from dltui.tui.widgets.pace import Pace, waiting

SPIN = 2.0  # degrees a frame
SMALLEST = (8, 3)  # cells below which nothing is drawn


class FigureView(CanvasView, can_focus=True):
    """Owns a figure and the view of it; every key, click and move of the mouse leads to a new view."""

    BINDINGS = actions.bindings("turn", "plane", "read")
    DEFAULT_CSS = """
    FigureView { width: 1fr; height: 1fr; }
    """

    @dataclass
    class Readout(Message):
        """What is under the cursor changed; only the newest one counts."""

        view: FigureView
        text: str

        @property
        def control(self) -> FigureView:
            """The view that it comes from."""
            return self.view

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, FigureView.Readout) and message.view is self.view

    def __init__(self, figure: Figure | None = None, *, pace: Pace | None = None) -> None:
        super().__init__()
        self._figure = figure
        self._manner: Manner | None = manner_of(figure) if figure is not None else None
        self._view = View()
        self._pace = pace or Pace.of()
        self._due: Timer | None = None
        self._spinning: Timer | None = None
        self._drawn_at = 0.0
        self._grip: tuple[int, int] | None = None
        self.trouble = ""

    @property
    def figure(self) -> Figure | None:
        """What is looked at."""
        return self._figure

    @property
    def view(self) -> View:
        """From where it is looked at."""
        return self._view

    def show_figure(self, figure: Figure | None, view: View | None = None) -> None:
        """Show another figure.

        Args:
            figure: What to look at, or None for nothing.
            view: From where; the figure's own default when None.
        """
        self._stop_spinning()
        before = self._manner.scope if self._manner else ""
        self._figure = figure
        self._manner = manner_of(figure) if figure is not None else None
        self._view = view or View()
        self._draw()
        if (self._manner.scope if self._manner else "") != before:
            self.refresh_bindings()

    def look(self, view: View) -> None:
        """Look from another place; frames that come too fast are left out."""
        if view != self._view:
            self._view = view
            self._ask_for_frame()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Allow only the actions that mean something for this figure; a pan needs a part that is shown alone."""
        if action == "pan" and self._view.x_range is None and self._view.y_range is None:
            return False
        mine = {known.name for known in actions.of_scope(self._manner.scope)} if self._manner else set()
        others = {known.name for scope in ("turn", "plane", "read") for known in actions.of_scope(scope)}
        return action in mine or action not in others

    def action_turn(self, right: int, up: int) -> None:
        """Turn the figure."""
        self._move(right, up)

    def action_cursor(self, right: int, up: int) -> None:
        """Move the cursor."""
        self._move(right, up)

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self._move(0, -lines)

    def action_pan(self, right: int, up: int) -> None:
        """Move the part that is shown."""
        if self._manner:
            self.look(self._manner.shift(self._view, right, up))

    def action_page(self, pages: int) -> None:
        """Scroll by what fits."""
        self._move(0, -pages * max(1, self.size.height - 4))

    def action_edge(self, end: int) -> None:
        """Go to the first or the last line."""
        self._move(0, -(1 << 30) if end else 1 << 30)

    def action_zoom(self, steps: int) -> None:
        """Zoom in or out."""
        if self._manner:
            self.look(self._manner.zoom(self._view, steps))

    def action_dolly(self, steps: int) -> None:
        """Come closer or go back."""
        self.action_zoom(steps)

    def action_whole(self) -> None:
        """Show all of it, without a cursor."""
        self.look(View())

    def action_front(self) -> None:
        """Look as at first."""
        self._stop_spinning()
        self.look(View())

    def action_spin(self) -> None:
        """Let the figure turn by itself, or stop it."""
        if self._spinning is not None:
            self._stop_spinning()
        else:
            self._spinning = self.set_interval(1 / self._pace.rate, self._spin)

    # mouse

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag what is held, or read what is pointed at."""
        if self._manner is None:
            return
        if self._grip is not None and event.button:
            column, row = self._grip
            self._grip = (event.x, event.y)
            self.look(self._manner.drag(self._view, event.x - column, event.y - row))
        else:
            self.look(self._manner.point(self._view, event.x, event.y))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the figure."""
        self._stop_spinning()
        self._grip = (event.x, event.y)
        self.capture_mouse()

    def on_mouse_up(self) -> None:
        """Let go of it."""
        self._grip = None
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in where the mouse points, or scroll up."""
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out, or scroll down."""
        self._wheel(event, -1)

    def _wheel(self, event: events.MouseEvent, steps: int) -> None:
        event.stop()
        if self._manner:
            self.look(self._manner.zoom(self._view, steps, (event.x, event.y)))

    # frames

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def on_unmount(self) -> None:
        """Stop what would draw to a widget that is gone."""
        self._stop_spinning()

    def _move(self, right: int, up: int) -> None:
        if self._manner:
            self.look(self._manner.move(self._view, right, up))

    def _spin(self) -> None:
        if self._manner and self._due is None:
            self.look(self._manner.drag(self._view, -1, 0))

    def _stop_spinning(self) -> None:
        if self._spinning is not None:
            self._spinning.stop()
            self._spinning = None

    def _ask_for_frame(self) -> None:
        """Draw now, or as soon as the pace allows."""
        if self._due is not None:
            return
        wait = self._drawn_at + 1 / self._pace.rate - time.monotonic()
        if wait <= 0 and not waiting(self.app):
            self._draw()
        else:
            self._due = self.set_timer(max(wait, 0.005), self._frame_due)

    def _frame_due(self) -> None:
        """Draw the frame that was put off, unless the terminal still has not taken the last one."""
        self._due = None
        if waiting(self.app):
            self._pace.held()
            self._due = self.set_timer(1 / self._pace.rate, self._frame_due)
        else:
            self._draw()

    def _draw(self) -> None:
        """Draw the figure from the view, at the size of the widget."""
        width, height = self.size
        self._drawn_at = time.monotonic()
        if self._figure is None or self._manner is None or width < SMALLEST[0] or height < SMALLEST[1]:
            self.show(Canvas(width, height))
            return
        self._pace.drawn()
        self.depth = self._pace.depth
        look = Look(width=width, height=height, depth=Depth.NONE if self.app.no_color else Depth.TRUE)
        try:
            drawing = draw(self._figure, look, self._view)
        except Exception as error:  # noqa: BLE001 - a figure from a broken file must not take the application down
            self.trouble = str(error) if isinstance(error, DltuiError) else f"{type(error).__name__}: {error}"
            self.show(Canvas(width, height))
            self.post_message(self.Readout(self, f"can't draw this figure: {self.trouble}"))
            return
        self._manner.drawn(drawing, self._view, look)
        self.show(drawing.canvas)
        self.post_message(self.Readout(self, self._manner.readout(self._view)))
