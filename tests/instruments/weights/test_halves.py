"""16-bit floats by their bits, beside the same numbers in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dltui.archives.buffers import aligned
from dltui.instruments.weights.halfranks import read_off
from dltui.instruments.weights.halves import HalfSummer, widened
from dltui.instruments.weights.moments import SHORT, Moments, Summer
from dltui.instruments.weights.sample import magnitudes, quantiles

from .test_moments import check  # noqa: TID252 - what both are held to

TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}
COUNT = 6 * SHORT + 3


def codes_of(values: np.ndarray, dtype: str) -> np.ndarray:
    return torch.from_numpy(values).to(TYPES[dtype]).view(torch.uint16).numpy()


def moments(codes: np.ndarray, dtype: str) -> Moments:
    summer = HalfSummer(Summer(), codes.size)
    summer.codes[:] = codes
    return summer(codes.size, dtype)


@pytest.mark.parametrize("count", [1, 5, 1 << 21])
def test_room_begins_at_a_line_of_the_cache(count: int) -> None:
    room = aligned(count, np.uint16)
    assert (room.shape, room.dtype, room.ctypes.data % 64) == ((count,), np.uint16, 0)


@pytest.mark.parametrize("dtype", TYPES)
def test_one_room_serves_pieces_of_many_sizes(dtype: str) -> None:
    summer = HalfSummer(Summer(), COUNT)
    drawn = codes_of(np.random.default_rng(3).standard_normal(COUNT).astype(np.float32), dtype)
    for count in (COUNT, 100, COUNT - 7, 2 * SHORT, COUNT):
        summer.codes[:count] = drawn[:count]
        check(summer(count, dtype), widened(drawn[:count], dtype), 2e-7)


@pytest.mark.parametrize("dtype", TYPES)
def test_every_code_is_widened_as_torch_does(dtype: str) -> None:
    every = np.arange(1 << 16).astype(np.uint16)
    expected = torch.from_numpy(every.copy()).view(TYPES[dtype]).float().numpy()
    np.testing.assert_array_equal(widened(every, dtype), expected)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "codes",
    [
        np.random.default_rng(0).permutation(1 << 16),
        np.random.default_rng(1).integers(0, 0x7C00, 50),
        np.random.default_rng(2).integers(0x8000, 0xFC00, 51),
        np.array([0, 0x8000, 1, 0x8001]),
        np.array([0x7FFF, 0xFFFF, 0x7F80, 0x7C00]),
        np.array([0x8000]),
        np.array([], int),
    ],
    ids=["every", "positive", "negative", "zeros", "infinite", "one", "none"],
)
def test_sorted_bits_tell_the_quantiles_and_octaves_of_the_numbers(dtype: str, codes: np.ndarray) -> None:
    values = widened(codes.astype(np.uint16), dtype)
    values = values[np.isfinite(values)]
    found, octaves, count = read_off(codes.astype(np.uint16), dtype)
    np.testing.assert_array_equal(found, quantiles(values))
    np.testing.assert_array_equal(octaves, magnitudes(np.sort(values)))
    assert count == values.size


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    ("offset", "scale"), [(0, 1), (0, 0.02), (0, 1e-5), (0, 1e-7), (1, 1e-2), (-30, 1), (0, 2e4), (0, 1e-30)]
)
def test_moments_are_those_of_the_numbers(dtype: str, offset: float, scale: float) -> None:
    """Also of subnormal numbers, those of one sign, and where the mean is large."""
    drawn = np.random.default_rng(0).standard_normal(COUNT)
    codes = codes_of(np.clip(offset + scale * drawn, -6e4, 6e4).astype(np.float32), dtype)
    found = moments(codes, dtype)
    check(found, widened(codes, dtype), 2e-7)


@pytest.mark.parametrize("dtype", TYPES)
@given(st.integers(0, (1 << 16) - 1), st.integers(0, COUNT - 1))
@settings(max_examples=30, deadline=None)
def test_any_single_code_is_noticed(dtype: str, code: int, place: int) -> None:
    """±0, ±∞, NaN, the largest and the smallest, wherever they stand."""
    codes = codes_of(np.random.default_rng(1).standard_normal(COUNT).astype(np.float32), dtype).copy()
    codes[place] = code
    values = widened(codes, dtype)
    found, expected = moments(codes, dtype), values[np.isfinite(values)]
    assert (found.count, found.zeros) == (expected.size, int((expected == 0).sum()))
    assert (found.nans, found.infs) == (int(np.isnan(values).sum()), int(np.isinf(values).sum()))
    assert (found.low, found.high) == (expected.min(), expected.max())
    assert found.norm == pytest.approx(np.linalg.norm(expected.astype(np.float64)), rel=1e-6)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize(
    "code", [0x0000, 0x8000, 0x0001, 0x8001, 0x7C00, 0xFC00, 0x7F80, 0xFF80, 0x7FFF, 0xFFFF]
)
def test_the_codes_at_the_borders_are_told_apart(dtype: str, code: int) -> None:
    codes = codes_of(np.random.default_rng(2).standard_normal(COUNT).astype(np.float32), dtype).copy()
    codes[5] = code
    check(moments(codes, dtype), widened(codes, dtype), 2e-7)
