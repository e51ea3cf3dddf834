"""Training runs, those that go on among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dltui.figures import Figure, Prose, number
from dltui.runs import MetricsReader, Run, list_runs, loss_sketch, open_run, read_metrics
from dltui.runs.curves import Curve, Sight, charts, curves
from dltui.runs.folder import State
from dltui.runs.metrics import Row
from dltui.tui import register
from dltui.tui.catalog.items import Glimpse, Item
from dltui.tui.catalog.results import moment

Facts = tuple[tuple[str, str], ...]
Stamp = tuple[int, int]


@dataclass(frozen=True)
class RunStory:
    """What there is to see of a run by now.

    Attributes:
        run: What its card says.
        state: How it goes, or how it ended.
        curves: What its metrics hold.
        waiting: A sentence instead of charts while there are none.
        facts: Settings and progress, by name.
        judged: What is known of each step that an epoch ended with, by step.
    """

    run: Run
    state: State
    curves: tuple[Curve, ...]
    waiting: Prose
    facts: Facts
    judged: dict[int, str] = field(default_factory=dict)

    def figures(self, sight: Sight) -> list[Figure]:
        """Return the charts, or the sentence while there are none."""
        title = f"{self.run.model} on {self.run.data}"
        return [*charts(self.curves, sight, title)] or [self.waiting]


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
        One entry a run, with its loss so far.
    """
    del folder
    return [item_of(run) for run in list_runs()]


def item_of(run: Run) -> Item:
    """Return the list entry of a run, with a sketch of its loss."""
    state = run.state_now()
    return Item(
        "run",
        run.name,
        f"{run.model} on {run.data} · {state}",
        str(run.folder),
        run.command or f"dltui runs show {run.name}",
        when=moment(run.started),
        state=state,
        spark=_sketch(run),
    )


_SKETCHES: dict[Path, tuple[Stamp, tuple[float, ...]]] = {}  # as a run's metrics were at a stamp


def _sketch(run: Run) -> tuple[float, ...]:
    """Return the loss of a run, read again only when its file has changed."""
    try:
        known = run.metrics.stat()
    except OSError:
        return ()
    stamp = (known.st_size, known.st_mtime_ns)
    if _SKETCHES.get(run.folder, (None,))[0] != stamp:
        _SKETCHES[run.folder] = (stamp, loss_sketch(run))
    return _SKETCHES[run.folder][1]


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
    main = told.figures(Sight())[0]
    figure = None if isinstance(main, Prose) else main
    return Glimpse(title=item.name, figure=figure, words=main.words(), facts=told.facts)


def story(folder: Path, rows: list[Row] | None = None) -> RunStory:
    """Return what a run's folder tells at this moment.

    Args:
        folder: The run's folder.
        rows: Its metrics, when they have been read already.

    Returns:
        Curves and facts; before the first row a sentence instead of a chart.

    Raises:
        DltuiError: If there is no run or its card can't be read.
    """
    run = open_run(folder)
    state = run.state_now()
    told = read_metrics(run) if rows is None else rows
    waiting = Prose(
        title=f"Loss · {run.model} on {run.data}", text=f"{run.name} is {state}; no step is written yet."
    )
    return RunStory(run, state, tuple(curves(told)), waiting, _facts(run, state, told), _judged(told))


class Follower:
    """Reads a run again and again, of its metrics only what is new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader: MetricsReader | None = None
        self._rows: list[Row] = []

    def look(self) -> RunStory:
        """Return what the run tells by now; called in a thread, one call at a time."""
        run = open_run(self._folder)
        if self._reader is None:
            self._reader = MetricsReader(run)
        self._rows += self._reader.new_rows()
        return story(self._folder, self._rows)


def _judged(rows: list[Row]) -> dict[int, str]:
    """Return epoch, loss and accuracy of the steps that epochs ended with."""
    found = {}
    for row in rows:
        if row.get("kind") == "eval" and isinstance(row.get("step"), int):
            loss, right = row.get("test_loss"), row.get("test_accuracy")
            parts = [f"epoch {row.get('epoch', '?')}"]
            parts += [f"test loss {number(float(loss))}"] if isinstance(loss, int | float) else []
            parts += [f"{100 * right:.1f} % right"] if isinstance(right, int | float) else []
            found[row["step"]] = " · ".join(parts)
    return found


def _facts(run: Run, state: State, rows: list[Row]) -> Facts:
    """Return state, settings and place of a run."""
    steps = run.steps()
    start = next((row for row in rows if row.get("kind") == "start"), {})
    parameters, total = start.get("parameters"), start.get("steps")
    done = max((row["step"] for row in rows if isinstance(row.get("step"), int)), default=0)
    told = (
        ("state", f"{state}: {run.reason}" if run.reason else state),
        ("progress", f"step {done:,} of {total:,}" if isinstance(total, int) else ""),
        ("took", _took(rows)),
        ("model", run.model),
        ("parameters", f"{parameters:,}" if isinstance(parameters, int) else ""),
        ("data", run.data),
        ("started", _moment(run.started)),
        ("seed", str(run.seed)),
        *((name.replace("_", " "), _setting(value)) for name, value in run.settings.items()),
        ("checkpoints", f"{len(steps)}, the last after step {steps[-1]}" if steps else "none yet"),
        ("with", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
        ("folder", str(run.folder)),
    )
    return tuple((name, value) for name, value in told if value)


def _took(rows: list[Row]) -> str:
    """Return the wall time by the last row."""
    seconds = rows[-1].get("seconds") if rows else None
    if not isinstance(seconds, int | float):
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return (
        f"{hours} h {minutes} min" if hours else f"{minutes} min {rest:.0f} s" if minutes else f"{rest:.1f} s"
    )


def _setting(value: object) -> str:
    """Return a setting as people write it."""
    return number(value) if isinstance(value, float) else str(value)


def _moment(when: str) -> str:
    """Return a stored time in the time of this place."""
    try:
        return datetime.fromisoformat(when).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return when
