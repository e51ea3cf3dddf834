"""From the folder of a batch to its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dltui.batch.collect import dotted
from dltui.batch.folder import Row, document, job_folder
from dltui.batch.log import GOOD, Standing
from dltui.results.batch import BatchTable


def table_of(
    batch: Path,
    title: str,
    jobs: Sequence[Row],
    standings: Mapping[str, Standing],
    collect: Sequence[str],
    *,
    documents: Mapping[str, Any] | None = None,
) -> BatchTable:
    """Return how every job stands, with the numbers that were asked for.

    Args:
        batch: The folder of the batch.
        title: What it is called.
        jobs: What the card tells of each job.
        standings: How each stands, by name.
        collect: Dotted paths into the JSON of each job; ``seconds`` is in the table anyway.
        documents: The JSON of jobs that was read already, by name.

    Returns:
        One row a job, in the order of the card.
    """
    known = documents or {}
    rows = []
    for job in jobs:
        standing = standings.get(job["name"], Standing(job["name"]))
        found = None
        if collect and standing.state in GOOD:
            name = job["name"]
            found = known[name] if name in known else document(job_folder(batch, name))
        rows.append(_row(batch, job, standing, {path: dotted(found, path) for path in collect}))
    return BatchTable(title=title, folder=str(batch), jobs=rows, collect=list(collect))


def _row(batch: Path, job: Row, standing: Standing, values: dict[str, Any]) -> dict[str, Any]:
    """Return what the table knows of one job."""
    return {
        "name": job["name"],
        "group": job["group"],
        "state": standing.state,
        "reason": standing.reason,
        "variables": dict(job["variables"]),
        "command": standing.command,
        "attempt": standing.attempt,
        "exit_code": standing.exit_code,
        "seconds": standing.seconds,
        "folder": str(job_folder(batch, job["name"])),
        "values": values,
    }
