"""A TensorBoard folder as if it were a run: rows in the words of runs, followed while somebody trains."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from dltui.runs.metrics import Row
from dltui.runs.tensorboard.events import Event, EventParser
from dltui.runs.tensorboard.records import RecordReader
from dltui.runs.tensorboard.tags import metric_of, part_of

MARK = "tfevents"  # in the name of every event file
DEEPEST = 4  # folders below the one that was asked for


class EventReader:
    """Reads the event files of a folder again and again, of each only what is new.

    Folders within it that are named after a part of the data, as Keras makes them (``train``, ``validation``), belong
    to the same training. Scalars become rows; histograms, pictures, texts and graphs are passed over.

    Args:
        folder: The folder, or a single file.

    Attributes:
        remarks: A sentence for each thing that was wrong with a file.
    """

    def __init__(self, folder: Path) -> None:
        self.remarks: list[str] = []
        self._folder = folder
        self._files: dict[Path, _File] = {}
        self._names: dict[tuple[str, str], tuple[str, str]] = {}  # part and tag: kind and name
        self._began: float | None = None

    def new_rows(self) -> list[Row]:
        """Return what has come since the last call, by time."""
        return [row for rows in self.blocks() for row in rows]

    def blocks(self) -> Iterator[list[Row]]:
        """Yield the same some thousand rows at a time; of several files one after the other.

        Yields:
            Rows with kind, step, seconds and values; scalars of one step stand together.
        """
        for path, part in event_files(self._folder):
            if path not in self._files:
                self._files[path] = _File(path, part)
            yield from self._of_file(self._files[path])

    def _of_file(self, file: _File) -> Iterator[list[Row]]:
        """Yield what is new in one file."""
        for events in file.blocks():
            rows: list[Row] = []
            for event in events:
                if self._began is None:
                    self._began = event.time
                self._put(event, file.part, rows)
            yield rows
        self.remarks += file.new_remarks()

    def _put(self, event: Event, part: str, rows: list[Row]) -> None:
        """Add what an event tells to the rows."""
        place = {"step": event.step, "seconds": round(event.time - (self._began or 0.0), 3)}
        if event.again:
            rows.append({"kind": "start", **place, "resumed_from": event.step - 1})
        for tag, value in event.scalars:
            kind, name = self._name(part, tag)
            last = rows[-1] if rows else {}
            if last.get("kind") != kind or last["step"] != event.step or name in last:
                rows.append({"kind": kind, **place})
            told = value if math.isfinite(value) else None
            if kind == "layers":
                quantity, _, layer = name.partition("/")
                rows[-1].setdefault(quantity, {})[layer] = told
            else:
                rows[-1][name] = told

    def _name(self, part: str, tag: str) -> tuple[str, str]:
        """Return kind and name of a tag; what another tag is called already keeps its own."""
        if (part, tag) not in self._names:
            kind, name = metric_of(tag, part)
            own, number = f"{part}/{tag}" if part else tag, 1
            while (kind, name) in self._names.values():
                name, number = own if number == 1 else f"{own} {number}", number + 1
            self._names[part, tag] = kind, name
        return self._names[part, tag]


class _File:
    """One event file.

    Attributes:
        part: Which part of the data its folder names.
    """

    def __init__(self, path: Path, part: str) -> None:
        self.part = part
        self._reader, self._parser = RecordReader(path), EventParser()
        self._told: set[str] = set()

    def blocks(self) -> Iterator[list[Event]]:
        """Yield the events that have come since the last call."""
        for records in self._reader.blocks():
            events = []
            for record in records:
                if record:
                    try:
                        events.append(self._parser.event(record))
                    except ValueError:
                        self._reader.damaged += 1
            yield events

    def new_remarks(self) -> list[str]:
        """Return what has gone wrong since the last call, in sentences."""
        reader = self._reader
        wrong = []
        if reader.lost:
            wrong.append(
                f"{reader.path} is damaged after {reader.place} bytes: what follows there can't be read"
            )
        if reader.damaged:
            wrong.append(f"{reader.path} holds damaged records, which are passed over")
        fresh = [sentence for sentence in wrong if sentence not in self._told]
        self._told.update(fresh)
        return fresh


def event_files(folder: Path) -> list[tuple[Path, str]]:
    """Return the event files of one training.

    Args:
        folder: Its folder, or its only file.

    Returns:
        Each with the part of the data that its folder names, or ""; by name, as TensorBoard reads them.
    """
    if folder.is_file():
        return [(folder, "")]
    found = [(path, "") for path in _files(folder)]
    for inner in _folders(folder):
        part = part_of(inner.name)
        if part:
            found += [(path, part) for path in _files(inner)]
    return found


def event_runs(folder: Path) -> list[Path]:
    """Return the folders that hold a training each.

    Args:
        folder: Where to look, a few folders deep.

    Returns:
        Folders by name; empty where there is no event file.
    """
    return [*_runs(folder, DEEPEST)]


def _runs(folder: Path, deep: int) -> Iterator[Path]:
    """Yield a folder if it holds a training, and those within it."""
    if event_files(folder):
        yield folder
    for inner in _folders(folder) if deep else ():
        if not part_of(inner.name):
            yield from _runs(inner, deep - 1)


def _files(folder: Path) -> list[Path]:
    """Return the event files that lie in a folder."""
    try:
        return sorted(path for path in folder.iterdir() if MARK in path.name and path.is_file())
    except OSError:
        return []


def _folders(folder: Path) -> list[Path]:
    """Return the folders in a folder."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []
