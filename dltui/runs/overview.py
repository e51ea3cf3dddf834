"""Runs as tables and curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dltui.errors import unknown
from dltui.figures import Cell, Table
from dltui.results.gallery import Gallery
from dltui.runs.curves import PLAIN, Sight, charts, curves_of
from dltui.runs.folder import STATES, Run, list_runs
from dltui.runs.follow import read_digest
from dltui.runs.glance import Glance, glance_of, glances
from dltui.runs.history import history
from dltui.runs.home import runs_folder
from dltui.runs.metrics import Row

# as wide as 80 columns allow with every name whole, for names are what people copy
SHOWN = {"name": "name", "status": "status", "model": "model", "data": "data", "epochs": "epochs"}
STARTED = "started (UTC)"
ACCURACY = "test_accuracy"
ORDERS = ("started", "name", "status", "steps")
SMALL_IS_GOOD = ("loss", "perplexity", "error", "norm")  # words of metrics of which the smallest is the best


@dataclass(frozen=True)
class Wanted:
    """Which runs a list shows, and in which order.

    Attributes:
        status: How they go or ended; any when empty.
        tag: A tag that they have; any when empty.
        model: What the model's spelling begins with; any when empty.
        sort: ``started`` (the newest first), ``name``, ``status``, ``steps``, or a metric (the best first).
    """

    status: str = ""
    tag: str = ""
    model: str = ""
    sort: str = "started"

    def __post_init__(self) -> None:
        """Refuse a state that no run can have.

        Raises:
            UsageError: If it is none.
        """
        if self.status and self.status not in STATES:
            raise unknown("status", self.status, STATES)

    def fits(self, run: Run, state: str) -> bool:
        """Return whether a run is wanted."""
        return (
            self.status in {"", state}
            and (not self.tag or self.tag in run.tags)
            and run.model.startswith(self.model)
        )


ALL = Wanted()


def overview_all(wanted: Wanted = ALL) -> Gallery:
    """Return the runs with their state and where their curves stand.

    Args:
        wanted: Which, and in which order.

    Returns:
        A table, and the same as numbers.

    Raises:
        UsageError: If they are to be sorted by what none of them has.
    """
    states = [(run, run.state_now()) for run in list_runs()]
    found = [(run, state) for run, state in states if wanted.fits(run, state)]
    seen = glances([run for run, _ in found])
    rows = [_line(run, state, glance) for (run, state), glance in zip(found, seen, strict=True)]
    rows = _sorted(rows, wanted.sort)
    metric = wanted.sort if wanted.sort not in ORDERS else ACCURACY
    columns = {
        **SHOWN,
        "metric": "accuracy" if metric == ACCURACY else metric.replace("_", " "),
        "started": STARTED,
    }
    shown = [row | {"metric": row["metrics"].get(metric)} for row in rows]
    table = Table(
        title="Runs",
        caption=f"kept in {runs_folder()}; dltui runs show NAME, or run:NAME as a MODEL",
        columns=tuple(columns.values()),
        rows=tuple(tuple(row[key] for key in columns) for row in shown),
    )
    return Gallery(title="runs", shown=(table,), numbers={"runs": rows})


def _sorted(rows: list[Row], by: str) -> list[Row]:
    """Return lines in order; those that don't have the metric come last.

    Raises:
        UsageError: If none has it.
    """
    if by == "started":
        return rows
    if by in ORDERS:
        return sorted(rows, key=lambda row: row[by], reverse=by == "steps")
    known = {name for row in rows for name in row["metrics"]}
    if by not in known and rows:
        raise unknown("order", by, [*ORDERS, *known])
    has = [row for row in rows if row["metrics"].get(by) is not None]
    down = not any(word in by for word in SMALL_IS_GOOD)
    return sorted(has, key=lambda row: row["metrics"][by], reverse=down) + [
        row for row in rows if row not in has
    ]


def overview(run: Run, sight: Sight = PLAIN) -> Gallery:
    """Return how a run was made, its curves so far, and its checkpoints.

    Args:
        run: The run.
        sight: How to look at its curves.

    Returns:
        A table of facts, then a chart for each quantity that its metrics hold.
    """
    told = read_digest(run)
    so_far = history(run, told)
    line = _line(run, run.state_now(), glance_of(told))
    facts: dict[str, Cell] = {
        **{
            name: line[name]
            for name in ("name", "id", "status", "model", "data", "epochs", "steps", "started")
        },
        "reason": run.reason,
        "tags": ", ".join(run.tags),
        "seed": run.seed,
        "parameters": so_far.parameters,
        "checkpoints": len(run.steps()),
        "attempts": run.attempt,
        "processes": run.world,
        "command": run.command,
        "folder": str(run.folder),
    }
    usual = {"id": run.name, "attempts": 1, "processes": 1}  # not worth a line
    rows = [(name, value) for name, value in facts.items() if usual.get(name) != value]
    rows += [(name, value) for name, value in run.knobs.items() if facts.get(name) != value]
    table = Table(
        title=f"Run {run.name}",
        columns=("what", "value"),
        rows=tuple((name.replace("_", " "), value) for name, value in rows if value not in ("", None)),
    )
    drawn = charts(curves_of(told), sight, run.title)
    numbers: dict[str, Any] = {
        **facts,
        "tags": run.tags,
        "metrics": line["metrics"],
        "settings": run.settings,
        "recipe": run.recipe,
        "versions": run.versions,
        "checkpoints": run.steps(),
        "resumable": run.resumable(),
        "history": {
            name: getattr(so_far, name).tolist()
            for name in ("epochs", "train_loss", "test_loss", "test_accuracy")
        },
    }
    return Gallery(title=so_far.title, shown=(table, *drawn), numbers=numbers, made=so_far.made)


def _line(run: Run, state: str, glance: Glance) -> Row:
    """Return what a list shows of a run."""
    return {
        "id": run.id,
        "name": run.name,
        "status": state,
        "model": run.model,
        "data": run.data,
        "steps": glance.steps,
        "epochs": glance.epochs,
        "seconds": glance.seconds,
        "metrics": glance.metrics,
        "tags": run.tags,
        "started": run.started[:16].replace("T", " "),
    }
