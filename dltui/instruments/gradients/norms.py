"""Gradient norms, layer by layer, batch by batch and sample by sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import numpy as np
from torch import Tensor

from dltui.errors import UsageError
from dltui.instruments.gradients.batches import batch_count, batch_length, compare
from dltui.instruments.gradients.hardest import Origins, hardest
from dltui.instruments.gradients.per_sample import sample_norms
from dltui.instruments.gradients.update import Step
from dltui.instruments.gradients.whole import few_threads, finite_gradient, seen, told
from dltui.instruments.place import moved
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.gradients import GradientNorms

PICTURES_EACH = 0.1  # seconds between two partial results


@dataclass(frozen=True)
class Wishes:
    """What is measured besides the norms of the whole gradient.

    Attributes:
        per_sample: Also ‖∇ℓᵢ‖ of every sample i, the loss being the mean of the ℓᵢ.
        batch_size: Samples in each of the batches that are compared; 64 or fewer when None.
        step: The optimiser whose step is compared with the weights, or None.
        clip: A threshold at which norms by sample would be clipped, or None.
        origins: Where the samples come from.
    """

    per_sample: bool = True
    batch_size: int | None = None
    step: Step | None = None
    clip: float | None = None
    origins: Origins = field(default_factory=Origins)


def measure(
    objective: Objective,
    *,
    at: Sequence[float] = (),
    normalize: str = "filter",
    seed: int = 0,
    wishes: Wishes | None = None,
    report: Report = silent,
    **more: Any,
) -> GradientNorms:
    """Measure how steep the loss is, in every parameter tensor, for every sample and through the depth of the model.

    Args:
        objective: The loss of a model on its data.
        at: Where to look instead of θ*: α on the line, or α and β in the plane, that a landscape of this ``seed``
            scans.
        normalize: How the directions of that plane are scaled.
        seed: Seed of these directions, and of the shuffling of samples into batches.
        wishes: What else to measure.
        report: Called after every block with how many samples have gone through, each once for the whole gradient,
            once in a batch and once for its own; about ten times a second with ``GradientNorms`` that have NaN where
            nothing is known yet.
        **more: Single wishes by name, such as ``per_sample=False``.

    Returns:
        Norms of gradient and weights of each tensor, and all else that was wished for.

    Raises:
        UsageError: If there is no such point, no parameter is trained, or batches are too large.
        DltuiError: If loss or gradient is not finite.
    """
    wished = replace(wishes or Wishes(), **more)
    _trained(objective)
    size = batch_length(wished.batch_size, objective.samples)
    objective = moved(objective, at, normalize, seed)
    batched = size * batch_count(size, objective.samples)
    total = objective.samples * (2 if wished.per_sample else 1) + batched
    with same_randomness():
        found, gradient = _layers(objective, wished, lambda done: report(done, total))
        found = replace(
            found,
            made=Made(device=str(objective.device), seed=seed if at or size else None),
            at=list(at),
            normalize=normalize if at else "",
        )
        if size:
            report(objective.samples, total, _unfinished(found, wished))
            found = _with_batches(
                found, objective, size, seed, lambda done: report(objective.samples + done, total)
            )
        if wished.per_sample:
            canvas = _unfinished(found, wished)
            report(total - objective.samples, total, canvas)
            found = _with_samples(found, objective, gradient, wished, _pictures(canvas, total, report))
    report(total, total, found)
    return found


def _unfinished(found: GradientNorms, wished: Wishes) -> GradientNorms:
    """Return what is known while samples are still to come."""
    blank = np.full(found.samples, np.nan) if wished.per_sample else None
    return replace(found, sample_norms=blank, complete=False)


def _trained(objective: Objective) -> None:
    """Refuse a model without a parameter that is trained.

    Raises:
        UsageError: If every parameter is frozen, or none is a floating-point number.
    """
    parameters = list(objective.model.parameters())
    if parameters and not any(p.requires_grad for p in parameters):
        raise UsageError(
            f"every parameter of {objective.title} is frozen, so none has a gradient; expected at least one with "
            "requires_grad; try model.requires_grad_(True)"
        )


def _layers(
    objective: Objective, wished: Wishes, tick: Callable[[int], None]
) -> tuple[GradientNorms, Tensor]:
    """Return the norms of each tensor, and the gradient; no norms by sample."""
    loss, twin, gradient, signal = finite_gradient(objective, tick)
    weights = twin.flat.detach().to(gradient)
    parts = [slot.of(gradient) for slot in twin.slots]
    moved_by = None if wished.step is None else wished.step.taken(gradient, weights)
    found = GradientNorms(
        title=objective.title,
        loss=loss,
        total_norm=float(gradient.norm()),
        names=[slot.name for slot in twin.slots],
        shapes=[list(slot.shape) for slot in twin.slots],
        grad_norms=np.array([float(part.norm()) for part in parts]),
        weight_norms=np.array([float(slot.of(weights).norm()) for slot in twin.slots]),
        samples=objective.samples,
        loss_name=objective.criterion.name,
        mode=objective.mode,
        update_norms=None
        if moved_by is None
        else np.array([float(slot.of(moved_by).norm()) for slot in twin.slots]),
        learning_rate=wished.step.learning_rate if wished.step else None,
        step=str(wished.step) if wished.step else "",
        modules=[layer.name for layer in signal.layers.values()],
        signal=np.array([seen(layer) for layer in signal.layers.values()]).reshape(-1, 6).T.copy(),
        units=[told(firing) for firing in signal.activations.values()],
        clip=wished.clip,
    )
    return found, gradient


def _with_batches(
    found: GradientNorms, objective: Objective, size: int, seed: int, tick: Callable[[int], None]
) -> GradientNorms:
    """Return the norms with what successive batches have in common."""
    with few_threads(objective):
        batches = compare(objective, size, seed, tick)
    return replace(
        found,
        batch_size=size,
        batches=batches.count,
        cosines=batches.cosines,
        cosine_errors=batches.errors,
        batch_square=[batches.square, batches.square_error],
    )


def _with_samples(
    found: GradientNorms, objective: Objective, gradient: Tensor, wished: Wishes, report: Report
) -> GradientNorms:
    """Return the norms with those of single samples."""
    many = objective.samples > 2
    samples = sample_norms(objective, towards=gradient if many else None, report=report)
    return replace(
        found,
        sample_norms=samples.norms,
        method=samples.method,
        noise_sums=samples.sums,
        **hardest(objective, samples.norms, wished.origins),
    )


def _pictures(canvas: GradientNorms, whole: int, report: Report) -> Report:
    """Return what takes norms by sample as they come, and shows them now and then on ``canvas``."""
    shown = monotonic()

    def take(done: int, total: int, partial: object = None) -> None:
        nonlocal shown
        if monotonic() - shown >= PICTURES_EACH and done < total and isinstance(partial, np.ndarray):
            report(whole - total + done, whole, replace(canvas, sample_norms=partial.copy()))
            shown = monotonic()
        else:
            report(whole - total + done, whole)

    return take
