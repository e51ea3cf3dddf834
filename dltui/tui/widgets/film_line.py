"""Which moment of a film is shown."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

FEWEST = 2  # moments from which there is a film


class FilmLine(Widget):
    """A thin line with a handle; a click or a drag winds it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    FilmLine { height: 1; padding: 0 1; display: none; }
    FilmLine.-film { display: block; }
    """

    at: reactive[int] = reactive(0)
    count: reactive[int] = reactive(0)
    playing: reactive[bool] = reactive(False)

    @dataclass
    class Chosen(Message):
        """Someone wound the film."""

        at: int

    def watch_count(self) -> None:
        """Take no room where nothing moves."""
        self.set_class(self.count >= FEWEST, "-film")

    def render(self) -> Content:
        """Return sign, line and numbers."""
        told = f" {self.at + 1} of {self.count}"
        wide = self._wide
        here = round(self.at / max(1, self.count - 1) * (wide - 1))
        return Content.assemble(
            ("‖ " if self.playing else "▸ ", "$text-accent"),
            ("━" * here, "$foreground 70%"),
            ("●", "$text-accent"),
            ("─" * (wide - 1 - here), "$foreground 70%"),
            (told, "$foreground 70%"),
        )

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Wind to where the mouse is, or play."""
        self.capture_mouse()
        self._wind(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Wind along."""
        if event.button:
            self._wind(event)

    def on_mouse_up(self) -> None:
        """Let go."""
        self.release_mouse()

    @property
    def _wide(self) -> int:
        """Cells of the line."""
        return max(2, self.size.width - 2 - len(f" {self.count} of {self.count}"))

    def _wind(self, event: events.MouseEvent) -> None:
        share = (event.x - self.styles.padding.left - 2) / max(1, self._wide - 1)
        self.post_message(self.Chosen(round(min(1.0, max(0.0, share)) * (self.count - 1))))
