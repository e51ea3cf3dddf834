"""Simulated annealing: a walker that also climbs, ever more rarely as it cools (Kirkpatrick et al. 1983)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dltui.descent.rule import Vector
from dltui.descent.surface import Surface
from dltui.descent.walk import Walk


def anneal(
    surface: Surface,
    temperatures: ArrayLike,
    start: ArrayLike | None = None,
    *,
    reach: float = 0.5,
    seed: int = 0,
) -> Walk:
    """Try a random neighbour at each step; go there if it is lower, or with probability exp(−ΔL/T) if it is higher.

    Args:
        surface: What is walked on.
        temperatures: T of every step, shape (n,); at 0 it only descends.
        start: Where it begins, shape (…, d); the surface's own start by default.
        reach: Standard deviation of a trial's distance in each weight.
        seed: Seed of trials and of luck.

    Returns:
        The walk; its gradients are zeros, and its memory holds ``accepted``, 1 where the trial was taken.
    """
    draw = np.random.default_rng(seed)
    w = np.array(surface.start if start is None else start, dtype=np.float64)
    value, points, accepted = surface.value(w), [w], []
    for temperature in np.asarray(temperatures, dtype=np.float64):
        trial = w + reach * draw.standard_normal(w.shape)
        rise = surface.value(trial) - value
        taken = draw.random(value.shape) < chance(rise, float(temperature))
        w = np.where(taken[..., None], trial, w)
        value = np.where(taken, value + rise, value)
        points.append(w)
        accepted.append(taken.astype(np.float64))
    way = np.array(points)
    return Walk(way, np.zeros_like(way[1:]), surface.value(way), {"accepted": np.array(accepted)})


def chance(rise: ArrayLike, temperature: float) -> Vector:
    """Return min(1, exp(−ΔL/T)), the chance that a trial is taken; at T = 0 only what does not rise."""
    up = np.maximum(np.asarray(rise, dtype=np.float64), 0.0)
    if temperature <= 0:
        return np.where(up > 0, 0.0, 1.0)
    return np.exp(-up / temperature)
