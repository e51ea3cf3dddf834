"""Axes: ticks that are round and within, shares that lead back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.draw.scales import Axis, axis_of, within

finite = st.floats(-1e6, 1e6, allow_subnormal=False).filter(lambda value: value == 0 or abs(value) > 1e-9)


@given(st.lists(finite, min_size=1, max_size=9), st.sampled_from(["linear", "log", "symlog"]))
def test_shares_and_values_are_inverse(values, scale):
    axis = axis_of(values, scale)
    for share in (0.0, 0.25, 0.5, 1.0):
        assert float(axis.share(axis.value(share))) == pytest.approx(share, abs=1e-6)
    inside = [value for value in values if axis.scale != "log" or value > 0]
    assert all(-1e-9 <= float(axis.share(value)) <= 1 + 1e-9 for value in inside)


@given(
    st.lists(finite, min_size=1, max_size=9), st.sampled_from(["linear", "log", "symlog"]), st.integers(2, 12)
)
def test_ticks_are_few_ascending_and_within(values, scale, most):
    axis = axis_of(values, scale)
    places = [value for value, _ in axis.ticks(most)]
    assert len(places) <= most
    assert places == sorted(places)
    room = 1e-6 * (axis.high - axis.low)
    assert all(axis.low - room <= place <= axis.high + room for place in places)


@pytest.mark.parametrize(
    ("low", "high", "most", "texts"),
    [
        (0, 1, 6, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (-3, 3, 4, ["−2", "0", "2"]),
        (0, 50000, 6, ["0", "10000", "20000", "30000", "40000", "50000"]),
        (0, 3e-7, 4, ["0", "1e-7", "2e-7", "3e-7"]),
    ],
)
def test_ticks_are_round(low, high, most, texts):
    assert [text for _, text in Axis(low, high).ticks(most)] == texts


def test_ticks_of_powers():
    assert [text for _, text in Axis(1e-3, 1e3, "log").ticks(7)] == [
        "0.001",
        "0.01",
        "0.1",
        "1",
        "10",
        "100",
        "1000",
    ]
    assert len(Axis(1e-30, 1e30, "log").ticks(7)) in range(3, 8)
    assert [value for value, _ in Axis(-100, 100, "symlog", 1.0).ticks(7)] == [-100, -10, -1, 0, 1, 10, 100]


@pytest.mark.parametrize("limits", [None, (1.0, 1.0), (np.nan, 1.0), (0.0, np.inf)])
def test_unusable_limits_are_ignored(limits):
    axis = Axis(0.0, 10.0)
    assert within(axis, limits) == axis


def test_log_axes_ignore_what_is_not_positive():
    assert axis_of([-5, 0, 1, 100], "log") == Axis(1, 100, "log")
    assert axis_of([-5, 0], "log").scale == "linear"
    assert within(Axis(1, 100, "log"), (-1, 10)) == Axis(1, 100, "log")
