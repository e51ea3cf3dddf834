"""Shapes to be made again: insides and distances against samples of the surface, and the parts of the data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dltui.data import load
from dltui.data.distances import FAMILIES, drawn_shapes, near_surface
from dltui.data.insides import INSIDES
from dltui.data.shapes3d_fields import placed
from dltui.data.solids import HEIGHT, ROUND, SOLIDS, STRAIGHT, TUBE
from dltui.errors import UsageError

VOLUMES = {
    "sphere": 4 / 3 * math.pi,
    "cube": 8.0,
    "torus": 2 * math.pi**2 * TUBE**2,
    "cylinder": math.pi * HEIGHT,
    "cone": math.pi * HEIGHT / 3,
    "pyramid": 4 * HEIGHT / 3,
    "capsule": math.pi * ROUND**2 * (STRAIGHT + 4 / 3 * ROUND),
}


@pytest.mark.parametrize("name", list(INSIDES))
def test_insides_have_the_volume_and_end_at_the_surface(name: str) -> None:
    draw = np.random.default_rng(0)
    share = INSIDES[name](draw.uniform(-1.5, 1.5, (200_000, 3))).mean()
    assert 27 * share == pytest.approx(VOLUMES[name], rel=0.03)
    surface = SOLIDS[name](draw, 2000)
    middle = np.array([1.0, 0, 0]) if name == "torus" else np.array([0, -0.3, 0])
    if name == "torus":
        ring = surface * [1, 0, 1]
        middle = ring / np.linalg.norm(ring, axis=1, keepdims=True)
    assert INSIDES[name](middle + (surface - middle) * (1 - 1e-6)).all()
    assert not INSIDES[name](middle + (surface - middle) * (1 + 1e-6)).any()


@pytest.mark.parametrize("number", range(len(FAMILIES)))
def test_distances_are_those_to_the_nearest_of_many_points_of_the_surface(number: int) -> None:
    shape, draw = drawn_shapes(3, len(FAMILIES))[number], np.random.default_rng(1)
    surface = near_surface(shape, draw, 40_000, 1.1, 0.0)
    surface = surface[np.abs(shape(surface)) < 1e-6]
    assert len(surface) > 30_000
    asked = draw.uniform(-1.1, 1.1, (60, 3))
    brute = np.linalg.norm(asked[:, None] - surface[None], axis=-1).min(axis=1)
    assert np.allclose(np.abs(shape(asked)), brute, atol=0.02)
    assert (brute - np.abs(shape(asked)) > -1e-6).all()  # never nearer than it says
    assert shape(np.array([[1.5, 0.0, 0.0]]))[0] > 0


def test_the_data_of_insides_hold_the_cloud_and_the_answers() -> None:
    data = load("shapes3d-inside:n=35,points=40,queries=30,noise=0", seed=2)
    assert data.input_shape == (70, 3)
    assert data.outputs == 30
    assert set(np.unique(data.y_train)) == {0.0, 1.0}
    solids = placed(2, 35, 0.35)
    told = np.concatenate([data.y_train, data.y_test])
    found = [
        any(np.array_equal(solid.inside(x[40:]), y > 0.5) for solid in solids)
        for x, y in zip(np.concatenate([data.x_train, data.x_test]), told, strict=True)
    ]
    assert all(found)
    assert np.linalg.norm(data.x_train[:, :40], axis=-1).max() < 1.05


def test_the_data_of_copies_answer_with_the_cloud() -> None:
    data = load("shapes3d-copy:n=20,points=16")
    assert data.input_shape == (16, 3)
    assert np.array_equal(data.x_test.reshape(4, -1), data.y_test)


def test_the_data_of_distances_are_numbered_and_near_the_surface() -> None:
    data = load("shapes3d-distance:shapes=5,samples=200", seed=4)
    x, y = np.concatenate([data.x_train, data.x_test]), np.concatenate([data.y_train, data.y_test])
    for number, shape in enumerate(drawn_shapes(4, 5)):
        rows = x[:, 0] == number
        assert rows.sum() == 200
        assert np.allclose(shape(x[rows, 1:].astype(float)), y[rows, 0], atol=1e-6)
        assert (np.abs(y[rows]) < 0.1).mean() > 0.7


def test_the_first_shapes_are_the_same_however_many_there_are() -> None:
    places = np.random.default_rng(0).uniform(-1, 1, (50, 3))
    for few, many in zip(drawn_shapes(0, 6), drawn_shapes(0, 20), strict=False):
        assert np.array_equal(few(places), many(places))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("shapes3d-inside:n=2", "n of shapes3d-inside must be within 5 …"),
        ("shapes3d-inside:stretch=1", "stretch of shapes3d-inside must be within 0 … 0.99, not 1"),
        ("shapes3d-copy:classes=1", "classes of shapes3d-copy must be within 2 … 10, not 1"),
        ("shapes3d-distance:samples=1", "samples of shapes3d-distance must be within 5 …"),
    ],
)
def test_refusals(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(spec)
    assert sentence in str(caught.value)
