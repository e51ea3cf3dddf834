"""Running a command line, and saying what came out."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dltui.plain.talk import Back, Talk

if TYPE_CHECKING:
    from dltui.figures import Figure
    from dltui.results import Result

LONGEST = 24  # entries of a list that are told one by one
ROWS = 60  # rows of a table that are told one by one
LISTING = {"open", "runs", "models", "data", "doctor"}  # verbs whose answers are there again at any time


def run(talk: Talk, words: Sequence[str]) -> None:
    """Run a command line and say what it found; a result may be kept.

    Args:
        talk: Where it is told.
        words: What follows ``dltui``.

    Raises:
        DltuiError: If the work fails.
    """
    from dltui.commands._calls import called
    from dltui.commands._show import Failed, deliver
    from dltui.errors import DltuiError
    from dltui.results import Result

    line = shlex.join(["dltui", *words])
    talk.head(f"The same as a command: {line}")
    call = called([*words, "--plain"])
    started = time.perf_counter()
    try:
        found = call()
    finally:
        call.common.report.clear()
    seconds = time.perf_counter() - started
    whole = found.found if isinstance(found, Failed) else found
    if not isinstance(whole, Result):
        deliver(found, call.common, seconds=seconds)
        return
    result = (
        whole if whole.made.command else whole.signed(command=line, seconds=seconds, seed=call.common.seed)
    )
    for figure in result.figures():
        say_figure(talk, figure)
    if isinstance(found, Failed):
        raise DltuiError(found.sentence)
    if result.made.command == line and words[0] not in LISTING:
        keep(talk, result)


def keep(talk: Talk, result: Result) -> None:
    """Ask whether a result is to be kept, and under which name."""
    from dltui.runs import results_folder

    try:
        name = talk.ask("Keep it? A name for the file, or Enter for no")
    except Back:
        return
    if name:
        stem = re.sub(r"[^\w.-]+", "-", name.removesuffix(".safetensors"))
        path = results_folder() / f"{stem}.safetensors"
        if path.exists():
            talk.say(f"There is a {path.name} already; it stays, and this result is not kept.")
            return
        result.save(path)
        talk.say(f"Kept as {path}.")


def say_figure(talk: Talk, figure: Figure) -> None:
    """Say a figure in words."""
    from dltui.draw import Look, render_words
    from dltui.figures import Table

    look = Look(width=talk.width, ascii=talk.ascii_only)
    talk.say("", *render_words(figure, look))
    if isinstance(figure, Table):
        for row in figure.rows[:ROWS]:
            cells = zip(figure.columns, row, strict=False)
            talk.say(
                ". ".join(f"{name} {_short(cell)}" for name, cell in cells if cell not in {None, ""}) + "."
            )
        if len(figure.rows) > ROWS:
            talk.say(f"{len(figure.rows) - ROWS} rows more.")


def say_numbers(talk: Talk, numbers: dict[str, Any]) -> None:
    """List the numbers of a summary, one a line."""
    for name, value in _flat("", numbers):
        talk.say(f"{name}: {value}")


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    """Return names and values of a nested document in one list."""
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _flat(f"{name} {key}".strip(), part)]
    if isinstance(value, list | tuple):
        return [(name, _listed(value))] if _plain_numbers(value) else _parts(name, value)
    return [(name, _short(value))]


def _parts(name: str, value: Sequence[Any]) -> list[tuple[str, str]]:
    """Return the entries of a list that holds more than numbers."""
    if len(value) > LONGEST:
        return [(name, f"{len(value)} entries; all with --json")]
    return [pair for place, part in enumerate(value, 1) for pair in _flat(f"{name} {place}", part)]


def _plain_numbers(value: Any) -> bool:
    """Return whether a list, or the lists in it, hold nothing but numbers."""
    if isinstance(value, list | tuple):
        return all(_plain_numbers(part) for part in value)
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _listed(value: Sequence[Any]) -> str:
    """Return a list of numbers one by one, or how many there are and between which they lie."""
    import numpy as np

    try:
        numbers = np.array(value, float)  # what is not known, None, becomes nan
    except ValueError:  # rows of unequal length
        return f"{len(value)} lists of numbers; all with --json"
    if numbers.ndim == 1 and numbers.size <= LONGEST:
        return ", ".join(_short(part) for part in value) or "none"
    known = numbers[np.isfinite(numbers)]
    count = " × ".join(map(str, numbers.shape))
    if not known.size:
        return f"{count} numbers, none of them finite"
    return (
        f"{count} numbers from {_short(float(known.min()))} to {_short(float(known.max()))}; all with --json"
    )


def _short(value: Any) -> str:
    """Return a value in as many digits as a person listens to."""
    from dltui.figures import number

    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "unknown"
    return number(value) if isinstance(value, float) else str(value)
