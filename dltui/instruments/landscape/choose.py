"""The fastest way to evaluate a plane that agrees with the slow one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from dltui.errors import DltuiError
from dltui.instruments.landscape.dense import dense
from dltui.instruments.landscape.folded import folded
from dltui.instruments.landscape.measure import Measure
from dltui.instruments.landscape.plain import channels_last, plain
from dltui.instruments.landscape.plane import Each, Evaluate, Plane, Tier, Unfit, mean, shares
from dltui.instruments.landscape.window import Grid, Window
from dltui.objective import Objective

FAST = (dense, folded)
TRIED = 128  # samples on which two ways are compared, at most
AGREE = 1e-5  # relative difference of two losses
ROUNDING = 1e-7  # of a float32, as a share of the largest loss of a sample
HAIR = 2.5  # answers that may differ where two classes have all but the same score


def fastest(plane: Plane, window: Window) -> tuple[Tier, float]:
    """Return the fastest evaluator that agrees with the plain one at three random points of the window.

    Args:
        plane: What is evaluated.
        window: Which part of it.

    Returns:
        The evaluator, and about how long it takes for a point, in seconds.
    """
    few, points = _few(plane.objective), _somewhere(window)
    slow = plain(plane)
    wanted, seconds = _tried(slow.on(few)(), points)
    why = _kept_from(plane)
    for make in () if why else FAST:
        try:
            tier = make(plane)
            found, quick = _tried(tier.on(few)(), points)
        except Unfit as unfit:
            why = str(unfit)
            continue
        except RuntimeError:  # what torch can't do in this way, it may still do in the plain one
            why = "torch can't run it in a faster way"
            continue
        if _agree(found, wanted, shares(few), few.samples):
            return tier, quick * plane.objective.samples / few.samples
        why = "a faster way differs by more than rounding"
    if not _kept_from(plane):
        slow, seconds = _laid(plane, few, points, wanted) or (slow, seconds)
    named = slow._replace(name=f"{slow.name}: {why}")
    return named, seconds * plane.objective.samples / few.samples


def finite(plane: Plane, window: Window, sets: Sequence[Objective]) -> tuple[Tier, float, Measure]:
    """Return the fastest evaluator that is finite at θ* wherever the model is.

    Args:
        plane: What is evaluated.
        window: Which part of it.
        sets: On which samples; those of the landscape first, and maybe held-out ones.

    Returns:
        The evaluator, about how long it takes for a point, in seconds, and what it measures.

    Raises:
        DltuiError: If the loss of the model itself is not finite there, on one of the sets of samples.
    """
    tier, seconds = fastest(plane, window)
    measure = Measure.of(tier, sets)
    if np.isfinite(measure.here[:, 0]).all():
        return tier, seconds, measure
    for one in sets:  # says where it stops being finite
        try:
            one.center()
        except DltuiError as error:
            if one is sets[0]:
                raise
            raise DltuiError(f"on the held-out samples {error}; or leave them out: --part train") from error
    slow = plain(plane)  # which never multiplies a sample by a direction alone, where it may overflow
    tier = slow._replace(name=f"{slow.name}: a faster way is not finite at its weights")
    measure = Measure.of(tier, sets)
    return tier, measure.alone, measure


def _laid(plane: Plane, few: Objective, points: Grid, wanted: Each) -> tuple[Tier, float] | None:
    """Return the plain way with channels last and its seconds, or None; never by its time, so that scans can go on."""
    try:
        tier = channels_last(plane)
        found, quick = _tried(tier.on(few)(), points)
    except (Unfit, RuntimeError):
        return None
    return (tier, quick) if _agree(found, wanted, shares(few), few.samples) else None


def _kept_from(plane: Plane) -> str:
    """Return why no fast way is tried, or nothing."""
    if plane.settle is not None:
        return "its running statistics change from point to point"
    return "" if plane.objective.device.type == "cpu" else "the fast ways are for processors"


def _few(objective: Objective) -> Objective:
    """Return the same loss over a few samples from everywhere, in blocks of unlike size."""
    every = max(1, objective.samples // TRIED)
    x, y = objective.inputs[::every][:TRIED], objective.targets[::every][:TRIED]
    return replace(objective, inputs=x, targets=y, block=min(objective.block, max(1, len(x) * 2 // 3)))


def _somewhere(window: Window) -> Grid:
    """Return three random points of a window, always the same ones."""
    draw = np.random.default_rng(0)
    (left, right), (low, high) = ((ticks[0], ticks[-1]) for ticks in (window.alphas, window.betas))
    return np.stack([draw.uniform(left, right, 3), draw.uniform(low, high, 3)], 1)


def _tried(evaluate: Evaluate, points: Grid) -> tuple[Each, float]:
    """Return what an evaluator gives, and how long it takes for a point once it is warm."""
    evaluate(points[:1])
    started = perf_counter()
    return evaluate(points), (perf_counter() - started) / len(points)


def _agree(found: Each, wanted: Each, weights: Tensor | None, samples: int) -> bool:
    """Return whether two ways give the same, but for rounding and for an answer or two that hang by a hair."""
    one, other = mean(found.losses, weights), mean(wanted.losses, weights)
    finite = other.isfinite()
    if not finite.any() or not torch.equal(one.isfinite(), finite):
        return False
    slack = AGREE * other.abs() + ROUNDING * wanted.losses.double().abs().amax(1)
    flips = (found.right - wanted.right).abs() * samples
    return bool(((one - other).abs() <= slack)[finite].all()) and bool((flips <= HAIR)[finite].all())
