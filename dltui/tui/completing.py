"""How a text in a field may go on: names, runs, files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from dltui.tui.catalog.items import Item

if TYPE_CHECKING:
    from dltui.commands._forms import Field

MOST = 40  # ways to go on that are looked for


def completions(asked: Field, text: str, folder: Path, items: Iterable[Item] = ()) -> list[str]:
    """Return how a text may go on; reads folders, so it is called in a thread.

    Args:
        asked: The field.
        text: What was typed by now.
        folder: Where relative paths start.
        items: What stands on the shelves; runs and checkpoints among them are models.

    Returns:
        Whole texts that begin with what was typed, the likeliest first.
    """
    found = [*asked.complete(text)]
    if asked.kind in {"model", "recipe"}:
        found += [f"run:{item.name}" for item in items if item.kind == "run"]
        found += [item.name for item in items if item.kind == "checkpoint"]
    if asked.kind == "path" or (asked.kind in {"model", "data", "recipe"} and _looks_like_a_path(text)):
        found += paths(text, folder)
    wanted = (one for one in found if one.startswith(text) and one != text)
    return list(dict.fromkeys(wanted))[:MOST]


def paths(text: str, folder: Path) -> list[str]:
    """Return the files and folders whose path begins so, hidden ones only when asked for.

    Args:
        text: What was typed; ``~`` stands for the user's home.
        folder: Where relative paths start.

    Returns:
        Paths in the manner they were begun, folders with a slash at the end, files first.
    """
    head, slash, start = text.rpartition("/")
    place = folder / Path(head + slash).expanduser() if slash else folder
    found: list[tuple[bool, str]] = []
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.startswith(start) and (start or not entry.name.startswith(".")):
                    deeper = entry.is_dir()
                    found.append((deeper, f"{head}{slash}{entry.name}{'/' if deeper else ''}"))
    except OSError:
        return []
    return [name for _, name in sorted(found)][:MOST]


def _looks_like_a_path(text: str) -> bool:
    """Return whether what was typed goes towards a file."""
    return "/" in text or text.startswith((".", "~"))
