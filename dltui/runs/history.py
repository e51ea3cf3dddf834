"""A run's metrics as the result that training returns, readable while it still goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dltui.errors import DltuiError
from dltui.figures import Array
from dltui.results import Made
from dltui.results.training import TrainingHistory
from dltui.runs.digest import Digest, column, is_number
from dltui.runs.folder import Run
from dltui.runs.follow import read_digest
from dltui.runs.metrics import NOT_FINITE, Row

PLACES = {"kind", "step", "seconds", "epoch", "learning_rate", NOT_FINITE}  # keys that are no metrics
EVAL = "eval"  # rows of this kind are written after each evaluation


def history(run: Run, told: Digest | None = None) -> TrainingHistory:
    """Return loss and accuracy of a run after every epoch so far.

    Args:
        run: The run.
        told: What its rows come to, when they have been read already.

    Returns:
        The curves; empty arrays before the first epoch ends.
    """
    told = told or read_digest(run)
    first = told.start
    made = Made(
        command=run.command,
        when=run.started,
        seconds=told.seconds if math.isfinite(told.seconds) else 0.0,
        device=str(first.get("device", "cpu")),
        seed=run.seed,
        versions=run.versions,
    )
    found = from_rows(
        told.of_kind(EVAL),
        title=run.title,
        run=run.name,
        parameters=int(first.get("parameters", 0)),
        split=str(first.get("split", "")),
        made=made,
    )
    return replace(found, steps=told.step, folder=str(run.folder))


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
        epochs=_epochs(rows),
        train_loss=column(rows, "train_loss"),
        test_loss=column(rows, "test_loss"),
        test_accuracy=column(rows, "test_accuracy"),
        learning_rate=column(rows, "learning_rate"),
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
    ended = [row for row in read_digest(run).of_kind(EVAL) if row.get("step") in kept]
    judged = [row for row in ended if is_number(row.get("test_loss"))]
    if not judged:
        raise DltuiError(
            f"the run {run.name} has no evaluation with both a checkpoint and a held-out loss yet"
        )
    return int(min(judged, key=lambda row: float(row["test_loss"]))["step"])


def _epochs(rows: Sequence[Row]) -> Array:
    """Return the epochs of evaluations, as whole numbers where they are; counted where the rows don't tell."""
    told = column(rows, "epoch")
    if not np.isfinite(told).all():
        return np.arange(1, len(rows) + 1)
    return told.astype(np.int64) if (told % 1 == 0).all() else told
