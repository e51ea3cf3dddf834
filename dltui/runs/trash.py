"""Putting away what is no longer wanted: it is moved, never deleted, and can be brought back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from dltui.errors import DltuiError
from dltui.runs.folder import CARD, open_run
from dltui.runs.home import home
from dltui.runs.index import RunIndex

FOLDER = "trash"


@dataclass(frozen=True)
class Discarded:
    """What was put away.

    Attributes:
        origin: Where it was.
        path: Where it is now.
    """

    origin: Path
    path: Path


def trash_folder() -> Path:
    """Return the folder that holds what was put away; it may not be there yet."""
    return home() / FOLDER


def discard(path: Path) -> Discarded:
    """Move a saved result or a run to the trash folder.

    Args:
        path: A file, or the folder of a run.

    Returns:
        Where it was and where it is now; nothing that is in the trash already is overwritten.

    Raises:
        DltuiError: If it isn't there, is a run that goes on, or can't be moved.
    """
    if not path.exists() and not path.is_symlink():
        raise DltuiError(f"can't put away {path}: it is not there any more")
    if (path / CARD).is_file() and open_run(path).state_now() == "running":
        raise DltuiError(f"the run {path.name} is still going on: stop it before you put it away")
    target = _free(trash_folder() / path.name)
    if (path / CARD).is_file():
        RunIndex(open_run(path)).remove()
    _move(path, target)
    return Discarded(path, target)


def restore(gone: Discarded) -> Path:
    """Move something back to where it was.

    Args:
        gone: What ``discard`` returned.

    Returns:
        Where it is again.

    Raises:
        DltuiError: If something else has taken its place, or it can't be moved.
    """
    if gone.origin.exists() or gone.origin.is_symlink():
        raise DltuiError(f"can't bring back {gone.origin}: something else has that name now")
    _move(gone.path, gone.origin)
    return gone.origin


def _move(path: Path, target: Path) -> None:
    """Move a file or folder, also between disks."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, target)
    except OSError as error:
        raise DltuiError(f"can't move {path} to {target}: {error.strerror or error}") from error


def _free(path: Path) -> Path:
    """Return ``path``, or the same name with the first number that nobody has."""
    tried, number = path, 1
    while tried.exists() or tried.is_symlink():
        number += 1
        tried = path.with_name(f"{path.stem} {number}{path.suffix}")
    return tried
