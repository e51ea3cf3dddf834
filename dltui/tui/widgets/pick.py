"""One of a few words, chosen in place."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from dltui.tui import actions
from dltui.tui.actions import Action

GAP = 2


class Pick(Widget, can_focus=True):
    """Words in a row where all fit, the chosen one alone where they don't."""

    BINDINGS = actions.register(
        "A choice",
        Action("pick", "step", ("left", "right", "h", "l", "minus", "plus", "equals_sign", "space"), "choose",
               "Choose the next word, or the one before.", ("-1", "1", "-1", "1", "-1", "1", "1", "1"), shown=2),
        Action("pick", "reset", ("backspace", "delete"), "default", "Go back to what it is by itself."),
    )  # fmt: skip
    DEFAULT_CSS = """
    Pick { height: 1; }
    """

    text: reactive[str] = reactive("")

    @dataclass
    class Changed(Message):
        """Another word is chosen."""

        pick: Pick
        text: str

        @property
        def control(self) -> Pick:
            """The choice it comes from."""
            return self.pick

    def __init__(self, options: tuple[str, ...], default: str = "", *, names: tuple[str, ...] = ()) -> None:
        """Make it.

        Args:
            options: What can be chosen.
            default: What it is by itself; empty when the verb finds out.
            names: What is written instead of the options, one each.
        """
        super().__init__()
        self._options, self._default = options, default
        self._names = names or options
        self._spans: list[tuple[range, int]] = []

    def action_step(self, steps: int) -> None:
        """Choose a word further on; the row is a ring."""
        here = self._at
        first = 0 if steps > 0 else len(self._options) - 1
        self._choose(first if here is None else (here + steps) % len(self._options))

    def action_reset(self) -> None:
        """Choose nothing, so that the default holds."""
        self._set("")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the default only when it is left."""
        return bool(self.text) if action == "reset" else super().check_action(action, parameters)

    def on_click(self, event: events.Click) -> None:
        """Choose what is clicked on; where only one word is shown, the next one."""
        offset = event.get_content_offset(self)
        for span, place in self._spans:
            if offset is not None and offset.x in span:
                self._choose(place)

    def watch_text(self) -> None:
        """Offer the default once it is left."""
        if self.is_mounted:
            self.refresh_bindings()

    @property
    def _at(self) -> int | None:
        """Which word holds, or None."""
        held = self.text or self._default
        return self._options.index(held) if held in self._options else None

    def render(self) -> Content:
        """Return the words that fit, and remember where each stands."""
        wide = sum(cell_len(name) for name in self._names) + GAP * (len(self._names) - 1)
        return self._row() if wide <= self.size.width else self._one()

    def _row(self) -> Content:
        parts: list[Content] = []
        self._spans, column = [], 0
        for place, name in enumerate(self._names):
            self._spans.append((range(column, column + cell_len(name)), place))
            parts += [self._word(place), Content(" " * GAP)]
            column += cell_len(name) + GAP
        return Content.assemble(*parts[:-1])

    def _one(self) -> Content:
        at = self._at
        word = Content.styled("not set", "$foreground 70%") if at is None else self._word(at)
        many = f" ›  {'–' if at is None else at + 1} of {len(self._names)}"
        self._spans = [(range(self.size.width), 0 if at is None else (at + 1) % len(self._names))]
        return Content.assemble(("‹ ", "$foreground 70%"), word, (many, "$foreground 70%"))

    def _word(self, place: int) -> Content:
        name = self._names[place]
        if place != self._at:
            return Content.styled(name, "$foreground 70%")
        if self.has_focus:
            return Content.styled(name, "reverse" if self.app.no_color else "$text-accent bold underline")
        return Content.styled(name, "bold underline" if self.text else "$foreground 80% underline")

    def _choose(self, place: int) -> None:
        self._set(self._options[place])

    def _set(self, text: str) -> None:
        text = "" if text == self._default else text
        if text != self.text:
            self.text = text
            self.post_message(self.Changed(self, text))
