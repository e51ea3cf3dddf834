"""The process that has torch loaded and makes all others by forking itself."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

MARK = "DLTUI_FORK_SERVER"  # tells dltui.jobs.warm that it is imported where it should be
WARM = "dltui.jobs.warm"
HOUSE = Path(__file__).resolve().parents[2]  # the folder that holds dltui itself
_CALM = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}  # read by torch's threads when it is imported

_context = get_context("forkserver")
_lock = threading.Lock()


def ensure_running() -> None:
    """Start the server unless it runs; returns at once, torch is loaded over there."""
    with _lock:
        _context.set_forkserver_preload([WARM])
        with _environment(_surroundings()), _true_stderr():
            forkserver.ensure_running()


def _surroundings() -> dict[str, str]:
    """Return the variables that the server, and it alone, starts with."""
    calm = {name: os.environ.get(name, value) for name, value in _CALM.items()}
    # a relative entry of the path would lead elsewhere from the server's folder
    path = [str(HOUSE), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return calm | {MARK: "1", "PYTHONPATH": os.pathsep.join(path)}


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables while this lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _true_stderr() -> Iterator[None]:
    """Put the process's own stderr in place while this lasts.

    multiprocessing hands the descriptor of ``sys.stderr`` on to its helpers, and Textual's stand-in says −1.
    """
    before = sys.stderr
    sys.stderr = sys.__stderr__
    try:
        yield
    finally:
        sys.stderr = before


def fork(function: Callable[..., None], *arguments: Any) -> ForkServerProcess:
    """Return a new process that calls ``function``; waits until the server is warm.

    Args:
        function: A function of a module, by whose name the process finds it.
        *arguments: What it is called with; sent there pickled.

    Returns:
        The process, started.

    Raises:
        OSError: If the server can't be reached or has no memory left to fork.
    """
    ensure_running()
    process = _context.Process(target=function, args=arguments)
    process.start()
    return process


def pipe() -> Any:
    """Return both ends of a two-way pipe."""
    return _context.Pipe()
