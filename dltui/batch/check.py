"""Whether the command lines of a batch can be run at all, asked before the first one begins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dltui.batch.placeholders import filled
from dltui.batch.plan import Job, Plan
from dltui.batch.read import NESTED
from dltui.commands._calls import called, command_of
from dltui.errors import DltuiError, UsageError


def check(plan: Plan) -> None:
    """Refuse a batch with a command line that can't be run.

    Args:
        plan: The batch. A job that waits for others is looked at by its verb alone, since it may name files that
            aren't there yet.

    Raises:
        UsageError: If there is such a job; the sentence names it.
    """
    with within(plan.folder):
        for job in plan.jobs:
            try:
                _check(job)
            except DltuiError as error:
                raise UsageError(f"{plan.source.name}: job {job.name!r}: {error}") from error


def _check(job: Job) -> None:
    """Refuse one job."""
    verb = job.words[0]
    if verb in NESTED:
        raise UsageError(
            f"`dltui {verb}` is no job: a batch takes verbs that find something and end by themselves"
        )
    command_of(verb)
    if not job.needs:
        called([filled(word, lambda _: None, last=True) for word in job.words])


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Be in a folder for a while, as the jobs will be."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
