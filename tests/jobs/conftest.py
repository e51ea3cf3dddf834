"""An engine, a folder of the user's own code, and waiting without guessing how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dltui.jobs import Engine

PATIENT = 300.0  # seconds; reached only when something is wrong

MINE = '''
import ctypes, os, signal, subprocess, sys, time
import numpy as np
import torch


def data():
    x = np.linspace(0, 1, 40, dtype=np.float32).reshape(20, 2)
    return x, np.arange(20) % 2


def exits():
    sys.stderr.write("the disk is on fire\\n")
    sys.stderr.flush()
    os._exit(7)


def segfaults():
    ctypes.string_at(0)


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def raises():
    raise RuntimeError("no such luck")


def leaves():
    sys.exit("gone home")


def stubborn():
    child = subprocess.Popen(["sleep", "600"])
    with open("pids.tmp", "w") as file:
        file.write(f"{os.getpid()} {child.pid}")
    os.rename("pids.tmp", "pids")
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass


def once_there_is_go():
    while not os.path.exists("go"):
        time.sleep(0.01)
    return data()


def together():
    open(f"here-{os.getpid()}", "w").close()
    while sum(name.startswith("here-") for name in os.listdir()) < 2:
        time.sleep(0.01)
    return data()


class Slow(torch.nn.Module):
    """Gives the loss of a point every few milliseconds, and crashes when told."""

    def __init__(self):
        super().__init__()
        self.head = torch.nn.Linear(2, 2)

    def forward(self, x):
        if os.path.exists("crash"):
            os._exit(9)
        time.sleep(0.005)
        float(x.sum())  # so that it can't be traced, and this runs at every point
        return self.head(x)


def slow():
    return Slow()
'''


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine that is closed at the end."""
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a module ``mine`` of the user's own."""
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def until(holds: Callable[[], object], what: str = "it") -> None:
    """Wait until something holds, and fail when it never does."""
    end = time.monotonic() + PATIENT
    while not holds():
        assert time.monotonic() < end, f"{what} never came true"
        time.sleep(0.005)
