"""Room on the disk: checkpoints that nobody needs, and what killed writers left."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dltui.errors import DltuiError
from dltui.runs.checkpoint import leftovers, sweep
from dltui.runs.folder import Run, open_run
from dltui.runs.history import best_step


@dataclass(frozen=True)
class Waste:
    """What can be deleted of a run.

    Attributes:
        run: The run.
        steps: Checkpoints that nobody needs.
        kept: Checkpoints that stay, each with the reason.
        left: Files and folders of killed writers.
        size: Bytes in all.
    """

    run: Run
    steps: tuple[int, ...]
    kept: dict[int, str]
    left: tuple[Path, ...]
    size: int


def waste(run: Run) -> Waste:
    """Return what can be deleted of a run without loss to anyone.

    Kept are the first and the last weights, the best (by held-out loss), those that were asked for by ``keep_every``,
    and the last one from which training can go on. Of a run that goes on only what killed writers left is waste.

    Args:
        run: The run.

    Returns:
        What there is; nothing is deleted yet.
    """
    steps = sorted({*run.steps(), *run.resumable()})
    kept = _kept(run, steps) if run.state_now() != "running" else dict.fromkeys(steps, "going on")
    gone = tuple(step for step in steps if step not in kept)
    left = tuple(leftovers(run))
    size = sum(_size(_place(run, step)) for step in gone) + sum(map(_size, left))
    return Waste(run, gone, kept, left, size)


def clear(found: Waste) -> None:
    """Delete what was found.

    Args:
        found: What ``waste`` returned.

    Raises:
        DltuiError: If something can't be deleted, or the run goes on again.
    """
    if found.steps and open_run(found.run.folder).state_now() == "running":
        raise DltuiError(f"the run {found.run.name} goes on again: nothing of it was deleted")
    try:
        for step in found.steps:
            place = _place(found.run, step)
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
    except OSError as error:
        raise DltuiError(f"can't delete {error.filename}: {error.strerror}") from error
    sweep(found.run)


def _kept(run: Run, steps: list[int]) -> dict[int, str]:
    """Return the checkpoints that stay, each with the reason."""
    weights, resumable = run.steps(), run.resumable()
    every = run.recipe.get("keep_every") or run.settings.get("keep_every")
    kept: dict[int, str] = {}
    if isinstance(every, int) and every > 0:
        kept |= {step: f"one of every {every}" for step in steps if step % every == 0}
    with suppress(DltuiError):
        kept[best_step(run)] = "best"
    kept |= dict.fromkeys(resumable[-1:], "to go on from")
    return kept | dict.fromkeys(weights[:1], "first") | dict.fromkeys(weights[-1:], "last")


def _place(run: Run, step: int) -> Path:
    """Return the folder of a checkpoint, or its file where an older version kept it."""
    folder = run.checkpoint_folder(step)
    return folder if folder.is_dir() else run.checkpoint(step)


def _size(path: Path) -> int:
    """Return the bytes of a file or of all files in a folder."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())
