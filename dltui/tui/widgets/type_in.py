"""A line to type in, which knows how it may go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message
from textual.suggester import Suggester
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from dltui.tui import actions
from dltui.tui.actions import Action

PAUSE = 0.12  # seconds without a key before folders are looked through

Complete = Callable[[str], list[str]]


class TypeIn(Input):
    """Asks in a thread how the text may go on: the likeliest way stands greyed behind it, → or ``ctrl+n`` takes it."""

    BINDINGS = actions.register(
        "A line to type in",
        Action(
            "type", "go_on", ("ctrl+n",), "suggestion", "Take the next suggestion; → takes the one in grey."
        ),
    )
    DEFAULT_CSS = """
    TypeIn {
        background: $foreground 6%;
        &:focus { background: $foreground 10%; }
        &.-textual-compact { padding: 0 1; }
    }
    """

    @dataclass
    class Ways(Message):
        """How the text may go on is known."""

        line: TypeIn
        ways: list[str]

        @property
        def control(self) -> TypeIn:
            """The line it comes from."""
            return self.line

    def __init__(self, complete: Complete, placeholder: str = "") -> None:
        """Make it.

        Args:
            complete: Returns how a text may go on; called in a thread.
            placeholder: What is shown while nothing is typed.
        """
        super().__init__(
            placeholder=placeholder, suggester=_First(complete), compact=True, select_on_focus=False
        )
        self._complete = complete
        self._ways: list[str] = []
        self._taken = -1
        self._pause: Timer | None = None

    def on_focus(self) -> None:
        """Look for ways to go on, also from nothing."""
        self.call_later(self._look)  # once the focus is here

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look anew once the typing rests; a suggestion that was taken keeps the others in reach."""
        if 0 <= self._taken < len(self._ways) and event.value == self._ways[self._taken]:
            return
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._look)

    def action_go_on(self) -> None:
        """Take the next suggestion in place of the last one."""
        if self._ways:
            self._taken = (self._taken + 1) % len(self._ways)
            self.take(self._ways[self._taken])

    def take(self, text: str) -> None:
        """Replace the text."""
        self.value = text
        self.cursor_position = len(text)

    def _look(self) -> None:
        if self.is_attached and self.has_focus:
            text = self.value
            self.run_worker(
                lambda: (text, self._complete(text)),
                thread=True,
                exclusive=True,
                group="ways",
                exit_on_error=False,
            )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Tell what was found."""
        if event.worker.group != "ways":
            return
        event.stop()
        if event.state is not WorkerState.SUCCESS or event.worker.result is None:
            return
        text, ways = event.worker.result
        if text == self.value:
            self._ways, self._taken = ways, -1
            self.post_message(self.Ways(self, self._ways))


class _First(Suggester):
    """The likeliest way to go on, in grey."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return it, or None where there is none."""
        ways = await asyncio.to_thread(self._complete, value)
        return ways[0] if ways else None
