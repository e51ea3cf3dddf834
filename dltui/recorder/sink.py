"""Where a recorded loop goes: the run's folder, its rows, its weights, and what is asked of it."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dltui.errors import DltuiError
from dltui.results.disk import disk_errors
from dltui.runs import MetricsWriter, Run, finish, new_run
from dltui.runs.checkpoint import new_checkpoint
from dltui.runs.control import Requests
from dltui.runs.folder import WEIGHTS, State

AT_HAND = {"cpu"}  # devices whose numbers can be read at once
NAP = 0.05  # seconds between two looks at the requests while the loop pauses
SAID = {"stop": "asked to stop", "pause": "paused", "go-on": "goes on"}
LAG = 0.1  # seconds that numbers may stay on an accelerator, which would wait for itself to hand them over


def at_hand(tensor: Tensor) -> bool:
    """Return whether the numbers of a tensor can be read at once, with no accelerator to wait for."""
    return tensor.device.type in AT_HAND


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a loop tells of itself.

    Attributes:
        data: What it is trained on.
        classes: Number of classes, or None.
        steps: Steps in all, or None.
        settings: How it is trained.
    """

    data: str = ""
    classes: int | None = None
    steps: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)


class Sink:
    """Writes the rows of one run; in a group of processes the first one writes and the others don't.

    Args:
        model: The model, for the card.
        parameters: What is trained.
        facts: What the loop tells of itself.
    """

    def __init__(self, model: nn.Module, parameters: Sequence[Tensor], facts: Facts) -> None:
        group = torch.distributed.is_available() and torch.distributed.is_initialized()
        world = torch.distributed.get_world_size() if group else 1
        self.writes = not group or torch.distributed.get_rank() == 0
        self._started = time.perf_counter()
        self._waiting: list[tuple[int, float, dict[str, Any]]] = []
        self._handed = self._started
        self._run: Run | None = None
        self._warned = False
        if not self.writes:
            return
        command = " ".join(Path(word).name if not place else word for place, word in enumerate(sys.argv))
        name = type(model).__name__.lower()
        self._run = new_run(
            model=name, data=facts.data or "own", settings=facts.settings, command=f"python {command}"
        )
        self._writer = MetricsWriter(self._run)
        self._requests = Requests(self._run)
        told = {
            "device": str(parameters[0].device) if parameters else "cpu",
            "parameters": sum(p.numel() for p in parameters),
            "steps": facts.steps,
            "classes": facts.classes,
            "task": "classes" if facts.classes else None,
            "attempt": 1,
            "resumed_from": None,
            "world": world,
        }
        self.row("start", 0, told)

    @property
    def folder(self) -> Path | None:
        """The run's folder, or None where nothing is written."""
        return None if self._run is None else self._run.folder

    def row(self, kind: str, step: int, values: dict[str, Any]) -> None:
        """Write one row, after those that wait."""
        self._hand_over()
        self._write(kind, step, time.perf_counter() - self._started, values)

    def step(self, step: int, values: dict[str, Any]) -> None:
        """Write the row of a step, at once or a moment later where its numbers are on an accelerator."""
        if not self.writes:
            return
        now = time.perf_counter()
        self._waiting.append((step, now - self._started, values))
        away = any(isinstance(value, Tensor) and not at_hand(value) for value in values.values())
        if not away or now - self._handed > LAG:
            self._hand_over()

    def checkpoint(self, model: nn.Module, step: int) -> Path | None:
        """Write the weights, and return their file."""
        if self._run is None:
            return None
        # Tied weights share memory, which the format refuses: each name gets a copy of its own.
        state = {name: t.detach().cpu().contiguous().clone() for name, t in model.state_dict().items()}
        with new_checkpoint(self._run, step) as folder, disk_errors():
            save_file(state, folder / WEIGHTS)
        path = self._run.checkpoint(step)
        self.row("checkpoint", step, {"file": str(path.relative_to(self._run.folder)), "resumable": False})
        return path

    def asked(self, model: nn.Module, step: int) -> bool:
        """Do what was asked of the run, and return whether it shall stop.

        A pause lasts until somebody lets it go on, or stop.
        """
        if self._run is None:
            return False
        paused = stop = False
        while asks := self._requests.new() or (paused and not stop):
            for ask in asks if isinstance(asks, list) else []:
                stop |= ask == "stop"
                paused = ask == "pause" or (paused and ask != "go-on")
                if ask == "checkpoint":
                    self._safely(lambda: self.checkpoint(model, step))
                else:
                    self.row("note", step, {"level": "info", "text": SAID[ask]})
            if paused and not stop:
                time.sleep(NAP)
        return stop

    def close(self, step: int, state: State, reason: str) -> None:
        """Write what waits and how it ended."""
        if self._run is None:
            return
        self.row("end", step, {"state": state, "reason": reason})
        self._safely(self._writer.close)
        try:
            finish(self._run, state, reason)
        except DltuiError as error:
            warnings.warn(f"dltui.watch can't tell how it ended: {error}", RuntimeWarning, stacklevel=3)

    def _hand_over(self) -> None:
        """Write the rows of steps that wait; all their numbers leave the accelerator together."""
        waiting, self._waiting, self._handed = self._waiting, [], time.perf_counter()
        tensors = [v for _, _, values in waiting for v in values.values() if isinstance(v, Tensor)]
        if len(tensors) < 3:
            numbers = iter([float(tensor.detach()) for tensor in tensors])
        else:
            device = next((t.device for t in tensors if not at_hand(t)), tensors[0].device)
            numbers = iter(torch.stack([t.detach().to(device).float().reshape(()) for t in tensors]).tolist())
        for step, seconds, values in waiting:
            told = {name: next(numbers) if isinstance(v, Tensor) else v for name, v in values.items()}
            self._write("step", step, seconds, told)

    def _write(self, kind: str, step: int, seconds: float, values: dict[str, Any]) -> None:
        if self._run is not None:
            row = {"kind": kind, "step": step, "seconds": round(seconds, 4), **values}
            self._safely(lambda: self._writer.append(row))

    def _safely(self, work: Callable[[], object]) -> None:
        """Write something; a disk that is full must not end a training."""
        try:
            work()
        except DltuiError as error:
            if not self._warned:
                warnings.warn(f"dltui.watch can't record: {error}", RuntimeWarning, stacklevel=4)
            self._warned = True
