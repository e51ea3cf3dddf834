"""Running the checks of exhibits: each recomputes a number that is known from elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from multiprocessing import get_context

from dltui.errors import DltuiError
from dltui.lab.exhibit import Check, load
from dltui.lab.listing import Listing
from dltui.progress import Report, silent

FEW = 4  # up to so many exhibits are checked here: starting processes would take longer


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one check ended.

    Attributes:
        exhibit: Name of the exhibit.
        check: Name of the check.
        about: What is compared with what.
        holds: Whether it holds.
        message: Why not; empty when it holds.
        seconds: Wall time that it took.
    """

    exhibit: str
    check: str
    about: str
    holds: bool
    message: str
    seconds: float


def run_checks(names: Iterable[str], *, workers: int | None = None, report: Report = silent) -> list[Verdict]:
    """Run every check of some exhibits, in processes of their own when there are more than a few.

    Args:
        names: The exhibits.
        workers: Processes, or None for one a core.
        report: Told after every exhibit.

    Returns:
        One verdict a check, in the order of the names and of the checks in each file.

    Raises:
        DltuiError: If Python runs with ``-O``, which leaves assertions out, or a process was killed.
        UsageError: If nothing bears one of the names.
    """
    if not __debug__:
        raise DltuiError("python -O leaves out the assertions that checks are made of; run it without -O")
    wanted = list(names)
    workers = min(workers or os.cpu_count() or 1, len(wanted))
    found: dict[str, list[Verdict]] = {}
    together = workers < 2 or len(wanted) <= FEW
    for name, verdicts in _here(wanted) if together else _apart(wanted, workers):
        found[name] = verdicts
        report(len(found), len(wanted))
    return [verdict for name in wanted for verdict in found[name]]


def check_exhibit(name: str) -> list[Verdict]:
    """Run the checks of one exhibit in this process.

    Args:
        name: The exhibit.

    Returns:
        One verdict a check.

    Raises:
        UsageError: If nothing bears that name.
    """
    return [_judge(name, check) for check in load(name).checks]


def verdict_table(verdicts: list[Verdict]) -> Listing:
    """Return the verdicts as a listing; below it the messages of those that do not hold."""
    failed = [one for one in verdicts if not one.holds]
    seconds = sum(one.seconds for one in verdicts)
    foot = [f"{one.exhibit} · {one.check} does not hold: {one.message}" for one in failed]
    foot.append(f"{len(verdicts) - len(failed)} of {len(verdicts)} checks hold, {seconds:.1f} s of work")
    return Listing(
        title="Checks of the lab",
        columns=("", "exhibit", "check", "s", "what is compared with what"),
        rows=tuple(
            ("✓" if v.holds else "✗", v.exhibit, v.check, round(v.seconds, 2), v.about) for v in verdicts
        ),
        plain={
            "checks": [asdict(verdict) for verdict in verdicts],
            "total": len(verdicts),
            "failed": len(failed),
            "seconds": seconds,
        },
        foot=tuple(foot),
    )


def _judge(exhibit: str, check: Check) -> Verdict:
    """Run one check; whatever it raises means that it does not hold."""
    started = time.perf_counter()
    message = ""
    try:
        check.function()
    except AssertionError as error:
        message = str(error) or "an assertion without a message failed"
    except Exception as error:  # noqa: BLE001 - a check that breaks does not hold, and the others shall still run
        message = f"{type(error).__name__}: {error}"
    return Verdict(exhibit, check.name, check.about, not message, message, time.perf_counter() - started)


def _here(names: list[str]) -> Iterator[tuple[str, list[Verdict]]]:
    """Yield the verdicts of each exhibit, one after the other."""
    for name in names:
        yield name, check_exhibit(name)


def _apart(names: list[str], workers: int) -> Iterator[tuple[str, list[Verdict]]]:
    """Yield the verdicts of each exhibit as they come out of worker processes."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_calm)
    try:
        running = {pool.submit(check_exhibit, name): name for name in names}
        for done in as_completed(running):
            yield running[done], done.result()
    except BrokenProcessPool as error:
        raise DltuiError(
            "a process that ran checks was killed; try fewer at once, with --workers 1"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _calm() -> None:
    """Keep a worker to one thread: the cores are shared by the processes."""
    os.environ["OMP_NUM_THREADS"] = "1"
