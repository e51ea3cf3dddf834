"""One process of several: its command line, its environment, and that it ends with whoever started it.

Whoever starts processes for a run (the supervisor here, SLURM, a script) needs two functions: ``rank_line`` gives the
command line of every process, ``rank_environment`` what torchrun would put into the environment of each.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from contextlib import suppress

from dltui.runs.folder import Run
from dltui.training.launch.options import Options

SUPERVISED = "DLTUI_SUPERVISED"  # set where the run's card is written by whoever started the processes
SUPERVISOR = "DLTUI_SUPERVISOR"  # number of the process with which a rank ends
DEATH = 1  # PR_SET_PDEATHSIG


def rank_line(run: Run, options: Options) -> list[str]:
    """Return the command line of every process that trains a run; it goes on where the run's newest checkpoint stands.

    Args:
        run: A run whose card is written; a fresh one begins at its first step.
        options: Where; ``devices``, ``restarts`` and ``name`` don't matter here.

    Returns:
        The words, the interpreter first.
    """
    line = [sys.executable, "-m", "dltui", "train", "--resume", f"run:{run.id}", "--device", options.device]
    line += ["--strategy", options.strategy] if options.strategy else []
    line += ["--threads", str(options.cpu_threads)] if options.cpu_threads else []
    return [*line, "--quiet", "--json"]


def rank_environment(
    rank: int, world: int, *, local: int, here: int, address: str = "127.0.0.1", port: int
) -> dict[str, str]:
    """Return what the environment of one process must hold, as torchrun writes it.

    Args:
        rank: Number of the process among all.
        world: How many there are.
        local: Its number on its machine.
        here: How many there are on its machine.
        address: The machine of the first process.
        port: A free port there.

    Returns:
        Variables by name; ``SUPERVISED`` among them, since the card is written by the starter.
    """
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(world),
        "LOCAL_RANK": str(local),
        "LOCAL_WORLD_SIZE": str(here),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
        SUPERVISED: "1",
    }


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def die_with(parent: int) -> None:
    """Let the kernel send SIGTERM to this process when its parent dies, which keeps the state and ends it.

    Args:
        parent: The process that started this one; where it is gone already, this one ends at once.
    """
    with suppress(OSError, AttributeError):  # there is no such call but on Linux
        ctypes.CDLL(None).prctl(DEATH, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)
