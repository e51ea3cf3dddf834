"""The run of a trial, found by its command line while it goes on."""

from __future__ import annotations

from contextlib import suppress

from dltui.batch.log import Standing
from dltui.errors import DltuiError
from dltui.runs import Run, find_run, open_run
from dltui.runs.folder import CARD
from dltui.runs.home import runs_folder

EARLY = 2.0  # seconds by which clocks may differ


def run_of(standing: Standing) -> Run | None:
    """Return the run that a job trains, or None while there is none.

    Args:
        standing: How the job stands. Its command line is like no other's, since it names where its result is saved.
    """
    if standing.began is None:
        return None
    words = standing.command.split()
    if "--resume" in words:
        with suppress(DltuiError):
            return find_run(words[words.index("--resume") + 1].removeprefix("run:"))
    with suppress(OSError):
        for folder in runs_folder().iterdir():
            with suppress(OSError, DltuiError):
                if (folder / CARD).stat().st_mtime < standing.began - EARLY:
                    continue
                run = open_run(folder)
                if run.command == standing.command:
                    return run
    return None
