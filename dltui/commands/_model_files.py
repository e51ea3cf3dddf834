"""The files behind the screen of a model: opened once, glanced at as one walks."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dltui.archives import Archive, open_archive
from dltui.commands._inspected import find_weights
from dltui.commands._model_pair import Remarks, union
from dltui.contents import Contents, Entry
from dltui.contents.outline import Outline
from dltui.errors import DltuiError
from dltui.figures import Figure
from dltui.runs import open_run, runs_folder
from dltui.tui.catalog.items import Item

FIRST = 40  # lines that are open at first at most


class Glanced(NamedTuple):
    """Pictures of what was under the cursor, of one file or of two."""

    name: str
    figures: list[Figure]
    others: list[Figure]


class Opened(NamedTuple):
    """A file of weights: which, what it holds, and the checkpoints of the run that it belongs to."""

    path: Path
    archive: Archive
    contents: Contents
    outline: Outline
    steps: list[Path]


class Beside(NamedTuple):
    """A second file, and the tensors of both in one tree with what differs."""

    opened: Opened
    outline: Outline
    remarks: Remarks


def open_file(path: Path) -> Opened:
    """Return what a file holds; it stays open.

    Args:
        path: The file or folder.

    Raises:
        DltuiError: If it can't be read, or would run code when read.
    """
    archive = open_archive(path)
    told = Contents.of(path.name, archive.format, archive.entries, archive.scalars, archive.metadata)
    return Opened(path, archive, told, grown(told.entries), steps_of(path))


def open_beside(first: Contents, path: Path) -> Beside:
    """Return a second file, to be walked through with the first.

    Args:
        first: What the first holds.
        path: The second.

    Raises:
        DltuiError: If it can't be read, or would run code when read.
    """
    second = open_file(path)
    entries, remarks = union(first, second.contents)
    return Beside(second, grown(entries), remarks)


def grown(entries: Sequence[Entry]) -> Outline:
    """Return the tree of some tensors, with as many levels open as fit on a screen."""
    outline = Outline(entries)
    outline.open_until(FIRST)
    return outline


def glance_at(opened: Opened, other: Opened | None, name: str) -> Glanced:
    """Return pictures of a tensor.

    Args:
        opened: The file.
        other: The file that stands beside it, or None.
        name: The tensor.

    Returns:
        Those of the first file and those of the second; of the second alone, when only that has the tensor.
    """
    from dltui.commands._glance import glance, paired

    files = [opened] if other is None else [opened, other]
    archives = [file.archive for file in files]
    found = [glance(one, one.entry(name)) if one.has(name) else [] for one in archives]
    if other is None:
        return Glanced(name, found[0], [])
    titles = [file.path.name for file in files]
    if titles[0] == titles[1]:
        titles = [file.path.parent.name for file in files]
    one, two = (
        [replace(figure, title=figure.title.replace(" · ", f" · {title}: ", 1)) for figure in figures]
        for title, figures in zip(titles, found, strict=True)
    )
    return Glanced(name, *(paired(one, two) if one and two else (one or two, [])))


def file_of(item: Item) -> Path | None:
    """Return the file or folder of weights of a thing; None for a network that is only built."""
    if item.kind == "checkpoint":
        return item.path
    with suppress(DltuiError):
        return find_weights(item.key)[0]
    return None


def run_of(path: Path) -> str:
    """Return the name of the run that a checkpoint belongs to, or ""."""
    try:
        return path.resolve().relative_to(runs_folder().resolve()).parts[0]
    except (ValueError, IndexError):
        return ""


def steps_of(path: Path) -> list[Path]:
    """Return the checkpoints of the run that a file belongs to, in their order; none for other files."""
    name = run_of(path)
    if not name:
        return []
    with suppress(DltuiError, OSError):
        run = open_run(runs_folder() / name)
        return [run.checkpoint(step) for step in run.steps()]
    return []
