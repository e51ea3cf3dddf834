"""What a training leaves behind as it goes: rows of metrics, a log, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from dltui.errors import Cancelled, DltuiError, Requeue
from dltui.runs.folder import LOG, Run, State
from dltui.runs.metrics import MetricsWriter, Row
from dltui.runs.new import finish


class Recorder:
    """Keeps the rows of one run; without a run it only remembers those of evaluations.

    Attributes:
        step: Optimiser steps made.
        evaluations: The rows of evaluations so far, those of earlier attempts included.
        reason: Why it ended before its last step, where it ended well.
    """

    def __init__(self, run: Run | None = None, writer: MetricsWriter | None = None) -> None:
        self.run, self._writer = run, writer
        self._started = time.perf_counter()
        self.step = 0
        self.evaluations: list[Row] = []
        self.reason = ""

    @property
    def name(self) -> str:
        """The run's name; empty when nothing is kept."""
        return self.run.name if self.run else ""

    @property
    def seconds(self) -> float:
        """Wall time spent on the run, earlier attempts included."""
        return time.perf_counter() - self._started

    def begin(self, step: int = 0, seconds: float = 0.0, evaluations: Sequence[Row] = ()) -> None:
        """Start the clock, where an earlier attempt was or at the first step."""
        self.step, self.evaluations = step, list(evaluations)
        self._started = time.perf_counter() - seconds

    def row(self, kind: str, **values: Any) -> None:
        """Write one row: what kind it is, the step where ``values`` tell no other, the time, and ``values``.

        Raises:
            DltuiError: If it can't be written.
        """
        told = {"kind": kind, "step": self.step, "seconds": round(self.seconds, 4), **values}
        if kind == "eval":
            self.evaluations.append(told)
        if self._writer is not None:
            self._writer.append(told)

    def flush(self) -> None:
        """Write what is still waiting, so that a checkpoint never knows more than the rows.

        Raises:
            DltuiError: If it can't be written.
        """
        if self._writer is not None:
            self._writer.flush()

    def say(self, text: str, level: str = "info") -> None:
        """Keep a remark, in the rows and in the log."""
        self.row("note", level=level, text=text)
        if self.run is not None:
            with suppress(OSError), (self.run.folder / LOG).open("a", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")


@contextmanager
def recording(run: Run | None) -> Iterator[Recorder]:
    """Keep a run's metrics file open while it trains, and write down how it ended.

    Args:
        run: The run, or None when nothing shall be kept.

    Yields:
        The recorder.
    """
    if run is None:
        yield Recorder()
        return
    writer = MetricsWriter(run)  # refuses before anything is changed when another process trains the run
    recorder = Recorder(run, writer)
    state: State = "done"
    reason = ""
    try:
        yield recorder
        reason = recorder.reason
    except BaseException as error:
        state, reason = _ending(error)
        raise
    finally:
        with suppress(DltuiError):  # what ended the training matters more than where it is written
            recorder.row("end", state=state, reason=reason)
        with suppress(DltuiError):
            writer.close()
        with suppress(DltuiError):
            finish(run, state, reason)


def _ending(error: BaseException) -> tuple[State, str]:
    """Return the state that an error ends a run in, and why."""
    if isinstance(error, Cancelled | Requeue):
        return "stopped", f"{error}"
    if isinstance(error, KeyboardInterrupt):
        return "stopped", "interrupted"
    return "failed", f"{error}" or type(error).__name__
