"""What dltui can be asked to do, one entry a verb."""

from __future__ import annotations

from dltui.commands._names import VERBS
from dltui.tui.catalog.items import Item

NEEDLESS = {"tui", "open", "runs", "models", "data"}  # what they show is on the shelves


def verbs() -> list[Item]:
    """Return the verbs that compute something, in the order of the command line's help."""
    return [
        Item("verb", name, entry.summary, name, f"dltui {name}")
        for name, entry in VERBS.items()
        if name not in NEEDLESS
    ]
