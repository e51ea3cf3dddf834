"""The folder of a run, and what a reader can tell from it at any moment, even after a kill.

digits-lenet-7f3a/
run.json                    what was trained, how, by which command, and how it ended
metrics.jsonl               one JSON object a line, only ever appended to
control.jsonl               what others ask of the run, one JSON object a line
checkpoints/step-000480/    weights.safetensors, and state.safetensors where one can go on from it
latest                      one line: the name of the newest checkpoint
samples/                    results that the run made on its way
log.txt                     what was said, with times

Runs of older versions kept their weights as checkpoints/step-000480.safetensors; they are read as well.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from dltui.errors import DltuiError
from dltui.runs.home import runs_folder

State = Literal["running", "done", "stopped", "failed", "died"]

STATES: tuple[State, ...] = get_args(State)
OLD_WORDS: dict[str, State] = {"cancelled": "stopped", "killed": "died"}  # on cards of older versions
CARD = "run.json"
METRICS = "metrics.jsonl"
CHECKPOINTS = "checkpoints"
SAMPLES = "samples"
LATEST = "latest"
LOG = "log.txt"
WEIGHTS = "weights.safetensors"
STATE = "state.safetensors"


@dataclass(frozen=True)
class Run:
    """What is known of a run without reading weights.

    Attributes:
        folder: Where it is; the folder's name is the run's id.
        name: How it is called; the id, unless it was renamed.
        model: The model as it was spelled.
        data: The data as they were spelled.
        settings: How it was trained, by name.
        seed: Seed of weights, batches and made data.
        started: When, ISO 8601 in UTC.
        command: The command line that started it; empty when none did.
        versions: Versions of dltui, Python and the libraries.
        state: How it ended as written down; ``state_now`` also notices a death.
        reason: Why it failed; empty otherwise.
        tags: Words that someone gave it.
        recipe: The resolved recipe as plain values, nested; empty where there was none.
        world: Processes that train together.
        attempt: How many times it was begun, from 1.
        host: Name of the machine of its first process.
        pid: Number of its first process there; 0 where it isn't known.
    """

    folder: Path
    name: str
    model: str
    data: str
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    started: str = ""
    command: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    state: State = "running"
    reason: str = ""
    tags: list[str] = field(default_factory=list)
    recipe: dict[str, Any] = field(default_factory=dict)
    world: int = 1
    attempt: int = 1
    host: str = ""
    pid: int = 0

    @property
    def id(self) -> str:
        """The name of its folder, which stays when it is renamed."""
        return self.folder.name

    @property
    def title(self) -> str:
        """What was trained on what, as far as it is known."""
        return " on ".join(filter(None, (self.model, self.data))) or self.name

    @property
    def knobs(self) -> dict[str, Any]:
        """How it was trained, by name; names of the recipe's parts are joined by dots."""
        return dict(_joined(self.recipe)) or dict(self.settings)

    @property
    def metrics(self) -> Path:
        """The file of metrics."""
        return self.folder / METRICS

    def state_now(self) -> State:
        """Return how it goes: a run that says ``running`` while nobody holds its metrics file has died."""
        if self.state != "running" or _held(self.metrics) or self._beginning():
            return self.state
        return "died"

    def _beginning(self) -> bool:
        """Return whether its process lives and has written no row since it was begun."""
        try:
            rows, card = self.metrics.stat(), (self.folder / CARD).stat()
        except OSError:
            return False
        written = rows.st_size > 0 and rows.st_mtime_ns >= card.st_mtime_ns
        return not written and self.host == socket.gethostname() and lives(self.pid)

    def steps(self) -> list[int]:
        """Return the steps whose weights were kept, ascending."""
        folders, files = self._kept()
        return sorted({step for step in folders if self._holds(step, WEIGHTS)} | files)

    def resumable(self) -> list[int]:
        """Return the steps from which training can go on, ascending."""
        return sorted(step for step in self._kept()[0] if self._holds(step, STATE))

    def checkpoint(self, step: int) -> Path:
        """Return the file that holds, or shall hold, the weights after ``step`` steps."""
        folder = self.checkpoint_folder(step)
        old = folder.with_name(f"{folder.name}.safetensors")
        return old if not folder.exists() and old.is_file() else folder / WEIGHTS

    def checkpoint_folder(self, step: int) -> Path:
        """Return the folder that holds, or shall hold, what is kept after ``step`` steps."""
        return self.folder / CHECKPOINTS / f"step-{step:06d}"

    def latest(self) -> Path | None:
        """Return the newest weights, or None when there are none yet."""
        with suppress(OSError):
            named = self.folder / CHECKPOINTS / (self.folder / LATEST).read_text(encoding="utf-8").strip()
            weights = named / WEIGHTS if named.suffix != ".safetensors" else named
            if weights.is_file():
                return weights
        steps = self.steps()
        return self.checkpoint(steps[-1]) if steps else None

    def _kept(self) -> tuple[set[int], set[int]]:
        """Return the steps that have a folder, and those that have a file of an older version."""
        folders: set[int] = set()
        files: set[int] = set()
        with suppress(FileNotFoundError, NotADirectoryError):
            for name in (path.name for path in (self.folder / CHECKPOINTS).iterdir()):
                stem, dot, ending = name.removeprefix("step-").partition(".")
                if name.startswith("step-") and stem.isdigit() and ending in {"", "safetensors"}:
                    (files if dot else folders).add(int(stem))
        return folders, files

    def _holds(self, step: int, name: str) -> bool:
        """Return whether the folder of a checkpoint has a file."""
        return (self.checkpoint_folder(step) / name).is_file()

    def card(self) -> dict[str, Any]:
        """Return what ``run.json`` holds."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.name != "folder"}


def open_run(folder: Path) -> Run:
    """Read the card of a run.

    Args:
        folder: The run's folder.

    Returns:
        What the card says; keys that a newer dltui may have added are left out.

    Raises:
        DltuiError: If there is no card or it can't be read.
    """
    path = folder / CARD
    known = {part.name for part in fields(Run)} - {"folder"}
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        kept = {name: value for name, value in card.items() if name in known}
        kept["name"] = str(kept.get("name") or folder.name)
        kept["recipe"] = kept.get("recipe") or {}
        kept["state"] = _state(kept.get("state", "running"))
        return Run(folder=folder, **kept)
    except FileNotFoundError as error:
        raise DltuiError(f"{folder} is no run: it has no {CARD}") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DltuiError(f"can't read {path}: {error}") from error


def _joined(parts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the plain values of nested parts with their names joined by dots."""
    for name, value in parts.items():
        if isinstance(value, dict):
            yield from _joined(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


def step_of(path: Path) -> int:
    """Return the step of a file of weights that ``Run.checkpoint`` named."""
    name = path.parent.name if path.name == WEIGHTS else path.stem
    return int(name.removeprefix("step-"))


def lives(pid: int) -> bool:
    """Return whether a process of this machine is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return pid < 2**31
    return pid > 0


def list_runs() -> list[Run]:
    """Return every readable run, the newest first."""
    return sorted(_runs(), key=lambda run: (run.started, run.name), reverse=True)


def _runs() -> Iterator[Run]:
    """Yield the readable runs in the order of the folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for folder in runs_folder().iterdir():
            with suppress(DltuiError):
                yield open_run(folder)


def _state(word: str) -> State:
    """Return a state as it is called now.

    Raises:
        ValueError: If the card holds a word that means nothing.
    """
    for state in STATES:
        if OLD_WORDS.get(word, word) == state:
            return state
    raise ValueError(f"its state is {word!r}; expected one of {', '.join(STATES)}")


def _held(path: Path) -> bool:
    """Return whether a process holds the lock that a writer of metrics takes for its whole life."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    except OSError:
        return True  # a file system without locks: believe the card
    return False
