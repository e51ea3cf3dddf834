"""Home: the shelves and the verbs."""

from __future__ import annotations

import gc
import shutil
import sys
from functools import partial
from pathlib import Path

from dltui.plain.menu import Choice, choose
from dltui.plain.talk import Left, Talk
from dltui.plain.things import ask_and_run, leaves, open_thing

WIDEST = 100  # cells; longer lines are hard to follow
LEFT_OUT = {"verbs", "jobs"}  # shelves not offered: verbs have a menu of their own, and jobs run at once


def open_plain(file: Path | None = None) -> int:
    """Talk with the user until he leaves or there is nothing more to read.

    Args:
        file: A saved result to open at once.

    Returns:
        The exit code.

    Raises:
        DltuiError: If the file is no result.
    """
    from dltui import __version__
    from dltui.draw import look_of

    gc.enable()  # turned off in dltui.__main__ for the start-up
    look = look_of(sys.stdout)
    width = min(WIDEST, shutil.get_terminal_size((80, 24)).columns)
    talk = Talk(width, ascii_only=look.ascii)
    talk.say(f"dltui {__version__}, without pictures. Type a number and Enter; :? for help, :q to leave.")
    try:
        if file is not None:
            from dltui.tui.catalog.results import item_of, look_in

            open_thing(talk, item_of(file, look_in(file)))
        choose(talk, "Home", _home(talk))
    except Left:
        pass
    return 0


def _home(talk: Talk) -> list[Choice]:
    """Return the shelves and the verbs."""
    from dltui.tui.catalog import SHELVES

    shelves = [
        Choice(shelf.title, f"the {shelf.name} shelf", partial(_shelf, talk, shelf.name))
        for shelf in SHELVES
        if shelf.name not in LEFT_OUT
    ]
    return [*shelves, Choice("Verbs", "everything that computes or shows something", partial(_verbs, talk))]


def _shelf(talk: Talk, name: str) -> None:
    """Offer what stands on a shelf."""
    from dltui.tui.catalog import SHELVES, read

    (shelf,) = (one for one in SHELVES if one.name == name)
    items = read(shelf, Path.cwd())
    if not items:
        talk.head(shelf.nothing)
        talk.say(*(f"  {line}" for line in shelf.tries))
        return
    choose(
        talk, shelf.title, [Choice(item.name, item.note, partial(open_thing, talk, item)) for item in items]
    )


def _verbs(talk: Talk) -> None:
    """Offer the verbs that have a form."""
    from dltui.commands._names import VERBS

    known = [(verb, entry.summary) for verb, entry in VERBS.items() if leaves(verb)]
    choose(talk, "Verbs", [Choice(verb, summary, partial(_verb, talk, verb)) for verb, summary in known])


def _verb(talk: Talk, verb: str) -> None:
    """Fill in a verb's form, or offer the verbs below it."""
    found = leaves(verb)
    if found == [verb]:
        ask_and_run(talk, verb)
        return
    below = [Choice(name.removeprefix(f"{verb} "), "", partial(ask_and_run, talk, name)) for name in found]
    choose(talk, verb, below)
