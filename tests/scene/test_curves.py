"""Curves and patches like scipy's, level by level."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BPoly, BSpline

from dltui.scene.curves import basis, bernstein, clamped, de_casteljau, patch, rational

DRAW = np.random.default_rng(0)
T = np.concatenate([[0.0, 1.0], DRAW.random(20)])


@pytest.mark.parametrize("degree", [0, 1, 2, 3, 5, 9])
def test_bezier(degree: int) -> None:
    points = DRAW.normal(size=(degree + 1, 2))
    known = BPoly(points[:, None], [0, 1])(T)
    assert bernstein(degree, T) @ points == pytest.approx(known)
    levels = [de_casteljau(points, t) for t in T]
    assert np.array([one[-1][0] for one in levels]) == pytest.approx(known)
    assert [len(level) for level in levels[0]] == list(range(degree + 1, 0, -1))


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
@pytest.mark.parametrize("inner", [(), (0.3,), (0.25, 0.5, 0.75), (0.5, 0.5)])
def test_b_splines(degree: int, inner: tuple[float, ...]) -> None:
    knots = np.concatenate([np.zeros(degree + 1), inner, np.ones(degree + 1)])
    count = len(knots) - degree - 1
    found = basis(knots, degree, T)
    points = DRAW.normal(size=(count, 3))
    assert found @ points == pytest.approx(BSpline(knots, points, degree)(T))
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found >= 0).all()


def test_even_knots() -> None:
    assert clamped(4, 3).tolist() == [0] * 4 + [1] * 4
    assert clamped(5, 2) == pytest.approx([0, 0, 0, 1 / 3, 2 / 3, 1, 1, 1])


def test_weights() -> None:
    plain = bernstein(3, T)
    assert rational(plain, np.full(4, 7.0)) == pytest.approx(plain)
    heavy = rational(plain[2:], [1, 1e9, 1, 1])
    assert heavy[:, 1] == pytest.approx(1, abs=1e-5)


def test_a_patch_is_a_curve_of_curves() -> None:
    net = DRAW.normal(size=(4, 3, 3))
    u, v = T[:8], T[8:16]
    known = [
        bernstein(3, a) @ np.stack([bernstein(2, b) @ row for row in net]) for a, b in zip(u, v, strict=True)
    ]
    assert patch(net, u, v) == pytest.approx(np.array(known))
    assert patch(net, u, v, np.full((4, 3), 2.0)) == pytest.approx(np.array(known))
    pulled = np.ones((4, 3))
    pulled[1, 1] = 1e12
    assert patch(net, [0.5], [0.5], pulled)[0] == pytest.approx(net[1, 1])
