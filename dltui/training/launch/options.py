"""Where and in how many processes a training runs: what does not belong to its recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a training is started.

    Attributes:
        weights: A file of weights to start from.
        name: What to call the run; made up when empty.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        devices: How many processes, one a device; ``auto`` for as many as there are GPUs; empty for one, or for as
            many as a run had before.
        strategy: ``single``, ``ddp`` or ``fsdp``; what suits the number of processes when empty.
        restarts: How often processes that died are started afresh.
        cpu_threads: Threads of an operation on the CPU; one, or as many as a run had before, when None.
        command: The command line, for the run's card.
    """

    weights: Path | None = None
    name: str = ""
    device: str = "auto"
    devices: str = ""
    strategy: str = ""
    restarts: int = 3
    cpu_threads: int | None = None
    command: str = ""
