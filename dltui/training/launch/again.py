"""Going on with a run that the same command line has begun, rather than beginning another one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from dltui.runs.folder import Run, list_runs

KEPT = ("--device", "--devices", "--strategy", "--threads", "--save")  # options that go on with the run


def run_begun_by(command: str) -> Run | None:
    """Return the newest run that a command line has begun, or None.

    Args:
        command: As the run's card has it, ``dltui`` first.
    """
    return next((run for run in list_runs() if run.command == command), None)


def gone_on_with(words: Sequence[str]) -> tuple[str, ...]:
    """Return the command line that goes on with what the same command line has begun and not finished.

    Args:
        words: What follows ``dltui``.

    Returns:
        ``train --resume run:NAME`` with the options that say where; the words themselves where they train nothing,
        or nothing is there to go on with.
    """
    if not words or words[0] != "train" or "--resume" in words or "-r" in words:
        return tuple(words)
    run = run_begun_by(shlex.join(["dltui", *words]))
    if run is None or run.state_now() not in {"stopped", "died"} or not run.resumable():
        return tuple(words)
    kept = [
        part for place, word in enumerate(words[:-1]) if word in KEPT for part in (word, words[place + 1])
    ]
    return ("train", "--resume", f"run:{run.id}", *kept, *(["--json"] if "--json" in words else []))
