"""Showing on a terminal what is known while the work goes on, each picture over the last one."""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dltui.commands._live import CLEAR, HOME, WIPE
from dltui.commands._output import write_lines

if TYPE_CHECKING:
    from dltui.commands._frame import Common

APART = 0.08  # seconds between two pictures at least


class Alive:
    """Tells how far the work is, and draws the main figure of what is known by then.

    Args:
        common: The common options; its own report goes on being told.
    """

    def __init__(self, common: Common) -> None:
        self._common, self._drawn, self._next = common, False, 0.0

    def __call__(self, done: int, total: int, partial: object = None) -> None:
        """Draw what is known, unless that was done a moment ago."""
        from dltui.results import Result

        if not isinstance(partial, Result) or time.monotonic() < self._next:
            if not self._drawn:
                self._common.report(done, total, partial)
            return
        from dltui.commands._show import chosen_look
        from dltui.draw import render

        size = shutil.get_terminal_size((80, 24))
        look = replace(chosen_look(self._common), height=size.lines - 2, pixels=None)
        lines = render(partial.figures()[0], look)[: size.lines - 2]
        self._common.report.clear()
        sys.stdout.write((HOME if self._drawn else CLEAR + HOME) + f"{done} of {total}{WIPE}\n")
        write_lines(f"{line}{WIPE}" for line in lines)
        sys.stdout.write("\x1b[J")
        sys.stdout.flush()
        self._drawn, self._next = True, time.monotonic() + APART

    def clear(self) -> None:
        """Wipe what was told; the last picture stays until the answer is printed below it."""
        self._common.report.clear()


def alive(common: Common, *, wanted: bool) -> Common:
    """Return the options with a report that draws, where someone wants it and there is a terminal to draw on.

    Args:
        common: The common options.
        wanted: Whether ``--live`` was given.

    Returns:
        The same otherwise.
    """
    if not wanted or common.json or common.plain or not sys.stdout.isatty():
        return common
    return replace(common, report=Alive(common))
