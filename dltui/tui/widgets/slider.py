"""A number that is slid, stepped or typed."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.message_pump import MessagePump
from textual.reactive import reactive
from textual.widget import Widget

from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.scale import FAR, Scale

TYPED = frozenset("0123456789.eE+-−")  # what numbers are spelled with
BEGINS = frozenset("0123456789")  # what begins one: signs step, and a dot belongs to the screen
VALUE = 10  # cells of the number beside the bar
LEAST = 8  # cells below which no bar is drawn


class Slider(Widget, can_focus=True):
    """A bar with a handle where there are two ends, and the number beside it; digits begin to type over it."""

    BINDINGS = actions.register(
        "A number",
        Action("slider", "step", ("left", "right", "h", "l", "minus", "plus", "equals_sign"), "turn",
               "Turn by one step.", ("-1", "1", "-1", "1", "-1", "1", "1"), shown=2),
        Action("slider", "far", ("shift+left", "shift+right", "H", "L"), "", "Turn by five steps.",
               ("-1", "1", "-1", "1"), shown=0),
        Action("slider", "end", ("home", "end"), "", "Go to the smallest or the largest.", ("0", "1"), shown=0),
        Action("slider", "reset", ("backspace", "delete"), "default", "Go back to where it stands by itself."),
    )  # fmt: skip
    DEFAULT_CSS = """
    Slider { height: 1; }
    """

    text: reactive[str] = reactive("")
    typed: reactive[str | None] = reactive(None)

    @dataclass
    class Changed(Message):
        """The number is another one; only the newest counts."""

        slider: Slider
        text: str

        @property
        def control(self) -> Slider:
            """The slider it comes from."""
            return self.slider

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, Slider.Changed) and message.slider is self.slider

    def __init__(self, scale: Scale, default: str = "", *, unset: str = "not set") -> None:
        """Make it.

        Args:
            scale: What the number may be.
            default: Where it stands by itself, spelled; empty when the verb finds out.
            unset: What is shown instead of a default that is not known.
        """
        super().__init__()
        self.scale = scale
        self._default, self._unset = default, unset
        self._held = False

    @property
    def value(self) -> float | None:
        """The number, or None when nothing is set or the text spells none."""
        return _number(self.text or self._default)

    # keys

    def on_key(self, event: events.Key) -> None:
        """Take the characters of a number."""
        if self.typed is None:
            if event.character in BEGINS or (event.key == "enter" and self.text):
                self._type(event.character if event.character in BEGINS else self.text)
                _mine(event)
            return
        if event.key in {"backspace", "delete"}:
            self._type(self.typed[:-1])
        elif event.character in TYPED:
            self._type(self.typed + str(event.character).replace("−", "-"))
        elif event.key == "enter":
            self.typed = None
        elif event.key == "escape":
            self._type("")
            self.typed = None
        else:
            self.typed = None
            return
        _mine(event)

    def action_step(self, steps: int) -> None:
        """Turn by some steps."""
        self._set(self.scale.spell(self.scale.beside(self.value, steps)))

    def action_far(self, way: int) -> None:
        """Turn by many steps."""
        self.action_step(way * FAR)

    def action_end(self, end: int) -> None:
        """Go to one of the ends."""
        bound = self.scale.high if end else self.scale.low
        if bound is not None:
            self._set(self.scale.spell(bound))

    def action_reset(self) -> None:
        """Go back to the default."""
        self._set("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer ends only where there are some, and the default only when it is left."""
        if action == "end":
            return self.scale.bounded
        if action == "reset":
            return bool(self.text)
        return super().check_action(action, parameters)

    # mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take the handle to where the mouse is."""
        self._held = self.scale.bounded and event.x < self._bar
        if self._held:
            self.capture_mouse()
            self._drag(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the handle."""
        if self._held and event.button:
            self._drag(event.x)

    def on_mouse_up(self) -> None:
        """Let go."""
        self._held = False
        self.release_mouse()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Turn up; the wheel turns only what has the focus, so that it still scrolls what is around."""
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Turn down."""
        self._wheel(event, -1)

    def on_blur(self) -> None:
        """End typing."""
        self.typed = None

    # picture

    def render(self) -> Content:
        """Return bar and number."""
        shown = self._shown()
        if not self.scale.bounded or self._bar < LEAST:
            return Content.assemble(("‹ ", "$foreground 70%"), shown, (" ›", "$foreground 70%"))
        return Content.assemble(*self._drawn(), "  ", shown)

    def watch_text(self) -> None:
        """Offer the default once it is left."""
        if self.is_mounted:
            self.refresh_bindings()

    @property
    def _bar(self) -> int:
        """Cells of the bar."""
        return self.size.width - VALUE - 2

    def _shown(self) -> Content:
        """Return the number as it stands, or as it is typed."""
        if self.typed is not None:
            return Content.assemble(self.typed, ("▏", "$text-accent"))
        if self.text:
            return Content.styled(self.text, "bold")
        return Content.styled(self._default or self._unset, "$foreground 70%")

    def _drawn(self) -> list[Content]:
        """Return the bar: what is left behind, the handle, the rest, and a mark at the default."""
        wide = self._bar
        value, default = self.value, _number(self._default)
        at = None if value is None else self._cell(value)
        mark = None if default is None else self._cell(default)
        colour = "$text-accent" if self.has_focus else "$foreground 70%"
        cells = []
        for place in range(wide):
            if place == at:
                cells.append(Content.styled("●", colour + (" bold" if self.has_focus else "")))
            elif place == mark:
                cells.append(Content.styled("┿", "$foreground 70%"))
            elif at is not None and place < at:
                cells.append(Content.styled("━", colour))
            else:
                cells.append(Content.styled("─", "$foreground 70%"))
        return cells

    def _cell(self, value: float) -> int:
        """Return the cell of the bar for a value."""
        return round(self.scale.share(value) * (self._bar - 1))

    def _type(self, typed: str) -> None:
        self.typed = typed
        self._set(typed)

    def _drag(self, x: int) -> None:
        self._set(self.scale.spell(self.scale.at(x / max(1, self._bar - 1))))

    def _wheel(self, event: events.MouseEvent, steps: int) -> None:
        if self.has_focus:
            event.stop()
            event.prevent_default()
            self.action_step(steps)

    def _set(self, text: str) -> None:
        text = "" if text == self._default and self.typed is None else text
        if text != self.text:
            self.text = text
            self.post_message(self.Changed(self, text))


def _number(text: str) -> float | None:
    """Return what a text spells, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def _mine(event: events.Key) -> None:
    """Let nobody else have a key."""
    event.stop()
    event.prevent_default()
