"""The folder of a batch: its card, its log, and a folder for each job.

batch.json       card: the file it was made from, its jobs and limits, where it runs
log.jsonl        truth: what happened, appended by one writer that holds a lock on it, one JSON object a line
control.jsonl    what others ask for while it runs
jobs/NAME/       job.json (how it stands), stdout.json, stderr.txt, result.safetensors, progress
table.csv        the final table
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from dltui.batch.plan import Job, Plan
from dltui.errors import DltuiError
from dltui.files import write_text
from dltui.runs import home

CARD, LOG, CONTROL, TABLE = "batch.json", "log.jsonl", "control.jsonl", "table.csv"
PLAIN = re.compile(r"[^\w.=,-]+")
LONGEST = 120  # letters of a folder's name

Row = dict[str, Any]


def batches_folder() -> Path:
    """Return the folder that holds one folder a batch."""
    return home() / "batches"


def folder_of(source: Path) -> Path:
    """Return where the batch of a file is kept: named after the file, with four digits that stand for its place."""
    place = hashlib.sha256(str(source).encode()).hexdigest()[:4]
    return batches_folder() / f"{PLAIN.sub('-', source.stem)[:LONGEST]}-{place}"


def list_batches() -> list[Path]:
    """Return the folders of all batches, the one that moved last first."""
    found = [path.parent for path in batches_folder().glob(f"*/{CARD}")]
    return sorted(found, key=_moved, reverse=True)


def job_folder(batch: Path, name: str) -> Path:
    """Return the folder of one job; jobs of different names have different folders."""
    plain = PLAIN.sub("-", name).strip("-.") or "job"
    if plain != name.replace("[", "-").rstrip("]") or len(plain) > LONGEST:
        plain = f"{plain[:LONGEST]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return batch / "jobs" / plain


def write_card(batch: Path, card: Row) -> None:
    """Write the card of a batch.

    Raises:
        DltuiError: If the folder can't be written.
    """
    write_text(batch / CARD, json.dumps(card, indent=2, ensure_ascii=False) + "\n")


def read_card(batch: Path) -> Row:
    """Return the card of a batch.

    Raises:
        DltuiError: If there is none or it can't be read.
    """
    return _read(batch / CARD, "no batch")


def card_of(plan: Plan, on: str, command: str = "") -> Row:
    """Return the card of a batch that begins.

    Args:
        plan: The jobs.
        on: Where they run.
        command: The command line.

    Returns:
        Plain values.
    """
    return {
        "kind": "batch",
        "name": plan.source.stem,
        "source": str(plan.source),
        "jobs": [_told(job) for job in plan.jobs],
        "limits": {"jobs": plan.limits.jobs, **plan.limits.devices},
        "collect": list(plan.collect),
        "on": on,
        "command": command,
    }


def read_job(folder: Path) -> Row:
    """Return how a job stood when it was last written down; nothing when it never was."""
    with suppress(DltuiError):
        return _read(folder / "job.json", "no job")
    return {}


def document(folder: Path) -> Any:
    """Return the JSON that a job printed, or None when it printed none."""
    try:
        return json.loads((folder / "stdout.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def last_lines(folder: Path, most: int) -> list[str]:
    """Return the last lines that a job wrote to stderr, empty ones left out."""
    try:
        with (folder / "stderr.txt").open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - 200 * most - 200))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()][-most:]


def progress(folder: Path) -> tuple[int, int] | None:
    """Return how far a job says it is, as units done and units in all, or None."""
    try:
        done, total = map(int, (folder / "progress").read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    return (done, total) if total > 0 else None


def _told(job: Job) -> Row:
    """Return what the card tells of a job."""
    return {
        "name": job.name,
        "group": job.group,
        "words": list(job.words),
        "needs": list(job.needs),
        "variables": dict(job.variables),
    }


def _read(path: Path, otherwise: str) -> Row:
    """Return the object in a file of JSON."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DltuiError(f"{path.parent} is {otherwise}: it has no {path.name}") from error
    except (OSError, ValueError) as error:
        raise DltuiError(f"can't read {path}: {error}") from error
    if not isinstance(found, dict):
        raise DltuiError(f"can't read {path}: expected a JSON object")
    return found


def _moved(batch: Path) -> float:
    """Return when something last happened in a batch."""
    for name in (LOG, CARD):
        with suppress(OSError):
            return (batch / name).stat().st_mtime
    return 0.0
