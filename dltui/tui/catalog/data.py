"""Data sets that dltui knows by name, and those in files of the current folder."""

from __future__ import annotations

import shlex
from pathlib import Path

from dltui.data import NAMES
from dltui.data.fetch.places import is_here
from dltui.files import size_in_words
from dltui.tui import register
from dltui.tui.catalog.fetchable import HERE as HERE_NOW
from dltui.tui.catalog.fetchable import fetchables
from dltui.tui.catalog.files import MOST, files_under, newest_first
from dltui.tui.catalog.items import Glimpse, Item

ENDING = ".npz"
HERE = "files here"  # heading of what lies under the current folder


@register.shelf("data", "Data", place=40, nothing="No data sets are known.", tries=("dltui data list",))
def read(folder: Path) -> list[Item]:
    """Return the ``.npz`` files under ``folder``, then the registered data sets by family, then what can be fetched.

    Args:
        folder: Where the user is; files are looked for three folders deep.

    Returns:
        One entry a data set.
    """
    known = [
        Item("data", name, entry.summary, name, f"dltui data show {name}", group=entry.family)
        for name, entry in NAMES.items()
        if entry.family != HERE_NOW or is_here(name)
    ]
    files = [path for path in files_under(folder) if path.suffix == ENDING][:MOST]
    return [_file(path, folder) for path in newest_first(files)] + known + fetchables("data")


@register.glimpse("data")
def glimpse(item: Item) -> Glimpse:
    """Return samples of a data set with its sizes.

    Args:
        item: A data set.

    Returns:
        A picture of samples, and facts.

    Raises:
        DltuiError: If it can't be read.
    """
    from dltui.data import load
    from dltui.data.overview import facts, samples

    found = load(item.key)
    picture = samples(found)
    return Glimpse(title=item.name, figure=picture, words=picture.words(), facts=facts(found))


def _file(path: Path, folder: Path) -> Item:
    """Return the list entry of a file."""
    known, name = path.stat(), str(path.relative_to(folder))
    return Item(
        "data",
        name,
        size_in_words(known.st_size),
        str(path),
        f"dltui data show {shlex.quote(name)}",
        when=known.st_mtime,
        group=HERE,
    )
