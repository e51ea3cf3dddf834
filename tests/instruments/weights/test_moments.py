"""Statistics of pieces that stream by, beside numpy's of the whole in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dltui.instruments.weights.moments import SHORT, Moments, Summer, moments_of, reals

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)
ARRAYS = hnp.arrays(np.float32, st.integers(0, 60), elements=FLOATS)


def check(found: Moments, values: np.ndarray, tolerance: float = 1e-9) -> None:
    finite = values[np.isfinite(values)].astype(np.float64)
    assert found.count == finite.size
    assert found.nans == int(np.isnan(values).sum())
    assert found.infs == int(np.isinf(values).sum())
    assert found.elements == values.size
    if not finite.size:
        assert math.isnan(found.mean)
        assert found.norm == 0
        return
    assert found.zeros == int((finite == 0).sum())
    assert (found.low, found.high) == (finite.min(), finite.max())
    size = max(abs(finite.min()), abs(finite.max()))
    assert abs(found.mean - finite.mean()) <= tolerance * size
    assert abs(found.std - finite.std()) <= tolerance * size
    assert found.norm == pytest.approx(
        np.linalg.norm(finite / (size or 1)) * size, rel=10 * tolerance, abs=1e-300
    )


@given(st.lists(ARRAYS, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_pieces_joined_tell_what_the_whole_does(pieces: list[np.ndarray]) -> None:
    found = Moments()
    for piece in pieces:
        found = found.joined(Summer()(piece))
    check(found, np.concatenate(pieces))


@given(st.lists(ARRAYS, min_size=3, max_size=3))
@settings(max_examples=30, deadline=None)
def test_it_does_not_matter_in_which_order_pieces_are_joined(pieces: list[np.ndarray]) -> None:
    a, b, c = (Summer()(piece) for piece in pieces)
    one, other = a.joined(b).joined(c), a.joined(b.joined(c))
    assert (one.count, one.zeros, one.nans, one.infs) == (other.count, other.zeros, other.nans, other.infs)
    size = max(abs(one.low), abs(one.high)) if one.count else 0.0
    np.testing.assert_allclose([one.mean, one.std], [other.mean, other.std], rtol=1e-9, atol=1e-9 * size)


@pytest.mark.parametrize(
    ("offset", "scale"),
    [(0, 1), (0, 0.02), (1, 1e-3), (1e4, 1e-2), (0, 1e-12), (0, 1e-30), (0, 1e25), (-3, 1), (0, 0)],
)
def test_long_pieces_of_float32_are_added_up_well(offset: float, scale: float) -> None:
    """Also where the mean is much larger than the spread, and where squares leave the range of float32."""
    drawn = np.random.default_rng(0).standard_normal(3 * SHORT + 7)
    values = (offset + scale * drawn).astype(np.float32)
    values[::50] = 0
    found = Summer()(values)
    check(found, values, 1e-7)
    exact = values.astype(np.float64)
    assert found.std == pytest.approx(exact.std(), rel=1e-6, abs=1e-300)


def test_one_bad_number_in_a_long_piece_is_counted_and_left_out() -> None:
    values = np.random.default_rng(1).standard_normal(2 * SHORT).astype(np.float32)
    values[17], values[18], values[19] = np.nan, np.inf, -np.inf
    check(Summer()(values), values)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int8", "uint8", "int64", "bool"])
def test_every_type_is_counted(dtype: str) -> None:
    values = np.random.default_rng(2).integers(0, 2 if dtype == "bool" else 100, 5000).astype(dtype)
    found = moments_of(values.reshape(50, 100))
    check(found, values.astype(np.float64))


def test_complex_numbers_count_as_two() -> None:
    values = np.array([3 + 4j, 0, -1j], np.complex64)
    found = moments_of(values)
    assert (found.count, found.zeros) == (6, 3)
    assert found.norm == pytest.approx(np.linalg.norm(values))
    assert reals(values).tolist() == [3, 4, 0, 0, 0, -1]


def test_large_float64_do_not_overflow() -> None:
    values = np.array([1e200, -1e200, 3e200])
    found = moments_of(values)
    assert found.std == pytest.approx(1e200 * np.array([1, -1, 3.0]).std())
    assert found.norm == pytest.approx(1e200 * math.sqrt(11))
