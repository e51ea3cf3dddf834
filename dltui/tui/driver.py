"""Textual's driver of a terminal, but what it writes goes there as it is."""

from __future__ import annotations

import termios
import tty
from contextlib import suppress

from textual.drivers.linux_driver import LinuxDriver


class PlainDriver(LinuxDriver):
    """Spares the system the search for line ends in all that is written, which takes longer than the writing.

    It would put a carriage return before each; Textual says by row and column where everything stands.
    """

    def start_application_mode(self) -> None:
        """Take the terminal over; leaving it gives all its settings back."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        with suppress(termios.error):
            settings = termios.tcgetattr(self.fileno)
            if not settings[tty.LFLAG] & termios.ICANON:  # else it was not taken over, as in the background
                settings[tty.OFLAG] &= ~termios.OPOST
                termios.tcsetattr(self.fileno, termios.TCSANOW, settings)
