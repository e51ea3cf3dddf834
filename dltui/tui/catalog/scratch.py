"""The scratch folder: what was known when jobs were stopped, until it is kept or deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

from dltui.errors import DltuiError
from dltui.jobs import (
    ENDING,
    NAME,
    scratch_folder,
)  # of the whole: parts, read by two threads at once, may lock up
from dltui.runs import results_folder
from dltui.tui import register
from dltui.tui.catalog import results
from dltui.tui.catalog.items import Glimpse, Item


@register.shelf(
    "scratch",
    "Scratch",
    place=90,
    nothing="Nothing is unfinished. What a job knew when it was cancelled or crashed is put here.",
)
def read(folder: Path) -> list[Item]:
    """Return what is unfinished, the newest first.

    Args:
        folder: Where the user is; the scratch folder is the same everywhere.

    Returns:
        One entry a file, also of those that can't be read.
    """
    del folder
    return [scratch_item(path) for path in files()]


@register.glimpse("scratch")
def glimpse(item: Item) -> Glimpse:
    """Return the main figure of something unfinished with its words.

    Args:
        item: A file of the scratch folder.

    Returns:
        What the home screen shows beside the list.
    """
    return results.glimpse(item)


def scratch_item(path: Path) -> Item:
    """Return the list entry of a file of the scratch folder."""
    return results.item_of(path, results.look_in(path))._replace(kind="scratch")


def files() -> list[Path]:
    """Return the files of the scratch folder, the newest first; none when it is not there or closed."""
    try:
        dated = [(path.stat().st_mtime, path) for path in scratch_folder().glob(f"*{ENDING}")]
    except OSError:
        return []
    return [path for _, path in sorted(dated, reverse=True)]


def keep(path: Path, name: str) -> Path:
    """Move a file of the scratch folder to the results.

    Args:
        path: The file.
        name: What it shall be called there, with or without its ending.

    Returns:
        The new file.

    Raises:
        DltuiError: If the name is none, or taken, or the file can't be moved.
    """
    stem = name.strip().removesuffix(ENDING)
    if not stem or NAME.search(stem) or stem.startswith("."):
        raise DltuiError(
            f"{name!r} is no name for a result; expected letters, digits, - and _, such as my-scan"
        )
    target = results_folder() / f"{stem}{ENDING}"
    if target.exists():
        raise DltuiError(f"there is a result {stem} already; try {stem}-2")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    except OSError as error:
        raise DltuiError(f"can't move {path.name} to the results: {error.strerror or error}") from error
    return target


def delete(path: Path) -> None:
    """Delete a file of the scratch folder; one that is gone already is none.

    Args:
        path: The file.

    Raises:
        DltuiError: If it lies elsewhere, or can't be deleted.
    """
    if path.parent != scratch_folder():
        raise DltuiError(f"{path.name} is not in the scratch folder; only what is there is deleted from here")
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DltuiError(f"can't delete {path.name}: {error.strerror or error}") from error
