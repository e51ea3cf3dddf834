"""Errors that a person can act on, and the exit codes they lead to."""

import os
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """How a ``dltui`` process ends."""

    DONE = 0
    FAILED = 1  # the work failed, or a check did not hold
    USAGE = 2  # wrong usage, or a layer that refuses
    REQUEUE = 75  # asked to make room: all is kept, start it again to go on (EX_TEMPFAIL)
    CANCELLED = 130
    UNREAD = 141  # whoever read the output left early; what a shell tells of a tool that SIGPIPE ends


class DltuiError(Exception):
    """One sentence that names the thing, what was expected, and what to try."""

    exit_code = ExitCode.FAILED


class UsageError(DltuiError):
    """The command was spelled so that it can't be carried out."""

    exit_code = ExitCode.USAGE


class Cancelled(DltuiError):
    """Someone asked the work to stop before it was done."""

    exit_code = ExitCode.CANCELLED


class Requeue(DltuiError):
    """The machine asked the work to make room: all is kept, and it goes on when it is started again."""

    exit_code = ExitCode.REQUEUE


def absent(path: str | os.PathLike[str], expected: str) -> UsageError:
    """Return the error for a file that isn't there, or is a folder.

    Args:
        path: The file, as the user wrote it.
        expected: What was expected there, as ``expected a .npz file``, or what to try.

    Returns:
        A ``UsageError``, to be raised by the caller.
    """
    folder = os.path.isdir(path)  # noqa: PTH112 - pathlib is not imported at start-up
    return UsageError(f"{path} is a folder: {expected}" if folder else f"no file {path}: {expected}")


MOST_NAMES = 16  # as many as a sentence can carry


def unknown(kind: str, word: str, known: Iterable[str], listed: str = "--help") -> UsageError:
    """Return the error for a name that nothing bears, with the nearest known ones.

    Args:
        kind: What the word should have named, such as ``model``.
        word: The word as the user wrote it.
        known: Every name that would have been right.
        listed: What lists them, where they are too many for a sentence.

    Returns:
        A ``UsageError``, to be raised by the caller.
    """
    names = list(known)
    near = nearest(word, names)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif len(names) <= MOST_NAMES:
        hint = f"known are {', '.join(sorted(names))}"
    else:
        hint = f"none of the {len(names)} known names is near; {listed} lists them"
    return UsageError(f"unknown {kind} {word!r}: {hint}")


def nearest(word: str, names: Iterable[str]) -> list[str]:
    """Return the names that someone may have meant, at most three, the most likely first.

    Args:
        word: What was written; upper and lower case are alike.
        names: Every name that would have been right.

    Returns:
        Those that are spelled nearly so; without any, those that begin with the word or hold it.
    """
    from difflib import get_close_matches  # costs more than the rest of a start-up

    lowered, sought = {name.lower(): name for name in names}, word.lower()
    near = get_close_matches(sought, lowered, n=3, cutoff=0.6)
    if not near and len(sought) > 1:
        near = sorted((low for low in lowered if sought in low), key=lambda low: (low.index(sought), low))[:3]
    return [lowered[low] for low in near]
