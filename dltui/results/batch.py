"""What a batch came to: how each job stands, and the numbers that were asked of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Bars, Figure, Table
from dltui.figures.written import Cell
from dltui.results.base import Result

GOOD = ("done", "kept")


@dataclass(frozen=True, eq=False, kw_only=True)
class BatchTable(Result):
    """One row a job.

    Attributes:
        folder: Where everything of the batch is.
        jobs: Of each job by name: ``name``, ``state``, ``reason``, ``variables``, ``command``, ``attempt``,
            ``exit_code``, ``seconds``, ``folder``, and ``values`` by dotted path.
        collect: The dotted paths, in the order of the columns.
    """

    schema: ClassVar[str] = "batch/1"

    folder: str = ""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    collect: list[str] = field(default_factory=list)

    @property
    def lacking(self) -> list[dict[str, Any]]:
        """The jobs that are not done."""
        return [job for job in self.jobs if job["state"] not in GOOD]

    def count(self, *states: str) -> int:
        """Return how many jobs are in one of some states."""
        return sum(job["state"] in states for job in self.jobs)

    def summary(self) -> dict[str, Any]:
        """Return counts, then every job."""
        return {
            "folder": self.folder,
            "total": len(self.jobs),
            "done": self.count(*GOOD),
            "kept": self.count("kept"),
            "failed": self.count("failed"),
            "jobs": self.jobs,
        }

    def figures(self) -> list[Figure]:
        """Return the table."""
        return [self.table()]

    def pictures(self) -> list[Figure]:
        """Return bars of every number that was asked for and that differs between jobs."""
        return [bars for path in self.collect if (bars := self._bars(path)) is not None]

    def table(self) -> Table:
        """Return one row a job: its name, state and time, the values of its matrix, and what was asked for."""
        variables = list(dict.fromkeys(name for job in self.jobs for name in job["variables"]))
        asked = [path for path in self.collect if path != "seconds"]
        columns = ("job", "state", *variables, "seconds", *asked)
        rows = tuple(
            (
                job.get("group") or job["name"],
                job["state"],
                *(job["variables"].get(name) for name in variables),
                _rounded(job["values"].get("seconds") or job["seconds"]),
                *(_cell(job["values"].get(path)) for path in asked),
            )
            for job in self.jobs
        )
        return Table(title=f"Jobs · {self.title}", caption=self._caption(), columns=columns, rows=rows)

    def _caption(self) -> str:
        """Return how many jobs came to what, and where everything is."""
        states = dict.fromkeys(job["state"] for job in self.jobs)
        return f"{', '.join(f'{self.count(state)} {state}' for state in states)}; {self.folder}"

    def _bars(self, path: str) -> Bars | None:
        """Return a number of each job as bars."""
        told = [(job["name"], job["values"].get(path)) for job in self.jobs]
        known = [
            (name, float(v)) for name, v in told if isinstance(v, int | float) and not isinstance(v, bool)
        ]
        if len({value for _, value in known}) < 2:
            return None
        names, values = zip(*known, strict=True)
        return Bars(title=f"{path} · {self.title}", labels=names, values=np.array(values), value_label=path)


def _cell(value: Any) -> Cell:
    """Return a value as it stands in a table."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _rounded(seconds: float | None) -> Cell:
    """Return a time to the hundredth."""
    return None if seconds is None else round(seconds, 2)
