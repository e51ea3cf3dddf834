"""The way into the application: the terminal is asked what it can show while the application's modules are read."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

from dltui.draw.terminals import Surroundings, look_around


class Asking:
    """A question to the terminal that is on its way; a silent terminal then costs no time of its own."""

    def __init__(self) -> None:
        self._found: Surroundings | None = None
        self._trouble: Exception | None = None
        self._thread = Thread(target=self._ask, name="dltui-asking", daemon=True)
        self._thread.start()

    def answer(self) -> Surroundings:
        """Wait for the answer, or for the end of the time that it may take.

        Returns:
            What the terminal is good for.

        Raises:
            UsageError: If ``DLTUI_GLYPHS`` is none of the choices.
        """
        self._thread.join()
        if self._trouble is not None:
            raise self._trouble
        assert self._found is not None, "the thread has ended with an answer or with trouble"
        return self._found

    def _ask(self) -> None:
        try:
            self._found = look_around()
        except Exception as error:  # noqa: BLE001 - raised again where the answer is wanted
            self._trouble = error


def run_tui(open_path: Path | None = None, *, fresh: bool = False) -> int:
    """Run the application until the user leaves it.

    Args:
        open_path: A saved result to open at once.
        fresh: Open nothing again that was open the last time.

    Returns:
        The exit code.

    Raises:
        UsageError: If there is no terminal.
        DltuiError: If the file is no result.
    """
    asking = Asking()
    from dltui.tui.app import run_app

    return run_app(open_path, fresh=fresh, surroundings=asking.answer)
