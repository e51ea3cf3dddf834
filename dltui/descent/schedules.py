"""How the learning rate goes over the steps: closed formulas of t, elementwise, that count from 0 unless they say so.

``dltui.training.schedules`` has those that a recipe can name, as factors of its step size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dltui.descent.rule import Vector


def constant(t: ArrayLike, rate: float) -> Vector:
    """Return η at every step."""
    return np.full(np.shape(t), rate, dtype=np.float64)


def step_decay(t: ArrayLike, rate: float, every: int, factor: float = 0.1) -> Vector:
    """Return η·γ^⌊t/s⌋: a fall every ``every`` steps, as ``StepLR``."""
    return rate * factor ** np.floor_divide(_steps(t), every)


def milestones(t: ArrayLike, rate: float, at: Sequence[float], factor: float = 0.1) -> Vector:
    """Return η·γ^(milestones passed): a fall at each of some steps, as ``MultiStepLR``."""
    passed = (_steps(t)[..., None] >= np.asarray(at, dtype=np.float64)).sum(-1)
    found: Vector = rate * factor ** passed.astype(np.float64)
    return found


def exponential(t: ArrayLike, rate: float, factor: float) -> Vector:
    """Return η·γᵗ, as ``ExponentialLR``."""
    found: Vector = rate * factor ** _steps(t)
    return found


def cosine(t: ArrayLike, rate: float, total: float, floor: float = 0.0) -> Vector:
    """Return floor + ½(η − floor)(1 + cos πt/T), as ``CosineAnnealingLR``; after T it stays at the floor."""
    share = np.minimum(_steps(t) / total, 1.0)
    return floor + 0.5 * (rate - floor) * (1 + np.cos(np.pi * share))


def restarts(t: ArrayLike, rate: float, period: float, floor: float = 0.0) -> Vector:
    """Return a cosine that starts anew every ``period`` steps (SGDR), as ``CosineAnnealingWarmRestarts``."""
    return cosine(np.mod(_steps(t), period), rate, period, floor)


def polynomial(t: ArrayLike, rate: float, total: float, power: float = 1.0, floor: float = 0.0) -> Vector:
    """Return floor + (η − floor)·(1 − t/T)^p, the floor after T; with a floor of 0 as ``PolynomialLR``."""
    found: Vector = floor + (rate - floor) * (1 - np.minimum(_steps(t) / total, 1.0)) ** power
    return found


def warm_linear(t: ArrayLike, rate: float, warmup: float, total: float) -> Vector:
    """Return η·t/w up to w, then a straight line down to 0 at T, as ``get_linear_schedule_with_warmup``."""
    now = _steps(t)
    up, down = now / max(1.0, warmup), (total - now) / max(1.0, total - warmup)
    return rate * np.where(now < warmup, up, np.maximum(0.0, down))


def warm_cosine(t: ArrayLike, rate: float, warmup: float, total: float, floor: float = 0.0) -> Vector:
    """Return η·t/w up to w, then half a cosine down to the floor at T."""
    now = _steps(t)
    after = cosine(np.maximum(now - warmup, 0.0), rate, max(1.0, total - warmup), floor)
    return np.where(now < warmup, rate * now / max(1.0, warmup), after)


def inverse_root(t: ArrayLike, d_model: float, warmup: float) -> Vector:
    """Return d^(−½)·min(t^(−½), t·w^(−1.5)), t from 1 (Vaswani et al. 2017); 0 at t = 0, where t^(−½) ends."""
    now = _steps(t)
    falling = np.maximum(now, 1.0) ** -0.5
    found: Vector = d_model**-0.5 * np.minimum(falling, now * warmup**-1.5)
    return found


def resnet(
    t: ArrayLike, rate: float, warmup: float, at: Sequence[float], *, low: float = 0.1, factor: float = 0.1
) -> Vector:
    """Return low·η for the warm-up, then η, then a fall at each of some steps (He et al. 2016, section 4.2)."""
    return np.where(_steps(t) < warmup, low * rate, milestones(t, rate, at, factor))


def _steps(t: ArrayLike) -> Vector:
    return np.asarray(t, dtype=np.float64)
