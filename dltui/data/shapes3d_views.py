"""Pictures of ten shapes from all around, by the z-buffer that draws scenes in a terminal."""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from dltui.data._registry import dataset
from dltui.data.dataset import Dataset, Floats
from dltui.data.shapes3d import MOST, Rotation, check_clouds, clouds
from dltui.data.solids import SOLIDS
from dltui.data.split import parted
from dltui.draw.scene.eye import eye_of
from dltui.draw.scene.front import Front
from dltui.draw.view import View
from dltui.errors import UsageError
from dltui.figures import Scene
from dltui.spelling import in_range

ELEVATION = 30.0  # degrees above the ground from which every picture is taken, as in the paper of MVCNN
FAR = 0.25  # brightness of the farthest point; what is empty is 0
SPOT = 2  # pixels of a point across and down


@dataset("shapes3d-views")
def shapes3d_views(
    name: str,
    seed: int,
    *,
    n: int = 1000,
    views: int = 6,
    side: int = 24,
    points: int = 1024,
    classes: int = 10,
    noise: float = 0.0,
    stretch: float = 0.35,
    rotation: Rotation = "y",
) -> Dataset:
    """Pictures of ten shapes, each from several sides; what is near is bright.

    The shapes are those of ``shapes3d``. The eye goes around them in even steps, 30° above the ground.

    Args:
        name: How it was spelled.
        seed: Seed of everything that is drawn.
        n: Shapes in all.
        views: Pictures of each.
        side: Pixels across and down, an even number.
        points: Points of the surface that are drawn.
        classes: How many shapes: the first so many of those of ``shapes3d``.
        noise: Standard deviation of the normal noise on each coordinate.
        stretch: Each axis is stretched by a factor drawn from 1 − stretch … 1 + stretch.
        rotation: ``none``, ``y`` or ``so3``, as in ``shapes3d``.

    Returns:
        So many classes, inputs of shape (views, 1, side, side).
    """
    check_clouds("shapes3d-views", classes=classes, points=points, noise=noise, stretch=stretch)
    in_range("shapes3d-views", "views", views, 1, 360)
    in_range("shapes3d-views", "side", side, 8, 512)
    in_range("shapes3d-views", "n", n, 5 * classes, MOST // max(points, views * side**2))
    if side % 2:
        raise UsageError(f"side of shapes3d-views must be even, not {side}: try side={side + 1}")
    y = np.sort(np.arange(n) % classes).astype(np.int64)
    draw = np.random.default_rng([seed, 8])
    x = np.empty((n, views, 1, side, side), np.float32)
    for start in range(0, n, 100):
        part = clouds(draw, y[start : start + 100], points, noise=noise, stretch=stretch, rotation=rotation)
        for row, cloud in enumerate(part, start):
            x[row, :, 0] = pictures(cloud, views, side)
    return parted(
        name,
        x,
        y,
        "classes",
        classes=tuple(islice(SOLIDS, classes)),
        split="a fixed fifth of the shapes held out, every class in proportion",
        source=f"made by dltui with seed {seed}",
    )


def pictures(cloud: NDArray[np.floating], views: int, side: int) -> Floats:
    """Return a cloud as it is seen from even steps around it.

    Args:
        cloud: Places within 1 of the origin, shape (n, 3); y points up.
        views: How many pictures.
        side: Pixels across and down.

    Returns:
        Brightness, shape (views, side, side): 1 at the near side of the unit ball, less with the distance, 0 where
        nothing is.
    """
    corners = np.array([[-1, -1, -1], [1, 1, 1]], np.float32) / np.sqrt(np.float32(3))
    # so that all shapes have one scale
    ball = Scene(title="", points=corners, projection="orthographic", up="y")
    columns = np.ascontiguousarray(cloud.T, dtype=np.float32)
    found = np.zeros((views, side, side), np.float32)
    for number in range(views):
        view = View(azimuth=360 * number / views, elevation=ELEVATION)
        eye = eye_of(ball, view, (side, side // 2), (1, 2))  # a cell of a terminal is twice as tall as wide
        front = Front(side, side)
        front.put_points(columns, eye, size=SPOT)
        middle = float(eye.see(np.zeros((3, 1), np.float32))[2, 0])
        near = np.clip((middle + 1 - front.distance) / 2, 0, 1)
        found[number] = np.where(np.isfinite(front.distance), FAR + (1 - FAR) * near, 0)
    return found
