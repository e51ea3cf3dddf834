"""One figure that is looked at with keys and mouse."""

from __future__ import annotations

import time
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump
from textual.timer import Timer
from textual.worker import Worker

from dltui.draw import draw
from dltui.draw.canvas import Canvas
from dltui.draw.look import Look
from dltui.draw.scene.eye import first_view
from dltui.draw.view import View
from dltui.errors import DltuiError
from dltui.figures import Figure, Scene
from dltui.settings import Settings
from dltui.tui import actions
from dltui.tui.manners import Manner, Turning, manner_of
from dltui.tui.themes import INKS, Ink
from dltui.tui.widgets.canvas_view import CanvasView
from dltui.tui.widgets.dyeing import dye
from dltui.tui.widgets.finish import Finish, pictorial
from dltui.tui.widgets.keeping import GROUP, Keeping
from dltui.tui.widgets.pace import Pace, waiting

MEANT = {
    scope: frozenset(known.name for known in actions.of_scope(scope)) for scope in ("turn", "plane", "read")
}
SPIN = 2.0  # degrees a frame
LEFT = 1  # button of the mouse that turns; the others move what is held aside
SMALLEST = (8, 3)  # cells below which nothing is drawn
BREATH = (
    0.005  # seconds after a frame for the keys that came while it was drawn, so that one frame answers all
)
ALWAYS = frozenset({"save", "copy_text", "record", "glyphs"})  # actions that every figure has


