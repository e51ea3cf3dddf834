"""Cameras: where they stand, which way they look, which rays go through their pixels.

One convention throughout, that of OpenGL and of Blender's ``transforms.json``: x to the right, y up, and the camera
looks along −z; a pose turns its own coordinates into the world's (c2w).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
GOLDEN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True, eq=False)
class Camera:
    """A pinhole camera.

    Attributes:
        pose: Camera to world, shape (4, 4).
        width: Pixels across.
        height: Pixels down.
        fx: Focal length in pixels, across.
        fy: The same, down.
        cx: Column of the optical axis, from the left border.
        cy: Row of the optical axis, from the top.
        distortion: k₁, k₂, p₁, p₂ of OpenCV's model; zeros where the lens is perfect.
        name: Of its picture; empty where there is none.
    """

    pose: Doubles
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    name: str = ""

    @property
    def place(self) -> Doubles:
        """Where it stands, shape (3,)."""
        return np.asarray(self.pose[:3, 3])

    def rays(self) -> tuple[Floats, Floats]:
        """Return origins and unit directions of the rays through the middles of all pixels, shape (3, height·width)."""
        column, row = np.meshgrid(np.arange(self.width) + 0.5, np.arange(self.height) + 0.5)
        return self.rays_through(column.ravel(), row.ravel())

    def rays_through(self, column: Doubles, row: Doubles) -> tuple[Floats, Floats]:
        """Return origins and unit directions of rays through places on the picture.

        Args:
            column: Pixels from the left border, shape (n,).
            row: Pixels from the top border, shape (n,).

        Returns:
            Two arrays of shape (3, n).
        """
        x, y = (column - self.cx) / self.fx, (row - self.cy) / self.fy
        x, y = undistorted(x, y, self.distortion)
        own = np.stack([x, -y, -np.ones_like(x)])
        way = self.pose[:3, :3] @ own
        way /= np.linalg.norm(way, axis=0)
        return np.repeat(self.place[:, None], x.size, axis=1).astype(np.float32), way.astype(np.float32)

    def project(self, points: Doubles) -> Doubles:
        """Return column, row and depth along the axis of points, all of shape (3, n); behind it depth is negative."""
        own = self.pose[:3, :3].T @ (points - self.place[:, None])
        depth = -own[2]
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = distorted(own[0] / depth, -own[1] / depth, self.distortion)
        return np.stack([self.cx + self.fx * x, self.cy + self.fy * y, depth])

    def scaled(self, factor: float) -> Camera:
        """Return the same camera with so many times as many pixels either way."""
        width, height = max(1, round(self.width * factor)), max(1, round(self.height * factor))
        across, down = width / self.width, height / self.height
        return Camera(
            self.pose, width, height, self.fx * across, self.fy * down, self.cx * across, self.cy * down,
            self.distortion, self.name,
        )  # fmt: skip


def distorted(x: Doubles, y: Doubles, lens: tuple[float, float, float, float]) -> tuple[Doubles, Doubles]:
    """Return where a lens puts places on the plane at distance 1: OpenCV's radial k₁, k₂ and tangential p₁, p₂."""
    k1, k2, p1, p2 = lens
    if not any(lens):
        return x, y
    r2 = x * x + y * y
    radial = 1 + k1 * r2 + k2 * r2 * r2
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def undistorted(x: Doubles, y: Doubles, lens: tuple[float, float, float, float]) -> tuple[Doubles, Doubles]:
    """Return what a lens has put to places: the inverse of ``distorted`` by fixed-point steps."""
    if not any(lens):
        return x, y
    u, v = x.copy(), y.copy()
    for _ in range(20):
        a, b = distorted(u, v, lens)
        u, v = u + (x - a), v + (y - b)
    return u, v


def looking(place: Doubles, target: Doubles, up: Doubles | None = None) -> Doubles:
    """Return the pose of a camera that stands at a place and looks at another one.

    Args:
        place: Where it stands, shape (3,).
        target: What is in the middle of its picture, shape (3,).
        up: What points upwards in the picture; z when None.

    Returns:
        Camera to world, shape (4, 4).
    """
    up = np.array([0.0, 0.0, 1.0]) if up is None else up
    back = place - target
    back = back / np.linalg.norm(back)
    right = np.cross(up, back)
    if np.linalg.norm(right) < 1e-9:  # it looks straight up or down
        right = np.array([1.0, 0.0, 0.0])
    right = right / np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, np.cross(back, right), back, place
    return pose


def around(
    count: int,
    *,
    distance: float,
    size: int,
    angle: float = 40.0,
    low: float = 10.0,
    high: float = 70.0,
    seed: int = 0,
) -> list[Camera]:
    """Return cameras spread evenly over a band of a sphere, all looking at the origin.

    Args:
        count: How many.
        distance: How far they stand.
        size: Pixels across and down.
        angle: What they see across, degrees.
        low: Least height above the ground, degrees.
        high: Greatest height, degrees.
        seed: Turns the whole arrangement.

    Returns:
        The cameras, by the golden spiral.
    """
    turn = np.random.default_rng(seed).random() * 2 * math.pi
    bottom, top = math.sin(math.radians(low)), math.sin(math.radians(high))
    focal = size / 2 / math.tan(math.radians(angle) / 2)
    found = []
    for i in range(count):
        tall = bottom + (top - bottom) * (i + 0.5) / count
        flat, a = math.sqrt(1 - tall * tall), turn + GOLDEN * i
        place = distance * np.array([flat * math.cos(a), flat * math.sin(a), tall])
        found.append(Camera(looking(place, np.zeros(3)), size, size, focal, focal, size / 2, size / 2))
    return found
