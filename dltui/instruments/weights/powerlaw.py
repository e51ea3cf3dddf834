"""A power law fitted to the tail of some numbers, and how well it fits (Clauset, Shalizi and Newman 2009)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dltui.figures import Array

FEWEST = 10  # numbers that a tail must have, so that its exponent means something
THINNED = 128  # places of x_min that are tried for every set of numbers in the bootstrap


@dataclass(frozen=True)
class PowerLaw:
    """p(x) ∝ x^−α for x ≥ x_min.

    Attributes:
        alpha: α.
        error: Its standard error (α − 1) / √n.
        start: x_min.
        tail: n, how many numbers are at least x_min.
        distance: D, the largest distance between the cumulative shares of the tail and of the law.
    """

    alpha: float
    error: float
    start: float
    tail: int
    distance: float


def fit(values: Array, *, most: int | None = None) -> PowerLaw | None:
    """Return the power law whose tail lies nearest to that of some numbers.

    For every candidate x_min, over the n numbers x ≥ x_min: α = 1 + n / Σ ln(x / x_min), the estimate of largest
    likelihood, and D = max |S(x) − P(x)| with P(x) = 1 − (x / x_min)^(1 − α) and S(xᵢ) = i / n for the i-th smallest
    counted from 0. The x_min of the smallest D is taken. This is what WeightWatcher does with the eigenvalues of WᵀW.

    Args:
        values: Numbers of which those above 0 count, shape (m,).
        most: How many candidates for x_min are tried, evenly by rank; all when left out.

    Returns:
        The law, or None where no tail has ten different numbers.
    """
    x = np.sort(values[values > 0].astype(np.float64))
    if x.size < FEWEST:
        return None
    logs = np.log(x)
    after = np.cumsum(logs[::-1])[::-1]  # Σ ln x over the tail from each number on
    best: PowerLaw | None = None
    for place in _candidates(x, most):
        n = x.size - place
        spread = after[place] - n * logs[place]
        if spread <= 1e-12 * n:
            continue
        alpha = 1 + n / spread
        law = 1 - np.exp((1 - alpha) * (logs[place:] - logs[place]))
        distance = float(np.abs(law - np.arange(n) / n).max())
        if best is None or distance < best.distance:
            best = PowerLaw(float(alpha), float((alpha - 1) / np.sqrt(n)), float(x[place]), n, distance)
    return best


def _candidates(x: Array, most: int | None) -> list[int]:
    """Return the first places of different numbers, ascending, that leave a long enough tail."""
    first = np.flatnonzero(np.concatenate([[True], x[1:] > x[:-1]]))
    first = first[first <= x.size - FEWEST]
    if most is not None and first.size > most:
        first = first[np.linspace(0, first.size - 1, most).astype(int)]
    return [int(one) for one in first]


def plausibility(values: Array, *, draws: int = 100, seed: int = 0) -> float | None:
    """Return how often numbers that do follow the fitted law would lie as far from it as these do.

    The semi-parametric bootstrap of Clauset et al., section 4: a set of as many numbers, each drawn from the law with
    the share of the tail and else from the numbers below x_min, is fitted in the same way, again and again.

    Args:
        values: Numbers, shape (m,).
        draws: Sets that are drawn; the answer is good to about ½ / √draws.
        seed: Of the draws.

    Returns:
        p, the share of sets with at least as large a D; a law is not plausible where p ≤ 0.1. None without a fit.
    """
    x = values[values > 0].astype(np.float64)
    found = fit(x, most=THINNED)
    if found is None:
        return None
    generator = np.random.default_rng(seed)
    below = x[x < found.start]
    further = 0
    for _ in range(draws):
        tail = int(generator.binomial(x.size, found.tail / x.size)) if below.size else x.size
        drawn = found.start * (1 - generator.random(tail)) ** (-1 / (found.alpha - 1))
        rest = generator.choice(below, x.size - tail) if below.size else below
        again = fit(np.concatenate([drawn, rest]), most=THINNED)
        further += again is not None and again.distance >= found.distance
    return further / draws
