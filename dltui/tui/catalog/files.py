"""Walking the current folder, not too deep and not for long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dltui.runs import home

DEEPEST = 3  # folders below the current one
MOST = 200  # files that are listed
MOST_ENTRIES = 20_000  # directory entries looked at
SKIPPED = {"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"}


def files_under(folder: Path) -> Iterator[Path]:
    """Yield the files under a folder.

    Args:
        folder: Where the user is.

    Yields:
        Files three folders deep at most; hidden folders, environments and what dltui keeps are left out, and after
        20,000 files it ends.
    """
    own = home().resolve()
    for looked_at, path in enumerate(_walk(folder, DEEPEST, own)):
        if looked_at >= MOST_ENTRIES:
            return
        yield path


def newest_first(paths: list[Path]) -> list[Path]:
    """Return files by the time of their last change; those that are gone by now are left out."""
    dated = []
    for path in paths:
        try:
            dated.append((path.stat().st_mtime, path))
        except OSError:
            continue
    return [path for _, path in sorted(dated, reverse=True)]


def _walk(folder: Path, deep: int, own: Path) -> Iterator[Path]:
    """Yield the files of a folder, then those of the folders in it, without dltui's own and those that are closed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    yield from (Path(entry.path) for entry in entries if entry.is_file())
    for entry in entries if deep else ():
        hidden = entry.name.startswith(".") or entry.name in SKIPPED
        if entry.is_dir(follow_symlinks=False) and not hidden and Path(entry.path).resolve() != own:
            yield from _walk(Path(entry.path), deep - 1, own)
