"""Remembering at work: takes up what was, notes what is, and writes it down."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from dltui.tui.memory import Memory, read_memory, write_memory
from dltui.tui.screens.base import Room

if TYPE_CHECKING:
    from dltui.tui.walking import WalkingApp

EVERY = 2.0  # seconds between looks at whether there is something new


class Keeper:
    """Remembers for an application from one start to the next.

    Attributes:
        memory: What is remembered.
    """

    def __init__(self, app: WalkingApp, *, fresh: bool) -> None:
        self.memory = Memory()
        self._app = app
        self._fresh = fresh
        self._written: str | None = None  # None as long as nothing shall be written

    def begin(self) -> None:
        """Read in a thread what was remembered, then take it up; the first picture stands by now."""
        if self._app.tuning.settings.remember:
            self._app.run_worker(self._take_up(), group="remembering", exit_on_error=False)

    async def _take_up(self) -> None:
        """Open again what was open the last time, and go where one was."""
        app, trail = self._app, self._app.trail
        if not self._fresh:
            self.memory = await asyncio.to_thread(read_memory)
        for item in self.memory.tabs:
            app.add_item(item)
        chosen, instead = self.memory.theme or ("", "")
        if chosen in app.available_themes and instead == app.tuning.settings.theme:
            app.theme = chosen
        room = app.screen_stack[0]
        if isinstance(room, Room) and (known := self.memory.rooms.get(room.place)):
            room.recall(known)
        if len(trail.open) > 1:
            app.go_to(
                self.memory.here
                if trail.here == trail.open[0] and self._has(self.memory.here)
                else trail.here
            )
        self._written = self._text()
        app.set_interval(EVERY, self._write_soon)

    def note(self) -> None:
        """Note how the screen is that is shown now."""
        stack = self._app.screen_stack
        if stack and isinstance(stack[0], Room) and stack[0].is_mounted:
            self.memory.keep(stack[0].place, stack[0].remember())

    def end(self) -> None:
        """Write all of it down before the application ends."""
        if self._written is not None:
            write_memory(self._text())
            self._written = None

    def _has(self, place: str) -> bool:
        return place in self._app.trail.open

    def _text(self) -> str:
        """Return all that is remembered."""
        self.note()
        app, wished = self._app, self._app.tuning.settings.theme
        self.memory.tabs, self.memory.here = app.opened(), app.trail.here
        self.memory.theme = (app.theme, wished) if app.theme != wished else None
        return self.memory.text()

    def _write_soon(self) -> None:
        """Write what has changed, in a thread; not while screens are taken apart at the end."""
        if not self._app.is_running:
            return
        text = self._text()
        if self._written not in {None, text}:
            self._written = text
            self._app.run_worker(partial(write_memory, text), thread=True, group="memory", exclusive=True)
