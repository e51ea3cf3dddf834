"""What every test starts from: an own home, no colours forced from outside, the same numbers each time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's own runs, results and terminal settings out of the tests."""
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path_factory.mktemp("home")))
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


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root folder."""
    return ROOT


os.environ.setdefault("OMP_NUM_THREADS", "1")
