"""Scans that may be stopped: what is known is kept in a file as the work goes; the same command goes on from there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dltui.commands._frame import Common, command_line
from dltui.commands._show import Stopped, signed
from dltui.errors import DltuiError, UsageError

if TYPE_CHECKING:
    from dltui.progress import Report
    from dltui.results import Result
    from dltui.results.connection import Connection
    from dltui.results.landscape import Landscape

    Scan = Landscape | Connection
    S = TypeVar("S", Landscape, Connection)
    R = TypeVar("R", bound=Result)

PLAIN = "the model itself"  # how an evaluator is named that has no faster way
AGAIN = "the same command goes on from there"
LEAST = 0.2  # seconds between two files
SHARE = 20  # times as long as writing one takes, at least, so that keeping costs a twentieth


class Unfinished:
    """What is known of a landscape, or of a way to another network, while it is being scanned.

    Attributes:
        path: Where it is kept beside the file of ``--save``, or None without one.
        newest: What is known by now, or None.
        common: The common options.
    """

    def __init__(self, common: Common) -> None:
        self.path = None if common.save is None else partial_path(common.save)
        self.newest: Scan | None = None
        self.common, self._started = common, time.perf_counter()
        self._next = 0.0

    def __call__(self, known: Scan) -> None:
        """Take note of what is known, and write it down unless that was done a moment ago."""
        self.newest = signed(known, self.common, time.perf_counter() - self._started)  # type: ignore[assignment]
        if self.path is not None and time.perf_counter() >= self._next:
            self._write()

    def earlier(self, resume: Path | None) -> Scan | None:
        """Return the unfinished scan to go on from, or None.

        Args:
            resume: The file that was asked for; otherwise the one that the same command has left.

        Returns:
            What it knew.

        Raises:
            UsageError: If the file that was asked for holds something else.
        """
        from dltui.results import load
        from dltui.results.connection import Connection
        from dltui.results.landscape import Landscape

        if resume is not None:
            found = load(resume)
            if not isinstance(found, Landscape | Connection) or found.complete or not found.identity:
                raise UsageError(
                    f"{resume} is no unfinished scan: expected a file that a stopped `dltui landscape` left"
                )
            return found
        if self.path is None or not self.path.is_file():
            return None
        try:
            found = load(self.path)
        except DltuiError:
            return None
        known = isinstance(found, Landscape | Connection) and found.made.command == command_line()
        return found if known else None  # type: ignore[return-value]

    def done(self) -> None:
        """Remove the file: the scan is finished."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def stopped(self) -> Stopped:
        """Write down what is known after Ctrl-C, and return it with how to go on."""
        assert self.newest is not None, "nothing is known yet"
        if self.path is not None:
            self._write()
        where = f"stopped at {counted(self.newest)}"
        how = f"kept in {self.path}; {AGAIN}" if self.path else "--save FILE would keep them"
        return Stopped(self.newest, f"{where}; {how}")

    @property
    def begun(self) -> bool:
        """Whether something is known that can be kept."""
        return self.newest is not None and self.path is not None

    def kept(self) -> str:
        """Write down what is known after an error, and return where it is and how to go on."""
        assert self.newest is not None, "nothing is known yet"
        self._write()
        return f"{counted(self.newest)} are kept in {self.path}; {AGAIN}"

    def _write(self) -> None:
        """Write what is known."""
        assert self.newest is not None
        assert self.path is not None
        began = time.perf_counter()
        self.newest.save(self.path)
        ended = time.perf_counter()
        self._next = ended + max(LEAST, SHARE * (ended - began))


def partial_path(path: Path) -> Path:
    """Return the file of an unfinished result beside that of the finished one."""
    return path.with_name(f"{path.stem}.partial.safetensors")


def counted(known: Scan) -> str:
    """Return how much of a scan is known, in words."""
    from dltui.results.landscape import Landscape

    if isinstance(known, Landscape):
        cells = known.loss.size if known.known is None else int(known.known.sum())
        return f"{cells} of {known.loss.size} cells"
    done = known.loss.size if known.evaluated is None else int(known.evaluated.sum())
    return f"{done} of {known.loss.size} positions"


def stoppable(work: Callable[[Report], R], common: Common) -> R | Stopped:
    """Work, and return what was known when Ctrl-C came.

    Args:
        work: Does it, and reports what is known.
        common: The common options.

    Returns:
        What was found, or as much of it as was known; that is kept beside the file of ``--save``.
    """
    newest: Result | None = None
    where, started = (0, 0), time.perf_counter()

    def report(done: int, total: int, partial: object = None) -> None:
        nonlocal newest, where
        newest, where = partial if partial is not None else newest, (done, total)  # type: ignore[assignment]
        common.report(done, total, partial)

    try:
        found = work(report)
    except KeyboardInterrupt:
        if newest is None:
            raise
    else:
        if common.save is not None:
            partial_path(common.save).unlink(missing_ok=True)  # of an earlier try
        return found
    known = signed(newest, common, time.perf_counter() - started)
    told = f"stopped at {where[0]} of {where[1]} steps of work"
    if common.save is None:
        return Stopped(known, f"{told}; what was known by then is shown; --save FILE would keep it")
    known.save(partial_path(common.save))
    return Stopped(known, f"{told}; what was known by then is kept in {partial_path(common.save)}")


def scanned(scan: Callable[[Any], S], unfinished: Unfinished, resume: Path | None) -> S | Stopped:
    """Scan, going on from what an earlier scan left.

    Args:
        scan: Scans, given what an earlier scan knew.
        unfinished: Takes what is known on the way.
        resume: A file to go on from.

    Returns:
        The landscape, or what was known when Ctrl-C came.
    """
    from dltui.instruments.landscape import AnotherScanError

    earlier, common = unfinished.earlier(resume), unfinished.common
    try:
        if earlier is not None and not earlier.complete:
            common.note(f"going on from {counted(earlier)} in {resume or unfinished.path}")
        try:
            found = scan(earlier)
        except AnotherScanError:
            if resume is not None:
                raise
            common.note(f"{unfinished.path} is of other weights or data: scanning anew")
            found = scan(None)
    except KeyboardInterrupt:
        if unfinished.newest is None:
            raise
        return unfinished.stopped()
    except DltuiError as error:
        if not unfinished.begun:
            raise
        raise DltuiError(f"{error}; {unfinished.kept()}") from error
    unfinished.done()
    evaluator = getattr(found, "evaluator", "")  # of a landscape
    if evaluator.startswith(PLAIN):
        common.note(f"every point ran {evaluator}")
    return found
