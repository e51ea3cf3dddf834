"""Quantiles: exact of few numbers, of many as good as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dltui.instruments.weights.sample import (
    FEW,
    MANY,
    PROBABILITIES,
    Sample,
    magnitudes,
    ordered_quantiles,
    positions,
    quantiles,
    rank_error,
    sample_size,
)


@given(hnp.arrays(np.float32, st.integers(1, 200), elements=st.floats(-1e6, 1e6, width=32)))
@settings(max_examples=50, deadline=None)
def test_quantiles_are_numpys(values: np.ndarray) -> None:
    expected = np.quantile(values.astype(np.float64), PROBABILITIES)
    np.testing.assert_allclose(quantiles(values), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(ordered_quantiles(np.sort(values)), quantiles(values))


def test_nothing_has_no_quantiles() -> None:
    assert np.isnan(quantiles(np.zeros(0, np.float32))).all()


@given(st.integers(1, 1 << 25))
@settings(max_examples=40, deadline=None)
def test_positions_lie_in_the_tensor_one_in_each_stretch(elements: int) -> None:
    places = positions(elements)
    assert len(places) == sample_size(elements) <= MANY
    assert places[0] >= 0
    assert places[-1] < elements
    assert (np.diff(places) > 0).all()
    stretches = np.floor(places * (len(places) / elements) + 1e-6)
    assert (np.abs(stretches - np.arange(len(places))) <= 1).all()


@pytest.mark.parametrize("elements", [FEW, FEW + 1, 3 * FEW, 1 << 21])
def test_a_sample_is_taken_across_pieces(elements: int) -> None:
    values = np.random.default_rng(0).standard_normal(elements).astype(np.float32)
    sample = Sample(elements)
    for start in range(0, elements, 10_007):
        sample.take(values[start : start + 10_007])
    np.testing.assert_array_equal(sample.values, values[positions(elements)])


@pytest.mark.parametrize("shape", ["sorted", "columns", "rows", "noise", "waves"])
def test_the_rank_of_a_sampled_quantile_is_as_good_as_is_told(shape: str) -> None:
    """Also where the numbers are laid out so that even spacing would be misled."""
    generator = np.random.default_rng(3)
    grid = np.arange(1 << 20).reshape(1024, 1024)
    values = {
        "sorted": grid.astype(np.float32).ravel(),
        "columns": (grid % 1024).astype(np.float32).ravel(),
        "rows": (grid // 1024).astype(np.float32).ravel(),
        "noise": generator.standard_normal(1 << 20).astype(np.float32),
        "waves": np.sin(grid.ravel() * (2 * np.pi / 64)).astype(np.float32),
    }[shape]
    sample = Sample(values.size)
    sample.take(values)
    error = rank_error(sample.values.size, values.size)
    assert 0 < error < 0.005
    ordered = np.sort(values)
    for share, found in zip(PROBABILITIES, quantiles(sample.values), strict=True):
        low, high = (np.searchsorted(ordered, found, side) / values.size for side in ("left", "right"))
        apart = max(low - share, share - high, 0.0)
        assert apart <= 4.5 * error * 2 * np.sqrt(share * (1 - share)) + 1 / sample.values.size


def test_a_whole_sample_has_no_error() -> None:
    assert rank_error(FEW, FEW) == 0


def test_numbers_that_float32_cannot_hold_are_kept() -> None:
    sample = Sample(3)
    sample.take(np.array([1e300, 0, -1.0]))
    assert sample.values.tolist() == [1e300, 0, -1]
    counted = Sample(2)
    counted.take(np.array([2**53 - 1, 0]))
    assert counted.values.tolist() == [2**53 - 1, 0]


def test_magnitudes_are_counted_by_octave() -> None:
    counts = magnitudes(np.sort([0, 1, 1.99, 2, -0.5, 2.0**-60, 2.0**40]))
    assert counts.sum() == 6
    octave = {k: counts[k + 40] for k in (-40, -1, 0, 1, 23)}
    assert octave == {-40: 1, -1: 1, 0: 2, 1: 1, 23: 1}
