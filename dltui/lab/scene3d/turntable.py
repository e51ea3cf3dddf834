"""Things on a turntable, seen by cameras that are known, and fits to them that are made once and shown step by step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeVar

import numpy as np

from dltui.device import threads
from dltui.lab.remembered import Remembered
from dltui.lab.scene3d.rooms import solid
from dltui.scene.cameras import Camera, looking
from dltui.scene.nerf.classic import MlpField
from dltui.scene.nerf.composite import Box, cube
from dltui.scene.nerf.fit import Recipe
from dltui.scene.nerf.scenes import picture_of
from dltui.scene.nerf.views import Capture, View
from dltui.scene.tracer import csg_table, shoot

SIDE = 32  # pixels of a picture across and down
STANDS, HALF = 3.2, 1.1  # how far cameras are from the middle; half a side of the box around the thing
LENS = 0.5 / math.tan(math.radians(20))  # focal length in sides of the picture
LOW, HIGH = 20.0, 45.0  # degrees above the ground at which cameras stand in turns
HELD, BETWEEN = 4, 0.37  # pictures that are held out; where they stand between two others
TINY = Recipe(rate=4e-3, tables=1, last=0.1, rays=512, samples=4096)  # how a tiny network learns
WIDTH, LAYERS, OCTAVES, OCTAVES_WAY = 64, 3, 5, 2

T = TypeVar("T")


def alone(make: Callable[[], Iterator[T]]) -> Remembered[T]:
    """Return moments that are remembered, each computed in one thread: so that sums are the same everywhere.

    Args:
        make: Where they come from.

    Returns:
        The moments.
    """

    def moments() -> Iterator[T]:
        source = make()
        while True:
            with threads(1):
                try:
                    moment = next(source)
                except StopIteration:
                    return
            yield moment

    return Remembered(moments)


def camera_at(azimuth: float, elevation: float = LOW, size: int = SIDE) -> Camera:
    """Return a camera beside the turntable.

    Args:
        azimuth: Degrees around.
        elevation: Degrees above the ground.
        size: Pixels across and down.

    Returns:
        The camera; it looks at the middle.
    """
    a, e = math.radians(azimuth), math.radians(elevation)
    place = STANDS * np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
    return Camera(looking(place, np.zeros(3)), size, size, LENS * size, LENS * size, size / 2, size / 2)


@lru_cache(maxsize=64)
def picture(name: str, azimuth: float, elevation: float = LOW, size: int = SIDE) -> View:
    """Return what a camera beside the turntable sees.

    Args:
        name: One of ``SCENES``.
        azimuth: Degrees around.
        elevation: Degrees above the ground.
        size: Pixels across and down.

    Returns:
        The picture, with cover and depth.
    """
    camera = camera_at(azimuth, elevation, size)
    if name != "csg-table":
        return picture_of(solid(name), camera)
    shot = shoot(csg_table(), camera, grid=2)
    return View(camera, shot.over(), shot.rgba[..., 3], shot.depth)


@lru_cache(maxsize=16)
def turntable(name: str, views: int) -> Capture:
    """Return pictures from once around a thing, and some from between that are held out.

    Args:
        name: One of ``SCENES``.
        views: Pictures that are learnt from; they stand low and high in turns.

    Returns:
        The pictures with their cameras.
    """
    train = [picture(name, 360 * i / views, (LOW, HIGH)[i % 2]) for i in range(views)]
    held = [picture(name, 360 * (i + BETWEEN) / HELD, (LOW, HIGH)[i % 2]) for i in range(HELD)]
    return Capture(name, train, held, cube(HALF))


def tiny(box: Box, samples: int = SIDE, octaves: int = OCTAVES) -> MlpField:
    """Return a network of the classic kind that is small enough to learn while one looks on.

    Args:
        box: Where it is looked through.
        samples: Of a ray across the longest side of the box.
        octaves: Of the waves in which places are spelled; 0 for none.

    Returns:
        The network.
    """
    field = MlpField(
        box, depth=LAYERS, width=WIDTH, octaves=octaves, octaves_way=min(OCTAVES_WAY, octaves), skip=1
    )
    field.voxel, field.extra = max(box.sides) / samples / 0.75, 0
    return field
