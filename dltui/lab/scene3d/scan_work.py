"""Depth scans of a shape, what spoils them, and what is made of them: normals and an alignment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from dltui.figures import Array
from dltui.lab.scene3d.rooms import Doubles, solid
from dltui.scene.cameras import Camera, looking
from dltui.scene.crossings import depth_map
from dltui.scene.geometry import Geometry, geometry_of
from dltui.scene.hints import Hints
from dltui.scene.points.following import Follower
from dltui.scene.points.neighbours import Tree
from dltui.scene.points.normals import directions, with_normals
from dltui.scene.points.registration import Motion, approach
from dltui.scene.readers.depth import depth_points

PIXELS = 64
FOCAL = PIXELS / 2 / math.tan(math.radians(20))
STANDS = 3.2  # how far the scanner is from the middle
FIRST = -80.0  # degrees around z at which the first scanner stands
TURN = 50.0  # degrees between two views
LEAST = 40  # points that are left of a scan
NOISES = (0.0, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1)  # at which normals are tried
SOME = 500  # points by which they are
MOST = 41  # neighbours at most, the point itself among them


@dataclass(frozen=True, eq=False)
class Scan:
    """What one scanner sees.

    Attributes:
        camera: The scanner.
        depth: Its depth map, NaN where it sees nothing, shape (height, width).
        places: The pixels as points in the world, shape (n, 3).
        pixels: Column and row of the middle of the pixel of each, shape (2, n).
        normals: True normals there, towards the scanner, shape (n, 3).
    """

    camera: Camera
    depth: Doubles
    places: Doubles
    pixels: Doubles
    normals: Doubles


@lru_cache(maxsize=16)
def scan(name: str, azimuth: float) -> Scan:
    """Return what a depth camera sees of a shape.

    Args:
        name: The shape.
        azimuth: Where the camera stands, degrees around z.

    Returns:
        The scan.
    """
    mesh = solid(name)
    a, e = math.radians(azimuth), math.radians(20)
    place = STANDS * np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
    camera = Camera(looking(place, np.zeros(3)), PIXELS, PIXELS, FOCAL, FOCAL, PIXELS / 2, PIXELS / 2)
    depth, face = depth_map(camera, mesh.vertices, mesh.faces)
    middle = PIXELS / 2 - 0.5  # depth_points counts pixels by whole numbers
    hints = Hints(intrinsics=(FOCAL, FOCAL, middle, middle))
    own = depth_points(depth, hints, title=name, format="depth map").vertices
    row, column = np.nonzero(np.isfinite(depth))
    corners = mesh.vertices.astype(np.float64)[mesh.faces[face[row, column]]]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    places = own @ camera.pose[:3, :3].T + camera.place
    across *= np.where(np.einsum("ij,ij->i", across, camera.place - places) < 0, -1, 1)[:, None]
    return Scan(camera, depth, places, np.stack([column + 0.5, row + 0.5]), across)


def moved(angle: float, shift: float) -> Doubles:
    """Return the motion by an angle in degrees about z and a shift along x, shape (4, 4)."""
    a = math.radians(angle)
    found = np.eye(4)
    found[:2, :2] = [[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]
    found[0, 3] = shift
    return found


def carried(matrix: Doubles, places: Doubles) -> Doubles:
    """Return places after a motion."""
    return places @ matrix[:3, :3].T + matrix[:3, 3]


def spoiled(
    places: Doubles, noise: float, outliers: float, missing: float, seed: int
) -> tuple[Doubles, Array]:
    """Return a cloud as a bad scanner leaves it.

    Args:
        places: Clean points, shape (n, 3).
        noise: Standard deviation of the error along each axis.
        outliers: Share of the points that lie anywhere.
        missing: Share that is lost: the half space of the largest y.
        seed: Seed of the draws.

    Returns:
        The points that are left, and their numbers.
    """
    draw = np.random.default_rng(seed)
    order = np.argsort(places[:, 1], kind="stable")
    kept = np.sort(order[: max(LEAST, round((1 - missing) * len(places)))])
    found = places[kept] + draw.normal(0, 1, (len(kept), 3)) * noise
    stray = draw.random(len(kept)) < outliers
    found[stray] = draw.uniform(-1, 1, (int(stray.sum()), 3))
    return found, kept


def error(matrix: Doubles, truth: Doubles) -> tuple[float, float]:
    """Return how far a motion is from another one: the angle between them in degrees, and the distance."""
    off = matrix @ np.linalg.inv(truth)
    cosine = np.clip((np.trace(off[:3, :3]) - 1) / 2, -1, 1)
    sine = np.linalg.norm(off[:3, :3] - off[:3, :3].T) / math.sqrt(8)
    return math.degrees(math.atan2(sine, cosine)), float(np.linalg.norm(off[:3, 3]))


def normals_off(normals: Array, true: Doubles) -> Doubles:
    """Return the degrees between normals and the true ones, shape (n,)."""
    cosine = np.einsum("ij,ij->i", normals, true).astype(np.float64)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))), np.float64)


@lru_cache(maxsize=32)
def _around(name: str, seed: int) -> tuple[tuple[Doubles, Array, Doubles], ...]:
    """Return some points of a scan, their neighbours and their true normals, at each of ``NOISES``."""
    one = scan(name, FIRST)
    rows = np.sort(np.random.default_rng([seed, 1]).permutation(len(one.places))[:SOME])
    found = []
    for noise in NOISES:
        places, kept = spoiled(one.places[rows], noise, 0.0, 0.0, seed)
        places = geometry_of(places, title=name).vertices.astype(np.float64)
        _, number = Tree(places).nearest(places, min(MOST, len(places)))
        found.append((places, number, one.normals[rows][kept]))
    return tuple(found)


@lru_cache(maxsize=32)
def normals_under_noise(name: str, neighbours: int, seed: int) -> tuple[float, ...]:
    """Return how many degrees normals of a scan are off in the mean, at each of ``NOISES``."""
    place, means = scan(name, FIRST).camera.place, []
    for places, number, true in _around(name, seed):
        normals, _ = directions(places, number[:, : neighbours + 1])
        normals *= np.where(np.einsum("ij,ij->i", normals, place - places) < 0, -1, 1)[:, None]
        means.append(float(normals_off(normals.astype(np.float32), true).mean()))
    return tuple(means)


@dataclass(frozen=True, eq=False)
class Found:
    """All that is known before the first picture.

    Attributes:
        scans: Both scans, clean.
        fixed: Points of the first one, spoiled, shape (n, 3).
        moving: Points of the second one, spoiled and displaced, shape (m, 3).
        geometry: The first one with estimated normals.
        angles: Degrees between estimated and true normals, shape (n,).
        truth: The motion that lays the second one upon the first.
        motions: What was found, step by step.
    """

    scans: tuple[Scan, Scan]
    fixed: Doubles
    moving: Doubles
    geometry: Geometry
    angles: Doubles
    truth: Doubles
    motions: tuple[Motion, ...]

    @cached_property
    def follower(self) -> Follower:
        """The points of the first one, to ask again and again for the nearest."""
        return Follower(self.fixed, Tree(self.fixed))


@lru_cache(maxsize=8)
def found_for(
    name: str, second: str, n: int, noise: float, outliers: float, missing: float, angle: float, shift: float,
    overlap: float, neighbours: int, steps: int, seed: int,
) -> Found:  # fmt: skip
    """Return scans, normals and all steps of the registration."""
    scans = scan(name, FIRST), scan(name, FIRST + TURN * (second == "another view"))
    draw = np.random.default_rng([seed, 1])
    rows = [np.sort(draw.permutation(len(one.places))[:n]) for one in scans]
    if second == "same points":
        rows[1] = rows[0]
    places, kept = spoiled(scans[0].places[rows[0]], noise, outliers, missing, seed)
    other, _ = spoiled(scans[1].places[rows[1]], noise, outliers, missing, seed + 1)
    displaced = moved(angle, shift)
    cloud = geometry_of(places, title=name)
    cloud = with_normals(cloud, min(neighbours, len(places) - 1), viewpoint=scans[0].camera.place)
    moving = carried(displaced, other)
    assert cloud.normals is not None
    angles = normals_off(cloud.normals, scans[0].normals[rows[0]][kept])
    return Found(
        scans, places, moving, cloud, angles,
        np.asarray(np.linalg.inv(displaced), np.float64),
        tuple(approach(moving, places, steps=steps, share=overlap)),
    )  # fmt: skip
