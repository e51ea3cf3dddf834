"""Gradient norms, layer by layer and sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

import numpy as np

from dltui.errors import DltuiError
from dltui.instruments.per_sample import sample_norms
from dltui.instruments.place import moved
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.gradients import GradientNorms

PICTURES_EACH = 0.1  # seconds between two partial results


def measure(
    objective: Objective,
    *,
    at: Sequence[float] = (),
    normalize: str = "filter",
    seed: int = 0,
    per_sample: bool = True,
    report: Report = silent,
) -> GradientNorms:
    """Measure how steep the loss is, in every parameter tensor and for every sample.

    Args:
        objective: The loss of a model on its data.
        at: Where to look instead of θ*: α on the line, or α and β in the plane, that a landscape of this ``seed``
            scans.
        normalize: How the directions of that plane are scaled.
        seed: Seed of these directions.
        per_sample: Also measure ‖∇ℓᵢ‖ of every sample i, the loss being the mean of the ℓᵢ.
        report: Called after every block with how many samples have gone through, each once for the whole gradient
            and once for its own; about ten times a second with ``GradientNorms`` that have NaN where nothing is known
            yet.

    Returns:
        Norms of gradient and weights of each tensor, and of each sample's gradient.

    Raises:
        UsageError: If there is no such point.
        DltuiError: If loss or gradient is not finite.
    """
    objective = moved(objective, at, normalize, seed)
    total = objective.samples * (2 if per_sample else 1)
    with same_randomness():
        layers = replace(
            _layers(objective, lambda done: report(done, total)),
            made=Made(device=str(objective.device), seed=seed if at else None),
            at=list(at),
            normalize=normalize if at else "",
        )
        if not per_sample:
            report(total, total, layers)
            return layers
        canvas = replace(layers, sample_norms=np.full(objective.samples, np.nan), complete=False)
        report(objective.samples, total, canvas)
        norms, method = sample_norms(objective, report=_pictures(canvas, report))
    found = replace(layers, sample_norms=norms, method=method)
    report(total, total, found)
    return found


def _layers(objective: Objective, tick: Callable[[int], None]) -> GradientNorms:
    """Return the norms of each tensor; no norms by sample."""
    loss, twin = objective.center().loss, objective.twin()
    gradient, weights = objective.gradient(twin, tick), twin.flat.detach().cpu().double()
    if not bool(gradient.isfinite().all()):
        raise DltuiError(
            f"the gradient of {objective.title} is not finite though its loss is {loss:.6g}; "
            "expected finite numbers; try --double, or check the weights"
        )
    return GradientNorms(
        title=objective.title,
        loss=loss,
        total_norm=float(gradient.norm()),
        names=[slot.name for slot in twin.slots],
        shapes=[list(slot.shape) for slot in twin.slots],
        grad_norms=np.array([float(slot.of(gradient).norm()) for slot in twin.slots]),
        weight_norms=np.array([float(slot.of(weights).norm()) for slot in twin.slots]),
        samples=objective.samples,
        loss_name=objective.criterion.name,
    )


def _pictures(canvas: GradientNorms, report: Report) -> Report:
    """Return what takes norms by sample as they come, and shows them now and then on ``canvas``."""
    shown = monotonic()

    def take(done: int, total: int, partial: object = None) -> None:
        nonlocal shown
        if monotonic() - shown >= PICTURES_EACH and done < total and isinstance(partial, np.ndarray):
            report(done + total, 2 * total, replace(canvas, sample_norms=partial.copy()))
            shown = monotonic()
        else:
            report(done + total, 2 * total)

    return take
