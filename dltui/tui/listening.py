"""The driver of a terminal that hears the answer of the terminal among the keys."""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from textual._xterm_parser import XTermParser

from dltui.tui.asking import BREATH
from dltui.tui.driver import PlainDriver

if TYPE_CHECKING:
    from dltui.tui.app import DltuiApp
    from dltui.tui.asking import Asking

TICK = 0.1  # seconds after which an escape was a key


class Listening(PlainDriver):
    """Reads the terminal for an application that asked it something before it began."""

    def __init__(
        self, app: DltuiApp, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert app.asking is not None, "who has asked nothing has Textual's own driver"
        self._asking: Asking = app.asking
        self._answered = app.Answered

    def start_application_mode(self) -> None:
        """Take the terminal; it will be set again as it was before it was asked."""
        super().start_application_mode()
        if (before := self._asking.take_over()) is not None:
            self.attrs_before = before

    def run_input_thread(self) -> None:
        """Read until the application ends: what was typed before it began, then what comes."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        came, self._asking.typed = self._asking.typed, b""
        while not self.exit_event.is_set():
            if text := decode(came):
                for event in parser.feed(text):
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)
            ready = select.select([self.fileno], [], [], BREATH if self._asking.holding else TICK)[0]
            if ready and not (part := self._read()):
                self._loop.call_soon_threadsafe(self.hang_up)
                return
            came = self._heard(part if ready else b"")

    def _read(self) -> bytes:
        """Return what has come; nothing when the terminal has gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def _heard(self, part: bytes) -> bytes:
        """Return the keys of what came; tell the application when the answer is complete, and what comes after it."""
        if not (self._asking.open or self._asking.late or self._asking.holding):
            return part
        before = self._asking.surroundings
        keys = self._asking.keys(part)
        if not self._asking.open and (after := self._asking.surroundings) != before:
            self.process_message(self._answered(after))
        return keys
