"""Formulas that are typed, rays that are marched to them, and lines of equal value."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dltui.errors import UsageError
from dltui.scene.sdf.formula import formula
from dltui.scene.sdf.march import march
from dltui.scene.sdf.nodes import Sphere
from dltui.scene.sdf.trace import walk
from dltui.scene.squares import contour

PLACES = np.random.default_rng(0).uniform(0.1, 1.5, (50, 3))
WRITTEN = {
    "x**2 + y**2 + z**2 - r**2": lambda x, y, z: x * x + y * y + z * z - 0.25,
    "max(x, min(y, z), -1)": lambda x, y, z: np.maximum(x, np.minimum(y, z)),
    "exp(-x) + ln(y)/sqrt(z)": lambda x, y, z: np.exp(-x) + np.log(y) / np.sqrt(z),
    "sin(pi*x) - cos(y)*tanh(z)": lambda x, y, z: np.sin(math.pi * x) - np.cos(y) * np.tanh(z),
    "abs(x - y)**1.5 + relu(z - 1)": lambda x, y, z: np.abs(x - y) ** 1.5 + np.maximum(z - 1, 0),
    "sigmoid(x) + erf(y) - 2": lambda x, y, z: 1 / (1 + np.exp(-x)) + np.vectorize(math.erf)(y) - 2 + 0 * z,
    "1": lambda x, y, z: 1 + 0 * (x + y + z),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_formula_is_computed_as_it_is_written(text: str) -> None:
    found = formula(text, r=0.5)(PLACES)
    np.testing.assert_allclose(found, WRITTEN[text](*PLACES.T), rtol=1e-12)


def test_a_formula_where_it_has_no_value_is_not_finite_and_warns_of_nothing() -> None:
    assert not np.isfinite(formula("1/x + log(y)").at(np.zeros(2), np.full(2, -1.0), np.zeros(2))).any()


@pytest.mark.parametrize(
    ("text", "told"), [("x**2 + q", "variable q"), ("x^2", r"write \*\* for a power"), ("", "can't read")]
)
def test_a_formula_that_means_nothing_is_refused(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        formula(text, r=1.0)


def test_rays_that_miss_everything_arrive_nowhere() -> None:
    origin = np.array([[3, 3, 3, 0], [0, 2.5, 1.2, 0], [0, 0, 0, 0]], np.float32)
    way = np.array([[-1, -1, -1, 1], [0, 0, 0, 0], [0, 0, 0, 0]], np.float32)
    found = march(Sphere(1.0), origin, way, reach=2.0)
    assert found.hit.tolist() == [True, False, False, True]  # the last from within
    np.testing.assert_allclose(found.distance[[0, 3]], (2, 1), atol=1e-3)
    assert not march(formula("1"), origin, way, reach=2.0).hit.any()


def test_lines_of_equal_value_lie_on_circles() -> None:
    side = np.linspace(-2, 2, 61)
    square = side[None] ** 2 + side[:, None] ** 2
    for level in (1.0, 2.25):
        x, y = contour(square, side, side, level)
        assert np.isnan(x[2::3]).all()
        ends = np.stack([x, y], 1).reshape(-1, 3, 2)[:, :2]
        radius = np.linalg.norm(ends, axis=2)
        assert np.abs(radius - math.sqrt(level)).max() < 2e-3
        round_about = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1).sum()
        assert round_about == pytest.approx(2 * math.pi * math.sqrt(level), rel=2e-3)


def test_lines_end_at_holes_and_where_there_is_nothing() -> None:
    side = np.linspace(-2, 2, 21)
    plane = np.broadcast_to(side[None], (21, 21)).copy()
    plane[:5] = np.nan
    _, y = contour(plane, side, side, 0.1)
    assert np.nanmin(y) == pytest.approx(side[5])
    assert contour(plane, side, side, 9.0)[0].size == 0


def test_a_ray_steps_by_the_distance() -> None:
    start, way = np.array([-3, 0.8, 0], np.float32), np.array([1, 0, 0], np.float32)
    stops = walk(Sphere(1.0), start, way, reach=3.0)
    places = start + stops[:, None] * way
    np.testing.assert_allclose(np.diff(stops), np.linalg.norm(places[:-1], axis=1) - 1, atol=1e-5)
    assert stops[-1] == pytest.approx(3 - 0.6, abs=0.01)
    assert walk(Sphere(0.5), start, way, reach=3.0)[-1] > 6  # passes by
