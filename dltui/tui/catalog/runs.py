"""Training runs, those that go on among them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dltui.figures import Figure, Prose, number
from dltui.runs import Digest, Run, list_runs, loss_sketch, open_run, read_digest
from dltui.runs import Follower as DigestFollower
from dltui.runs.curves import Curve, Sight, charts, curves_of
from dltui.runs.folder import State
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
        title = self.run.title
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
        f"{run.title} · {state}",
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


def story(folder: Path, digest: Digest | None = None) -> RunStory:
    """Return what a run's folder tells at this moment.

    Args:
        folder: The run's folder.
        digest: What its metrics come to, when they have been read already.

    Returns:
        Curves and facts; before the first row a sentence instead of a chart.

    Raises:
        DltuiError: If there is no run or its card can't be read.
    """
    run = open_run(folder)
    state = run.state_now()
    told = read_digest(run) if digest is None else digest
    waiting = Prose(title=f"Loss · {run.title}", text=f"{run.name} is {state}; no step is written yet.")
    return RunStory(run, state, tuple(curves_of(told)), waiting, _facts(run, state, told), _judged(told))


PATIENCE = 0.5  # seconds of reading a long run after which what is known of it is shown


class Follower:
    """Reads a run again and again, of its metrics only what is new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._follower: DigestFollower | None = None

    @property
    def behind(self) -> bool:
        """Whether the last look left something to read."""
        return self._follower is not None and self._follower.behind

    def look(self) -> RunStory:
        """Return what the run tells by now; called in a thread, one call at a time."""
        if self._follower is None:
            self._follower = DigestFollower(open_run(self._folder), PATIENCE)
        return story(self._folder, self._follower.look())


def _judged(told: Digest) -> dict[int, str]:
    """Return epoch, loss and accuracy of the steps after which the run was evaluated."""
    found = {}
    for row in told.of_kind("eval"):
        if isinstance(row.get("step"), int):
            loss, right = row.get("test_loss"), row.get("test_accuracy")
            epoch = row.get("epoch", "?")
            parts = [f"epoch {number(epoch) if isinstance(epoch, float) else epoch}"]
            parts += [f"test loss {number(float(loss))}"] if isinstance(loss, int | float) else []
            parts += [f"{100 * right:.1f} % right"] if isinstance(right, int | float) else []
            found[row["step"]] = " · ".join(parts)
    return found


def _facts(run: Run, state: State, digest: Digest) -> Facts:
    """Return state, settings and place of a run."""
    steps = run.steps()
    parameters, total = digest.start.get("parameters"), digest.start.get("steps")
    told = (
        ("state", f"{state}: {run.reason}" if run.reason else state),
        ("progress", f"step {digest.step:,} of {total:,}" if isinstance(total, int) else ""),
        ("took", _took(digest.seconds)),
        ("attempts", str(run.attempt) if run.attempt > 1 else ""),
        ("processes", str(run.world) if run.world > 1 else ""),
        ("tags", ", ".join(run.tags)),
        ("model", run.model),
        ("parameters", f"{parameters:,}" if isinstance(parameters, int) else ""),
        ("data", run.data),
        ("started", _moment(run.started)),
        ("seed", str(run.seed)),
        *((name.replace("_", " "), _setting(value)) for name, value in run.knobs.items()),
        ("checkpoints", f"{len(steps)}, the last after step {steps[-1]}" if steps else "none yet"),
        ("with", ", ".join(f"{name} {version}" for name, version in run.versions.items())),
        ("folder", str(run.folder)),
    )
    return tuple((name, value) for name, value in told if value)


def _took(seconds: float) -> str:
    """Return the wall time by the last row."""
    if not math.isfinite(seconds):
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
