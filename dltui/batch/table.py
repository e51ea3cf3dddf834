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
    batch: Path, title: str, jobs: Sequence[Row], standings: Mapping[str, Standing], collect: Sequence[str]
) -> BatchTable:
    """Return how every job stands, with the numbers that were asked for.

    Args:
        batch: The folder of the batch.
        title: What it is called.
        jobs: What the card tells of each job.
        standings: How each stands, by name.
        collect: Dotted paths into the JSON of each job; ``seconds`` is in the table anyway.

    Returns:
        One row a job, in the order of the card.
    """
    rows = [_row(batch, job, standings.get(job["name"], Standing(job["name"])), collect) for job in jobs]
    return BatchTable(title=title, folder=str(batch), jobs=rows, collect=list(collect))


def _row(batch: Path, job: Row, standing: Standing, collect: Sequence[str]) -> dict[str, Any]:
    """Return what the table knows of one job."""
    folder = job_folder(batch, job["name"])
    found = document(folder) if collect and standing.state in GOOD else None
    values = {path: dotted(found, path) for path in collect}
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
        "folder": str(folder),
        "values": values,
    }
