"""What the environment of one process of several says, as torchrun writes it, and with whom it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from contextlib import suppress

SUPERVISOR = "DLTUI_SUPERVISOR"  # number of the process with which a rank ends
DEATH = 1  # PR_SET_PDEATHSIG


def rank_and_world() -> tuple[int, int]:
    """Return the number of this process and how many work together, from the environment that torchrun sets."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return 0, 1
    return int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])


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
