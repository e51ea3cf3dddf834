"""What a training tells of itself: how it begins, and the result that it has come to."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from dltui.results.base import Made
from dltui.results.training import TrainingHistory
from dltui.runs.history import from_rows

if TYPE_CHECKING:
    from dltui.training.loop import Loop


def start_row(loop: Loop, resumed: int | None) -> None:
    """Write the first row of an attempt.

    Args:
        loop: The training.
        resumed: The step that it goes on from, or None for a fresh start.
    """
    run, dataset = loop.recorder.run, loop.dataset
    loop.recorder.row(
        "start",
        device=str(loop.engine.device),
        parameters=loop.parameters,
        split=dataset.split,
        steps=loop.total,
        epochs=math.ceil(loop.total / loop.feed.per_epoch),
        attempt=run.attempt if run else 1,
        resumed_from=resumed,
        world=loop.engine.world,
        classes=dataset.outputs if dataset.task != "numbers" else None,
        batch_size=loop.recipe.batch_size,
        task=dataset.task,
    )


def history_so_far(loop: Loop) -> TrainingHistory:
    """Return what the evaluations so far have told."""
    recorder = loop.recorder
    found = from_rows(
        recorder.evaluations,
        title=loop.title or f"{type(loop.module).__name__} on {loop.dataset.name}",
        run=recorder.name,
        parameters=loop.parameters,
        split=loop.dataset.split,
        made=Made(seconds=recorder.seconds, device=str(loop.engine.device), seed=loop.recipe.seed),
    )
    return replace(found, steps=recorder.step, folder=str(recorder.run.folder) if recorder.run else "")
