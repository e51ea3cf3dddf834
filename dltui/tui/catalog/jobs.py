"""Jobs of this session: what runs beside, what waits, what has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item, homely

if TYPE_CHECKING:
    from dltui.jobs import Job

MARKS = {
    "queued": "…", "starting": "…", "running": "▸", "cancelling": "◌", "done": "✓", "failed": "✗", "cancelled": "■",
}  # fmt: skip
BUSY = ("running", "cancelling", "starting", "queued")  # states before the end, those that move first

_jobs: list[Callable[[], Sequence[Job]]] = []  # how the application that runs tells its jobs


def follow(jobs: Callable[[], Sequence[Job]]) -> None:
    """Show the jobs of an application from now on.

    Args:
        jobs: Returns its jobs, the oldest first; called from any thread.
    """
    _jobs[:] = [jobs]


@register.shelf("jobs", "Jobs", place=80, nothing="Nothing runs, and nothing ran since dltui was opened.")
def read(folder: Path) -> list[Item]:
    """Return the jobs, those that run first, then the one that ended last.

    Args:
        folder: Where the user is; jobs are those of this session.

    Returns:
        One entry a job.
    """
    del folder
    return [job_item(job) for job in in_order(_jobs[0]() if _jobs else ())]


@register.glimpse("job")
def glimpse(item: Item) -> Glimpse:
    """Return how a job stands, with the picture as it is known by now.

    Args:
        item: A job.

    Returns:
        What is shown beside the list.
    """
    job = by_name(item.key)
    if job is None:
        return Glimpse(title=item.name, words=item.note)
    known = job.result or job.partial
    figures = known.figures() if known is not None else []
    return Glimpse(
        title=item.name,
        figure=figures[0] if figures else None,
        words=told(job),
        facts=(("command", job.line), ("state", standing(job))),
    )


def job_item(job: Job) -> Item:
    """Return the list entry of a job.

    Args:
        job: The job.

    Returns:
        The entry; opening it shows how the job goes.
    """
    going = "" if job.over else "running"
    return Item(
        "job",
        job_title(job),
        f"{MARKS[job.state]} {standing(job)}",
        job.name,
        job.line,
        when=job.submitted,
        state=going,
    )


def by_name(name: str) -> Job | None:
    """Return a job of this session, or None."""
    return next((job for job in (_jobs[0]() if _jobs else ()) if job.name == name), None)


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs as they are listed: what moves, what waits, then what has ended, the last one first."""
    busy = [job for job in jobs if not job.over]
    ended = [job for job in jobs if job.over]
    return [
        *sorted(busy, key=lambda job: (BUSY.index(job.state), job.submitted)),
        *sorted(ended, key=lambda job: job.ended or 0.0, reverse=True),
    ]


def job_title(job: Job) -> str:
    """Return what a job is called: its command line before the first option."""
    places = [place for place, word in enumerate(job.words) if word.startswith("-")]
    return " ".join(job.words[: places[0]] if places else job.words) or "nothing"


def share(job: Job) -> float | None:
    """Return how far a job is, from 0 to 1, or None while that is not known."""
    if job.state == "done":
        return 1.0
    if job.progress is None or not job.progress.total:
        return None
    return min(1.0, job.progress.done / job.progress.total)


def standing(job: Job) -> str:
    """Return how a job stands in a few words: state, share, time gone, time left."""
    parts: list[str] = [job.state]
    part = share(job)
    if part is not None and job.state != "done":
        parts.append(f"{part:.0%}")
    if job.began is not None:
        parts.append(lasting((job.ended or time.time()) - job.began))
    if job.state == "running" and job.progress is not None and job.progress.seconds_left is not None:
        parts.append(f"{lasting(job.progress.seconds_left)} left")
    return " · ".join(parts)


def told(job: Job, *, short: bool = False) -> str:
    """Return what a job has to say now: its failure, where it kept what it found, or its newest remark.

    Args:
        job: The job.
        short: Say the name of what is kept, without folder and ending.
    """
    if job.failure is not None:
        return job.failure.sentence
    if job.path is not None:
        where = f"as {job.path.stem}" if short else f"at {homely(job.path)}"
        return f"kept {where}" if job.state == "done" else f"{job.state} · kept {where}"
    if job.state == "cancelled":
        return "cancelled before there was anything to keep"
    return job.notes[-1] if job.notes else ""


def lasting(seconds: float) -> str:
    """Return a length of time as people say it."""
    whole = max(0, round(seconds))
    if whole < 1:
        return "under 1 s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def at_a_glance(jobs: Sequence[Job]) -> str:
    """Return what runs, in as few words as fit beside everything else; empty when nothing does."""
    busy = [job for job in jobs if not job.over]
    if not busy:
        return ""
    shares = [part for job in busy if (part := share(job)) is not None]
    mean = f" · {sum(shares) / len(busy):.0%}" if shares else ""
    return f"▸ {len(busy)} job{'s' if len(busy) > 1 else ''}{mean}"
