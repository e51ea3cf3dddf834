"""Runs as tables and curves."""

from __future__ import annotations

import math
from typing import Any

from dltui.figures import Cell, Table
from dltui.results.gallery import Gallery
from dltui.results.training import TrainingHistory
from dltui.runs.curves import PLAIN, Sight, charts, curves_of
from dltui.runs.folder import Run, list_runs
from dltui.runs.follow import read_digest
from dltui.runs.history import history
from dltui.runs.home import runs_folder

# as wide as 80 columns allow with every name whole, for names are what people copy
SHOWN = {
    "name": "name",
    "state": "state",
    "model": "model",
    "data": "data",
    "epochs": "epochs",
    "test_accuracy": "accuracy",
    "started": "started (UTC)",
}
CURVES = ("epochs", "train_loss", "test_loss", "test_accuracy", "learning_rate")


def overview_all() -> Gallery:
    """Return every run with its state and where its curves stand, the newest first."""
    rows = [_line(run, history(run)) for run in list_runs()]
    table = Table(
        title="Runs",
        caption=f"kept in {runs_folder()}; dltui runs show NAME, or run:NAME as a MODEL",
        columns=tuple(SHOWN.values()),
        rows=tuple(tuple(row[key] for key in SHOWN) for row in rows),
    )
    return Gallery(title="runs", shown=(table,), numbers={"runs": rows})


def overview(run: Run, sight: Sight = PLAIN) -> Gallery:
    """Return how a run was made, its curves so far, and its checkpoints.

    Args:
        run: The run.
        sight: How to look at its curves.

    Returns:
        A table of facts, then a chart for each quantity that its metrics hold.
    """
    so_far = history(run)
    facts: dict[str, Cell] = {
        **_line(run, so_far),
        "reason": run.reason,
        "seed": run.seed,
        "parameters": so_far.parameters,
        "checkpoints": len(run.steps()),
        "command": run.command,
        "folder": str(run.folder),
    }
    rows = [*facts.items(), *run.settings.items()]
    table = Table(
        title=f"Run {run.name}",
        columns=("what", "value"),
        rows=tuple((name.replace("_", " "), value) for name, value in rows if value not in ("", None)),
    )
    drawn = charts(curves_of(read_digest(run)), sight, f"{run.model} on {run.data}")
    numbers: dict[str, Any] = {
        **facts,
        "settings": run.settings,
        "versions": run.versions,
        "steps": run.steps(),
        "history": {
            name: getattr(so_far, name).tolist()
            for name in ("epochs", "train_loss", "test_loss", "test_accuracy")
        },
    }
    return Gallery(title=so_far.title, shown=(table, *drawn), numbers=numbers, made=so_far.made)


def _line(run: Run, so_far: TrainingHistory) -> dict[str, Cell]:
    """Return what a list shows of a run."""
    return {
        "name": run.name,
        "state": run.state_now(),
        "model": run.model,
        "data": run.data,
        "epochs": len(so_far.epochs),
        "test_accuracy": _last(so_far.test_accuracy.tolist()),
        "test_loss": _last(so_far.test_loss.tolist()),
        "started": run.started[:16].replace("T", " "),
    }


def _last(values: list[float]) -> float | None:
    """Return the last value, or None when there is none that is a number."""
    return values[-1] if values and math.isfinite(values[-1]) else None
