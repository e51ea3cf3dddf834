"""The trials of a sweep, one after the other: settings chosen, runs watched, those behind given up."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dltui import __version__
from dltui.batch.collect import dotted
from dltui.batch.crew import Crew
from dltui.batch.folder import LOG, Row, document, job_folder
from dltui.batch.log import Lines, LogWriter, Standing
from dltui.batch.plan import Asked, Job, Order
from dltui.runs.metrics import MetricsReader
from dltui.runs.tidy import tag
from dltui.sweep.found import run_of
from dltui.sweep.halving import Halving
from dltui.sweep.space import Parameter, Values, assignments, drawn, grid
from dltui.sweep.tpe import Estimator

Method = Literal["grid", "random", "tpe"]
SETTLED = frozenset({"done", "pruned"})


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """What a sweep does.

    Attributes:
        recipe: What is trained, as ``dltui train`` takes it.
        options: What else stands on the command line of every trial.
        space: What is searched.
        method: How settings are chosen.
        trials: How many.
        metric: What trials are judged by.
        lower: Whether less of it is better.
        prune: Whether trials that are behind are given up.
        seed: Seed of the choice, and of every trial.
        device: Where trials compute.
        slurm: What each trial asks of a cluster, where they run on one.
    """

    recipe: str
    options: tuple[str, ...]
    space: tuple[Parameter, ...]
    method: Method
    trials: int
    metric: str
    lower: bool
    prune: bool
    seed: int
    device: str
    slurm: Asked = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Stands for everything but the number of trials: sweeps with equal keys go on from each other."""
        told = {
            "version": __version__, "recipe": self.recipe, "options": self.options, "metric": self.metric,
            "method": self.method, "seed": self.seed, "space": [one.told() for one in self.space],
        }  # fmt: skip
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def names(self) -> list[str]:
        """Return what the trials are called."""
        return [f"trial-{number:03d}" for number in range(1, self.trials + 1)]

    def job(self, name: str, values: Values) -> Job:
        """Return a trial as a job: an ordinary training run."""
        settings = [word for text in assignments(values) for word in ("--set", text)]
        words = (
            "train",
            self.recipe,
            *self.options,
            *settings,
            "--seed",
            str(self.seed),
            "--device",
            self.device,
        )
        return Job(
            name=name, group="trial", words=words, variables=values, device=self.device, slurm=self.slurm
        )


class Search:
    """Offers trials, watches those that run, and takes note of what they come to.

    Args:
        sweep: What to do.
        folder: The folder of the sweep.
        log: Takes what happens.
    """

    def __init__(self, sweep: Sweep, folder: Path, log: LogWriter) -> None:
        self.sweep, self._folder, self._log = sweep, folder, log
        self.crew: Crew | None = None
        self._estimator = (
            Estimator(folder, sweep.space, seed=sweep.seed, lower=sweep.lower)
            if sweep.method == "tpe"
            else None
        )
        self._grid = grid(sweep.space) if sweep.method == "grid" else []
        known = known_trials(folder, sweep.key)
        settled = SETTLED if sweep.prune else {"done"}  # without pruning, what was given up goes on
        self._known = {name: row for name, row in known.items() if row["state"] in settled}
        self._open = sweep.names()
        self._halving = Halving(lower=sweep.lower)
        self._watched: dict[str, _Watched] = {}
        self._label = re.sub(r"[^A-Za-z0-9_.:+=-]", "-", folder.name)[:40]  # what may be a tag

    def next(self, room: Callable[[str], bool]) -> Order | None:
        """Return the next trial that is not known yet, or None."""
        while self._open and self._open[0] in self._known:
            self._keep(self._open.pop(0))
        if not self._open or not room(self.sweep.device):
            return None
        name = self._open.pop(0)
        values = self._values(name)
        self._watched[name] = _Watched(values)
        return Order(self.sweep.job(name, values), self.sweep.job(name, values).words, self.sweep.key)

    def take(self, order: Order, standing: Standing) -> None:
        """Take note of what a trial came to."""
        name = order.job.name
        watched = self._watched.pop(name)
        watched.look(self._label, standing, self.sweep.metric)
        value = watched.value
        found = document(job_folder(self._folder, name))
        for path in (f"metrics.{self.sweep.metric}", f"final.{self.sweep.metric}"):
            if (
                standing.state == "done"
                and isinstance(told := dotted(found, path), int | float)
                and math.isfinite(told)
            ):
                value = float(told)
                break
        state = standing.state
        if state == "done" and value is None:
            state = "failed"
        if self._estimator is not None and state != "stopped":
            self._estimator.close(name, value if state in SETTLED else None, pruned=state == "pruned")
        run = dotted(found, "run") or (watched.run.name if watched.run else "")
        self._log.write(
            "trial", key=self.sweep.key, name=name, state=state, values=watched.values, value=value, step=watched.step,
            seconds=standing.seconds, run=run, reason=standing.reason,
        )  # fmt: skip

    def over(self) -> bool:
        """Return whether every trial was begun."""
        return not self._open

    def watch(self) -> None:
        """Look at what runs; with pruning, give up what is behind."""
        if not self.sweep.prune or self.crew is None:
            return
        for name, watched in list(self._watched.items()):
            for share, step, value in watched.look(
                self._label, self._log.standings.jobs[name], self.sweep.metric
            ):
                if self._estimator is not None and value is not None:
                    self._estimator.report(name, step, value)
                if not self._halving.judge(name, share, value):
                    self.crew.stop(name, "pruned")

    def _values(self, name: str) -> Values:
        """Return the settings of a trial."""
        if self._estimator is not None:
            return self._estimator.propose(name)
        number = self.sweep.names().index(name)
        return self._grid[number] if self._grid else drawn(self.sweep.space, self.sweep.seed, number)

    def _keep(self, name: str) -> None:
        """Take note that a trial was done before."""
        known = self._known[name]
        state = "kept" if known["state"] == "done" else known["state"]
        self._log.write("job", job=name, state=state, reason=known.get("reason", ""))


class _Watched:
    """A trial that runs, and what its run has measured by now."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.value: float | None = None
        self.step: int | None = None
        self.run: Any = None
        self._reader: MetricsReader | None = None
        self._steps = 0

    def look(self, label: str, standing: Standing, metric: str) -> list[tuple[float, int, float | None]]:
        """Return the new measurements: how far the run was, after which step, and what was measured.

        Args:
            label: Tag of the run, by which it is found among others.
            standing: How the trial stands.
            metric: What is measured.
        """
        if self._reader is None:
            self.run = run_of(standing)
            if self.run is None:
                return []
            self._reader = MetricsReader(self.run)
            self.run = tag(self.run, [label])
        found = []
        for row in self._reader.new_rows():
            if row.get("kind") == "start" and isinstance(row.get("steps"), int):
                self._steps = row["steps"]
            if row.get("kind") in {"eval", "epoch"} and metric in row and isinstance(row.get("step"), int):
                value = row[metric]
                self.value = float(value) if isinstance(value, int | float) and math.isfinite(value) else None
                self.step = row["step"]
                found.append((row["step"] / self._steps if self._steps else 0.0, row["step"], self.value))
        return found


def known_trials(folder: Path, key: str) -> Mapping[str, Row]:
    """Return the trials of a sweep that were settled, by name."""
    rows = Lines(folder / LOG).new()
    return {
        row["name"]: row
        for row in rows
        if row.get("kind") == "trial" and row.get("key") == key and row.get("state") in SETTLED
    }
