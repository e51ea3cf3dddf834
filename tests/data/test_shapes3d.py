"""Clouds of points: on their surfaces, even by area, turned evenly, and the same from the same seed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dltui.data import load
from dltui.data.overview import samples
from dltui.data.shapes3d import _any, clouds
from dltui.data.solids import BAND, HEIGHT, RISE, ROUND, SOLIDS, STRAIGHT, TAU, TUBE, TURNS, WIRE
from dltui.errors import UsageError
from dltui.figures import Scene

COUNT = 40_000
PITCH = RISE / TAU


def drawn(name: str) -> np.ndarray:
    return SOLIDS[name](np.random.default_rng(7), COUNT)


def out(points: np.ndarray) -> np.ndarray:
    return np.hypot(points[:, 0], points[:, 2])


def axis_of_helix(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance of points to the curve, and cosine of where they lie around it, by Newton's method."""
    turn = np.arctan2(points[:, 2], points[:, 0])
    near = (points[:, 1] / PITCH + TAU * TURNS / 2 - turn) / TAU
    best, place = np.full(len(points), np.inf), np.zeros(len(points))
    for shift in (-1, 0, 1):
        t = turn + TAU * (np.round(near) + shift)
        for _ in range(20):
            x, y, z = points.T
            slope = x * np.sin(t) - z * np.cos(t) - PITCH * (y - PITCH * (t - TAU * TURNS / 2))
            t = t - slope / (x * np.cos(t) + z * np.sin(t) + PITCH**2)
        curve = np.stack([np.cos(t), PITCH * (t - TAU * TURNS / 2), np.sin(t)], axis=1)
        far = np.linalg.norm(points - curve, axis=1)
        place, best = np.where(far < best, t, place), np.minimum(far, best)
    return best, (1 - points[:, 0] * np.cos(place) - points[:, 2] * np.sin(place)) / WIRE


def test_points_lie_on_their_surfaces() -> None:
    assert np.allclose(np.linalg.norm(drawn("sphere"), axis=1), 1)
    assert np.allclose(np.abs(drawn("cube")).max(axis=1), 1)
    torus = drawn("torus")
    assert np.allclose(np.hypot(out(torus) - 1, torus[:, 1]), TUBE)
    cylinder = drawn("cylinder")
    assert np.allclose(np.maximum(out(cylinder), np.abs(cylinder[:, 1]) / (HEIGHT / 2)), 1)
    cone, pyramid = drawn("cone"), drawn("pyramid")
    for points, far in ((cone, out(cone)), (pyramid, np.abs(pyramid[:, [0, 2]]).max(axis=1))):
        over = np.abs(points[:, 1] - HEIGHT * (0.5 - far))
        assert np.allclose(np.minimum(over, np.abs(points[:, 1] + HEIGHT / 2)), 0)
        assert far.max() <= 1 + 1e-12
    capsule = drawn("capsule")
    beyond = np.maximum(np.abs(capsule[:, 1]) - STRAIGHT / 2, 0)
    assert np.allclose(np.hypot(out(capsule), beyond), ROUND)
    assert np.allclose(axis_of_helix(drawn("helix"))[0], WIRE)
    band = drawn("mobius")
    turn = np.arctan2(band[:, 2], band[:, 0])
    across = np.stack([out(band) - 1, band[:, 1]], axis=1)
    assert np.allclose(across[:, 0] * np.sin(turn / 2), across[:, 1] * np.cos(turn / 2))
    assert np.linalg.norm(across, axis=1).max() <= BAND / 2 + 1e-12
    plane = drawn("plane")
    assert not plane[:, 1].any()
    assert np.abs(plane).max() <= 1


def even(values: np.ndarray, low: float, high: float) -> None:
    assert stats.kstest(values, "uniform", (low, high - low)).pvalue > 1e-3


def share(found: np.ndarray, expected: float) -> None:
    assert abs(found.mean() - expected) < 4 * math.sqrt(expected * (1 - expected) / COUNT)


