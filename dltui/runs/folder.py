"""The folder of a run, and what a reader can tell from it at any moment, even after a kill.

digits-lenet-7f3a/
run.json                          what was trained, how, by which command, and how it ended
metrics.jsonl                     one JSON object a line, only ever appended to
checkpoints/step-000480.safetensors
latest                            one line: the name of the newest checkpoint
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from dltui.errors import DltuiError
from dltui.runs.home import runs_folder

State = Literal["running", "done", "failed", "cancelled", "killed"]

CARD = "run.json"
METRICS = "metrics.jsonl"
CHECKPOINTS = "checkpoints"
LATEST = "latest"


@dataclass(frozen=True)
class Run:
    """What is known of a run without reading weights.

    Attributes:
        folder: Where it is.
        name: How it is called, the folder's name.
        model: The model as it was spelled.
        data: The data as they were spelled.
        settings: How it was trained, by name.
        seed: Seed of weights, batches and made data.
        started: When, ISO 8601 in UTC.
        command: The command line that started it; empty when none did.
        versions: Versions of dltui, Python and the libraries.
        state: How it ended as written down; ``state_now`` also notices a kill.
        reason: Why it failed; empty otherwise.
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

    @property
    def metrics(self) -> Path:
        """The file of metrics."""
        return self.folder / METRICS

    def state_now(self) -> State:
        """Return how it goes: a run that says ``running`` while nobody holds its metrics file was killed."""
        return "killed" if self.state == "running" and not _held(self.metrics) else self.state

    def steps(self) -> list[int]:
        """Return the steps that have a checkpoint, ascending."""
        stems = (
            path.stem.removeprefix("step-") for path in (self.folder / CHECKPOINTS).glob("step-*.safetensors")
        )
        return sorted(int(stem) for stem in stems if stem.isdigit())

    def checkpoint(self, step: int) -> Path:
        """Return the file that holds, or shall hold, the weights after ``step`` steps."""
        return self.folder / CHECKPOINTS / f"step-{step:06d}.safetensors"

    def latest(self) -> Path | None:
        """Return the newest checkpoint, or None when there is none yet."""
        with suppress(OSError):
            named = self.folder / CHECKPOINTS / (self.folder / LATEST).read_text(encoding="utf-8").strip()
            if named.is_file():
                return named
        steps = self.steps()
        return self.checkpoint(steps[-1]) if steps else None

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
        return Run(folder=folder, **kept | {"name": folder.name})
    except FileNotFoundError as error:
        raise DltuiError(f"{folder} is no run: it has no {CARD}") from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DltuiError(f"can't read {path}: {error}") from error


def list_runs() -> list[Run]:
    """Return every readable run, the newest first."""
    return sorted(_runs(), key=lambda run: (run.started, run.name), reverse=True)


def _runs() -> Iterator[Run]:
    """Yield the readable runs in the order of the folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        for folder in runs_folder().iterdir():
            with suppress(DltuiError):
                yield open_run(folder)


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
