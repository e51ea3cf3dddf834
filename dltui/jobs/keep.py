"""Files of jobs: finished results in the results folder, unfinished ones in a scratch folder beside it."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dltui.jobs.events import Progress
from dltui.jobs.order import Order
from dltui.runs import home

if TYPE_CHECKING:
    from dltui.results import Result

R = TypeVar("R", bound="Result")

NAME = re.compile(r"[^\w.=-]+")  # what does not go into the name of a file
ENDING = ".safetensors"
LONGEST = 40  # letters of one word in the name of a file


def scratch_folder() -> Path:
    """Return the folder of unfinished results; it may not be there yet."""
    return home() / "scratch"


def keep(result: Result, order: Order) -> Path:
    """Save a finished result and return its file.

    Args:
        result: What the job found.
        order: The job.

    Returns:
        A new file in the results folder, named after the command, the time and the job.

    Raises:
        DltuiError: If the folder can't be written.
    """
    return _save(result, order.results, order)


def keep_unfinished(result: Result, order: Order, progress: Progress | None, why: str) -> Path:
    """Save what was known when a job was stopped and return its file.

    Args:
        result: The newest partial result.
        order: The job.
        progress: How far it was, or None where that is not known.
        why: What stopped it, such as ``cancelled``.

    Returns:
        A file in the scratch folder, a new one unless the job has one there; the title says what stopped it and
        where.

    Raises:
        DltuiError: If the folder can't be written.
    """
    if already := sorted(order.scratch.glob(f"*-{order.name}{ENDING}")):
        return already[-1]  # the process kept it, but was ended before it could say so
    where = f" at {progress.done} of {progress.total}" if progress else ""
    return _save(replace(result, title=f"{result.title} · {why}{where}"), order.scratch, order)


def _save(result: Result, folder: Path, order: Order) -> Path:
    """Save to a file that is not there yet."""
    named = "-".join(_slug(word) for word in _leading(order.words))
    path = folder / f"{named}-{time.strftime('%Y%m%d-%H%M%S')}-{order.name}{ENDING}"
    result.save(path)
    return path


def _leading(words: tuple[str, ...]) -> list[str]:
    """Return the words before the first option."""
    places = [place for place, word in enumerate(words) if word.startswith("-")]
    return list(words[: places[0]] if places else words)


def _slug(word: str) -> str:
    """Return a word as it may stand in the name of a file; of a path, its end."""
    return NAME.sub("-", word)[-LONGEST:].strip("-.") or "it"
