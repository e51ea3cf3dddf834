"""What a process is asked to do, and the surroundings it shall do it in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from shlex import join


class Descriptor:
    """An open file that a new process gets along with its arguments."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __getstate__(self) -> object:
        """Return a duplicate for the process that is being started."""
        from multiprocessing.reduction import DupFd

        return DupFd(self.number)

    def __setstate__(self, duplicate: object) -> None:
        self.number = duplicate.detach()  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Surroundings:
    """Where a command is given: a process that was forked long ago must not live in the past.

    Attributes:
        folder: Working folder.
        environment: Environment variables.
        errors: Where stdout and stderr go.
        threads: Threads inside one operation of torch, or None for as many as the command line takes.
    """

    errors: Descriptor
    folder: str = field(default_factory=os.getcwd)
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    threads: int | None = None


@dataclass(frozen=True)
class Order:
    """A command line to carry out.

    Attributes:
        name: Short and unlike the names of other jobs.
        words: What follows ``dltui``.
        results: Folder for the result.
        scratch: Folder for what is known when it is stopped.
    """

    name: str
    words: tuple[str, ...]
    results: Path
    scratch: Path

    @property
    def line(self) -> str:
        """The command line, as a shell would take it."""
        return join(["dltui", *self.words])
