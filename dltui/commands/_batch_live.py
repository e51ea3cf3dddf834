"""How a batch is seen in a terminal: a table that is written over, or a line whenever something changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.batch.folder import job_folder, last_lines, progress
from dltui.batch.log import GOOD, OVER, Standing, Standings
from dltui.commands._frame import Common

if TYPE_CHECKING:
    from rich.table import Table

    from dltui.results import Result

Tell = Callable[[Standings], None]
Partial = Callable[[Standings], "Result"]

MARKS = {
    "waiting": "…", "running": "▸", "retrying": "↻", "done": "✓", "kept": "=", "failed": "✗",
    "stopped": "■", "skipped": "–", "pruned": "✂",
}  # fmt: skip
ASCII = {
    "waiting": ".", "running": ">", "retrying": "~", "done": "+", "kept": "=", "failed": "x",
    "stopped": "o", "skipped": "-", "pruned": "/",
}  # fmt: skip
COLORS = {"running": "cyan", "retrying": "yellow", "done": "green", "failed": "red", "stopped": "yellow"}
# whom there is room for first
ORDER = ("failed", "running", "retrying", "stopped", "done", "pruned", "skipped", "kept", "waiting")
WAITS = " pending"  # in the place of a job that a cluster has not begun
EVERY = 0.25  # seconds between two pictures


@contextmanager
def watching(partial: Partial, batch: Path, common: Common) -> Iterator[Tell]:
    """Show how a batch goes while this lasts.

    Args:
        partial: Returns what is known by now as a result.
        batch: The folder of the batch.
        common: The common options; where stderr is no terminal, and with ``--plain``, a line tells each change.

    Yields:
        What is to be told how everything stands.
    """
    if not sys.stderr.isatty() or common.plain or common.quiet:
        yield Lines(partial, common)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        last = [0.0]

        def tell(standings: Standings) -> None:
            if time.monotonic() - last[0] >= EVERY:
                last[0] = time.monotonic()
                picture = pictured(standings, batch, console.size.height - 3, ascii_only=common.ascii)
                live.update(picture, refresh=True)

        yield tell


class Lines:
    """Says each change of a job in a line, and reports how far the batch is."""

    def __init__(self, partial: Partial, common: Common) -> None:
        self._partial, self._common = partial, common
        self._seen: dict[str, tuple[str, int, str]] = {}

    def __call__(self, standings: Standings) -> None:
        """Take note of how everything stands; raises ``Cancelled`` where the report does."""
        done = standings.count(OVER)
        changed = False
        for job in standings.jobs.values():
            now = (job.state, job.attempt, job.place if job.state == "running" else "")
            if self._seen.get(job.name, ("waiting", 0, "")) != now:
                self._seen[job.name], changed = now, True
                self._common.note(f"{time.strftime('%H:%M:%S')}  {job.name}: {said(job)}")
        partial = self._partial(standings) if changed else None
        self._common.report(done, max(1, len(standings.jobs)), partial)


def said(job: Standing) -> str:
    """Return how a job stands in a few words."""
    parts: list[str] = [job.state]
    if job.attempt > 1 and job.state not in {"kept"}:
        parts.append(f"try {job.attempt}")
    if job.state == "running" and job.place:
        parts = [job.place] if WAITS in job.place else [*parts, job.place]
    if job.state in {"done", "failed"} and job.seconds is not None:
        parts.append(f"{job.seconds:.1f} s")
    if job.reason:
        parts.append(job.reason)
    return " · ".join(parts)


def pictured(standings: Standings, batch: Path, height: int, *, ascii_only: bool = False) -> Table:
    """Return how a batch stands as a table of at most ``height`` lines.

    Args:
        standings: How each job stands.
        batch: The folder of the batch.
        height: Lines there are; jobs that run or failed go first.
        ascii_only: Nothing beyond ASCII.
    """
    from rich.table import Table
    from rich.text import Text

    from dltui.plaintext import to_ascii

    def plain(text: str) -> str:
        return to_ascii(text) if ascii_only else text

    table = Table(box=None, expand=True, pad_edge=False, show_header=False)
    for settings in (
        {"no_wrap": True},
        {"no_wrap": True, "justify": "right"},
        {"no_wrap": True, "justify": "right"},
    ):
        table.add_column(**settings)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    jobs = list(standings.jobs.values())
    room = max(3, height - 1)
    chosen = {id(job) for job in sorted(jobs, key=lambda job: ORDER.index(job.state))[:room]}
    for job in jobs:
        if id(job) in chosen:
            cells = row_of(job, batch, ASCII if ascii_only else MARKS)
            table.add_row(*(Text(plain(cell), style=COLORS.get(job.state, "dim")) for cell in cells))
    table.add_row(Text(plain(summed(standings)), style="bold"))
    return table


def row_of(job: Standing, batch: Path, marks: Mapping[str, str] = MARKS) -> tuple[str, str, str, str]:
    """Return mark and name, how far it is, how long it took, and what it said last."""
    folder = job_folder(batch, job.name)
    how, took, last = "", "", job.reason
    if job.state == "running":
        known = progress(folder)
        how = f"{100 * known[0] // known[1]} %" if known else ""
        last = (last_lines(folder, 1) or [job.place])[0]
    if job.seconds is not None and job.state not in {"waiting", "skipped"}:
        took = f"{job.seconds:.0f} s" if job.seconds < 600 else f"{job.seconds / 60:.0f} min"
    tried = f" (try {job.attempt})" if job.attempt > 1 else ""
    return f"{marks[job.state]} {job.name}{tried}", how or job.state, took, last


def summed(standings: Standings) -> str:
    """Return counts of all jobs, in one line."""
    total = len(standings.jobs)
    counts: dict[str, Any] = {}
    for job in standings.jobs.values():
        counts[job.state] = counts.get(job.state, 0) + 1
    told = ", ".join(f"{number} {state}" for state, number in counts.items())
    return f"{standings.count(GOOD)} of {total} done ({told})"
