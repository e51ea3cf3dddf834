"""The real program in a folder of its own, and jobs that are quick, slow, or fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]

# Data sets that take long, fail at first, or leave a mark: cheap verbs without torch read them.
MINE = """
import pathlib, time
import numpy as np

def slow():
    pathlib.Path("began").touch()
    time.sleep(60)

def third():
    path = pathlib.Path("tries")
    path.write_text((path.read_text() if path.exists() else "") + f"{time.time()}\\n")
    if len(path.read_text().split()) < 3:
        raise RuntimeError("not yet")
    return np.zeros((4, 2), np.float32), np.arange(4) % 2

def noted(*, who: str = "a", last: float = 0.4):
    with open("times", "a") as file:
        file.write(f"{who} begins {time.time()}\\n")
    time.sleep(last)
    with open("times", "a") as file:
        file.write(f"{who} ends {time.time()}\\n")
    return np.zeros((4, 2), np.float32), np.arange(4) % 2
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder that the batch is in."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "mine.py").write_text(MINE)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "DLTUI_HOME": str(tmp_path / "home")}


@pytest.fixture
def begin(work: Path, environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start ``dltui`` and leave it running; it is gone when the test is."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "dltui", *words],
                cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def dltui(begin: Callable[..., subprocess.Popen[str]]) -> Run:
    """Run ``dltui`` to its end."""

    def run(*words: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        process = begin(*words)
        out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    return run
