"""A run's metrics as the result that training returns, readable while it still goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dltui.errors import DltuiError
from dltui.figures import Array
from dltui.results.base import Made
from dltui.results.training import TrainingHistory
from dltui.runs.folder import Run
from dltui.runs.metrics import Row, read_metrics

PLACES = {"kind", "step", "seconds", "epoch", "learning_rate"}  # keys that are no metrics
EVAL = "eval"  # rows of this kind are written after each evaluation


def history(run: Run) -> TrainingHistory:
    """Return loss and accuracy of a run after every epoch so far.

    Args:
        run: The run.

    Returns:
        The curves; empty arrays before the first epoch ends.
    """
    rows = read_metrics(run)
    first = next((row for row in rows if row.get("kind") == "start"), {})
    made = Made(
        command=run.command,
        when=run.started,
        seconds=float(rows[-1].get("seconds", 0.0)) if rows else 0.0,
        device=str(first.get("device", "cpu")),
        seed=run.seed,
        versions=run.versions,
    )
    found = from_rows(
        [row for row in rows if row.get("kind") == EVAL],
        title=f"{run.model} on {run.data}",
        run=run.name,
        parameters=int(first.get("parameters", 0)),
        split=str(first.get("split", "")),
        made=made,
    )
    steps = max((int(row.get("step", 0)) for row in rows), default=0)
    return replace(found, steps=steps, folder=str(run.folder))


def from_rows(
    rows: Sequence[Row], *, title: str, run: str, parameters: int, split: str, made: Made
) -> TrainingHistory:
    """Return the curves that rows of epochs hold.

    Args:
        rows: One an evaluation, in order.
        title: What was trained on what.
        run: Name of the run.
        parameters: Numbers that are trained.
        split: How the held-out part was chosen.
        made: How it came about.

    Returns:
        The curves.
    """
    return TrainingHistory(
        title=title,
        made=made,
        run=run,
        epochs=_passes(rows),
        train_loss=_column(rows, "train_loss"),
        test_loss=_column(rows, "test_loss"),
        test_accuracy=_column(rows, "test_accuracy"),
        learning_rate=_column(rows, "learning_rate"),
        parameters=parameters,
        split=split,
        steps=int(rows[-1].get("step", 0)) if rows else 0,
        metrics={name: value for name, value in rows[-1].items() if name not in PLACES} if rows else {},
    )


def best_step(run: Run) -> int:
    """Return the step of the lowest held-out loss among those that have a checkpoint.

    Args:
        run: The run.

    Returns:
        The step.

    Raises:
        DltuiError: If nothing was evaluated at a checkpoint yet.
    """
    kept = set(run.steps())
    ended = [row for row in read_metrics(run) if row.get("kind") == EVAL and row.get("step") in kept]
    judged = [row for row in ended if row.get("test_loss") is not None]
    if not judged:
        raise DltuiError(
            f"the run {run.name} has no evaluation with both a checkpoint and a held-out loss yet"
        )
    return int(min(judged, key=lambda row: float(row["test_loss"]))["step"])


def _passes(rows: Sequence[Row]) -> Array:
    """Return the epochs made at each evaluation: whole numbers where all are."""
    passes = [float(row["epoch"]) for row in rows]
    whole = all(value.is_integer() for value in passes)
    return np.array(passes, dtype=np.int64 if whole else np.float64)


def _column(rows: Sequence[Row], name: str) -> Array:
    """Return one value a row; null becomes NaN."""
    values = [row.get(name) for row in rows]
    return np.array([math.nan if value is None else float(value) for value in values])
