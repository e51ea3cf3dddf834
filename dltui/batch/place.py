"""Where jobs run: something that starts a command line and can tell how it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dltui.batch.plan import Asked


@dataclass(frozen=True)
class Task:
    """One try of a job.

    Attributes:
        name: What it is called where it runs.
        words: What follows ``dltui``.
        folder: Where what it prints goes: ``stdout.json`` and ``stderr.txt``.
        work: The folder that it runs in.
        env: Environment variables besides those that are there anyway.
        again: Whether ``stderr.txt`` of an earlier try is gone on with.
        asked: What it asks of the place, such as a partition.
        left: Whether an earlier run of the batch was killed while the job ran.
    """

    name: str
    words: tuple[str, ...]
    folder: Path
    work: Path
    env: Mapping[str, str]
    again: bool
    asked: Asked
    left: bool = False


class Running(Protocol):
    """A command line that runs somewhere."""

    @property
    def label(self) -> str:
        """Where it runs, such as ``pid 77``."""

    def poll(self) -> int | None:
        """Return its exit code, below 0 for a signal, or None while it runs."""

    def signal(self, number: int) -> None:
        """Send a signal to it and to all that it has started."""


class Place(Protocol):
    """A place where command lines run."""

    def start(self, task: Task) -> Running:
        """Start one."""
