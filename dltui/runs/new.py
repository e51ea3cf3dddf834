"""Beginning a run's folder, and writing down how it ended."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import re
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dltui import __version__
from dltui.errors import DltuiError, UsageError
from dltui.files import write_text
from dltui.runs.folder import CARD, CHECKPOINTS, METRICS, Run, State, list_runs, open_run
from dltui.runs.home import runs_folder

TRIES = 100
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")


def new_run(
    *,
    model: str,
    data: str,
    settings: Mapping[str, Any],
    seed: int = 0,
    command: str = "",
    name: str = "",
    recipe: Mapping[str, Any] | None = None,
    tags: Sequence[str] = (),
    world: int = 1,
    started: str = "",
) -> Run:
    """Make the folder of a new run with its card.

    Args:
        model: The model as it was spelled.
        data: The data as they were spelled.
        settings: How it will be trained; plain values by name.
        seed: Seed of weights, batches and made data.
        command: The command line that starts it.
        name: How to call it; made of data, model and four hexadecimal digits when empty.
        recipe: The resolved recipe as plain values, nested.
        tags: Words to find it by.
        world: Processes that train together.
        started: When, ISO 8601 in UTC; now when empty.

    Returns:
        The run, in state ``running``.

    Raises:
        UsageError: If the name is taken or can't be one.
        DltuiError: If the folder can't be made.
    """
    folder = _named_folder(name) if name else _fresh_folder(f"{_short(data)}-{_short(model)}")
    run = Run(
        folder=folder,
        name=folder.name,
        model=model,
        data=data,
        settings=dict(settings),
        seed=seed,
        started=started or datetime.now(UTC).isoformat(timespec="microseconds"),
        command=command,
        versions=_versions(),
        recipe=dict(recipe or {}),
        tags=[*tags],
        world=world,
        host=socket.gethostname(),
        pid=os.getpid(),
    )
    try:
        (folder / CHECKPOINTS).mkdir()
        (folder / METRICS).touch()
    except OSError as error:
        raise DltuiError(f"can't write {folder}: {error.strerror}") from error
    _write_card(run)
    return run


def finish(run: Run, state: State, reason: str = "") -> Run:
    """Write down how a run ended.

    Args:
        run: The run.
        state: How it ended.
        reason: Why it failed.

    Returns:
        The run as it stands now.
    """
    return change(run, state=state, reason=reason)


def begin_again(run: Run, *, world: int = 1) -> Run:
    """Write down that this process goes on with a run.

    Args:
        run: A run that has ended or died.
        world: Processes that train together from now on.

    Returns:
        The run, in state ``running``, with one attempt more.

    Raises:
        DltuiError: If it still goes on.
    """
    now = open_run(run.folder)
    if now.state_now() == "running":
        raise DltuiError(f"the run {run.name} is still going on: wait, or stop it first")
    return change(
        run,
        state="running",
        reason="",
        attempt=now.attempt + 1,
        host=socket.gethostname(),
        pid=os.getpid(),
        world=world,
        versions=now.versions | _versions(),
    )


def change(run: Run, **parts: Any) -> Run:
    """Change some parts of a run's card, whatever else others have changed on it meanwhile.

    Args:
        run: The run.
        parts: New values by the names of the fields.

    Returns:
        The run as it stands now.

    Raises:
        DltuiError: If its folder is gone or can't be written.
    """
    with _alone(run.folder):
        changed = replace(open_run(run.folder), **parts)
        _write_card(changed)
    return changed


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else changes the card in a folder, and keep others from it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise DltuiError(f"can't open {folder}: {error.strerror}") from error
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write_card(run: Run) -> None:
    """Write ``run.json`` whole or not at all."""
    write_text(run.folder / CARD, json.dumps(run.card(), indent=2) + "\n")


def check_name(name: str) -> str:
    """Return a name that a run may have.

    Args:
        name: The name as it was written.

    Returns:
        The same.

    Raises:
        UsageError: If it can't be one, or another run has it.
    """
    if not NAME.fullmatch(name) or name == "latest":
        raise UsageError(
            f"{name!r} can't name a run: expected up to 80 letters, digits, '-', '_' or '.', not beginning with "
            "'-' or '.', and not 'latest'"
        )
    if (runs_folder() / name).exists() or any(run.name == name for run in list_runs()):
        raise UsageError(f"there is a run named {name} already: take another name, or dltui runs rm {name}")
    return name


def _named_folder(name: str) -> Path:
    """Make the folder of a run whose name someone chose."""
    folder = runs_folder() / check_name(name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except FileExistsError:
        raise UsageError(f"there is a run named {name} already: take another name") from None
    except OSError as error:
        raise _unwritable(folder.parent, error) from error
    return folder


def _fresh_folder(stem: str) -> Path:
    """Make a folder that nobody has yet: ``stem`` and four hexadecimal digits."""
    parent = runs_folder()
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for _ in range(TRIES):
            folder = parent / f"{stem}-{secrets.token_hex(2)}"
            if not folder.exists():
                folder.mkdir()
                return folder
    except OSError as error:
        raise _unwritable(parent, error) from error
    raise DltuiError(f"{parent} is full of runs named {stem}: remove some")


def _unwritable(parent: Path, error: OSError) -> DltuiError:
    """Return the error for a place where no run can be kept."""
    return DltuiError(
        f"can't write {parent}: {error.strerror}; set DLTUI_HOME to a folder that you may write to"
    )


def _short(spec: str) -> str:
    """Return the part of a spelling that a person would say: ``moons:noise=0.2`` is moons, ``a/b.npz`` is b."""
    head, _, tail = spec.partition(":")
    word = tail if tail.isidentifier() else Path(head).stem
    return re.sub(r"[^A-Za-z0-9]+", "_", word).strip("_").lower()[:24] or "run"


def _versions() -> dict[str, str]:
    """Return the versions of what is loaded, importing nothing."""
    found = {"dltui": __version__, "python": platform.python_version()}
    for name in ("numpy", "torch"):
        if name in sys.modules:
            found[name] = str(sys.modules[name].__version__)
    return found
