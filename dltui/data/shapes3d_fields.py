"""Shapes to be made again: clouds with places inside and outside, clouds alone, and places with their distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset, Floats
from dltui.data.distances import drawn_shapes, near_surface
from dltui.data.insides import INSIDES, Inside
from dltui.data.shapes3d import MOST, Rotation, check_clouds, clouds
from dltui.data.solids import SOLIDS
from dltui.data.split import parted
from dltui.spelling import in_range

BOX = 1.1  # half a side of the box from which places are drawn: clouds lie within 1
BLUR = 0.05  # standard deviation of the way from the surface to a place near it, along each axis


@dataclass(frozen=True)
class Placed:
    """A solid, stretched and put into the ball of radius 1: the place p goes to p · stretch / scale.

    Attributes:
        name: Which solid.
        stretch: Factors along the axes, over what the whole was scaled by, shape (3,).
    """

    name: str
    stretch: NDArray[np.float64]

    def inside(self, places: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return which places lie inside, shape (…)."""
        within: Inside = INSIDES[self.name]
        return within(places.astype(np.float64) / self.stretch)

    def surface(self, draw: np.random.Generator, count: int) -> Floats:
        """Return points of the surface, shape (count, 3)."""
        return (SOLIDS[self.name](draw, count) * self.stretch).astype(np.float32)


def placed(seed: int, n: int, stretch: float) -> list[Placed]:
    """Return solids that enclose a volume, in turns, each stretched by chance.

    Args:
        seed: Seed of the factors.
        n: How many.
        stretch: Each axis by a factor from 1 − stretch to 1 + stretch.

    Returns:
        The solids; the farthest of 512 points of each lies at distance 1.
    """
    draw, names = np.random.default_rng([seed, 1]), list(INSIDES)
    found = []
    for number in range(n):
        name = names[number % len(names)]
        factors = draw.uniform(1 - stretch, 1 + stretch, 3)
        far = np.linalg.norm(SOLIDS[name](draw, 512) * factors, axis=1).max()
        found.append(Placed(name, factors / far))
    return found


@dataset("shapes3d-inside")
def shapes3d_inside(
    name: str,
    seed: int,
    *,
    n: int = 2800,
    points: int = 128,
    queries: int = 128,
    noise: float = 0.01,
    stretch: float = 0.35,
) -> Dataset:
    """Clouds of points from seven solids, and places of which it is asked whether they lie inside.

    Each sample holds the cloud, then the places, which are drawn evenly from the cube from −1.1 to 1.1; the answers
    are 1 inside and 0 outside, by closed formulas.

    Args:
        name: How it was spelled.
        seed: Seed of everything that is drawn.
        n: Solids in all.
        points: Points of a cloud.
        queries: Places that are asked for.
        noise: Standard deviation of the normal noise on each coordinate of the cloud.
        stretch: Each axis is stretched by a factor drawn from 1 − stretch … 1 + stretch.

    Returns:
        Inputs of shape (points + queries, 3), answers of shape (queries,).
    """
    check_clouds("shapes3d-inside", points=points, noise=noise, stretch=stretch)
    in_range("shapes3d-inside", "queries", queries, 1, MOST)
    in_range("shapes3d-inside", "n", n, 5, MOST // (points + queries))
    draw = np.random.default_rng([seed, 2])
    x, y = np.empty((n, points + queries, 3), np.float32), np.empty((n, queries), np.float32)
    for row, solid in enumerate(placed(seed, n, stretch)):
        x[row, :points] = solid.surface(draw, points) + draw.normal(0, noise, (points, 3))
        x[row, points:] = draw.uniform(-BOX, BOX, (queries, 3))
        y[row] = solid.inside(x[row, points:])
    return parted(
        name,
        x,
        y,
        "numbers",
        split="a fixed fifth of the solids held out",
        source=f"made by dltui with seed {seed}",
    )


@dataset("shapes3d-copy")
def shapes3d_copy(
    name: str,
    seed: int,
    *,
    n: int = 1500,
    points: int = 256,
    classes: int = 10,
    noise: float = 0.0,
    stretch: float = 0.35,
    rotation: Rotation = "none",
) -> Dataset:
    """Clouds of points from ten shapes that are to be given back: the answers are the clouds themselves.

    Args:
        name: How it was spelled.
        seed: Seed of everything that is drawn.
        n: Clouds in all.
        points: Points of a cloud.
        classes: How many shapes, the first of those of ``shapes3d``.
        noise: Standard deviation of the normal noise on each coordinate.
        stretch: Each axis is stretched by a factor drawn from 1 − stretch … 1 + stretch.
        rotation: ``none``, ``y`` or ``so3``, as in ``shapes3d``.

    Returns:
        Inputs of shape (points, 3), answers of shape (points · 3,).
    """
    check_clouds("shapes3d-copy", classes=classes, points=points, noise=noise, stretch=stretch)
    in_range("shapes3d-copy", "n", n, 5, MOST // points)
    draw = np.random.default_rng([seed, 3])
    x = clouds(draw, np.arange(n) % classes, points, noise=noise, stretch=stretch, rotation=rotation)
    return parted(
        name,
        x,
        x.reshape(n, -1),
        "numbers",
        split="a fixed fifth of the clouds held out",
        source=f"made by dltui with seed {seed}",
    )


@dataset("shapes3d-distance")
def shapes3d_distance(name: str, seed: int, *, shapes: int = 20, samples: int = 1500) -> Dataset:
    """Places around shapes, such as boxes, tori and capsules, and their exact signed distance to the surface.

    Each row is the number of the shape and a place; nine of ten places lie near the surface, as in the paper of
    DeepSDF, the rest anywhere in the cube from −1.1 to 1.1.

    Args:
        name: How it was spelled.
        seed: Seed of everything that is drawn.
        shapes: How many shapes; their kinds take turns, their sizes are drawn.
        samples: Places of each.

    Returns:
        Inputs (number, x, y, z), answers the distance, negative inside.
    """
    in_range("shapes3d-distance", "shapes", shapes, 1, 100_000)
    in_range("shapes3d-distance", "samples", samples, 5, MOST // shapes)
    draw = np.random.default_rng([seed, 4])
    x, y = np.empty((shapes, samples, 4), np.float32), np.empty((shapes, samples, 1), np.float32)
    for number, shape in enumerate(drawn_shapes(seed, shapes)):
        near = near_surface(shape, draw, samples - samples // 10, BOX, BLUR)
        places = np.concatenate([near, draw.uniform(-BOX, BOX, (samples // 10, 3))]).astype(np.float32)
        x[number, :, 0], x[number, :, 1:] = number, places
        y[number, :, 0] = shape(places.astype(np.float64))
    split = "a fixed fifth of the places held out"
    return parted(
        name,
        x.reshape(-1, 4),
        y.reshape(-1, 1),
        "numbers",
        split=split,
        source=f"made by dltui with seed {seed}",
    )
