"""The state of a training: gathered into checkpoints, and put back so that it goes on to the last bit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from torch import Tensor

from dltui.checkpoints import About
from dltui.checkpoints.fit import check_fit
from dltui.errors import DltuiError
from dltui.training.checkpoint import Keeper
from dltui.training.engine import as_held, put_states, states_of, whole_tensors
from dltui.training.progress import Progress
from dltui.training.seeding import put_back, states

if TYPE_CHECKING:
    from dltui.training.loop import Loop

REST = 1.0  # seconds at least between two states after epochs: a shorter training is as soon made again


class Keeping:
    """Keeps the checkpoints of a training; nothing where it has no run.

    Args:
        loop: The training.

    Attributes:
        newest: The step kept last, below 0 before the first.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.newest = -1
        self._resumable, self._kept = -1, time.monotonic()
        run = loop.recorder.run
        self._keeps = bool(loop.engine.shared(run is not None))
        self._keeper = None
        if run is not None and loop.engine.rank == 0:
            about = About(
                model=run.model,
                input_shape=loop.dataset.input_shape,
                outputs=loop.dataset.outputs,
                run=run.name,
            )
            self._keeper = Keeper(run, about)

    def rested(self) -> bool:
        """Return whether the last state is old enough for another one that nobody asked for; alike in all processes."""
        now = time.monotonic()
        return bool(self._loop.engine.shared(now - self._kept >= REST))

    def save(self, *, resumable: bool) -> None:
        """Keep the weights as they are, and the state where training shall be able to go on; once a step.

        Args:
            resumable: Whether the state is kept too.

        Raises:
            DltuiError: If an earlier checkpoint could not be written.
        """
        step = self._loop.recorder.step
        if not self._keeps or step == (self._resumable if resumable else self.newest):
            return
        self.newest = step
        if resumable:
            self._resumable, self._kept = step, time.monotonic()
        raw = whole_tensors(dict(self._loop.module.state_dict()))
        mean = whole_tensors(self._loop.ema.mean) if self._loop.ema else None
        state = self._state(raw if mean else None) if resumable else None
        if self._keeper is None:
            return
        file = f"checkpoints/{self._loop.recorder.run.checkpoint_folder(step).name}"  # type: ignore[union-attr]
        self._loop.recorder.row("checkpoint", file=file, resumable=resumable)
        self._loop.recorder.flush()
        self._keeper.keep(step, mean or raw, state)

    def close(self) -> None:
        """Wait until all checkpoints are written.

        Raises:
            DltuiError: If one could not be written.
        """
        if self._keeper is not None:
            self._keeper.close()

    def give_up(self) -> None:
        """Write nothing more."""
        if self._keeper is not None:
            self._keeper.give_up()

    def finish(self) -> None:
        """Let what waits be written; what goes wrong is told elsewhere."""
        if self._keeper is not None:
            self._keeper.finish()

    def _state(self, raw: dict[str, Tensor] | None) -> dict[str, Any]:
        """Return everything that the next step depends on besides the weights that are kept."""
        loop = self._loop
        return {
            "opt": states_of(loop.optimizers),
            "raw": raw,
            "rng": loop.engine.everyone(states()),
            "progress": loop.progress.plain(),
            "scaler": loop.engine.scaler(),
            "seconds": loop.recorder.seconds,
            "world": loop.engine.world,
        }

    def restore(self, step: int, weights: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Put a state back.

        Args:
            step: Optimiser steps that were made.
            weights: The tensors of the checkpoint.
            state: What was kept beside them.

        Raises:
            DltuiError: If it is of another model, or of another number of processes.
        """
        loop = self._loop
        if state["world"] != loop.engine.world:
            raise DltuiError(
                f"step {step} was kept by {state['world']} processes, not {loop.engine.world}: go on with "
                f"--devices {state['world']}"
            )
        loaded = weights if state["raw"] is None else state["raw"]
        name = f"step {step} of the run {loop.recorder.name}"
        check_fit(loop.module, loaded, name)
        held = loop.module.state_dict()
        loop.module.load_state_dict({key: as_held(value, held[key]) for key, value in loaded.items()})
        if loop.ema is not None:
            mean = weights if state["raw"] is not None else loaded
            loop.ema.restore({key: as_held(value, loop.ema.mean[key]) for key, value in mean.items()})
        put_states(loop.optimizers, state["opt"])
        loop.engine.set_scaler(state["scaler"])
        loop.progress = Progress.of(state["progress"])
        put_back(state["rng"][loop.engine.rank])
        self.newest = self._resumable = step
