"""Choosing one of many by number, by name, or by searching."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dltui.plain.talk import HELP, Back, Talk

PAGE = 15  # choices that are told at once

HELPING = (
    "Type the number of a choice, or its name.",
    "/ and words lists only what has these words; / alone lists all again.",
    "m tells more of a long list; l tells the list again.",
    ":b goes back, :q leaves, :? tells this.",
)


@dataclass(frozen=True)
class Choice:
    """One line of a menu.

    Attributes:
        name: What it is called.
        note: A few words about it.
        take: What happens when it is chosen.
    """

    name: str
    note: str
    take: Callable[[], None]


def choose(talk: Talk, title: str, choices: Sequence[Choice]) -> None:
    """Let the user choose again and again, until he goes back.

    Args:
        talk: Where it is asked.
        title: What is chosen from.
        choices: All there is.
    """
    shown, first = list(choices), 0
    _list(talk, title, shown, first)
    while True:
        try:
            answer = talk.ask(f"{title}, number")
        except Back:
            return
        if answer == HELP:
            talk.say(*HELPING)
        elif answer.startswith("/"):
            shown, first = _searched(choices, answer[1:]), 0
            _list(talk, title, shown, first)
        elif answer == "m" and first + PAGE < len(shown):
            first += PAGE
            _list(talk, title, shown, first)
        elif answer in {"", "l", "m"}:
            first = 0
            _list(talk, title, shown, first)
        else:
            chosen = _found(shown, answer)
            if isinstance(chosen, str):
                talk.say(chosen)
                continue
            _take(talk, chosen)
            talk.head(f"Back at {title}: {len(shown)} to choose from, l lists them.")


def _take(talk: Talk, chosen: Choice) -> None:
    """Do what was chosen; what goes wrong is told in a sentence."""
    from typer import TyperException

    from dltui.commands._calls import sentence
    from dltui.errors import DltuiError

    try:
        chosen.take()
    except Back:
        return
    except KeyboardInterrupt:
        talk.say("", "Cancelled.")
    except (DltuiError, TyperException, OSError) as error:
        talk.say(f"Error: {sentence(error)}.")


def _list(talk: Talk, title: str, shown: Sequence[Choice], first: int) -> None:
    """Tell a page of a menu."""
    count = f"{len(shown)} to choose from" if shown else "nothing here"
    talk.head(f"{title}: {count}.")
    page = shown[first : first + PAGE]
    for number, one in enumerate(page, first + 1):
        talk.say(f"{number}. {one.name}{': ' if one.note else ''}{one.note}")
    left = len(shown) - first - len(page)
    if left > 0:
        talk.say(f"{left} more: type m. To search, type / and words.")


def _searched(choices: Sequence[Choice], query: str) -> list[Choice]:
    """Return the choices that have all words in their name or note."""
    words = query.lower().split()
    return [one for one in choices if all(word in f"{one.name} {one.note}".lower() for word in words)]


def _found(shown: Sequence[Choice], answer: str) -> Choice | str:
    """Return what an answer chooses, or the sentence that says why it chooses nothing."""
    if answer.isdecimal():
        if 1 <= int(answer) <= len(shown):
            return shown[int(answer) - 1]
        return f"There is no number {answer}; expected 1 to {len(shown)}, or :b to go back."
    same = [one for one in shown if one.name.lower() == answer.lower()]
    near = same or [one for one in shown if one.name.lower().startswith(answer.lower())]
    if len(near) == 1:
        return near[0]
    if near:
        return f"{answer} could be {', '.join(one.name for one in near[:6])}; type more of it, or a number."
    return f"Nothing here is called {answer}; type a number, / and words to search, or :? for help."
