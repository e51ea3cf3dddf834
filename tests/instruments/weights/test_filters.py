"""Outputs as filters: dead, double, and drawn."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.instruments.weights.filters import ROWS, pictures, read_filters


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def test_dead_and_double_outputs_are_found() -> None:
    matrix = draw(50, 30)
    matrix[7] = 0
    matrix[8] *= 1e-5
    matrix[20] = 3 * matrix[3]
    matrix[21] = -0.5 * matrix[4]
    told = read_filters(matrix)
    assert told.dead == [7, 8]
    assert [(i, j, round(cosine)) for i, j, cosine in told.doubles] == [(3, 20, 1), (4, 21, -1)]
    assert told.double_count == 2
    np.testing.assert_allclose(told.norms, np.linalg.norm(matrix, axis=1), rtol=1e-6)


def test_pairs_are_found_across_blocks() -> None:
    matrix = draw(2100, 8, seed=1)
    matrix[2099] = matrix[0]
    told = read_filters(matrix)
    assert any((i, j) == (0, 2099) for i, j, _ in told.doubles)
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    expected = int((np.abs(np.triu(unit @ unit.T, 1)) >= 0.99).sum())
    assert told.double_count == pytest.approx(
        expected, abs=2
    )  # pairs at the very border may round either way


def test_very_many_outputs_are_not_compared_in_pairs() -> None:
    told = read_filters(np.ones((ROWS + 1, 2), np.float32))
    assert told.double_count is None
    assert told.dead == []


def test_all_zero_outputs_are_all_dead() -> None:
    assert read_filters(np.zeros((4, 3), np.float32)).dead == [0, 1, 2, 3]


def test_colour_filters_are_drawn_in_colour_with_zero_in_the_middle() -> None:
    kernels = draw(10, 3, 7, 7)
    shaped = pictures(kernels, first=False)
    assert shaped is not None
    pixels, names = shaped
    assert pixels.shape == (10, 7, 7, 3)
    assert names == [str(i) for i in range(10)]
    top = np.abs(kernels[4]).max()
    np.testing.assert_allclose(pixels[4, 2, 5, 1], 0.5 + 0.5 * kernels[4, 1, 2, 5] / top, rtol=1e-5)
    assert 0 <= pixels.min() <= pixels.max() <= 1


def test_other_convolutions_show_kernels_by_channel() -> None:
    shaped = pictures(draw(6, 4, 3, 3), first=False)
    assert shaped is not None
    pixels, names = shaped
    assert pixels.shape == (24, 3, 3)
    assert names[:5] == ["0←0", "0←1", "0←2", "0←3", "1←0"]
    many = pictures(draw(512, 512, 3, 3), first=False)
    assert many is not None
    assert len(many[0]) <= 256


def test_rows_of_the_first_matrix_are_pictures_where_they_are_square() -> None:
    shaped = pictures(draw(20, 64), first=True)
    assert shaped is not None
    assert shaped[0].shape == (20, 8, 8)
    assert pictures(draw(20, 64), first=False) is None
    assert pictures(draw(20, 65), first=True) is None
    assert pictures(draw(20, 4, 1, 1), first=True) is None
    assert pictures(np.ones((4, 64), np.int64), first=True) is None