class FigureView(CanvasView, can_focus=True):
    """Owns a figure and the view of it; every key, click and move of the mouse leads to a new view."""

    BINDINGS = actions.bindings("turn", "plane", "read", "figure")
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

    @dataclass
    class Looked(Message):
        """Someone looks from another place; only the newest one counts."""

        view: FigureView

        @property
        def control(self) -> FigureView:
            """The view that it comes from."""
            return self.view

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, FigureView.Looked) and message.view is self.view

    def __init__(self, figure: Figure | None = None, *, pace: Pace | None = None) -> None:
        super().__init__()
        self._figure = figure
        self._manner: Manner | None = manner_of(figure) if figure is not None else None
        self._view = View()
        self._pace = pace or Pace.of()
        self._due: Timer | None = None
        self._spinning: Timer | None = None
        self._drawn_at = self._done_at = 0.0
        self._grip: tuple[int, int] | None = None
        self._inked = ""
        self.frames = 0  # drawn so far
        self._finish = Finish(self)
        self.keeping = Keeping(self)
        self.trouble = ""

    @property
    def settings(self) -> Settings:
        """How the user wants pictures to be."""
        tuning = getattr(self.app, "tuning", None)
        return tuning.settings if tuning else Settings()

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
        self._view = view or (View() if figure is None else first_view(figure))
        self._draw()
        if (self._manner.scope if self._manner else "") != before:
            self.refresh_bindings()

    def plain_look(self) -> Look:
        """Return how the figure is drawn while it moves: in cells, at the size of the widget."""
        return self._finish.plain_look()

    def look(self, view: View) -> None:
        """Look from another place; frames that come too fast are left out."""
        if view != self._view:
            self._view = view
            self._ask_for_frame()
            self.post_message(self.Looked(self))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Allow only what means something here; no spin where nothing may move, no pan where all is shown."""
        if action == "spin" and self.app.animation_level == "none":
            return False
        if action == "pan" and self._view.x_range is None and self._view.y_range is None:
            return False
        if action == "fly":
            return isinstance(self._figure, Scene)
        if action in {"go", "rise"}:
            return self._view.place is not None
        if action in ALWAYS:
            return self._figure is not None and (action != "glyphs" or pictorial(self._figure))
        mine = MEANT[self._manner.scope] if self._manner else frozenset()
        return action in mine or all(action not in names for names in MEANT.values())

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
        self.look(View() if self._figure is None else first_view(self._figure))

    def action_spin(self) -> None:
        """Let the figure turn by itself, or stop it."""
        if self._spinning is not None:
            self._stop_spinning()
        else:
            self._spinning = self.set_interval(1 / self._pace.rate, self._spin)

    def action_fly(self) -> None:
        """Fly freely from here, or go around the figure again."""
        self._stop_spinning()
        if isinstance(self._manner, Turning):
            self.look(self._manner.fly(self._view))
            self.refresh_bindings()

    def action_go(self, right: int, ahead: int) -> None:
        """Fly a step."""
        if isinstance(self._manner, Turning):
            self.look(self._manner.go(self._view, right, ahead, 0))

    def action_rise(self, up: int) -> None:
        """Fly a step upwards or down."""
        if isinstance(self._manner, Turning):
            self.look(self._manner.go(self._view, 0, 0, up))

    def action_save(self) -> None:
        """Ask for a name and write the figure to a file."""
        self.keeping.ask()

    def action_copy_text(self) -> None:
        """Put the figure on the clipboard as text."""
        self.keeping.copy()

    def action_record(self) -> None:
        """Keep every frame from now on, or end that and write them to a file."""
        self.keeping.toggle()

    def action_glyphs(self) -> None:
        """Divide the cells of pictures otherwise: finer, then real pixels, then halves again."""
        name = self._finish.change()
        self._draw()
        self.post_message(self.Readout(self, f"drawn in {name}"))

    # mouse

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag what is held, or read what is pointed at."""
        if self._manner is None:
            return
        if self._grip is not None and event.button:
            column, row = self._grip
            self._grip = (event.x, event.y)
            moved = event.x - column, event.y - row
            if isinstance(self._manner, Turning) and (event.button != LEFT or event.shift or event.ctrl):
                self.look(self._manner.carry(self._view, *moved, (self.size.width, self.size.height)))
            else:
                self.look(self._manner.drag(self._view, *moved))
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

    def on_mount(self) -> None:
        """Follow the settings."""
        tuning = getattr(self.app, "tuning", None)
        if tuning:
            tuning.news.subscribe(self, self._tuned)
            self._tuned(tuning.settings)

    def _tuned(self, settings: Settings) -> None:
        """Draw as the user wants it from now on."""
        self._finish.tune(settings)
        self._pace.limit(None if settings.frame_rate == "auto" else settings.frame_rate)
        if settings.motion == "reduced":
            self._stop_spinning()
        self._draw()

    def notify_style_update(self) -> None:
        """Draw in the colours of a new theme."""
        super().notify_style_update()
        if self._inked and self._inked != self.app.theme:
            self._draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def on_unmount(self) -> None:
        """Stop what would draw to a widget that is gone."""
        self._stop_spinning()
        self.keeping.stop()
        super().on_unmount()

    def _move(self, right: int, up: int) -> None:
        if self._manner:
            self.look(self._manner.move(self._view, right, up))

    def _spin(self) -> None:
        if self._manner and self._due is None and self._view.place is None:
            self.look(self._manner.drag(self._view, -1, 0))

    def _stop_spinning(self) -> None:
        if self._spinning is not None:
            self._spinning.stop()
            self._spinning = None

    def _ask_for_frame(self) -> None:
        """Draw now, or as soon as the pace allows."""
        if self._due is not None:
            return
        wait = max(self._drawn_at + 1 / self._pace.rate, self._done_at + BREATH) - time.monotonic()
        if wait <= 0 and not waiting(self.app):
            self._draw()
        else:
            self._due = self.set_timer(max(wait, BREATH), self._frame_due)

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
        self.frames += 1
        if self._figure is None or self._manner is None or width < SMALLEST[0] or height < SMALLEST[1]:
            self.show(Canvas(width, height))
            return
        self._pace.drawn()
        self.depth = self._pace.depth
        look = self.plain_look()
        try:
            drawing = draw(self._figure, look, self._view)
        except Exception as error:  # noqa: BLE001 - a figure from a broken file must not take the application down
            self.trouble = str(error) if isinstance(error, DltuiError) else f"{type(error).__name__}: {error}"
            self.show(Canvas(width, height))
            self.post_message(self.Readout(self, f"can't draw this figure: {self.trouble}"))
            return
        self._manner.drawn(drawing, self._view, look)
        self._inked = self.app.theme
        if (ink := self.ink) is not None:
            dye(drawing.canvas, ink)
        self.show(drawing.canvas)
        self._done_at = time.monotonic()
        self.keeping.frame(drawing.canvas)
        self.post_message(self.Readout(self, self._manner.readout(self._view)))
        self._finish.rest()

    @property
    def busy(self) -> bool:
        """Whether a frame is due, or the terminal has not taken the last one."""
        return self._due is not None or waiting(self.app)

    @property
    def ink(self) -> Ink | None:
        """The colours of the theme, or None where there are none or they are another maker's."""
        return None if self.app.no_color else INKS.get(self.app.theme)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Show pixels if nothing has moved since, or tell how writing a file ended."""
        event.stop()
        if event.worker.group == GROUP:
            self.keeping.written(event)
        else:
            self._finish.take(event)
