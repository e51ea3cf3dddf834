"""What the process of a job does: read the command line, call the verb, keep what it finds, and tell."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from dltui import errors
from dltui.commands._calls import called, sentence
from dltui.commands._frame import Call, Common
from dltui.commands._show import settled, signed, write_files
from dltui.errors import DltuiError
from dltui.jobs.events import Cancelled, Done, Failed, Note, Partial, Progress, Started
from dltui.jobs.keep import keep, keep_unfinished
from dltui.jobs.order import Order, Surroundings
from dltui.jobs.outbox import Outbox
from dltui.jobs.surround import die_with_parent, listen, settle_in
from dltui.results import Result

CANCEL = "cancel"
LINES = 40  # of a traceback, or of stderr


class Reporter:
    """The ``report`` of a verb that runs as a job: tells the parent, and raises when the job was cancelled."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._started = time.perf_counter()
        self.cancelled = False
        self.newest: Progress | None = None
        self.partial: Result | None = None
        self.common = Common()

    def __call__(self, done: int, total: int, partial: object = None) -> None:
        """Take note of how far the work is.

        Raises:
            Cancelled: If nobody wants it any more.
        """
        gone = time.perf_counter() - self._started
        self.newest = Progress(done, total, gone / done * (total - done) if done else None)
        self._outbox.progress(self.newest)
        if isinstance(partial, Result):
            self.partial = signed(partial, self.common, gone)
            self._outbox.partial(Partial(self.partial))
        if self.cancelled:
            raise errors.Cancelled("cancelled")

    def clear(self) -> None:
        """Nothing stands on a line that would have to be wiped."""


def work(order: Order, around: Surroundings, pipe: Any) -> None:
    """Carry out a command line and end; the body of a job's process.

    Args:
        order: What to do.
        around: Where to do it.
        pipe: Takes events there and ``cancel`` back.
    """
    die_with_parent()
    settle_in(around, order.line)
    outbox = Outbox(pipe)
    reporter = Reporter(outbox)

    def hear(word: Any) -> None:
        reporter.cancelled = word == CANCEL

    listen(pipe, hear)
    outbox.send(Started(_pid()))
    outbox.close(_end(order, reporter, outbox))


def _end(order: Order, reporter: Reporter, outbox: Outbox) -> Done | Failed | Cancelled:
    """Do the work and return how it ended; whatever is raised becomes a sentence."""
    try:
        call = called(order.words)
        reporter.common = call.common
        told = replace(call.common, report=reporter, say=lambda text: outbox.send(Note(text)))
        return _done(order, replace(call, common=told), outbox)
    except errors.Cancelled:
        return Cancelled(_unfinished(order, reporter, "cancelled"))
    except DltuiError as error:
        return Failed(sentence(error), path=_unfinished(order, reporter, "failed"))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own code may raise anything
        return Failed(sentence(error), _traceback(error), _unfinished(order, reporter, "failed"))


def _done(order: Order, call: Call, outbox: Outbox) -> Done | Failed:
    """Call the verb, and keep what it finds before anything is said about it."""
    started = time.perf_counter()
    found, complaint = settled(call())
    if found is None:
        raise DltuiError(f"`{order.line}` found nothing that could be shown")
    result = signed(found, call.common, time.perf_counter() - started)
    outbox.partial(Partial(result))  # shown even if no file can be written
    known = bool(found.made.command)  # a saved result that was opened again needs no second file
    path = None if known else keep(result, order)
    try:
        write_files(lambda: result, call.common)
    except DltuiError as error:
        return Failed(sentence(error), path=path)
    return Failed(complaint, path=path) if complaint else Done(path, result)


def _unfinished(order: Order, reporter: Reporter, why: str) -> Any:
    """Save what is known by now and return its file, or None."""
    if reporter.partial is None:
        return None
    try:
        return keep_unfinished(reporter.partial, order, reporter.newest, why)
    except DltuiError:
        return None  # the sentence that is being told matters more


def _traceback(error: BaseException) -> tuple[str, ...]:
    """Return the last lines of the traceback."""
    from traceback import format_exception

    return tuple("".join(format_exception(error)).splitlines()[-LINES:])


def _pid() -> int:
    """Return the id of this process."""
    from os import getpid

    return getpid()
