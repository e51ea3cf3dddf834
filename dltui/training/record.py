"""What a training leaves behind as it goes: rows of metrics, checkpoints, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from dltui.checkpoints import About, write_weights
from dltui.data import Dataset
from dltui.errors import Cancelled
from dltui.runs.checkpoint import new_checkpoint
from dltui.runs.folder import WEIGHTS, Run
from dltui.runs.metrics import MetricsWriter, Row
from dltui.runs.new import finish


class Recorder:
    """Keeps rows and weights of one run; without a run it only remembers the rows of epochs."""

    def __init__(
        self, run: Run | None, writer: MetricsWriter | None, module: nn.Module, dataset: Dataset
    ) -> None:
        self._run, self._writer = run, writer
        self._module, self._dataset = module, dataset
        self._started = time.perf_counter()
        self._saved: int | None = None
        self.step = 0
        self.epochs: list[Row] = []
        self.name = run.name if run else ""

    @property
    def seconds(self) -> float:
        """Wall time since the start."""
        return time.perf_counter() - self._started

    def row(self, kind: str, **values: Any) -> None:
        """Write one row: what kind it is, the step, the time, and ``values``."""
        told = {"kind": kind, "step": self.step, "seconds": round(self.seconds, 3), **values}
        if kind == "eval":
            self.epochs.append(told)
        if self._writer is not None:
            self._writer.append(told)

    def save(self) -> None:
        """Write the weights as they are, unless this step is kept already."""
        if self._run is None or self._saved == self.step:
            return
        about = About(
            model=self._run.model,
            input_shape=self._dataset.input_shape,
            outputs=self._dataset.outputs,
            run=self._run.name,
            step=self.step,
        )
        with new_checkpoint(self._run, self.step) as folder:
            write_weights(self._module, folder / WEIGHTS, about)
        self._saved = self.step


@contextmanager
def recording(run: Run | None, module: nn.Module, dataset: Dataset) -> Iterator[Recorder]:
    """Keep a run's metrics file open while it trains, and write down how it ended.

    Args:
        run: The run, or None when nothing shall be kept.
        module: The model whose weights are saved.
        dataset: What it is trained on.

    Yields:
        The recorder.
    """
    if run is None:
        yield Recorder(None, None, module, dataset)
        return
    try:
        with MetricsWriter(run) as writer:
            recorder = Recorder(run, writer, module, dataset)
            try:
                yield recorder
            except Cancelled:
                recorder.save()  # it is raised between two steps, when the weights are whole
                raise
    except (Cancelled, KeyboardInterrupt):
        finish(run, "stopped")
        raise
    except BaseException as error:
        finish(run, "failed", f"{error}" or type(error).__name__)
        raise
    finish(run, "done")
