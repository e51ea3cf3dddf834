"""Pictures of implicit surfaces by our own tracer: exact colours, depths and normals, from cameras that are known.

``csg-table`` is the scene that radiance fields and splats are tried on where nothing was downloaded: a bitten box, a
ring blended with a ball, and a cylinder, on a checkered disc, under one lamp with hard shadows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dltui.progress import Report, silent
from dltui.scene.cameras import Camera
from dltui.scene.sdf.joins import Union
from dltui.scene.sdf.nodes import Node
from dltui.scene.sdf.parse import parse
from dltui.scene.sdf.trace import CLOSE, normals, shadowed, trace

Floats = NDArray[np.float32]
Rays = tuple[Floats, NDArray[np.bool_], Floats, Floats]
LAMP = np.array([0.5, -0.35, 0.8]) / np.linalg.norm([0.5, -0.35, 0.8])
AMBIENT, DIFFUSE, SHINE, POWER = 0.25, 0.7, 0.25, 32
CHECK = 0.25  # side of a square of the disc
GRID = 3  # rays of a pixel either way
BAND = 1 << 15  # rays that are traced at once


@dataclass(frozen=True)
class Part:
    """One solid of a scene in its colour.

    Attributes:
        node: Its surface.
        rgb: Its colour, 0…1.
        other: The colour of every other square where it is checkered, or None.
    """

    node: Node
    rgb: tuple[float, float, float]
    other: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Stage:
    """Solids under a lamp.

    Attributes:
        parts: What stands there.
        reach: Radius of a sphere around the origin that holds all of it.
    """

    parts: tuple[Part, ...]
    reach: float

    @property
    def node(self) -> Node:
        """The union of all parts."""
        found = self.parts[0].node
        for part in self.parts[1:]:
            found = Union(found, part.node)
        return found


@dataclass(frozen=True, eq=False)
class Shot:
    """What a camera sees.

    Attributes:
        rgba: Colour and coverage, 0…1, shape (height, width, 4); colour is not multiplied by coverage.
        depth: Distance along the ray through the middle of each pixel, shape (height, width); infinite past all.
        normal: Unit normal there, shape (height, width, 3); 0 past all.
    """

    rgba: Floats
    depth: Floats
    normal: Floats

    def over(self, paper: float = 1.0) -> Floats:
        """Return the picture on a ground, shape (height, width, 3)."""
        cover = self.rgba[..., 3:]
        return np.asarray(self.rgba[..., :3] * cover + paper * (1 - cover), np.float32)


def csg_table() -> Stage:
    """Return the scene of constructive solid geometry on a table."""
    parts = (
        Part(parse("move(smax(box(.36), -move(sphere(.42), .3, -.3, .3), .02), -.42, .25, .02)"), (0.85, 0.25, 0.2)),
        Part(parse("move(smin(turn(torus(.34, .1), x, 70), move(sphere(.2), 0, 0, .3), .15), .42, .3, .05)"),
             (0.2, 0.45, 0.85)),
        Part(parse("move(cylinder(.18, .3), .2, -.45, -.04)"), (0.95, 0.75, 0.2)),
        Part(parse("move(cylinder(1.05, .03), 0, 0, -.38)"), (0.9, 0.9, 0.88), (0.3, 0.32, 0.36)),
    )  # fmt: skip
    return Stage(parts, reach=1.2)


def shoot(stage: Stage, camera: Camera, *, grid: int = GRID, beat: Callable[[], None] | None = None) -> Shot:
    """Return what a camera sees.

    Args:
        stage: What stands there.
        camera: Who looks.
        grid: Rays of a pixel either way, whose mean is its colour.
        beat: Called after every part of the rays; may raise to stop.

    Returns:
        The picture; depth and normals are those of the middle of each pixel.
    """
    place = (np.arange(grid) + 0.5) / grid
    across, down = camera.width, camera.height
    column = (np.arange(across)[:, None] + place).ravel()
    row = (np.arange(down)[:, None] + place).ravel()
    columns, rows = np.meshgrid(column, row)
    colour, cover, depth, normal = _seen(stage, *camera.rays_through(columns.ravel(), rows.ravel()), beat)
    covered = cover.reshape(down, grid, across, grid)
    share = covered.mean(axis=(1, 3))
    shaped = colour.reshape(down, grid, across, grid, 3)
    mean = (shaped * covered[..., None]).sum(axis=(1, 3)) / np.maximum(covered.sum(axis=(1, 3)), 1)[..., None]
    if grid % 2:  # one of the rays goes through the middle
        middle = np.arange(columns.size).reshape(columns.shape)[grid // 2 :: grid, grid // 2 :: grid].ravel()
        depth, normal = depth[middle], normal[:, middle]
    else:
        _, _, depth, normal = _seen(stage, *camera.rays(), beat)
    return Shot(
        rgba=np.concatenate([mean, share[..., None]], axis=-1).astype(np.float32),
        depth=depth.reshape(down, across),
        normal=normal.T.reshape(down, across, 3),
    )


def shoot_all(
    stage: Stage, cameras: list[Camera], *, grid: int = GRID, report: Report = silent
) -> list[Shot]:
    """Return what several cameras see, telling how far it is."""
    shots = []
    for place, camera in enumerate(cameras):
        shots.append(shoot(stage, camera, grid=grid))
        report(place + 1, len(cameras))
    return shots


def _seen(stage: Stage, origin: Floats, way: Floats, beat: Callable[[], None] | None) -> Rays:
    """Return colours (n, 3), hits (n,), distances (n,) and normals (3, n) of rays, band by band."""
    bands = []
    for first in range(0, origin.shape[1], BAND):
        band = slice(first, first + BAND)
        bands.append(_band(stage, origin[:, band], way[:, band]))
        if beat is not None:
            beat()
    colour, hit, distance, normal = zip(*bands, strict=True)
    return (
        np.concatenate(colour),
        np.concatenate(hit),
        np.concatenate(distance),
        np.concatenate(normal, axis=1),
    )


def _band(stage: Stage, origin: Floats, way: Floats) -> Rays:
    """Return the same of rays that are traced at once."""
    whole, count = stage.node, origin.shape[1]
    found = trace(whole, origin, way, reach=stage.reach)
    colour, normal = np.zeros((count, 3), np.float32), np.zeros((3, count), np.float32)
    hits = np.flatnonzero(found.hit)
    if hits.size:
        place = origin[:, hits] + found.distance[hits] * way[:, hits]
        normal[:, hits] = normals(whole, place, CLOSE * stage.reach)
        colour[hits] = _lit(stage, whole, place, normal[:, hits], way[:, hits])
    return colour, found.hit, found.distance, normal


def _lit(stage: Stage, whole: Node, place: Floats, normal: Floats, way: Floats) -> Floats:
    """Return the colours of places: Lambert's and Blinn's light, none in the shadow."""
    lamp = LAMP.astype(np.float32)
    own = _paint(stage, place)
    bright = np.maximum((normal * lamp[:, None]).sum(axis=0), 0)
    half = lamp[:, None] - way
    half /= np.linalg.norm(half, axis=0)
    shine = np.maximum((normal * half).sum(axis=0), 0) ** POWER
    open_ = ~shadowed(whole, place, normal, lamp, reach=stage.reach)
    light = AMBIENT + DIFFUSE * bright * open_
    return np.asarray(np.clip(own * light[:, None] + (SHINE * shine * open_)[:, None], 0, 1), np.float32)


def _paint(stage: Stage, place: Floats) -> Floats:
    """Return the colours of the nearest parts before light falls on them, shape (n, 3)."""
    gaps = np.stack([part.node.at(*place) for part in stage.parts])
    nearest = gaps.argmin(axis=0)
    plain = np.array([part.rgb for part in stage.parts], np.float32)
    squares = np.array([part.other or part.rgb for part in stage.parts], np.float32)
    odd = (np.floor(place[0] / CHECK) + np.floor(place[1] / CHECK)) % 2 > 0
    return np.asarray(np.where(odd[:, None], squares[nearest], plain[nearest]), np.float32)
