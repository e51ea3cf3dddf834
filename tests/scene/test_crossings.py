"""Rays and triangles: pair by pair like Möller and Trumbore, inside and depth like closed forms; steps of alignment."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.scene import crossings as module
from dltui.scene.cameras import Camera, looking
from dltui.scene.crossings import crossings, depth_map, inside
from dltui.scene.points.following import Follower
from dltui.scene.points.neighbours import Tree
from dltui.scene.points.registration import approach
from dltui.scene.read import read_geometry


def by_hand(o: np.ndarray, d: np.ndarray, corners: np.ndarray) -> float | None:
    """Möller and Trumbore 1997, one pair."""
    a, b, c = corners
    p = np.cross(d, c - a)
    det = (b - a) @ p
    u = (o - a) @ p / det
    q = np.cross(o - a, b - a)
    v, t = d @ q / det, (c - a) @ q / det
    return float(t) if min(u, v, 1 - u - v) > 0 and t > 0 else None


def test_crossings_are_those_of_every_pair() -> None:
    draw = np.random.default_rng(0)
    vertices, faces = draw.normal(size=(40, 3)), draw.integers(0, 40, (60, 3))
    faces = faces[(np.sort(faces, axis=1)[:, 1:] != np.sort(faces, axis=1)[:, :-1]).all(axis=1)]
    origin, way = draw.normal(size=(50, 3)), draw.normal(size=(50, 3))
    found = crossings(origin, way, vertices, faces)
    known = {
        (i, f): t
        for i in range(50)
        for f, face in enumerate(faces)
        if (t := by_hand(origin[i], way[i], vertices[face])) is not None
    }
    pairs = list(zip(found.ray.tolist(), found.face.tolist(), strict=True))
    assert sorted(pairs) == sorted(known)
    assert found.distance == pytest.approx([known[pair] for pair in pairs])
    assert found.tested == 50 * len(faces)
    assert (np.diff(found.ray) >= 0).all()


@pytest.mark.parametrize("name", ["torus:n=3000", "bunny"])
def test_inside_counts_crossings(name: str) -> None:
    mesh = read_geometry(name)
    draw = np.random.default_rng(1)
    if name == "bunny":
        places = mesh.vertices[:200] + 0.0
        center = mesh.vertices.mean(axis=0)
        assert inside(center[None] * [1, 0.8, 1], mesh.vertices, mesh.faces)[0].all()
        assert not inside(places * 10 + 100, mesh.vertices, mesh.faces)[0].any()
        return
    places = draw.uniform(-1.5, 1.5, (500, 3))
    gap = np.hypot(np.hypot(places[:, 0], places[:, 1]) - 1, places[:, 2]) - 0.4
    sure = np.abs(gap) > 0.02
    assert (inside(places, mesh.vertices, mesh.faces)[0] == (gap < 0))[sure].all()


def test_depth_of_a_plane_and_past_it() -> None:
    vertices = np.array([[-1, -1, 0.5], [1, -1, 0.5], [0, 3, 0.5]])
    pose = looking(np.array([0.0, 0.0, 3.0]), np.zeros(3))
    depth, face = depth_map(Camera(pose, 40, 30, 30.0, 30.0, 20.0, 15.0), vertices, np.array([[0, 1, 2]]))
    seen = np.isfinite(depth)
    assert depth[seen] == pytest.approx(2.5)
    assert (face[seen] == 0).all()
    assert (face[~seen] == -1).all()
    assert 0 < seen.sum() < seen.size


@pytest.mark.parametrize(
    "place", [(0.0, -3.0, 1.0), (0.1, 0.2, 0.9)], ids=["before it", "in the middle of it"]
)
def test_a_depth_map_is_the_nearest_of_all_crossings(place: tuple[float, float, float]) -> None:
    mesh = read_geometry("torus:n=300")
    camera = Camera(looking(np.array(place), np.zeros(3)), 24, 18, 20.0, 20.0, 12.0, 9.0)
    depth, face = depth_map(camera, mesh.vertices, mesh.faces)
    origin, way = camera.rays()
    found = crossings(origin.T, way.T, mesh.vertices, mesh.faces)
    nearest = np.full(24 * 18, np.inf)
    np.minimum.at(nearest, found.ray, found.distance * (way.T @ -camera.pose[:3, 2])[found.ray])
    np.testing.assert_allclose(np.nan_to_num(depth.ravel(), nan=np.inf), nearest, rtol=1e-5)
    assert ((face.ravel() >= 0) == np.isfinite(nearest)).all()
    assert np.isfinite(depth).mean() > 0.05


def test_a_depth_map_in_parts_is_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = read_geometry("torus:n=300")
    camera = Camera(looking(np.array([0.0, -3.0, 1.0]), np.zeros(3)), 24, 18, 20.0, 20.0, 12.0, 9.0)
    whole = depth_map(camera, mesh.vertices, mesh.faces)
    monkeypatch.setattr(module, "PAIRS", 7)
    for one, other in zip(whole, depth_map(camera, mesh.vertices, mesh.faces), strict=True):
        np.testing.assert_array_equal(one, other)


def test_points_that_move_are_followed_to_the_nearest() -> None:
    draw = np.random.default_rng(2)
    fixed, here = draw.normal(size=(300, 3)), draw.normal(size=(200, 3))
    tree = Tree(fixed)
    follower = Follower(fixed, tree)
    for step in (0.5, 0.1, 0.01, 0.0, 1e-3, 2.0):
        here = here + step * draw.normal(size=here.shape)
        away, number = follower.nearest(here)
        known = tree.nearest(here)
        np.testing.assert_array_equal(number, known[1][:, 0])
        np.testing.assert_array_equal(away, known[0][:, 0])
    alone = Follower(fixed[:1], Tree(fixed[:1]))
    assert (alone.nearest(here)[1] == 0).all()


def test_steps_find_a_motion_and_never_lose() -> None:
    mesh = read_geometry("bunny").vertices.astype(float)[::3]
    turn = np.array([[0.98, -0.199, 0], [0.199, 0.98, 0], [0, 0, 1.0]])
    turn /= np.linalg.norm(turn, axis=0)
    moved = mesh @ turn.T + [0.3, 0, 0.1]
    motions = list(approach(moved, mesh, steps=100, share=1.0))
    rms = [one.rms for one in motions]
    assert (np.diff(rms) <= 1e-12).all()
    assert motions[-1](moved) == pytest.approx(mesh, abs=1e-3)
    assert [one.steps for one in motions] == list(range(len(motions)))
    partly = list(approach(moved[:300], mesh[200:], steps=30, share=0.3))
    assert (np.diff([one.rms for one in partly]) <= 1e-12).all()
