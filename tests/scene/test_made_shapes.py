"""Made shapes against what is known of them in closed form."""

import math

import numpy as np
import pytest

from dltui.scene.mesh import measure
from dltui.scene.read import read_geometry
from dltui.scene.solids import SHAPES

# area, volume or None, Euler number, whether it can be turned one way
KNOWN = {
    "sphere": (4 * math.pi, 4 / 3 * math.pi, 2, True),
    "torus": (4 * math.pi**2 * 0.4, 2 * math.pi**2 * 0.16, 0, True),
    "cube": (24, 8, 2, True),
    "cone": (math.pi * (1 + math.sqrt(5)), 2 / 3 * math.pi, 2, True),
    "cylinder": (6 * math.pi, 2 * math.pi, 2, True),
    "capsule": (2 * math.pi, math.pi / 4 + math.pi / 6, 2, True),
    "plane": (4, None, 1, True),
    "mobius": (None, None, 0, False),
    "swiss-roll": (None, None, 1, True),
    "knot": (None, None, 0, True),
}


@pytest.mark.parametrize("name", KNOWN)
def test_meshes_have_the_area_volume_and_holes_of_the_shape(name: str) -> None:
    area, volume, euler, oriented = KNOWN[name]
    made = read_geometry(f"{name}:n=20000")
    assert len(made.vertices) == pytest.approx(20_000, rel=0.1)
    found = measure(made.vertices, made.faces)
    if area is not None:
        assert found.area == pytest.approx(area, rel=2e-3)
    if volume is not None:
        assert found.volume == pytest.approx(volume, rel=2e-3)
    assert (found.euler, found.oriented, found.parts, found.crowded, found.flat) == (euler, oriented, 1, 0, 0)
    if name == "knot":
        assert found.volume is not None
        assert found.volume > 0  # turned outwards


@pytest.mark.parametrize("name", SHAPES)
def test_points_lie_on_the_surface_as_densely_everywhere(name: str) -> None:
    made = read_geometry(f"{name}:n=4000", points=True)
    mesh = read_geometry(f"{name}:n=40000")
    assert len(made.vertices) == 4000
    from scipy.spatial import cKDTree

    middles = mesh.vertices[mesh.faces].mean(axis=1)
    corners = mesh.vertices[mesh.faces].astype(float)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    away, nearest = cKDTree(middles).query(made.vertices)
    assert away.max() < 4 * math.sqrt(area.max())
    # Some twenty patches of the surface hold points in proportion to their areas: χ² of so many is near its mean.
    seeds = middles[:: len(middles) // 20][:20]
    cell = cKDTree(seeds).query(middles)[1]
    wanted = np.bincount(cell, area, 20) / area.sum() * 4000
    held = np.bincount(cell[nearest], minlength=20)
    assert ((held - wanted) ** 2 / wanted).sum() < 60


def test_noise_and_seeds() -> None:
    places = read_geometry("sphere:n=20000,noise=0.05", points=True, seed=1).vertices
    radii = np.linalg.norm(places, axis=1)
    assert radii.std() == pytest.approx(0.05, rel=0.05)
    again = read_geometry("sphere:n=20000,noise=0.05", points=True, seed=1).vertices
    np.testing.assert_array_equal(places, again)
    assert not np.array_equal(
        places, read_geometry("sphere:n=20000,noise=0.05", points=True, seed=2).vertices
    )


def test_the_swiss_roll_is_that_of_scikit_learn() -> None:
    made = read_geometry("swiss-roll:n=500", points=True)
    t = 1.5 * math.pi * (1 + 2 * np.asarray(made.channels["along"], float))
    x, y, z = made.vertices.T
    np.testing.assert_allclose(x, t * np.cos(t), atol=1e-4)
    np.testing.assert_allclose(z, t * np.sin(t), atol=1e-4)
    assert 0 <= y.min() < y.max() <= 21
