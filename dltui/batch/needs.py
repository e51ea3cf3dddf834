"""Which job waits for which: names looked up, jobs of one matrix paired with those of another, no circles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dltui.batch.placeholders import inside
from dltui.batch.plan import Job
from dltui.errors import UsageError, unknown


def tied(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Return the jobs with the full names of what they need.

    A job whose command line speaks of another needs it without saying so. Where both have a matrix, only those are
    needed that agree in every variable that both have.

    Args:
        jobs: All jobs, with names of groups or of jobs in ``needs``.

    Returns:
        The same jobs in the same order.

    Raises:
        UsageError: If a name is unknown, nothing agrees, several are meant where one is spoken of, or the needs go
            around in a circle.
    """
    groups = {job.group for job in jobs}
    found = []
    for job in jobs:
        spoken = [one.partition(".")[0] for word in job.words for one in inside(word) if "." in one]
        wanted = dict.fromkeys([*job.needs, *(name for name in spoken if name in groups)])
        needs = [other for name in wanted for other in _meant(job, name, jobs)]
        found.append(replace(job, needs=tuple(dict.fromkeys(needs))))
    _refuse_circles(found)
    _refuse_doubt(found, jobs)
    return tuple(found)


def spoken_of(job: Job, group: str, jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs of a group that a job needs."""
    return [other for other in jobs if other.name in job.needs and other.group == group]


def _meant(job: Job, name: str, jobs: Sequence[Job]) -> list[str]:
    """Return the names of the jobs that one entry of ``needs`` means."""
    if any(other.name == name for other in jobs):
        return [name]
    group = [other for other in jobs if other.group == name]
    if not group:
        raise unknown(f"job in needs of {job.name!r}", name, dict.fromkeys(other.group for other in jobs))
    agreeing = [other.name for other in group if _agree(job, other)]
    if not agreeing:
        shared = job.variables.keys() & group[0].variables.keys()
        told = ", ".join(f"{variable} = {job.variables[variable]}" for variable in sorted(shared))
        raise UsageError(
            f"{job.name!r} needs {name!r}, but no job {name!r} has {told}: give both the same values"
        )
    return agreeing


def _agree(job: Job, other: Job) -> bool:
    """Return whether two jobs have the same values of the variables that both have."""
    shared = job.variables.keys() & other.variables.keys()
    return all(job.variables[name] == other.variables[name] for name in shared)


def _refuse_circles(jobs: Sequence[Job]) -> None:
    """Raise when a job would wait for itself; the sentence names the circle."""
    needs = {job.name: job.needs for job in jobs}
    settled: set[str] = set()
    for start in needs:
        way: list[str] = []
        stack = [(start, 0)]
        while stack:
            name, depth = stack.pop()
            del way[depth:]
            if name in way:
                circle = [*way[way.index(name) :], name]
                raise UsageError(
                    f"jobs wait for each other in a circle: {' needs '.join(circle)}; take one needs away"
                )
            if name in settled:
                continue
            way.append(name)
            if all(other in settled for other in needs[name]):
                settled.add(name)
                continue
            stack += [(other, depth + 1) for other in reversed(needs[name])]
        settled |= set(way)


def _refuse_doubt(jobs: Sequence[Job], everyone: Sequence[Job]) -> None:
    """Raise when a command line speaks of one job of a group and several are needed."""
    for job in jobs:
        for name in (one for word in job.words for one in inside(word) if "." in one):
            group = name.partition(".")[0]
            several = spoken_of(job, group, everyone)
            if len(several) > 1:
                first = several[0]
                ours = sorted(first.variables.keys() - job.variables.keys())
                raise UsageError(
                    f"{{{name}}} of {job.name!r} could mean {len(several)} jobs, {first.name!r} among them: "
                    f"give {job.group!r} a matrix with {', '.join(ours)} too"
                )
