"""Dots of braille against loops that set them one by one."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dltui.draw.braille import cells_of, trace
from dltui.draw.thin import thin


def test_patterns_are_those_of_a_loop():
    dots = np.random.default_rng(0).random((12, 10)) < 0.4
    order = [
        (0, 0),
        (1, 0),
        (2, 0),
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 0),
        (3, 1),
    ]  # dots 1 to 8 of Unicode's braille
    for row in range(3):
        for column in range(5):
            bits = sum(1 << i for i, (r, c) in enumerate(order) if dots[4 * row + r, 2 * column + c])
            assert cells_of(dots)[row, column] == bits


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 90), st.floats(-50, 90)), min_size=2, max_size=6))
@example([(0.0, 0.0), (45.33103080902033, 45.33103080902033)])  # ends on a pixel's border
def test_a_line_sets_what_dense_samples_of_it_hit(corners):
    x, y = np.array(corners).T
    column, row = trace(x, y, 40, 30)
    assert ((column >= 0) & (column < 40) & (row >= 0) & (row < 30)).all()
    places = np.linspace(0, len(x) - 1, 4000 * (len(x) - 1) + 1)
    dense_x, dense_y = np.interp(places, np.arange(len(x)), x), np.interp(places, np.arange(len(y)), y)
    inside = (dense_x > 0.5) & (dense_x < 39.5) & (dense_y > 0.5) & (dense_y < 29.5)
    for px, py in zip(dense_x[inside][::37], dense_y[inside][::37], strict=True):
        assert np.hypot(column + 0.5 - px, row + 0.5 - py).min() < 1.3
    for px, py in zip(column[::11], row[::11], strict=True):
        assert np.hypot(dense_x - px - 0.5, dense_y - py - 0.5).min() < 1.3


def test_nan_breaks_a_line_and_a_lone_point_is_seen():
    column, row = trace(np.array([1.0, np.nan, 8.0, 9.0]), np.array([1.0, 1.0, 5.0, 5.0]), 20, 10)
    assert set(zip(column.tolist(), row.tolist(), strict=True)) == {(1, 1), (8, 5), (9, 5)}


@pytest.mark.parametrize("seed", range(5))
def test_a_thinned_curve_sets_the_same_dots(seed):
    draw = np.random.default_rng(seed)
    x, y = np.sort(draw.random(20_000)), np.cumsum(draw.normal(size=20_000))
    y = (y - y.min()) / np.ptp(y)
    borders = np.linspace(0, 1, 101)
    short_x, short_y = thin(x, y, borders)
    assert len(short_x) <= 404

    def dots(a, b):
        picture = np.zeros((60, 100), bool)
        column, row = trace(a * 100, (1 - b) * 60, 100, 60)
        picture[row, column] = True
        return picture

    assert (dots(x, y) != dots(short_x, short_y)).mean() < 0.02  # only where one column joins the next
    assert short_y.min() == y.min()
    assert short_y.max() == y.max()
