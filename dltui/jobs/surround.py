"""What a forked process does before its work: live where the command was given, and die with who gave it."""

from __future__ import annotations

import faulthandler
import gc
import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

from dltui.jobs.order import Surroundings

NICER = 10  # steps of politeness, as many as `nice` takes: who shows the work goes first
PR_SET_PDEATHSIG = 1


def settle_in(around: Surroundings, line: str) -> None:
    """Make this process as if ``line`` had been typed in a shell just now.

    Args:
        around: Folder, environment, where output goes, and threads.
        line: The command line; verbs read it to sign what they find.
    """
    for stream in (1, 2):
        os.dup2(around.errors.number, stream)
    os.environ.clear()
    os.environ.update(around.environment)
    with suppress(OSError):  # the folder may have gone meanwhile
        os.chdir(around.folder)
    sys.argv = shlex.split(line)
    faulthandler.enable(all_threads=False)
    gc.enable()
    os.nice(NICER)
    if around.threads is not None:
        import torch

        torch.set_num_threads(around.threads)


def die_with_parent() -> None:
    """Lead a process group of its own, and end when the fork server ends, which ends with the application."""
    with suppress(OSError):
        os.setpgid(0, 0)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def listen(pipe: Any, hear: Callable[[Any], None]) -> None:
    """Hand everything that the parent says to ``hear``, in a thread; end this process when the parent is gone."""

    def attend() -> None:
        while True:
            try:
                hear(pipe.recv())
            except (EOFError, OSError):
                os.killpg(0, signal.SIGKILL)  # with whatever processes the work has started

    Thread(target=attend, name="dltui-listener", daemon=True).start()
