"""``dltui batch --dry-run``: the commands that would be run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dltui.batch.plan import Job, Plan
    from dltui.results import Result


@dataclass(frozen=True)
class PlanList:
    """The command of every job.

    Attributes:
        plan: The jobs.
        kept: Names of those that are done already.
        folder: Where everything would go.
    """

    plan: Plan
    kept: frozenset[str]
    folder: Path

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        jobs = [
            {
                "name": job.name,
                "command": shlex.join(["dltui", *job.words]),
                "needs": list(job.needs),
                "variables": dict(job.variables),
                "device": job.device,
                "kept": job.name in self.kept,
            }
            for job in self.plan.jobs
        ]
        return {"schema": "batch-plan/1", "folder": str(self.folder), "total": len(jobs), "jobs": jobs}

    def lines(self, width: int) -> list[str]:  # noqa: ARG002
        """Return one command a line, unbroken, that a shell could take; remarks stand above them."""
        return [line for job in self.plan.jobs for line in self._told(job)]

    def result(self) -> Result:
        """Return the same as a table."""
        from dltui.figures import Table
        from dltui.results.gallery import Gallery

        rows = tuple(
            (job["name"], job["command"], ", ".join(job["needs"]), job["kept"])
            for job in self.document()["jobs"]
        )
        shown = Table(
            title=f"Plan · {self.plan.source.stem}",
            columns=("job", "command", "needs", "done already"),
            rows=rows,
        )
        return Gallery(title=self.plan.source.stem, shown=(shown,), numbers=self.document())

    def _told(self, job: Job) -> list[str]:
        """Return the lines of one job."""
        needs = f", needs {', '.join(job.needs)}" if job.needs else ""
        kept = ", done already" if job.name in self.kept else ""
        return [f"# {job.name}{needs}{kept}", shlex.join(["dltui", *job.words])]


def listed(plan: Plan, folder: Path) -> PlanList:
    """Return the commands of a plan, with which of them are done already."""
    from dltui.batch.run import kept

    return PlanList(plan, frozenset(kept(plan, folder)), folder)
