"""Going through a family of exhibits on a terminal, one after the other."""

from __future__ import annotations

import sys

from dltui.commands._frame import Common
from dltui.commands._output import note, write_lines
from dltui.commands._show import show
from dltui.errors import UsageError
from dltui.lab.run import run
from dltui.lab.tour import stop_at, stops


def walk(family: str, place: int, common: Common) -> None:
    """Show an exhibit, ask where to go, and so on until the end.

    Args:
        family: The family.
        place: Where to begin, counted from 0.
        common: The common options.

    Raises:
        UsageError: If an exhibit refuses its own default settings.
    """
    names = stops(family)
    while 0 <= place < len(names):
        name = names[place]
        shown = run(name, report=common.report)
        common.report.clear()
        write_lines(["", f"── {place + 1} of {len(names)} · {family} " + "─" * 20, ""])
        show(shown, common)
        going = _next(family, place)
        if going is None:
            return
        place = going
    note(f"that was the tour of {family}; its checks: dltui lab check --family {family}")


def _next(family: str, place: int) -> int | None:
    """Ask where to go; None to end. What makes no sense is said, and asked again."""
    name = stops(family)[place]
    while True:
        note(f"\nturn its knobs: dltui lab run {name} --help")
        sys.stderr.write("Enter for the next · p the one before · number or name · q to end: ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        word = answer.strip()
        if not answer or word in {"q", "quit"}:
            return None
        if word in {"", "n"}:
            return place + 1
        if word == "p":
            return max(0, place - 1)
        try:
            return stop_at(family, word)
        except UsageError as error:
            note(str(error))
