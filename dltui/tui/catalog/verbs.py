"""What can be done: every verb that has a form."""

from __future__ import annotations

from pathlib import Path

from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item

# What these would list stands on shelves of its own.
SHELVED = frozenset({"lab list", "lab show", "models list", "data list", "runs list", "runs show"})
CROWD = ("byhand ", "shapes ")  # verbs that are many stand last


@register.shelf("verbs", "Do", place=60, nothing="Nothing can be done here.")
def read(folder: Path) -> list[Item]:
    """Return the verbs in the order of the command line, layers last.

    Args:
        folder: Where the user is; the verbs are the same everywhere.

    Returns:
        One entry a verb.
    """
    del folder
    from dltui.commands._forms import form_lines

    lines = [(verb, line) for verb, line in form_lines().items() if verb not in SHELVED]
    return [verb_item(verb, line) for verb, line in sorted(lines, key=lambda pair: pair[0].startswith(CROWD))]


def verb_item(verb: str, line: str = "") -> Item:
    """Return the list entry of a verb.

    Args:
        verb: Its words.
        line: What it does.

    Returns:
        The entry; opening it shows the form.
    """
    return Item("verb", verb, line, verb, f"dltui {verb}", group=_group(verb))


@register.glimpse("verb")
def glimpse(item: Item) -> Glimpse:
    """Return what a verb asks for, without asking it.

    Args:
        item: A verb.

    Returns:
        Its help, and a row a field.
    """
    from dltui.commands._forms import form
    from dltui.commands._spelled import spell

    asked = form(item.key)
    facts = [(one.label, one.help.rstrip(".") + _default(spell(one.default))) for one in asked.fields]
    return Glimpse(title=f"dltui {item.key}", words=asked.help, facts=tuple(facts))


def _group(verb: str) -> str:
    """Return the heading above a verb."""
    first, _, rest = verb.partition(" ")
    return first if rest else "on your model"


def _default(spelled: str) -> str:
    return f" ({spelled})" if spelled else ""
