"""Logistic regression with two weights on real digits: a loss that is a mean over samples and can be drawn as a map.

Fives and nines of the handwritten digits, each seen by its first two principal components, scaled to variance 1:
L(w) = (1/N) Σ ℓᵢ(w) with ℓᵢ = ln(1 + exp(−tᵢ·w·xᵢ)) and tᵢ = ±1. It is convex, and its Hessian is at most ¼·I.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dltui.data import load

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

PAIR, SAMPLES = (5, 9), 288  # as many as 2, 3, 4, 6, 8, 9, 12, 16 … all divide
START = (-2.0, 3.0)
SIZES = tuple(m for m in range(1, SAMPLES + 1) if SAMPLES % m == 0)  # batches that leave no rest


@lru_cache(maxsize=1)
def sample() -> tuple[Array, Array]:
    """Return the samples, shape (288, 2), and which digit each is: −1 for a five, 1 for a nine, shape (288,)."""
    whole = load("digits")
    chosen = np.isin(whole.y_train, PAIR)
    pixels = whole.x_train[chosen].reshape(int(chosen.sum()), -1)[:SAMPLES].astype(np.float64)
    centred = pixels - pixels.mean(0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2, [np.argmax(np.abs(axes[0]))]])  # a sign that no library chooses
    seen = centred @ axes.T
    return seen / seen.std(0), np.where(whole.y_train[chosen][:SAMPLES] == PAIR[1], 1.0, -1.0)


def losses(w: ArrayLike) -> Array:
    """Return ℓᵢ of every sample at each point of ``w``, shape (…, 2) → (…, 288)."""
    x, t = sample()
    found: Array = np.logaddexp(0.0, -t * (np.asarray(w, float) @ x.T))
    return found


def gradients(w: ArrayLike, rows: Rows | None = None) -> Array:
    """Return ∇ℓᵢ = −tᵢ·σ(−tᵢ·w·xᵢ)·xᵢ of some samples, or of all, shape (n, 2)."""
    x, t = sample()
    if rows is not None:
        x, t = x[rows], t[rows]
    away = 1.0 / (1.0 + np.exp(t * (x @ np.asarray(w, float))))
    found: Array = -(t * away)[:, None] * x
    return found


def best() -> Array:
    """Return the weights of least loss, by Newton's method, shape (2,)."""
    x, _ = sample()
    w = np.zeros(2)
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-(x @ w)))
        bend = (x * (p * (1 - p))[:, None]).T @ x / len(x)
        w = w - np.linalg.solve(bend, gradients(w).mean(0))
    return w


@lru_cache(maxsize=8)
def shuffled(samples: int, epochs: int, seed: int) -> tuple[Rows, ...]:
    """Return all samples in the order of each epoch; every epoch shuffles them anew."""
    draw = np.random.default_rng(seed)
    return tuple(draw.permutation(samples) for _ in range(epochs))


def order(batch: int, epochs: int, seed: int) -> list[Rows]:
    """Return which samples each step sees: every epoch is cut into batches."""
    return [rows[i : i + batch] for rows in shuffled(SAMPLES, epochs, seed) for i in range(0, SAMPLES, batch)]


@lru_cache(maxsize=1)
def ground() -> tuple[Array, Array, Array]:
    """Return a map of the loss: abscissae, ordinates, and L at each, shape (61, 61)."""
    w1, w2 = np.linspace(-4, 6, 61), np.linspace(-4, 4.5, 61)
    mesh = np.stack(np.meshgrid(w1, w2), -1)
    return w1, w2, losses(mesh).mean(-1)
