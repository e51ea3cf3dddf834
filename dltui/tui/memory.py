"""Where one was: tabs, shelf, figures and views, kept beside the data from one start to the next."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dltui.errors import DltuiError
from dltui.files import write_text
from dltui.tui import _names
from dltui.tui.catalog.items import Item

VERSION = 1
MOST_ROOMS = 200  # places whose views are kept, the latest ones
MOST_TABS = 30
PASSING = frozenset({"job"})  # kinds of things that end with the application

Kept = dict[str, Any]


@dataclass
class Memory:
    """What is known of the last time.

    Attributes:
        tabs: What was open, in the order of the tabs.
        here: The place of the tab that was looked at.
        theme: The theme that was chosen by key, and the one of the settings that it was chosen instead of.
        rooms: What each screen wants to know again, by place.
    """

    tabs: list[Item] = field(default_factory=list)
    here: str = ""
    theme: tuple[str, str] | None = None
    rooms: dict[str, Kept] = field(default_factory=dict)

    def keep(self, place: str, known: Kept) -> None:
        """Remember what a screen wants to know again; the places that were left longest ago are forgotten."""
        self.rooms.pop(place, None)
        if known:
            self.rooms[place] = known
        while len(self.rooms) > MOST_ROOMS:
            del self.rooms[next(iter(self.rooms))]

    def text(self) -> str:
        """Return all of it as JSON."""
        import json  # not before the first picture

        lasting = [item._asdict() for item in self.tabs if item.kind not in PASSING][-MOST_TABS:]
        tabs = [{name: value for name, value in one.items() if isinstance(value, str)} for one in lasting]
        known = {
            "version": VERSION,
            "tabs": tabs,
            "here": self.here,
            "theme": self.theme,
            "rooms": self.rooms,
        }
        return json.dumps(known, ensure_ascii=False)


def state_path() -> Path:
    """Return the file that remembers."""
    from dltui.runs import home  # loads numpy, which the first picture does not wait for

    return home() / "tui.json"


def read_memory() -> Memory:
    """Return what was remembered.

    Returns:
        What is still there; nothing where the file is missing, broken, or of a newer version.
    """
    import json

    try:
        known = json.loads(state_path().read_text(encoding="utf-8"))
        if known["version"] != VERSION:
            return Memory()
        tabs = [item for fields in known["tabs"] if (item := _item(fields)) is not None and is_there(item)]
        rooms = {place: kept for place, kept in known["rooms"].items() if isinstance(kept, dict)}
        return Memory(tabs, str(known["here"]), _theme(known["theme"]), rooms)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Memory()


def write_memory(text: str) -> None:
    """Keep what ``Memory.text`` returned; where nothing can be written nothing is remembered."""
    with suppress(DltuiError):
        write_text(state_path(), text)


def is_there(item: Item) -> bool:
    """Return whether a thing that was open can be opened again."""
    known = {f"{item.kind}:{item.schema}", item.kind} & _names.SCREENS.keys()
    if not known or item.kind in PASSING:
        return False
    if item.kind == "model":
        from dltui.models import NAMES as MODELS

        return item.key in MODELS
    if item.kind == "exhibit":
        from dltui.lab import NAMES as EXHIBITS

        return item.key in EXHIBITS
    with suppress(OSError, ValueError):
        return not item.path.is_absolute() or item.path.exists()
    return False


def _item(fields: object) -> Item | None:
    """Return a thing from what was kept of it, or None when that is none."""
    if not isinstance(fields, Mapping) or not all(isinstance(value, str) for value in fields.values()):
        return None
    with suppress(TypeError):
        return Item(**fields)
    return None


def _theme(pair: object) -> tuple[str, str] | None:
    """Return the theme that was kept, with the one that it was chosen instead of."""
    match pair:
        case [str(chosen), str(instead)]:
            return chosen, instead
    return None
