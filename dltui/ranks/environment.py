"""What the environment of one process of several says, as torchrun writes it, and with whom it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from contextlib import suppress

from dltui.errors import UsageError

SUPERVISOR = "DLTUI_SUPERVISOR"  # number of the process with which a rank ends
DEATH = 1  # PR_SET_PDEATHSIG
BEARABLE = 8  # processes that even a small machine bears, each with its own torch


def rank_and_world() -> tuple[int, int]:
    """Return the number of this process and how many work together, from the environment that torchrun sets."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return 0, 1
    return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bearable(count: int, option: str) -> int:
    """Return how many processes are asked for, unless they would bring this machine down.

    Args:
        count: How many work together here.
        option: The option that asks, such as ``--processes``.

    Returns:
        The same number.

    Raises:
        UsageError: If there are more than cores, and more than eight.
    """
    if count > (most := max(BEARABLE, cores())):
        raise UsageError(
            f"{option} {count} is too much for this machine with {cores()} cores: expected at most {most}, "
            f"try {option} {cores()}"
        )
    return count


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
        Variables by name.
    """
    return {
        "RANK": str(rank),
        "WORLD_SIZE": str(world),
        "LOCAL_RANK": str(local),
        "LOCAL_WORLD_SIZE": str(here),
        "MASTER_ADDR": address,
        "MASTER_PORT": str(port),
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
