"""Other programs' metrics as a run: TensorBoard's event files, CSV, JSONL; and the folders of runs from elsewhere."""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from dltui.errors import DltuiError, UsageError
from dltui.runs.digest import is_number
from dltui.runs.folder import CARD, Run, open_run
from dltui.runs.home import runs_folder
from dltui.runs.metrics import BLOCK, MetricsWriter, Row, rows_of
from dltui.runs.new import NAME, change, check_name, finish, new_run
from dltui.runs.tensorboard.reader import MARK, EventReader, event_files, event_runs
from dltui.runs.tensorboard.tags import metric_of

STEPS = (
    "step",
    "global_step",
    "_step",
    "iteration",
    "iter",
    "trainer/global_step",
)  # what others call the step
TIMES = ("seconds", "_runtime", "wall_time", "walltime", "_timestamp", "timestamp", "time")
YEAR = 31_536_000.0  # seconds; times above are those of a calendar
EXPECTED = "expected a folder of TensorBoard, FILE.csv, FILE.jsonl, or the folder of a run"


def adopt(source: Path, *, name: str = "", model: str = "", data: str = "", command: str = "") -> Run:
    """Make a run of metrics that another program wrote.

    Args:
        source: A folder or file with TensorBoard's events, ``FILE.csv``, ``FILE.jsonl``, or the folder of a run.
        name: How to call the run; after the source when empty.
        model: What was trained, as it is to be told.
        data: What on.
        command: The command line that asks for it.

    Returns:
        The run, in state ``done``; one that was a run already keeps everything.

    Raises:
        UsageError: If the source is no such thing, or holds several trainings.
        DltuiError: If it can't be read.
    """
    if (source / CARD).is_file():
        return _copied(source, name)
    rows = _rows(source)
    first = next(rows, None)
    if first is None:
        raise UsageError(f"{source} holds no numbers of a training")
    began = _modified(source)
    run = new_run(
        model=model, data=data, settings={}, command=command, name=name or _free(source.stem), started=began
    )
    change(run, host="", pid=0)
    with MetricsWriter(run) as writer:
        writer.append(first)
        for row in rows:
            writer.append(row)
    return finish(run, "done")


def _copied(source: Path, name: str) -> Run:
    """Return a copy of a run that lies elsewhere."""
    old = open_run(source)
    wanted = check_name(name) if name else _free(old.id)
    folder = runs_folder() / wanted
    try:
        shutil.copytree(source, folder)
    except (OSError, shutil.Error) as error:
        raise DltuiError(f"can't copy {source} to {folder}: {error}") from error
    return change(open_run(folder), name=wanted)


def _free(stem: str) -> str:
    """Return a name that no run has, after what something is called."""
    plain = "".join(
        sign if (sign.isalnum() and sign.isascii()) or sign in "-_" else "-" for sign in stem
    ).strip("-")
    word = plain[:64] if NAME.fullmatch(plain[:64]) and plain != "latest" else "imported"
    tried, number = word, 1
    while True:
        try:
            return check_name(tried)
        except UsageError:
            number += 1
            tried = f"{word}-{number}"


def _rows(source: Path) -> Iterator[Row]:
    """Yield the rows in a source, in the words of runs.

    Raises:
        UsageError: If it is nothing that can be read, or holds several trainings.
        DltuiError: If it is damaged from the start.
    """
    if not source.exists():
        raise UsageError(f"there is no {source}: {EXPECTED}")
    if source.is_dir() or MARK in source.name:
        trainings = event_runs(source) if source.is_dir() else [source]
        if not trainings:
            raise UsageError(f"{source} holds no event files of TensorBoard: {EXPECTED}")
        if len(trainings) > 1 and trainings[0] != source:
            names = ", ".join(str(path.relative_to(source)) for path in trainings[:8])
            raise UsageError(f"{source} holds {len(trainings)} trainings: import one of them: {names}")
        return _of_events(trainings[0])
    if source.suffix == ".csv":
        return _translated(_of_csv(source))
    if source.suffix == ".jsonl":
        return _translated(_of_jsonl(source))
    raise UsageError(f"can't import {source}: {EXPECTED}")


def _of_events(folder: Path) -> Iterator[Row]:
    """Yield the rows of event files; damage from the first byte on is an error."""
    reader = EventReader(folder)
    none = True
    for rows in reader.blocks():
        none = none and not rows
        yield from rows
    if none and reader.remarks:
        raise DltuiError(reader.remarks[0])


def _of_csv(path: Path) -> Iterator[Row]:
    """Yield the lines of a table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line in csv.DictReader(file):
                row = {
                    key: _number(text) for key, text in line.items() if key and isinstance(text, str) and text
                }
                if row:
                    yield row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DltuiError(f"can't read {path} as CSV: {error}") from error


def _of_jsonl(path: Path) -> Iterator[Row]:
    """Yield the lines of a file of JSON objects."""
    try:
        with path.open("rb") as file:
            while lines := file.readlines(BLOCK):
                yield from rows_of(b"".join(lines).rstrip(b"\n"))
    except OSError as error:
        raise DltuiError(f"can't read {path}: {error.strerror}") from error


def _translated(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows that have a kind as they are, and others in the words of runs."""
    began: float | None = None
    for number, row in enumerate(rows, 1):
        if isinstance(row.get("kind"), str):
            yield row
            continue
        step = next((row[key] for key in STEPS if is_number(row.get(key))), number)
        place: Row = {"step": int(step) if math.isfinite(step) else number}
        time = next((float(row[key]) for key in TIMES if is_number(row.get(key))), None)
        if time is not None:
            began = time if began is None and time > YEAR else began
            place["seconds"] = time - (began or 0.0)
        yield from _by_kind(row, place)


def _by_kind(row: Row, place: Row) -> Iterator[Row]:
    """Yield a row for each kind of quantity in a row of somebody else's."""
    found: dict[str, Row] = {}
    for key, value in row.items():
        if key in {*STEPS, *TIMES, "kind"} or not (is_number(value) or value is None):
            continue
        kind, name = ("step", "epoch") if key == "epoch" else metric_of(key)
        own = found.setdefault(kind, {"kind": kind, **place})
        if kind == "layers":
            quantity, _, layer = name.partition("/")
            own.setdefault(quantity, {})[layer] = value
        else:
            own.setdefault(name if name not in own else key, value)
    epoch = found.get("step", {}).get("epoch")
    for own in found.values():
        if epoch is not None and own["kind"] == "eval":
            own["epoch"] = epoch
        if len(own.keys() - {"kind", "epoch", *place}):
            yield own


def _number(text: str) -> object:
    """Return what stands in a cell."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return json.loads(text) if text[:1] in "[{" else text
    except ValueError:
        return text


def _modified(source: Path) -> str:
    """Return when the oldest file of a source was changed last, ISO 8601 in UTC."""
    files = [path for path, _ in event_files(source)] if source.is_dir() else [source]
    oldest = min(path.stat().st_mtime for path in files)
    return datetime.fromtimestamp(oldest, UTC).isoformat(timespec="microseconds")
