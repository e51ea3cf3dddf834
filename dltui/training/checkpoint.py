"""Checkpoints that training can go on from: weights and state in ``.safetensors``, no pickle anywhere.

``weights.safetensors`` holds what instruments look at. ``state.safetensors`` holds the rest: the tensors of the
optimiser (``opt/0/state/3/exp_avg``), generators and running means as tensors, and everything else as one JSON document
in the header. Both are written by a thread of their own, so that the disk's flushing does not hold up the steps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from dltui.checkpoints import About
from dltui.checkpoints.read import HEADER as ABOUT
from dltui.errors import DltuiError
from dltui.files import flush
from dltui.results.disk import disk_errors
from dltui.runs.checkpoint import new_checkpoint
from dltui.runs.folder import STATE, WEIGHTS, Run
from dltui.training.packing import pack, unpack

HEADER = "dltui-state"  # the key in the safetensors header of a state
VERSION = 1
WAITING = 256 * 2**20  # bytes that may wait to be written before training waits for the disk
STATES = 2  # states kept; of older checkpoints only the weights stay


class Keeper:
    """Writes the checkpoints of one run, in order, in a thread of its own.

    Args:
        run: The run.
        about: Which model it is; the step is filled in.
    """

    def __init__(self, run: Run, about: About) -> None:
        self._run, self._about = run, about
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoints")
        self._states = run.resumable()
        self._waiting: list[tuple[int, Future[None]]] = []

    def keep(self, step: int, weights: Mapping[str, Tensor], state: Any = None) -> None:
        """Keep copies of weights, and of a state where training shall be able to go on from here.

        Args:
            step: Optimiser steps made.
            weights: Tensors by name.
            state: A tree that ``pack`` takes, or None for weights alone.

        Raises:
            DltuiError: If an earlier checkpoint could not be written.
        """
        self.check()
        # Tied weights share memory, which the format refuses: each name gets a copy of its own.
        copies = {name: t.detach().to("cpu", copy=True).contiguous() for name, t in weights.items()}
        packed = None if state is None else pack(state)
        size = sum(t.nbytes for t in [*copies.values(), *(packed[1].values() if packed else ())])
        while self._waiting and sum(waiting for waiting, _ in self._waiting) + size > WAITING:
            self._waiting.pop(0)[1].result()
        self._waiting.append((size, self._thread.submit(self._write, step, copies, packed)))

    def check(self) -> None:
        """Raise what went wrong with a checkpoint that was to be written.

        Raises:
            DltuiError: If one could not be written.
        """
        while self._waiting and self._waiting[0][1].done():
            self._waiting.pop(0)[1].result()

    def close(self) -> None:
        """Wait until everything is written.

        Raises:
            DltuiError: If a checkpoint could not be written.
        """
        self.finish()
        self.check()

    def finish(self) -> None:
        """Wait until everything is written or has failed."""
        self._thread.shutdown(wait=True)

    def give_up(self) -> None:
        """Write nothing more; what is being written becomes whole or is swept later."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _write(self, step: int, weights: Mapping[str, Tensor], packed: Any) -> None:
        """Write one checkpoint; the rows before it must be on the disk before it takes its place."""
        from safetensors.torch import save_file

        about = asdict(self._about) | {"step": step}
        with new_checkpoint(self._run, step) as folder, disk_errors():
            save_file(dict(weights), folder / WEIGHTS, metadata={ABOUT: json.dumps(about)})
            if packed is not None:
                plain, tensors = packed
                document = json.dumps({"version": VERSION, "step": step, "state": plain})
                save_file(tensors, folder / STATE, metadata={HEADER: document})
            with suppress(OSError):
                flush(self._run.metrics)  # now, since the disk then takes all of these files in one go
        if packed is not None:
            self._thin_out(step)

    def _thin_out(self, newest: int) -> None:
        """Delete old states, once the newest is known to be readable."""
        self._states.append(newest)
        if len(self._states) <= STATES:
            return
        _header(self._run.checkpoint_folder(newest) / STATE)
        for step in self._states[:-STATES]:
            (self._run.checkpoint_folder(step) / STATE).unlink(missing_ok=True)
        del self._states[:-STATES]


def read_state(run: Run, step: int) -> Any:
    """Return the state that was kept after a step.

    Args:
        run: The run.
        step: One of ``run.resumable()``.

    Returns:
        The tree that was given to ``Keeper.keep``, its tensors on the CPU.

    Raises:
        DltuiError: If it can't be read.
    """
    from safetensors import SafetensorError, safe_open

    path = run.checkpoint_folder(step) / STATE
    told = _header(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dictionary
    except (SafetensorError, OSError) as error:
        raise DltuiError(f"can't read {path}: {error}; it may be cut short") from error
    return unpack(told, tensors)


def _header(path: Path) -> Any:
    """Return what the header of a state says, without its tensors."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            told = json.loads((file.metadata() or {})[HEADER])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise DltuiError(f"can't read {path} as the state of a training: {error}") from error
    if told["version"] != VERSION:
        raise DltuiError(f"{path} was written by another version of dltui: expected state {VERSION}")
    return told["state"]
