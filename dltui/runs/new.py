"""Beginning a run's folder, and writing down how it ended."""

from __future__ import annotations

import json
import platform
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dltui import __version__
from dltui.errors import DltuiError
from dltui.files import write_text
from dltui.runs.folder import CARD, CHECKPOINTS, METRICS, Run, State
from dltui.runs.home import runs_folder

TRIES = 100


def new_run(*, model: str, data: str, settings: Mapping[str, Any], seed: int = 0, command: str = "") -> Run:
    """Make the folder of a new run with its card.

    Args:
        model: The model as it was spelled.
        data: The data as they were spelled.
        settings: How it will be trained; plain values by name.
        seed: Seed of weights, batches and made data.
        command: The command line that starts it.

    Returns:
        The run, in state ``running``.

    Raises:
        DltuiError: If the folder can't be made.
    """
    folder = _fresh_folder(f"{_short(data)}-{_short(model)}")
    run = Run(
        folder=folder,
        name=folder.name,
        model=model,
        data=data,
        settings=dict(settings),
        seed=seed,
        started=datetime.now(UTC).isoformat(timespec="microseconds"),
        command=command,
        versions=_versions(),
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
    ended = replace(run, state=state, reason=reason)
    _write_card(ended)
    return ended


def _write_card(run: Run) -> None:
    """Write ``run.json`` whole or not at all."""
    write_text(run.folder / CARD, json.dumps(run.card(), indent=2) + "\n")


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
        raise DltuiError(
            f"can't write {parent}: {error.strerror}; set DLTUI_HOME to a folder that you may write to"
        ) from error
    raise DltuiError(f"{parent} is full of runs named {stem}: remove some")


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
