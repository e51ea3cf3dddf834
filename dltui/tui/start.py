"""The way into the application: the terminal is asked what it can show, and the application does not wait for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dltui.errors import UsageError
from dltui.tui.asking import Asking

if TYPE_CHECKING:
    from dltui.tui.catalog.items import Item


def run_tui(open_path: Path | None = None, *, fresh: bool = False, first: Item | None = None) -> int:
    """Run the application until the user leaves it.

    Args:
        open_path: A saved result to open at once.
        fresh: Open nothing again that was open the last time.
        first: A thing to open at once.

    Returns:
        The exit code.

    Raises:
        UsageError: If there is no terminal.
        DltuiError: If the file is no result.
    """
    if not all(
        stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__)
    ):
        raise UsageError("the TUI needs a terminal; try `dltui open FILE` or `--help`")
    asking = Asking()
    try:
        from dltui.tui.app import run_app

        return run_app(open_path, fresh=fresh, first=first, asking=asking)
    finally:
        asking.close()
