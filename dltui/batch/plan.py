"""What a batch is made of: jobs, limits, and what the file asks for besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Scalar = str | int | float | bool
Asked = Mapping[str, Any]

FINE = {"diff": (0, 1)}  # verbs that answer by their exit code, and which of them are answers
BACKOFF = 5.0  # seconds before the first retry; each further one waits twice as long


@dataclass(frozen=True, kw_only=True)
class Job:
    """One command line of a batch, after its matrix was expanded.

    Attributes:
        name: Unlike all others: ``train``, or ``train[lr=0.1,seed=0]`` where there is a matrix.
        group: Name in the file, ``train``.
        words: What follows ``dltui``; what is known only once other jobs are done still stands there in braces.
        variables: Values of the matrix.
        needs: Names of the jobs that must be done before.
        retries: How often it is tried again after a failure.
        backoff: Seconds before the first retry; each further one waits twice as long.
        timeout: Seconds after which it is ended, or None.
        device: Where it computes as the limits count it, such as ``cpu`` or ``cuda:0``; empty when it doesn't say.
        env: Environment variables besides those of the batch.
        files: Files that it reads and that its command line does not name.
        slurm: What it asks of SLURM, by name.
        ok: Exit codes with which it is done, where it has printed its answer.
    """

    name: str
    group: str
    words: tuple[str, ...]
    variables: Mapping[str, Scalar] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    retries: int = 0
    backoff: float = BACKOFF
    timeout: float | None = None
    device: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    slurm: Asked = field(default_factory=dict)
    ok: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Limits:
    """How many jobs run at once.

    Attributes:
        jobs: In all.
        devices: By device: ``cuda`` counts the jobs of every CUDA device together, ``cuda:0`` those of one.
    """

    jobs: int = 1
    devices: Mapping[str, int] = field(default_factory=dict)

    def room(self, device: str, running: list[str]) -> bool:
        """Return whether one more job may start.

        Args:
            device: Where it will compute.
            running: The devices of the jobs that run.
        """
        if len(running) >= self.jobs:
            return False
        kinds = {device, device.partition(":")[0]}
        return all(
            sum(kind in {other, other.partition(":")[0]} for other in running) < self.devices[kind]
            for kind in kinds & self.devices.keys()
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A batch as its file spells it, checked.

    Attributes:
        source: The file.
        jobs: Every job, in the order of the file; what a job needs may stand behind it.
        limits: How many run at once.
        collect: Dotted paths into each job's JSON that the final table shows.
    """

    source: Path
    jobs: tuple[Job, ...]
    limits: Limits = field(default_factory=Limits)
    collect: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its jobs run: the folder of the file."""
        return self.source.parent


@dataclass(frozen=True)
class Order:
    """A job that can begin: everything in its command line is known.

    Attributes:
        job: The job.
        words: What follows ``dltui``, nothing left in braces.
        key: Stands for the command line and all that it reads; equal keys give equal results.
    """

    job: Job
    words: tuple[str, ...]
    key: str = ""
