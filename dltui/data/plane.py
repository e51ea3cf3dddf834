"""Points in the plane that no line can part: small enough to see the whole of what a network does."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset
from dltui.data.split import parted
from dltui.spelling import in_range

Doubles = NDArray[np.float64]

MOST = 10_000_000  # points; more would not fit into the memory of a small machine


@dataset("moons")
def moons(name: str, seed: int, *, n: int = 1000, noise: float = 0.1) -> Dataset:
    """Two half circles that interleave, in the plane.

    Without noise these are the points of scikit-learn's ``make_moons``: (cos t, sin t) and (1 − cos t, ½ − sin t),
    t from 0 to π in even steps.

    Args:
        name: How it was spelled.
        seed: Seed of the noise.
        n: Points in all.
        noise: Standard deviation of the normal noise on each coordinate.

    Returns:
        Two classes, inputs of shape (2,).
    """
    _check("moons", n, noise, 2)
    upper, lower = (np.linspace(0, math.pi, count) for count in _shares(n, 2))
    arms = [
        np.stack([np.cos(upper), np.sin(upper)], axis=1),
        np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
    ]
    return _made(name, arms, ("upper", "lower"), noise, seed)


@dataset("rings")
def rings(name: str, seed: int, *, n: int = 1000, noise: float = 0.05, inner: float = 0.5) -> Dataset:
    """A ring inside a ring, in the plane.

    Args:
        name: How it was spelled.
        seed: Seed of the noise.
        n: Points in all.
        noise: Standard deviation of the normal noise on each coordinate.
        inner: Radius of the inner ring; the outer one has radius 1.

    Returns:
        Two classes, inputs of shape (2,).
    """
    _check("rings", n, noise, 2)
    in_range("rings", "inner", inner, 0, 1)
    turns = (np.linspace(0, 2 * math.pi, count, endpoint=False) for count in _shares(n, 2))
    circles = [r * np.stack([np.cos(t), np.sin(t)], axis=1) for r, t in zip((1.0, inner), turns, strict=True)]
    return _made(name, circles, ("outer", "inner"), noise, seed)


@dataset("spiral")
def spiral(
    name: str, seed: int, *, n: int = 1000, noise: float = 0.02, arms: int = 3, turns: float = 0.75
) -> Dataset:
    """Arms of a spiral, one a class, in the plane.

    Arm j holds the points r·(cos φ, sin φ) with φ = 2π(j / arms + turns·r), r from near 0 to 1 in even steps
    (Archimedean spirals).

    Args:
        name: How it was spelled.
        seed: Seed of the noise.
        n: Points in all.
        noise: Standard deviation of the normal noise on each coordinate.
        arms: Number of arms, hence of classes.
        turns: Full turns that each arm makes.

    Returns:
        ``arms`` classes, inputs of shape (2,).
    """
    in_range("spiral", "arms", arms, 2, 100)
    _check("spiral", n, noise, arms)
    in_range("spiral", "turns", turns, 0, 100)
    curves = []
    for arm, count in enumerate(_shares(n, arms)):
        r = np.arange(1, count + 1) / count
        angle = 2 * math.pi * (arm / arms + turns * r)
        curves.append(r[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return _made(name, curves, tuple(f"arm {arm}" for arm in range(arms)), noise, seed)


def _check(name: str, n: int, noise: float, classes: int) -> None:
    """Refuse sizes that make no data set."""
    in_range(name, "n", n, 5 * classes, MOST)
    in_range(name, "noise", noise, 0, 1e6)


def _shares(n: int, parts: int) -> list[int]:
    """Return ``n`` cut into ``parts`` nearly equal whole numbers."""
    return [n // parts + (part < n % parts) for part in range(parts)]


def _made(name: str, clouds: list[Doubles], classes: tuple[str, ...], noise: float, seed: int) -> Dataset:
    """Add the noise, number the classes, and hold out a fifth."""
    points = np.concatenate(clouds)
    points = points + np.random.default_rng(seed).normal(0.0, noise, points.shape)
    x = points.astype(np.float32)
    y = np.repeat(np.arange(len(clouds)), [len(cloud) for cloud in clouds]).astype(np.int64)
    return parted(name, x, y, "classes", classes=classes, source=f"made by dltui with seed {seed}")
