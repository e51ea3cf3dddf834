"""How a job ended, and whether it is tried again."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from dltui.batch.folder import document, last_lines
from dltui.batch.log import State
from dltui.batch.plan import Job
from dltui.errors import ExitCode

REQUEUE = 75  # how a run ends that was told to save and wants to go on later (EX_TEMPFAIL)
MOST_REQUEUES = 1000
LONGEST_BACKOFF = 600.0


@dataclass(frozen=True)
class Ended:
    """How one try ended.

    Attributes:
        state: How the job stands now.
        reason: Why, in a few words; empty when it is done.
        again_in: Seconds until it is tried again, or None when it isn't.
    """

    state: State
    reason: str = ""
    again_in: float | None = None


def ended(job: Job, code: int, why: str, folder: Path, attempt: int) -> Ended:
    """Judge how a try ended.

    Args:
        job: The job.
        code: Exit code of its process, below 0 for a signal.
        why: ``late``, ``asked`` or ``pruned`` when it was being stopped.
        folder: Its folder.
        attempt: Which try it was, from 1.

    Returns:
        What that means. A code other than 0 that the job calls fine is so where it has printed its answer: a process
        that broke down may end with the same. Wrong usage is not tried again, since it would be as wrong the next time.
    """
    if code == ExitCode.DONE or (not why and code in job.ok and document(folder) is not None):
        return Ended("done")
    if why == "pruned":
        return Ended("pruned", "was behind the others")
    if why == "asked":
        return Ended("stopped", "was stopped")
    if code == ExitCode.CANCELLED and why != "late":
        return Ended("stopped", "stopped by itself")
    if code == REQUEUE and why != "late" and attempt < MOST_REQUEUES:
        return Ended("retrying", "was told to save, goes on", 0.0)
    reason = f"took longer than {job.timeout:g} s" if why == "late" else told_by(code, folder)
    if attempt > job.retries or code == ExitCode.USAGE:
        return Ended("failed", reason)
    wait = min(job.backoff * 2 ** (attempt - 1), LONGEST_BACKOFF)
    return Ended("retrying", f"{reason}; again in {wait:g} s", wait)


def told_by(code: int, folder: Path) -> str:
    """Return why a process failed: its own last line, or the signal that ended it."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return f"killed by {name}" + (", as happens when memory runs out" if -code == signal.SIGKILL else "")
    lines = last_lines(folder, 1)
    return lines[-1].removeprefix("error: ") if lines else f"exit code {code} without a word"
