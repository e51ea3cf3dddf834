"""Writing a checkpoint's folder so that it is there whole or not at all, and sweeping what killed writers left."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dltui.errors import DltuiError
from dltui.files import flush, write_text
from dltui.runs.folder import CHECKPOINTS, LATEST, Run, lives

TEMPORARY = ".tmp-"
OLD = ".old"  # of a checkpoint while another one of the same step takes its place


@contextmanager
def new_checkpoint(run: Run, step: int) -> Iterator[Path]:
    """Give a folder to write the files of a checkpoint to, and put it in its place when all went well.

    Every file is flushed to the disk, the folder is renamed, its parent is flushed, and ``latest`` then names it.
    After an error or a kill the run has the checkpoints that it had.

    Args:
        run: The run.
        step: Optimiser steps made.

    Yields:
        An empty folder; write ``weights.safetensors`` there, and ``state.safetensors`` when one can go on from it.

    Raises:
        DltuiError: If it can't be written.
    """
    place = run.checkpoint_folder(step)
    temporary = place.with_name(f"{place.name}{TEMPORARY}{os.getpid()}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            _put(temporary, place)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise DltuiError(
            f"can't keep step {step} of the run {run.name}: {error.strerror or error}; what was kept before is whole"
        ) from error
    write_text(run.folder / LATEST, f"{place.name}\n")


def _put(temporary: Path, place: Path) -> None:
    """Flush a folder and everything in it, and rename it."""
    for path in temporary.iterdir():
        flush(path)
    flush(temporary)
    if place.exists():  # the same step, kept by an earlier attempt
        old = place.with_name(f"{place.name}{OLD}{TEMPORARY}{os.getpid()}")
        place.rename(old)
        temporary.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        temporary.rename(place)
    flush(place.parent)


def leftovers(run: Run) -> list[Path]:
    """Return the temporary files and folders in a run whose writers are gone.

    Args:
        run: The run.

    Returns:
        Paths in the run's folder and among its checkpoints; nothing of a process that still lives.
    """
    found = []
    here = not run.host or run.host == socket.gethostname()
    for folder in (run.folder, run.folder / CHECKPOINTS):
        with suppress(FileNotFoundError, NotADirectoryError):
            for path in folder.iterdir():
                _, mark, pid = path.name.rpartition(TEMPORARY)
                if (
                    mark
                    and pid.isdecimal()
                    and (not lives(int(pid)) if here else run.state_now() != "running")
                ):
                    found.append(path)
    return sorted(found)


def sweep(run: Run) -> int:
    """Delete what killed writers left in a run's folder.

    Args:
        run: The run.

    Returns:
        How many there were.
    """
    gone = leftovers(run)
    for path in gone:
        stem = path.name.rpartition(TEMPORARY)[0]
        place = path.with_name(stem.removesuffix(OLD))
        if stem.endswith(OLD) and not place.exists():  # killed between two renames: the old one holds
            path.rename(place)
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(gone)
