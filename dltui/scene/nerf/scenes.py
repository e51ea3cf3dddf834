"""Pictures that need no download: our own scenes, seen by cameras that are known."""

from __future__ import annotations

from functools import partial

import numpy as np

from dltui.draw.scene.eye import Eye
from dltui.draw.scene.front import Front, weights
from dltui.figures import Scene
from dltui.progress import Report, silent
from dltui.scene.cameras import Camera, around
from dltui.scene.geometry import Geometry
from dltui.scene.nerf.composite import cube
from dltui.scene.nerf.views import Capture, View
from dltui.scene.read import read_geometry
from dltui.scene.tracer import AMBIENT, DIFFUSE, LAMP, csg_table, shoot

OWN = {
    "csg-table": "solids on a checkered table, traced",
    "bunny": "the Stanford bunny, lit",
    "teapot": "the Utah teapot, lit",
}
DISTANCE, HALF = 3.2, 1.2
EVERY = 11  # of so many views one is held out
GRID = 3  # rays of a pixel either way
CLAY = np.array([0.86, 0.55, 0.38])


def own_scene(name: str, *, views: int = 110, size: int = 64, report: Report = silent) -> Capture:
    """Return pictures of one of our own scenes.

    Args:
        name: One of ``OWN``.
        views: How many pictures; one of eleven is held out.
        size: Pixels across and down.
        report: How far it is.

    Returns:
        The pictures, with depths that are exact.
    """
    cameras = around(views, distance=DISTANCE, size=size)
    geometry = None if name == "csg-table" else _fitting(read_geometry(name))
    stage = csg_table()
    found = []
    for place, camera in enumerate(cameras):
        if geometry is None:
            shot = shoot(stage, camera, grid=GRID, beat=partial(report, place, views))
            found.append(View(camera, shot.over(), shot.rgba[..., 3], shot.depth))
        else:
            found.append(picture_of(geometry, camera))
        report(place + 1, views)
    middle = min(EVERY // 2, views - 1)
    train = [view for place, view in enumerate(found) if place % EVERY != middle]
    return Capture(name, train, found[middle::EVERY], cube(HALF))


def _fitting(geometry: Geometry) -> Geometry:
    """Return a mesh around the origin, of radius 1 and with z upwards."""
    places = np.asarray(geometry.vertices, np.float64)
    if geometry.up == "y":
        places = places[:, [0, 2, 1]] * (1, -1, 1)
    places = places - (places.min(axis=0) + places.max(axis=0)) / 2
    places /= np.linalg.norm(places, axis=1).max()
    return Geometry(title=geometry.title, vertices=places.astype(np.float32), faces=geometry.faces)


def picture_of(geometry: Geometry, camera: Camera) -> View:
    """Return what a camera sees of a mesh, lit from one side, by nine rays a pixel.

    Args:
        geometry: A mesh with z upwards.
        camera: Who looks; a lens without faults.

    Returns:
        The picture on white, with cover and depth.
    """
    scene = Scene(title=geometry.title, vertices=geometry.vertices, faces=geometry.faces)
    fine = camera.scaled(GRID)
    number, colour, _ = _seen(scene, fine)
    height, width = camera.height, camera.width
    cover = (number >= 0).reshape(height, GRID, width, GRID).mean(axis=(1, 3))
    light = np.where((number >= 0)[..., None], colour, 1.0).reshape(height, GRID, width, GRID, 3)
    _, _, depth = _seen(scene, camera)
    return View(camera, light.mean(axis=(1, 3)).astype(np.float32), cover.astype(np.float32), depth)


def _seen(scene: Scene, camera: Camera) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the triangle at each pixel, its colour there, and its distance along the ray."""
    eye = _eye(camera)
    front, seen = Front(camera.width, camera.height), eye.see(scene.corners)
    front.put_triangles(seen, scene.triangles, eye)
    number = front.number
    row, column = np.nonzero(number >= 0)
    whose = number[row, column]
    corners = scene.triangles[:, whose]
    shares = weights(seen[0][corners], seen[1][corners], np.arange(whose.size), column + 0.5, row + 0.5)
    shares = np.clip(np.nan_to_num(shares, nan=1 / 3), 0, 1)
    normal = np.einsum("kn,knc->nc", shares, scene.vertex_normals[corners])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    bright = np.abs((normal / np.where(length > 0, length, 1)) @ LAMP)
    colour = np.ones((camera.height, camera.width, 3))
    colour[row, column] = np.clip(CLAY * (AMBIENT + DIFFUSE * bright)[:, None], 0, 1)
    _, way = camera.rays()
    along = -(camera.pose[:3, 2] @ way).reshape(camera.height, camera.width)
    return number, colour, (front.distance / along).astype(np.float32)


def _eye(camera: Camera) -> Eye:
    """Return the eye that sees what a camera sees."""
    right, up, back = camera.pose[:3, :3].T
    rows = np.stack([
        camera.fx * right - camera.cx * back,
        -camera.fy * up - camera.cy * back,
        -back,
    ])
    matrix = np.concatenate([rows, -(rows @ camera.place)[:, None]], axis=1).astype(np.float32)
    rotation = np.stack([right, up, -back]).astype(np.float32)
    return Eye(matrix, rotation, perspective=True, width=camera.width, height=camera.height, near=1e-3)
