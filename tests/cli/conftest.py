"""The real program as a child process, in a pipe or on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from dltui.cli import run as run_here

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dltui(tmp_path: Path) -> Run:
    """Run ``dltui`` with arguments in an empty folder, its output in pipes."""

    def run(*arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        # utf-8 as any current terminal has it; the path lets a checkout be tested before it is installed
        env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | environment
        return subprocess.run(
            [sys.executable, "-m", "dltui", *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=tmp_path,
            env=env,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run arguments as ``dltui`` does, but in this process, which saves importing torch or textual each time."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return in_this_process(*arguments)

    return run


def in_this_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run arguments as ``dltui`` does, its output in what looks like pipes."""
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = run_here([*arguments])
    return subprocess.CompletedProcess(arguments, code, _written(out), _written(err))


def _written(file: TextIOWrapper[BytesIO]) -> str:
    file.flush()
    return file.buffer.getvalue().decode("utf-8")


@pytest.fixture
def on_terminal(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run ``dltui`` on a pseudo-terminal and return its exit code and what it wrote."""

    def run(
        *arguments: str, columns: int = 80, rows: int = 24, timeout: float = 120, **environment: str
    ) -> tuple[int, str]:
        env = (
            os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color"} | environment
        )
        main, child = pty.openpty()
        _resize(child, columns, rows)
        process = subprocess.Popen(
            [sys.executable, "-m", "dltui", *arguments],
            stdin=child,
            stdout=child,
            stderr=child,
            cwd=tmp_path,
            env=env,
            start_new_session=True,
        )
        os.close(child)
        written = _read_all(main, process, timeout)
        os.close(main)
        return process.wait(timeout=60), written.decode("utf-8", "replace")

    return run


def _resize(descriptor: int, columns: int, rows: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _read_all(descriptor: int, process: subprocess.Popen[bytes], timeout: float) -> bytes:
    """Read until the process has gone and nothing is left."""
    written, end = b"", time.monotonic() + timeout
    while time.monotonic() < end:
        ready = select.select([descriptor], [], [], 0.05)[0]
        if ready:
            try:
                part = os.read(descriptor, 65536)
            except OSError:  # Linux says so when the other side is closed
                break
            if not part:
                break
            written += part
        elif process.poll() is not None:
            break
    else:
        process.kill()
    return written
