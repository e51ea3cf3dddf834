"""Textual's driver of a terminal, but what it writes goes there as it is, and the terminal may go away."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
import tty
from contextlib import suppress

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

GONE = 130  # exit code when the terminal has gone: as if everything had been cancelled


class PlainDriver(LinuxDriver):
    """Spares the system the search for line ends in all that is written, which takes longer than the writing.

    It would put a carriage return before each; Textual says by row and column where everything stands.
    When the line to the terminal breaks, the application ends as if it had been left: what its jobs know is kept.
    """

    def start_application_mode(self) -> None:
        """Take the terminal over; leaving it gives all its settings back."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.hang_up)
        with suppress(termios.error):
            settings = termios.tcgetattr(self.fileno)
            if not settings[tty.LFLAG] & termios.ICANON:  # else it was not taken over, as in the background
                settings[tty.OFLAG] &= ~termios.OPOST
                termios.tcsetattr(self.fileno, termios.TCSANOW, settings)

    def hang_up(self) -> None:
        """End the application, whose terminal has gone."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):  # or writing there would fail, and the rest of the ending with it
            os.dup2(nowhere, stream)
        os.close(nowhere)
        assert self._file is not None, "it was running"
        self._writer_thread = WriterThread(self._file)  # the last one has died of it, or waits for a reader
        self._writer_thread.start()
        self._app.exit(return_code=GONE)