def test_points_are_even_by_area() -> None:
    even(drawn("sphere")[:, 1], -1, 1)  # Archimedes
    cube = drawn("cube")
    for axis in range(3):
        share(cube[:, axis] == 1, 1 / 6)
    cylinder = drawn("cylinder")
    side = np.isclose(out(cylinder), 1)
    share(side, HEIGHT / (HEIGHT + 1))
    even(cylinder[side, 1], -HEIGHT / 2, HEIGHT / 2)
    even(out(cylinder[~side]) ** 2, 0, 1)
    slant = math.hypot(1, HEIGHT)
    for name in ("cone", "pyramid"):
        points = drawn(name)
        base = np.isclose(points[:, 1], -HEIGHT / 2)
        share(~base, slant / (slant + 1))
        even(((HEIGHT / 2 - points[~base, 1]) / HEIGHT) ** 2, 0, 1)
    pyramid = drawn("pyramid")
    share(pyramid[:, 0] > np.abs(pyramid[:, 2]), 1 / 4)
    capsule = drawn("capsule")
    even(capsule[:, 1], -STRAIGHT / 2 - ROUND, STRAIGHT / 2 + ROUND)  # Archimedes again: even in height
    torus = drawn("torus")
    assert abs(((out(torus) - 1) / TUBE).mean() - TUBE / 2) < 0.015
    _, inward = axis_of_helix(drawn("helix"))
    assert abs(inward.mean() + WIRE / (1 + PITCH**2) / 2) < 0.015


def test_the_band_is_even_by_its_area_element() -> None:
    band = drawn("mobius")
    turn = np.arctan2(band[:, 2], band[:, 0]) % TAU
    across = (out(band) - 1) * np.cos(turn / 2) + band[:, 1] * np.sin(turn / 2)
    u, w = np.meshgrid(np.linspace(0, TAU, 801), np.linspace(-BAND / 2, BAND / 2, 401), indexing="ij")
    area = np.hypot(1 + w * np.cos(u / 2), w / 2)
    assert abs((across * np.cos(turn / 2)).mean() - (area * w * np.cos(u / 2)).sum() / area.sum()) < 0.004


def test_rotations_are_even() -> None:
    turns = _any(np.random.default_rng(3), COUNT)
    assert np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(np.linalg.det(turns), 1)
    even(turns[:, 2, 0], -1, 1)  # where an axis goes is even on the sphere
    trace = np.trace(turns, axis1=1, axis2=2)
    assert abs(trace.mean()) < 0.03  # the character of the turning of space is orthogonal to the trivial one
    assert abs((trace**2).mean() - 1) < 0.05


def test_clouds_are_centred_and_as_large_as_the_unit_ball() -> None:
    found = clouds(np.random.default_rng(0), np.arange(10), 300, noise=0, stretch=0.35, rotation="so3")
    assert np.allclose(found.mean(axis=1), 0, atol=1e-6)
    assert np.allclose(np.linalg.norm(found, axis=2).max(axis=1), 1, atol=1e-6)
    upright = clouds(np.random.default_rng(0), np.array([9]), 300, noise=0, stretch=0.35, rotation="y")
    assert np.allclose(upright[..., 1], 0, atol=1e-6)


def test_seeds_epochs_and_knobs() -> None:
    spec = "shapes3d:n=100,points=20,classes=5"
    same, again, other = load(spec, seed=1), load(spec, seed=1), load(spec, seed=2)
    assert same.x_train.shape == (80, 20, 3)
    assert same.classes == ("sphere", "cube", "torus", "cylinder", "cone")
    assert np.array_equal(same.x_train, again.x_train)
    assert not np.array_equal(same.x_train, other.x_train)
    assert same.changes
    first, answers = same.epoch(3, 1)
    assert np.array_equal(first, again.epoch(3, 1)[0])
    assert np.array_equal(answers, same.y_train)
    assert not np.array_equal(first, same.epoch(3, 2)[0])
    assert not np.array_equal(first, same.epoch(4, 1)[0])
    quiet, loud = load(f"{spec},noise=0"), load(f"{spec},noise=0.3")
    assert np.isclose((loud.x_train - quiet.x_train).std(), 0.3, rtol=0.05)


def test_samples_are_shown_in_space() -> None:
    shown = samples(load("shapes3d:n=100,points=20"))
    assert isinstance(shown, Scene)
    assert shown.points.shape == (400, 3)
    assert shown.value_names[-1] == "plane"


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("shapes3d:classes=11", "classes of shapes3d must be within 2 … 10, not 11"),
        ("shapes3d:rotation=x", "rotation of shapes3d must be one of none, y, so3, not 'x'"),
        ("shapes3d:points=1", "points of shapes3d must be within 2"),
        ("shapes3d:stretch=1", "stretch of shapes3d must be within 0 … 0.99, not 1"),
    ],
)
def test_refusals(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(spec)
    assert sentence in str(caught.value)
