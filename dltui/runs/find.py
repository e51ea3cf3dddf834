"""From how a run is spelled to the run and one of its checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dltui.errors import DltuiError, UsageError, unknown
from dltui.runs.folder import CARD, Run, list_runs, open_run, step_of
from dltui.runs.history import best_step
from dltui.runs.home import runs_folder

PREFIX = "run:"


@dataclass(frozen=True)
class Snapshot:
    """One checkpoint of a run.

    Attributes:
        run: The run.
        step: Optimiser steps that were made.
        path: The file of weights.
    """

    run: Run
    step: int
    path: Path

    def way(self, most: int) -> list[int]:
        """Return the steps of the checkpoints up to this one, thinned evenly to at most ``most``."""
        steps = sorted(step for step in self.run.steps() if step <= self.step)
        last, kept = len(steps) - 1, min(most, len(steps))
        return sorted({steps[round(i * last / max(1, kept - 1))] for i in range(kept)} | {steps[-1]})


def find_run(word: str) -> Run:
    """Return the run that ``word`` names.

    Args:
        word: ``latest``, an id, a name, or the beginning of one of them.

    Returns:
        The run.

    Raises:
        UsageError: If there is none, or several begin so.
    """
    if (runs_folder() / word / CARD).is_file() and "/" not in word:
        return open_run(runs_folder() / word)
    runs = list_runs()
    if not runs:
        raise UsageError(f"there are no runs in {runs_folder()} yet: try dltui train lenet --data digits")
    if word == "latest":
        return runs[0]
    named = [run for run in runs if run.name == word]
    fitting = named or [run for run in runs if run.id.startswith(word) or run.name.startswith(word)]
    if len(fitting) > 1:
        more = " …" if len(fitting) > 5 else ""
        how = "are called" if named else "begin with"
        raise UsageError(
            f"{len(fitting)} runs {how} {word!r}: {', '.join(run.id for run in fitting[:5])}{more}"
        )
    if not fitting:
        raise unknown("run", word, [run.name for run in runs], "`dltui runs list`")
    return fitting[0]


def find_snapshot(spec: str) -> Snapshot:
    """Return the checkpoint that ``spec`` names.

    Args:
        spec: ``run:NAME`` for the newest one, ``run:NAME@step=300``, or ``run:NAME@best`` for the one with the
            lowest held-out loss; NAME as in ``find_run``.

    Returns:
        The checkpoint.

    Raises:
        UsageError: If there is no such run or no such step.
        DltuiError: If the run has no checkpoint.
    """
    word, _, moment = spec.removeprefix(PREFIX).partition("@")
    run = find_run(word)
    steps = run.steps()
    newest = run.latest()
    if not steps or newest is None:
        raise DltuiError(f"the run {run.name} has no checkpoint")
    if not moment:
        return Snapshot(run, step_of(newest), newest)
    step = best_step(run) if moment == "best" else _step(moment, spec)
    if step not in steps:
        near = sorted(sorted(steps, key=lambda other: abs(other - step))[:3])
        raise UsageError(
            f"the run {run.name} kept no step {step}: the nearest are {', '.join(map(str, near))}"
        )
    return Snapshot(run, step, run.checkpoint(step))


def _step(moment: str, spec: str) -> int:
    """Return the number in ``step=300``."""
    key, _, value = moment.partition("=")
    if key != "step" or not value.isdecimal():
        raise UsageError(f"can't read @{moment} in {spec!r}: expected @step=300 or @best")
    return int(value)
