"""The real binary, its answers in a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dltui.figures import Table
from dltui.results import Made
from dltui.results.gallery import Gallery
from dltui.results.landscape import Landscape

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def talk(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Answer the questions of ``dltui --plain``."""

    def run(
        *answers: str, arguments: tuple[str, ...] = ("--plain",), **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dltui", *arguments],
            input="".join(f"{answer}\n" for answer in answers),
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env=os.environ
            | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "DLTUI_HOME": str(tmp_path / "home")}
            | environment,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def shelf(tmp_path: Path, landscape: Landscape) -> Path:
    """A results folder with a landscape and a table in it."""
    folder = tmp_path / "home" / "results"
    known = Made(command="dltui landscape bowl", when="2026-11-23T21:00:00+00:00", seed=7)
    replace(landscape, made=known).save(folder / "bowl.safetensors")
    table = Table(title="Squares", columns=("n", "n²"), rows=tuple((n, n * n) for n in range(100)))
    Gallery(title="squares", made=Made(when="2026-11-22T21:00:00+00:00"), shown=(table,)).save(
        folder / "squares.safetensors"
    )
    return folder
