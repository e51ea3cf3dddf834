"""The metrics of a run for other programs: CSV, JSONL, and TensorBoard's event files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from dltui.errors import UsageError
from dltui.files import replacing
from dltui.runs.digest import flat, is_number
from dltui.runs.folder import Run
from dltui.runs.metrics import MetricsReader, Row

FIRST = ("kind", "step", "epoch", "seconds")  # columns of a table that come first


def export(run: Run, target: Path) -> Path:
    """Write what a run's metrics hold.

    Steps that were made again after the run was gone on with are written once, as they were made last.

    Args:
        run: The run.
        target: ``FILE.csv``, ``FILE.jsonl``, or a folder for TensorBoard.

    Returns:
        The file that was written.

    Raises:
        UsageError: If the target is no such thing.
        DltuiError: If it can't be written.
    """
    if target.suffix == ".csv":
        _to_csv(run, target)
        return target
    if target.suffix == ".jsonl":
        with replacing(target) as temporary, temporary.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in standing(run))
        return target
    if (
        target.suffix in {".json", ".tsv", ".xlsx", ".parquet", ".png", ".txt", ".safetensors"}
        or target.is_file()
    ):
        raise UsageError(
            f"can't export to {target}: expected FILE.csv, FILE.jsonl, or a folder for TensorBoard"
        )
    from dltui.runs.tensorboard.reader import event_files
    from dltui.runs.tensorboard.writer import write_events

    if event_files(target):
        raise UsageError(f"{target} holds event files already: name a folder of its own for each run")
    return write_events(standing(run), target, _began(run))


def standing(run: Run) -> Iterator[Row]:
    """Yield the rows of a run that count.

    Args:
        run: The run.

    Yields:
        Rows in order, without those that stand after a step to which a later attempt went back.
    """
    ends = [
        (at, row["resumed_from"]) for at, row in enumerate(_all(run)) if is_number(row.get("resumed_from"))
    ]
    for at, row in enumerate(_all(run)):
        step = row.get("step")
        if (
            not is_number(step)
            or row.get("kind") == "start"
            or all(at >= end or step <= back for end, back in ends)
        ):
            yield row


def _all(run: Run) -> Iterator[Row]:
    """Yield every row."""
    return (row for rows in MetricsReader(run).blocks() for row in rows)


def _to_csv(run: Run, target: Path) -> None:
    """Write a table with a column for each quantity; what a row doesn't tell stays empty."""
    names = dict.fromkeys(FIRST)
    for row in standing(run):
        names |= dict.fromkeys(flat(row))
    names.pop("nonfinite_fields", None)
    with replacing(target) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in standing(run):
            told, lost = flat(row), row.get("nonfinite_fields")
            if isinstance(lost, list):
                told |= dict.fromkeys(map(str, lost), "nan")
            writer.writerow([_cell(told.get(name)) for name in names])


def _cell(value: object) -> object:
    """Return what stands in a table for a value."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, list | dict) else value


def _began(run: Run) -> float:
    """Return when a run began, in seconds since 1970."""
    try:
        return datetime.fromisoformat(run.started).timestamp()
    except ValueError:
        return run.metrics.stat().st_mtime
