"""What a job tells as it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dltui.results import Result


@dataclass(frozen=True, slots=True)
class Started:
    """Its process works on it.

    Attributes:
        pid: Id of the process.
    """

    pid: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is; a newer one replaces an older one that nobody has taken.

    Attributes:
        done: Units finished.
        total: Units in all.
        seconds_left: Estimate of the wall time left, or None while there is nothing to go by.
    """

    done: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """What is known by now; a newer one replaces an older one that nobody has taken.

    Attributes:
        result: A result with holes.
    """

    result: Result


@dataclass(frozen=True, slots=True)
class Note:
    """A remark of the verb, which the command line writes to stderr.

    Attributes:
        text: One sentence.
    """

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """It has ended well.

    Attributes:
        path: Where the result is kept; None for a saved result that was only opened again.
        result: What was found.
    """

    path: Path | None
    result: Result


@dataclass(frozen=True, slots=True)
class Failed:
    """It has ended badly.

    Attributes:
        sentence: Why, as the command line would say it.
        last_lines: What its process wrote to stderr at last, or the traceback; empty for a plain refusal.
        path: Where what was known by then is kept, or None.
    """

    sentence: str
    last_lines: tuple[str, ...] = ()
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It was stopped.

    Attributes:
        path: Where what was known by then is kept, or None when there was nothing.
    """

    path: Path | None


Event = Started | Progress | Partial | Note | Done | Failed | Cancelled
LAST = (Done, Failed, Cancelled)  # after one of them nothing comes
