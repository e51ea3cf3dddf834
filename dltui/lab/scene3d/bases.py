"""Meshes with which work begins: Platonic ones, made and shipped ones, and a ball that becomes a ring."""

from __future__ import annotations

import math

import numpy as np

from dltui.lab.scene3d.rooms import Doubles, solid
from dltui.scene.cubes import marching_cubes
from dltui.scene.mesh import welded
from dltui.scene.sdf.nodes import Torus
from dltui.scene.splitting import Ints

GRID = 24  # cells either way around the ring
TUBE = 0.4  # radius of the ring's tube
PHI = (1 + math.sqrt(5)) / 2


def tetrahedron() -> tuple[Doubles, Ints]:
    """Return four corners of a cube as the smallest mesh there is."""
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.float64)
    return corners, np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]])


def cube() -> tuple[Doubles, Ints]:
    """Return the cube from −1 to 1 with six quadrangles."""
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float64)
    walls = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    return corners, np.array(walls)


def icosahedron() -> tuple[Doubles, Ints]:
    """Return the twenty triangles between the corners of three golden rectangles."""
    flat = [(0.0, a, b * PHI) for a in (-1, 1) for b in (-1, 1)]
    corners = np.array([np.roll(place, turn) for turn in range(3) for place in flat])
    near_ = np.linalg.norm(corners[:, None] - corners, axis=2) < 2.1
    found = []
    for i in range(12):
        for j in range(i + 1, 12):
            for k in range(j + 1, 12):
                if near_[i, j] and near_[j, k] and near_[i, k]:
                    out = np.cross(corners[j] - corners[i], corners[k] - corners[i]) @ corners[i] > 0
                    found.append((i, j, k) if out else (i, k, j))
    return corners, np.array(found)


def ring(hole: float) -> tuple[Doubles, Ints]:
    """Return the surface of a ring of so large a radius by marching cubes: a ball while its hole is closed."""
    reach = hole + TUBE + 0.1
    side = np.linspace(-reach, reach, GRID + 1)
    values = Torus(hole, TUBE).at(*np.meshgrid(side, side, side, indexing="ij"))
    return marching_cubes(values, np.full(3, -reach), np.full(3, side[1] - side[0]))


def begun(shape: str, hole: float) -> tuple[Doubles, Ints]:
    """Return the mesh with which the work begins, its vertices at one place made one."""
    small = {"tetrahedron": tetrahedron, "cube": cube, "icosahedron": icosahedron}
    if shape in small:
        places, polygons = small[shape]()
    elif shape == "ball to ring":
        places, polygons = ring(hole)
    else:
        found = solid(shape, 400)
        places, polygons = welded(found.vertices, found.faces)
    return places / np.linalg.norm(places, axis=1).max(), polygons
