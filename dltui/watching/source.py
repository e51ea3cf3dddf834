"""Where rows come from: the folder of a run, read on as it grows."""

from __future__ import annotations

import json
import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from dltui.errors import UsageError
from dltui.runs import Follower, MetricsReader, Run, find_run, open_run
from dltui.runs.control import CONTROL
from dltui.runs.folder import CARD, LOG
from dltui.runs.metrics import Row
from dltui.runs.tensorboard import event_runs
from dltui.runs.tensorboard.reader import event_files
from dltui.watching.course import Course
from dltui.watching.events import HEAD, EventSource, Stamp

FRESH = "random"  # how the setting begins that tells where the weights of a run came from
SAID = 200  # lines of the log that are kept
LAST = 64_000  # bytes of the log that are read at first
MOST = 8  # runs that are watched together


class Source(Protocol):
    """What a run is read from.

    Attributes:
        name: How the run is called.
        title: What is trained on what.
        folder: Where it is.
        run: Its card, or None where somebody else's program wrote it.
    """

    name: str
    title: str
    folder: Path
    run: Run | None

    def stamp(self) -> Stamp:
        """Return sizes and times that change whenever something is written; no more than a few looks at files."""

    def course(self) -> Course:
        """Read what is new, and return what is known by now."""

    def state(self) -> str:
        """Return how it goes."""

    def said(self) -> list[str]:
        """Return the last lines of its log."""

    def paused(self) -> bool:
        """Return whether it was asked to pause, and not to go on since."""


class RunSource:
    """A run of dltui.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.run: Run | None = open_run(folder)
        self.name = self.run.name
        self.title = f"{self.run.model} on {self.run.data}"
        self.folder = folder
        self._run, self._follower = self.run, Follower(self.run)
        self._head: list[Row] = []
        self._fresh = str(self.run.settings.get("weights", FRESH)).startswith(FRESH)
        self._files = [str(self.run.metrics), str(folder / LOG), str(folder / CARD), str(folder / CONTROL)]
        self._log, self._place = folder / LOG, -1
        self._said: deque[str] = deque(maxlen=SAID)

    def stamp(self) -> Stamp:
        """Return the sizes of metrics, log and requests, and when the card was written."""
        metrics, log, card, control = map(_stat, self._files)
        return metrics[0], log[0], card[1], control[0]

    def course(self) -> Course:
        """Read what is new, and return what is known by now; of a long run its index tells what was."""
        digest = self._follower.look()
        if len(self._head) < HEAD:
            self._head = next(MetricsReader(self._run).blocks(), [])[:HEAD]
        return Course(digest, self._head, fresh=self._fresh)

    def state(self) -> str:
        """Return how the run goes, or how it ended."""
        self.run = open_run(self.folder)
        return self.run.state_now()

    def said(self) -> list[str]:
        """Return the last lines of ``log.txt``."""
        with suppress(OSError), self._log.open("rb") as file:
            if self._place < 0:
                self._place = max(0, file.seek(0, os.SEEK_END) - LAST)
            file.seek(self._place)
            data = file.read()
            whole = data[: data.rfind(b"\n") + 1]
            self._place += len(whole)
            self._said.extend(whole.decode("utf-8", "replace").splitlines())
        return list(self._said)

    def paused(self) -> bool:
        """Return whether it was asked to pause, and not to go on since."""
        path = self.folder / CONTROL
        if not _stat(str(path))[0]:
            return False
        begun = _stat(str(self.folder / CARD))[1] / 1e9  # the card is written when an attempt begins
        with suppress(OSError, ValueError):
            asked = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[-SAID:]]
            words = [
                told["ask"]
                for told in asked
                if told.get("time", 0) >= begun and told.get("ask") != "checkpoint"
            ]
            return words[-1:] == ["pause"]
        return False


def find_sources(words: list[str]) -> list[Source]:
    """Return what some words name.

    Args:
        words: Names of runs (``latest``, ``run:NAME``, how one name begins), folders of runs, folders that hold such
            folders, or folders in which TensorBoard's event files lie; the newest run when there are none.

    Returns:
        One source a run.

    Raises:
        UsageError: If a word names nothing, or they name too many.
    """
    found: dict[str, Source] = {}
    for word in words or ["latest"]:
        for source in _named(word):
            found.setdefault(source.name, source)
    if len(found) > MOST:
        raise UsageError(f"{len(found)} runs are too many to watch together: name at most {MOST}")
    return list(found.values())


def _named(word: str) -> list[Source]:
    """Return what one word names."""
    folder = Path(word).expanduser()
    if (folder / CARD).is_file():
        return [RunSource(folder)]
    if folder.is_dir() and (os.sep in word or word in {".", ".."} or not _is_run(word)):
        return _within(folder)
    return [RunSource(find_run(word.removeprefix("run:")).folder)]


def _is_run(word: str) -> bool:
    with suppress(UsageError):
        return bool(find_run(word))
    return False


def _within(folder: Path) -> list[Source]:
    """Return the runs in a folder, the newest first."""
    cards = sorted(folder.glob(f"*/{CARD}"), key=lambda path: path.stat().st_mtime, reverse=True)
    if cards:
        return [RunSource(card.parent) for card in cards[:MOST]]
    trainings = event_runs(folder)
    if trainings:
        return [_events(training, folder) for training in sorted(trainings, key=_newest, reverse=True)[:MOST]]
    raise UsageError(
        f"{folder} holds nothing to watch: expected the folder of a run ({CARD}), of several, or TensorBoard's "
        "event files"
    )


def _events(training: Path, within: Path) -> EventSource:
    """Return somebody else's training, called by its way from the folder that was named."""
    return EventSource(training, "" if training == within else str(training.relative_to(within)))


def _newest(folder: Path) -> float:
    """Return when something was written last in a folder of event files."""
    return max((path.stat().st_mtime for path, _ in event_files(folder)), default=0.0)


def _stat(path: str) -> tuple[int, int]:
    """Return size and time of a file, zeros where there is none."""
    try:
        known = os.stat(path)  # noqa: PTH116 - asked for twenty times a second: a third of Path.stat
    except OSError:
        return 0, 0
    return known.st_size, known.st_mtime_ns
