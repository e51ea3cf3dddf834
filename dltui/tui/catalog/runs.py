"""Training runs, those that go on among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from dltui.figures import Figure, Lines, Prose, Series, number
from dltui.runs import Run, history, list_runs, open_run, read_metrics
from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RunStory:
    """What there is to see of a run by now.

    Attributes:
        state: How it goes, or how it ended.
        figures: Losses and accuracy, then the loss of single steps.
        facts: Settings and progress, by name.
    """

    state: str
    figures: tuple[Figure, ...]
    facts: Facts


@register.shelf(
    "runs",
    "Runs",
    place=20,
    nothing="No training runs yet. Two commands that make one:",
    tries=("dltui quickstart", "dltui train lenet --data digits"),
)
def read(folder: Path) -> list[Item]:
    """Return the runs, the newest first.

    Args:
        folder: Where the user is; runs are kept elsewhere.

    Returns:
        One entry a run.
    """
    del folder
    return [
        Item("run", run.name, f"{run.state_now()} · {run.model} on {run.data}", str(run.folder), run.command)
        for run in list_runs()
    ]


@register.glimpse("run")
def glimpse(item: Item) -> Glimpse:
    """Return the losses of a run with its settings.

    Args:
        item: A run.

    Returns:
        What the home screen shows beside the list.

    Raises:
        DltuiError: If the run is gone or its card can't be read.
    """
    told = story(item.path)
    main = told.figures[0]
    figure = None if isinstance(main, Prose) else main
    return Glimpse(title=item.name, figure=figure, words=main.words(), facts=told.facts)


def story(folder: Path) -> RunStory:
    """Return what a run's folder tells at this moment.

    Args:
        folder: The run's folder.

    Returns:
        Figures and facts; before the first row a sentence instead of a chart.

    Raises:
        DltuiError: If there is no run or its card can't be read.
    """
    run = open_run(folder)
    state = run.state_now()
    figures = (*_epochs(run), *_steps(run))
    waiting = Prose(
        title=f"Loss · {run.model} on {run.data}", text=f"{run.name} is {state}; no step is written yet."
    )
    return RunStory(state, figures or (waiting,), _facts(run, state))


def _epochs(run: Run) -> tuple[Figure, ...]:
    """Return the charts over epochs, once the first has ended."""
    told = history(run)
    return tuple(told.figures()) if len(told.epochs) else ()


def _steps(run: Run) -> tuple[Figure, ...]:
    """Return the chart of single steps, when there are any."""
    rows = [row for row in read_metrics(run) if row.get("kind") == "step" and row.get("loss") is not None]
    if not rows:
        return ()
    step, loss = (np.array([float(row[name]) for row in rows]) for name in ("step", "loss"))
    chart = Lines(
        title=f"Loss by step · {run.model} on {run.data}",
        caption=f"the loss of one batch before each written step; last {number(float(loss[-1]))}",
        series=(Series(name="batch loss", x=step, y=loss),),
        x_label="step",
        y_label="loss",
        y_scale="log",
    )
    return (chart,)


def _facts(run: Run, state: str) -> Facts:
    """Return state, settings and place of a run."""
    steps = run.steps()
    rows = (
        ("state", f"{state}: {run.reason}" if run.reason else state),
        ("model", run.model),
        ("data", run.data),
        ("started", _moment(run.started)),
        ("seed", str(run.seed)),
        *((name.replace("_", " "), _setting(value)) for name, value in run.settings.items()),
        ("checkpoints", f"{len(steps)}, the last after step {steps[-1]}" if steps else "none yet"),
        ("with", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
        ("folder", str(run.folder)),
    )
    return tuple((name, value) for name, value in rows if value)


def _setting(value: object) -> str:
    """Return a setting as people write it."""
    return number(value) if isinstance(value, float) else str(value)


def _moment(when: str) -> str:
    """Return a stored time in the time of this place."""
    try:
        return datetime.fromisoformat(when).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return when
