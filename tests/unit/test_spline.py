"""Splines between the cells of a lattice, against SciPy and against polynomials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from dltui.results.lattice import lattices
from dltui.results.refined import filled, spans_decades
from dltui.results.spline import between


@pytest.mark.parametrize("count", [4, 5, 9, 33])
def test_a_spline_is_that_of_scipy(count: int) -> None:
    draw = np.random.default_rng(count)
    x, y = np.sort(draw.random(count)), np.sort(draw.random(count + 1))
    field = draw.standard_normal((count + 1, count))
    to_x, to_y = np.linspace(x[0], x[-1], 23), np.linspace(y[0], y[-1], 17)
    wanted = CubicSpline(y, CubicSpline(x, field, axis=1)(to_x))(to_y)
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(between(field, y, x, to_y, to_x) / scale, wanted / scale, atol=1e-10)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_polynomials_come_out_exactly(count: int) -> None:
    x, to = np.arange(count, dtype=float) ** 1.3, np.linspace(0, (count - 1) ** 1.3, 11)
    power = min(count - 1, 3)
    field = np.stack([x**power, 1 - 2 * x**power])
    found = between(field, np.arange(2.0), x, np.array([0.0, 0.5, 1.0]), to)
    np.testing.assert_allclose(found[0], to**power, atol=1e-9)
    np.testing.assert_allclose(found[1], (1 - to**power) / 2, atol=1e-9)


@pytest.mark.parametrize("size", [(25, 25), (65, 33), (1, 17)])
def test_a_smooth_field_is_filled_from_a_coarse_lattice(size: tuple[int, int]) -> None:
    rows, columns = np.meshgrid(np.linspace(-1, 1, size[0]), np.linspace(-1, 1, size[1]), indexing="ij")
    field = np.exp(2 * rows**2 + 3 * columns**2 + rows * columns)
    known = np.zeros(size, bool)
    known[np.ix_(*lattices(*size)[1])] = True
    found = filled(np.where(known, field, np.nan), known)
    assert np.array_equal(found[known], field[known])
    np.testing.assert_allclose(np.log(found), np.log(field), atol=1e-10)


def test_holes_stay_and_do_not_spoil_the_rest() -> None:
    field = np.add.outer(np.arange(17.0), np.arange(17.0))
    field[:2, :2] = np.nan
    known = np.zeros((17, 17), bool)
    known[np.ix_(*lattices(17, 17)[1])] = True
    found = filled(np.where(known, field, np.nan), known)
    assert np.isnan(found[0, 0])
    assert np.isfinite(found[~known]).all()
    np.testing.assert_allclose(found[9:, 9:], field[9:, 9:], atol=0.5)


def test_what_spans_decades() -> None:
    assert spans_decades(np.array([0.1, 2.0, np.nan]))
    assert not spans_decades(np.array([0.1, 0.9]))
    assert not spans_decades(np.array([-1.0, 100.0]))
    assert not spans_decades(np.array([np.nan]))
