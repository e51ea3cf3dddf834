"""Gradient norms at every checkpoint of a run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from torch import Tensor

from dltui.checkpoints import read_weights
from dltui.checkpoints.fit import fit_weights
from dltui.errors import DltuiError
from dltui.instruments.gradients.whole import finite_gradient, seen, told
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.gradients_along import GradientsAlong
from dltui.runs.find import find_snapshot

MOST = 200  # checkpoints; of more, so many are taken evenly


@dataclass(frozen=True)
class Stop:
    """One checkpoint.

    Attributes:
        step: Optimiser steps that were made.
        name: What it is called in an error.
        read: Returns its tensors.
    """

    step: int
    name: str
    read: Callable[[], Mapping[str, Tensor]]


def stops_of(spec: str) -> tuple[str, list[Stop]]:
    """Return what a run kept up to a checkpoint.

    Args:
        spec: ``run:NAME``, or ``run:NAME@step=300`` for the way up to there.

    Returns:
        Name of the run, and its checkpoints in order; evenly thinned where there are very many.

    Raises:
        UsageError: If there is no such run or step.
        DltuiError: If it kept no weights.
    """
    snapshot = find_snapshot(spec)
    run = snapshot.run
    steps = snapshot.way(MOST)
    return run.name, [
        Stop(step, f"step {step} of the run {run.name}", partial(_state, run.checkpoint(step)))
        for step in steps
    ]


def _state(path: Path) -> Mapping[str, Tensor]:
    return read_weights(path).state


def along(
    objective: Objective, stops: Sequence[Stop], *, run: str = "", report: Report = silent
) -> GradientsAlong:
    """Measure the gradient of every parameter tensor at one checkpoint after the other, over the same samples.

    Args:
        objective: The loss of a model on its data; the model's own weights don't matter.
        stops: The checkpoints.
        run: Name of the run.
        report: Called after every block, and with a ``GradientsAlong`` after every checkpoint; those to come are NaN.

    Returns:
        Norms by checkpoint and tensor.

    Raises:
        DltuiError: If there is no checkpoint, one doesn't fit, or loss or gradient is not finite at one.
    """
    if not stops:
        raise DltuiError(f"{run or objective.title} has no checkpoint to look at; train with --save-every 1")
    total = len(stops) * objective.samples
    found: GradientsAlong | None = None
    before: Tensor | None = None
    with same_randomness():
        for place, stop in enumerate(stops):
            began = place * objective.samples
            there = _at(objective, stop)
            row, before = _row(there, before, partial(_tick, report, began, total))
            found = _blank(row, objective, stops, run) if found is None else found
            _fill(found, place, row)
            report(began + objective.samples, total, _copied(found))
    assert found is not None
    return found


def _tick(report: Report, began: int, total: int, done: int) -> None:
    report(began + done, total)


@dataclass(frozen=True, eq=False)
class _Row:
    """What was found at one checkpoint."""

    loss: float
    names: list[str]
    norms: list[float]
    weights: list[float]
    moved: list[float]
    layers: dict[str, float]
    dead: dict[str, float]


def _at(objective: Objective, stop: Stop) -> Objective:
    """Return the loss of a model with the weights of a checkpoint."""
    model = copy.deepcopy(objective.model)
    fit_weights(model, stop.read(), stop.name)
    return replace(objective, model=model, title=f"{objective.title} at step {stop.step}")


def _row(objective: Objective, before: Tensor | None, tick: Callable[[int], None]) -> tuple[_Row, Tensor]:
    """Return what is found at one checkpoint, and its weights."""
    loss, twin, gradient, signal = finite_gradient(objective, tick)
    weights = twin.flat.detach().cpu().double()
    moved = weights - weights * np.nan if before is None else weights - before
    units = [told(firing) for firing in signal.activations.values()]
    return _Row(
        loss=loss,
        names=[slot.name for slot in twin.slots],
        norms=[float(slot.of(gradient).norm()) for slot in twin.slots],
        weights=[float(slot.of(weights).norm()) for slot in twin.slots],
        moved=[float(slot.of(moved).norm()) for slot in twin.slots],
        layers={layer.name: seen(layer)[4] for layer in signal.layers.values()},
        dead={unit["name"]: unit["dead_share"] for unit in units if unit["dead_share"] is not None},
    ), weights


def _blank(row: _Row, objective: Objective, stops: Sequence[Stop], run: str) -> GradientsAlong:
    """Return a result in which nothing is known yet."""
    count = len(stops)
    return GradientsAlong(
        title=objective.title,
        made=Made(device=str(objective.device)),
        run=run,
        steps=np.array([stop.step for stop in stops]),
        loss=np.full(count, np.nan),
        names=row.names,
        grad_norms=np.full((count, len(row.names)), np.nan),
        weight_norms=np.full((count, len(row.names)), np.nan),
        moved=np.full((count, len(row.names)), np.nan),
        modules=list(row.layers),
        back=np.full((count, len(row.layers)), np.nan),
        activations=list(row.dead),
        dead=np.full((count, len(row.dead)), np.nan),
        samples=objective.samples,
        loss_name=objective.criterion.name,
        mode=objective.mode,
    )


def _fill(found: GradientsAlong, place: int, row: _Row) -> None:
    """Write a checkpoint's row."""
    found.loss[place] = row.loss
    found.grad_norms[place], found.weight_norms[place], found.moved[place] = row.norms, row.weights, row.moved
    found.back[place] = [row.layers.get(name, np.nan) for name in found.modules]
    found.dead[place] = [row.dead.get(name, np.nan) for name in found.activations]


def _copied(found: GradientsAlong) -> GradientsAlong:
    """Return a result that doesn't change any more when the next row is written."""
    return replace(
        found,
        loss=found.loss.copy(),
        grad_norms=found.grad_norms.copy(),
        weight_norms=found.weight_norms.copy(),
        moved=found.moved.copy(),
        back=found.back.copy(),
        dead=found.dead.copy(),
    )
