"""Clouds of points from the surfaces of ten shapes: what a network that learns on sets is tried on."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset, Floats
from dltui.data.solids import SOLIDS
from dltui.data.split import parted
from dltui.spelling import in_range

Doubles = NDArray[np.float64]
Rotation = Literal["none", "y", "so3"]

MOST = 100_000_000  # points in all; more would not fit into the memory of a small machine
LIMITS = {"classes": (2, len(SOLIDS)), "points": (2, MOST), "noise": (0, 1e6), "stretch": (0, 0.99)}


@dataset("shapes3d")
def shapes3d(
    name: str,
    seed: int,
    *,
    n: int = 2000,
    points: int = 256,
    classes: int = 10,
    noise: float = 0.02,
    stretch: float = 0.35,
    rotation: Rotation = "y",
) -> Dataset:
    """Clouds of points from ten shapes, such as sphere, torus, cone, helix and Möbius band.

    A cloud is drawn evenly from the surface, stretched along x, y and z, turned, moved and scaled so that its mean is 0
    and its farthest point at distance 1, and then blurred. Every epoch of a training draws its clouds anew.

    Args:
        name: How it was spelled.
        seed: Seed of everything that is drawn.
        n: Clouds in all.
        points: Points of a cloud.
        classes: How many shapes: the first so many of sphere, cube, torus, cylinder, cone, pyramid, capsule, helix,
            Möbius band and plane.
        noise: Standard deviation of the normal noise on each coordinate.
        stretch: Each axis is stretched by a factor drawn from 1 − stretch … 1 + stretch.
        rotation: ``none``, ``y`` (by any angle about the axis that points up), or ``so3`` (any rotation).

    Returns:
        So many classes, inputs of shape (points, 3).
    """
    check_clouds("shapes3d", classes=classes, points=points, noise=noise, stretch=stretch)
    in_range("shapes3d", "n", n, 5 * classes, MOST // points)
    y = np.sort(np.arange(n) % classes).astype(np.int64)

    def drawn(labels: NDArray[np.int64], *entropy: int) -> Floats:
        """Return a cloud for every label, of the entropy alone."""
        draw = np.random.default_rng(entropy)
        return clouds(draw, labels, points, noise=noise, stretch=stretch, rotation=rotation)

    found = parted(
        name,
        drawn(y, seed),
        y,
        "classes",
        classes=tuple(islice(SOLIDS, classes)),
        split="a fixed fifth held out, every class in proportion; each epoch learns from fresh clouds",
        source=f"made by dltui with seed {seed}",
    )
    return replace(found, fresh=lambda run, epoch: drawn(found.y_train, seed, run, epoch))


def check_clouds(name: str, **knobs: float) -> None:
    """Refuse knobs of clouds that make no sense.

    Args:
        name: The data set that has them.
        knobs: Their values, by name.

    Raises:
        UsageError: If one is out of its range.
    """
    for knob, value in knobs.items():
        in_range(name, knob, value, *LIMITS[knob])


def clouds(
    draw: np.random.Generator,
    labels: NDArray[np.int64],
    points: int,
    *,
    noise: float,
    stretch: float,
    rotation: Rotation,
) -> Floats:
    """Return a cloud for every label.

    Args:
        draw: Where chance comes from.
        labels: Numbers of shapes, shape (n,).
        points: Points of a cloud.
        noise: Standard deviation of the noise.
        stretch: By how much axes may be stretched.
        rotation: Which rotations are drawn.

    Returns:
        Places, shape (n, points, 3).
    """
    found = np.empty((len(labels), points, 3))
    for label, sampler in enumerate(SOLIDS.values()):
        rows = np.flatnonzero(labels == label)
        if rows.size:
            found[rows] = sampler(draw, len(rows) * points).reshape(len(rows), points, 3)
    found *= draw.uniform(1 - stretch, 1 + stretch, (len(labels), 1, 3))
    if rotation != "none":
        turns = _about_y(draw, len(labels)) if rotation == "y" else _any(draw, len(labels))
        found = found @ turns
    found -= found.mean(axis=1, keepdims=True)
    found /= np.linalg.norm(found, axis=2).max(axis=1)[:, None, None]
    if noise:
        found += draw.normal(0, noise, found.shape)
    return found.astype(np.float32)


def _about_y(draw: np.random.Generator, count: int) -> Doubles:
    """Return rotations about y by even angles, shape (n, 3, 3)."""
    angle = draw.uniform(0, 2 * np.pi, count)
    turns = np.zeros((count, 3, 3))
    turns[:, 0, 0] = turns[:, 2, 2] = np.cos(angle)
    turns[:, 0, 2], turns[:, 2, 0] = np.sin(angle), -np.sin(angle)
    turns[:, 1, 1] = 1
    return turns


def _any(draw: np.random.Generator, count: int) -> Doubles:
    """Return rotations that are even over all, from unit quaternions, shape (n, 3, 3)."""
    numbers = draw.standard_normal((4, count))
    w, x, y, z = numbers / np.linalg.norm(numbers, axis=0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.array(rows).transpose(2, 0, 1)
