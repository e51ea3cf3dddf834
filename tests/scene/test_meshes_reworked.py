"""Splitting like trimesh, borders kept; collapsing within the rules; smoothing that holds borders; exact distances."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from dltui.scene.collapsing import collapsed
from dltui.scene.mesh import measure, welded
from dltui.scene.onto import distances
from dltui.scene.read import read_geometry
from dltui.scene.smoothing import KINDS, least_angles, smoothed
from dltui.scene.splitting import SPLITS, catmull_clark, edges, loop, midpoint

GRID = 5
SIDE = np.arange(GRID, dtype=float)
X, Y = (part.ravel() for part in np.meshgrid(SIDE, SIDE, indexing="ij"))
FLAT = np.stack([X, Y, 0 * X], axis=1)
AT = np.arange(GRID * GRID).reshape(GRID, GRID)
QUADS = np.stack([AT[:-1, :-1], AT[1:, :-1], AT[1:, 1:], AT[:-1, 1:]], axis=-1).reshape(-1, 4)
HALVES = np.concatenate([QUADS[:, [0, 1, 2]], QUADS[:, [0, 2, 3]]])


@pytest.fixture(scope="module")
def bunny() -> tuple[np.ndarray, np.ndarray]:
    found = read_geometry("bunny")
    return welded(found.vertices, found.faces)


def rows(places: np.ndarray) -> np.ndarray:
    return np.array(sorted(map(tuple, places.round(9))))


@pytest.mark.parametrize("shape", ["bunny", "teapot", "flat"])
def test_splits_are_those_of_trimesh(shape: str, bunny: tuple[np.ndarray, np.ndarray]) -> None:
    teapot = read_geometry("teapot")
    vertices, faces = {
        "bunny": bunny,
        "teapot": welded(teapot.vertices, teapot.faces),
        "flat": (FLAT, HALVES),
    }[shape]
    known = trimesh.remesh.subdivide(vertices, faces)
    assert rows(midpoint(vertices, faces)[0]) == pytest.approx(rows(known[0]))
    if shape == "bunny":  # trimesh draws borders beyond a square's corners
        known = trimesh.remesh.subdivide_loop(vertices, faces, 1)
        places, corners = loop(vertices, faces)
        assert rows(places) == pytest.approx(rows(known[0]))
        assert measure(places, corners).area == pytest.approx(trimesh.Trimesh(*known, process=False).area)


@pytest.mark.parametrize("scheme", SPLITS)
def test_borders_of_a_square_stay_on_its_border(scheme: str) -> None:
    polygons = QUADS if scheme == "Catmull-Clark" else HALVES
    places, fresh = SPLITS[scheme](FLAT, polygons)
    assert len(fresh) == 4 * len(polygons)
    assert (places[:, 2] == 0).all()
    assert (places >= 0).all()
    assert (places[:, :2] <= GRID - 1).all()
    used = edges(fresh)
    rim = places[used.ends[used.sharp].ravel()]
    inner = np.abs(rim[:, :2] - (GRID - 1) / 2).max(axis=1)
    assert (inner > 1.4).all()


def test_catmull_and_clark_leave_an_even_lattice() -> None:
    places, _ = catmull_clark(FLAT, QUADS)
    inside = AT[1:-1, 1:-1].ravel()
    assert places[inside] == pytest.approx(FLAT[inside])


def test_collapsing_keeps_borders_and_planes() -> None:
    fewer = next(collapsed(FLAT, HALVES, [2]))
    found = measure(fewer.vertices, fewer.faces)
    assert found.faces <= 4
    assert found.area == pytest.approx(16, rel=0.02)
    assert fewer.cost < 1


def test_collapsing_step_by_step(bunny: tuple[np.ndarray, np.ndarray]) -> None:
    chain = list(collapsed(*bunny, (2000, 500, 100, 4, 0)))
    assert [len(one.faces) for one in chain[:3]] == [2000, 500, 100]
    assert len(chain[-1].faces) == len(chain[-2].faces) == 4
    assert [one.cost for one in chain] == sorted(one.cost for one in chain)
    volume = measure(*bunny).volume
    for one in chain[:3]:
        found = measure(one.vertices, one.faces)
        assert found.watertight
        assert found.genus == 0
        assert found.volume == pytest.approx(volume, rel=0.08)
        assert len(np.unique(one.faces)) == len(one.vertices)


@pytest.mark.parametrize("kind", KINDS)
def test_smoothing_holds_borders(kind: str) -> None:
    draw = np.random.default_rng(0)
    bumpy = FLAT + draw.normal(0, 0.05, FLAT.shape)
    places = smoothed(bumpy, HALVES, 30, kind)
    found = edges(HALVES)
    rim = np.unique(found.ends[found.sharp])
    assert (places[rim] == bumpy[rim]).all()
    assert not np.allclose(places, bumpy)
    assert least_angles(places, HALVES).min() > least_angles(bumpy, HALVES).min()


def test_least_angles() -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [2, 0, 0], [0.5, np.sqrt(0.75), 0]])
    faces = np.array([[0, 1, 2], [0, 1, 3], [0, 1, 4]])
    assert least_angles(corners, faces) == pytest.approx([45, 0, 60])


def test_distances_are_those_of_trimesh(bunny: tuple[np.ndarray, np.ndarray]) -> None:
    places = np.random.default_rng(1).normal(0, 5, (30, 3))
    corners = bunny[0][bunny[1]]
    known = [
        np.linalg.norm(
            trimesh.triangles.closest_point(corners, np.repeat(place[None], len(corners), 0)) - place, axis=1
        ).min()
        for place in places
    ]
    assert distances(places, *bunny) == pytest.approx(known)
    assert distances(np.zeros((0, 3)), *bunny).shape == (0,)
