"""One thread a running job: starts its process, hears what it tells, and tells how it ended when it told nothing."""

from __future__ import annotations

import os
import signal
import tempfile
from contextlib import suppress
from multiprocessing.connection import wait
from threading import Timer
from typing import IO, Any

from dltui.errors import DltuiError
from dltui.jobs import server
from dltui.jobs.events import LAST, Cancelled, Event, Failed
from dltui.jobs.job import Job
from dltui.jobs.keep import keep_unfinished
from dltui.jobs.order import Descriptor, Order, Surroundings
from dltui.jobs.worker import CANCEL, LINES, work

PATIENCE = 1.0  # seconds that a cancelled job has to end by itself
TAIL = 16_384  # bytes of stderr that are looked at


def attend(job: Job, order: Order, threads: int | None) -> None:
    """Run a job in a process of its own and wait until that has ended.

    Args:
        job: Takes the events.
        order: What to do.
        threads: Threads of torch, or None for as many as the command line takes.
    """
    here, there = server.pipe()
    with tempfile.TemporaryFile() as errors, here:
        try:
            with there:
                around = Surroundings(Descriptor(errors.fileno()), threads=threads)
                process = server.fork(work, order, around, there)
        except (OSError, EOFError, ValueError) as error:
            job.take(
                Failed(f"no process could be started for `{order.line}`: {error or 'the server has ended'}")
            )
            return
        _Attendant(job, order, process, here).run(errors)


def kill(pid: int) -> None:
    """End a process with whatever processes it has started; one that has ended is left alone."""
    with suppress(ProcessLookupError, PermissionError):
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:  # it leads no group yet
            os.kill(pid, signal.SIGKILL)


def tail(errors: IO[bytes]) -> tuple[str, ...]:
    """Return the last lines that a process wrote to stderr."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - TAIL))
    return tuple(errors.read().decode("utf-8", "replace").splitlines()[-LINES:])


def told_by(code: int | None) -> str:
    """Return how a process ended, in words, from its exit code (below 0 for a signal)."""
    if code is None or code >= 0:
        return f"ended with exit code {code} before it was done"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if -code == signal.SIGKILL:
        return f"was killed from outside ({name}), as happens when memory runs out"
    return f"crashed ({name}: {signal.strsignal(-code)})"


class _Attendant:
    """Looks after one process."""

    def __init__(self, job: Job, order: Order, process: Any, pipe: Any) -> None:
        self._job, self._order = job, order
        self._process, self._pipe = process, pipe
        self._open, self._killed, self._gone = True, False, False

    def run(self, errors: IO[bytes]) -> None:
        """Read until the process has ended."""
        self._job.stops_by(self._stop)
        if self._job.state != "starting":  # cancelled while its process was being made
            self._kill()
        last = None
        while last is None:
            last = self._hear()
            if last is None and not self._open:
                last = self._silent(errors)
        self._process.join(PATIENCE)
        self._kill()  # also whatever it has started and left behind
        self._process.join()
        self._gone = True
        self._process.close()
        self._job.take(last)

    def _hear(self) -> Event | None:
        """Take what the process tells; return the last event when it comes."""
        wait([self._pipe, self._process.sentinel])
        self._open = (
            self._process.exitcode is None
        )  # asked before the pipe is emptied, so that nothing is missed
        try:
            while self._pipe.poll():
                event = self._pipe.recv()
                if isinstance(event, LAST):
                    return event
                self._job.take(event)
        except (EOFError, OSError):
            self._open = False
        return None

    def _stop(self) -> None:
        """Ask the process to end, and kill it when it does not."""
        with suppress(OSError):
            self._pipe.send(CANCEL)
        timer = Timer(PATIENCE, self._kill)
        timer.daemon = True
        timer.start()

    def _kill(self) -> None:
        """End the process by force."""
        if not self._gone:
            self._killed = True
            kill(self._process.pid)

    def _silent(self, errors: IO[bytes]) -> Event:
        """Return how a process ended that did not say so itself."""
        self._process.join(PATIENCE)
        stopped = self._killed or self._job.state == "cancelling"
        path = self._unfinished("cancelled" if stopped else "crashed")
        if stopped:
            return Cancelled(path)
        how = told_by(self._process.exitcode)
        return Failed(f"the process of `{self._order.line}` {how}; run it again", tail(errors), path)

    def _unfinished(self, why: str) -> Any:
        """Save what was known and return its file, or None."""
        if self._job.partial is None:
            return None
        try:
            return keep_unfinished(self._job.partial, self._order, self._job.progress, why)
        except DltuiError:
            return None
