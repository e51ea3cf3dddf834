"""What a sweep came to: every trial, the best one, and which parameters matter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np

from dltui.figures import Bars, Figure, Lines, Series, Table, number
from dltui.results.base import Result

PARALLEL_LINES = 60  # trials that the parallel axes show at most


@dataclass(frozen=True, eq=False, kw_only=True)
class SweepTable(Result):
    """One row a trial.

    Attributes:
        folder: Where everything of the sweep is.
        recipe: What was trained.
        metric: What the trials were judged by, such as ``test_loss``.
        lower: Whether less of it is better.
        method: How settings were chosen.
        parameters: What was searched: ``name``, and ``choices`` or ``low``, ``high``, ``log``, ``whole``.
        trials: Of each: ``name``, ``state``, ``values`` by parameter, ``value`` of the metric or None, ``step``,
            ``seconds``, ``run``.
        importance: The share of the variance that each parameter explains alone; empty where that can't be said yet.
    """

    schema: ClassVar[str] = "sweep/1"

    folder: str = ""
    recipe: str = ""
    metric: str = "test_loss"
    lower: bool = True
    method: str = "random"
    parameters: list[dict[str, Any]] = field(default_factory=list)
    trials: list[dict[str, Any]] = field(default_factory=list)
    importance: dict[str, float] = field(default_factory=dict)

    @property
    def judged(self) -> list[dict[str, Any]]:
        """The trials that were trained to their end, the best first."""
        done = [one for one in self.trials if one["state"] == "done" and one["value"] is not None]
        return sorted(done, key=lambda one: one["value"] if self.lower else -one["value"])

    @property
    def best(self) -> dict[str, Any] | None:
        """The best trial, or None."""
        return next(iter(self.judged), None)

    def summary(self) -> dict[str, Any]:
        """Return the best trial, which parameters matter, then every trial."""
        counts = {
            state: sum(one["state"] == state for one in self.trials) for state in ("done", "pruned", "failed")
        }
        return {
            "folder": self.folder,
            "recipe": self.recipe,
            "metric": self.metric,
            "method": self.method,
            "best": self.best,
            "importance": self.importance,
            **counts,
            "parameters": self.parameters,
            "trials": self.trials,
        }

    def figures(self) -> list[Figure]:
        """Return the table, the trials one after the other, one chart a parameter, parallel axes, and importance."""
        found: list[Figure] = [self._table()]
        if self.judged:
            found += [self._course(), *map(self._scatter, self.parameters)]
        if len(self.judged) > 1 and len(self.parameters) > 1:
            found.append(self._parallel())
        if self.importance:
            found.append(self._importance())
        return found

    def _scale(self) -> Literal["linear", "log"]:
        """Return how the metric is spaced: by its logarithm where it spans a power of ten."""
        known = [one["value"] for one in self.trials if one["value"] is not None]
        return "log" if known and min(known) > 0 and max(known) >= 10 * min(known) else "linear"

    def _names(self) -> list[str]:
        return [one["name"] for one in self.parameters]

    def _table(self) -> Table:
        """Return the trials, the best first, then those that were given up or failed."""
        others = [one for one in self.trials if one not in self.judged]
        rows = tuple(
            (
                one["name"],
                one["state"],
                *(one["values"].get(name) for name in self._names()),
                one["value"],
                one["step"],
                None if one["seconds"] is None else round(one["seconds"], 1),
                one["run"] or None,
            )
            for one in [*self.judged, *others]
        )
        best = self.best
        told = f"best {self.metric} {number(best['value'])}: " if best else "no trial is done yet; "
        settings = " ".join(f"--set {name}={value}" for name, value in best["values"].items()) if best else ""
        columns = ("trial", "state", *self._names(), self.metric, "step", "seconds", "run")
        return Table(title=f"Trials · {self.title}", caption=f"{told}{settings}", columns=columns, rows=rows)

    def _course(self) -> Lines:
        """Return every trial and the best so far, in the order in which they were begun."""
        told = [(place, one) for place, one in enumerate(self.trials, 1) if one["value"] is not None]
        done = [(place, one["value"]) for place, one in told if one["state"] == "done"]
        x, y = (np.array(part, float) for part in zip(*done, strict=True))
        best = (np.minimum if self.lower else np.maximum).accumulate(y)
        series = [Series(name="trial", x=x, y=y, marks=True), Series(name="best so far", x=x, y=best)]
        if pruned := [(place, one["value"]) for place, one in told if one["state"] == "pruned"]:
            x, y = (np.array(part, float) for part in zip(*pruned, strict=True))
            series.append(Series(name="given up", x=x, y=y, marks=True))
        return Lines(
            title=f"{self.metric} by trial · {self.title}",
            series=tuple(series),
            x_label="trial",
            y_label=self.metric,
            y_scale=self._scale(),
        )

    def _scatter(self, parameter: dict[str, Any]) -> Figure:
        """Return the metric over one parameter; of choices, the mean of each with its spread."""
        name, known = parameter["name"], [one for one in self.trials if one["value"] is not None]
        title = f"{self.metric} over {name} · {self.title}"
        if "choices" in parameter:
            return self._by_choice(parameter, title)
        series = []
        for state, told in (("done", "trained to the end"), ("pruned", "given up")):
            points = [
                (float(one["values"][name]), float(one["value"])) for one in known if one["state"] == state
            ]
            if points:
                x, y = (np.array(part) for part in zip(*sorted(points), strict=True))
                series.append(Series(name=told, x=x, y=y, marks=True))
        scale: Literal["linear", "log"] = "log" if parameter["log"] else "linear"
        return Lines(
            title=title,
            series=tuple(series),
            x_label=name,
            y_label=self.metric,
            x_scale=scale,
            y_scale=self._scale(),
        )

    def _by_choice(self, parameter: dict[str, Any], title: str) -> Bars:
        """Return the mean of the metric for each choice."""
        groups = {
            str(choice): [one["value"] for one in self.judged if one["values"][parameter["name"]] == choice]
            for choice in parameter["choices"]
        }
        known = {choice: np.array(values, float) for choice, values in groups.items() if values}
        return Bars(
            title=title,
            caption="mean and standard deviation of the trials that were trained to their end",
            labels=tuple(f"{choice} (n = {len(values)})" for choice, values in known.items()),
            values=np.array([values.mean() for values in known.values()]),
            errors=np.array([values.std() for values in known.values()]),
            value_label=self.metric,
        )

    def _parallel(self) -> Lines:
        """Return a line for each trial, across an axis for each parameter and the metric; the best stand out."""
        trials = self.judged[:PARALLEL_LINES]
        values = np.array([one["value"] for one in trials], float)
        span = values.max() - values.min() or 1.0
        axes = [[_place(part, one["values"][part["name"]]) for part in self.parameters] for one in trials]
        axes = [[*row, float((value - values.min()) / span)] for row, value in zip(axes, values, strict=True)]
        x, best = np.arange(len(axes[0]), dtype=float), max(1, len(trials) // 4)
        series = tuple(
            Series(
                name="best quarter" if place < best else "others",
                x=x,
                y=np.array(row),
                tint=0 if place < best else 3,
            )
            for place, row in reversed(list(enumerate(axes)))
        )
        told = ", ".join(f"{place} {name}" for place, name in enumerate([*self._names(), self.metric]))
        return Lines(
            title=f"Parallel axes · {self.title}",
            caption=f"axes: {told}; each from its least, 0, to its greatest, 1",
            series=series,
            x_label="axis",
            y_label="place in its range",
        )

    def _importance(self) -> Bars:
        """Return the share of the variance that each parameter explains alone."""
        ranked = sorted(self.importance.items(), key=lambda item: -item[1])
        rest = max(0.0, 1 - sum(self.importance.values()))
        return Bars(
            title=f"Importance for {self.metric} · {self.title}",
            caption=f"share of the variance of ranks that each explains alone (ε²), over {len(self.judged)} trials; "
            f"{number(100 * rest)} % are joint effects and noise",
            labels=tuple(name for name, _ in ranked),
            values=np.array([share for _, share in ranked]),
            value_label="share",
        )


def _place(parameter: dict[str, Any], value: Any) -> float:
    """Return where a value stands on its axis, from 0 to 1."""
    if "choices" in parameter:
        return float(parameter["choices"].index(value) / max(1, len(parameter["choices"]) - 1))
    low, high = float(parameter["low"]), float(parameter["high"])
    if parameter["log"]:
        return float(np.log(float(value) / low) / np.log(high / low))
    return (float(value) - low) / (high - low)
