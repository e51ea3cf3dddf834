"""The real `dltui serve` as a child process, and results to look at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dltui.results.landscape import Landscape

pytest.importorskip("textual_serve", reason="the extra `web` is not installed")
PATIENT = 300.0  # seconds; reached only when something is wrong
ROOT = Path(__file__).resolve().parents[2]


class Served:
    """A server that runs until it is told to end."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dltui", "serve", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "DLTUI_HOME": str(folder / "home"), "PYTHONUTF8": "1"},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        self.told = self.process.stderr.readline()
        self.address = self.told.split()[3] if " at " in self.told else ""

    @property
    def visitors(self) -> list[int]:
        """Processes that the server has started and that are there still."""
        return [
            int(one)
            for one in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENT)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start a server at a free port; it is gone when the test is."""
    started: list[Served] = []

    def start(*arguments: str) -> Served:
        started.append(Served(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        assert one.process.stderr is not None
        one.process.stderr.close()


@pytest.fixture
def bowl(tmp_path: Path, landscape: Landscape) -> Path:
    """A landscape on the results shelf."""
    path = tmp_path / "home" / "results" / "bowl.safetensors"
    landscape.save(path)
    return path
