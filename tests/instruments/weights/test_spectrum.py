"""Singular values and what they say, beside closed forms and scipy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from dltui.instruments.weights.lowrank import largest_values
from dltui.instruments.weights.spectrum import SMALL, as_matrix, read_spectrum, singular_values


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize(
    "shape", [(5, 3), (3, 40), (SMALL, 200), (SMALL + 1, SMALL + 2), (300, 1500), (1500, 200)]
)
def test_singular_values_are_scipys(shape: tuple[int, int]) -> None:
    matrix = draw(*shape)
    expected = scipy.linalg.svdvals(matrix.astype(np.float64))
    np.testing.assert_allclose(singular_values(matrix), expected, rtol=1e-9, atol=1e-7 * expected[0])


def test_complex_matrices_have_real_singular_values() -> None:
    matrix = (draw(150, 140) + 1j * draw(150, 140, seed=1)).astype(np.complex64)
    np.testing.assert_allclose(
        singular_values(matrix), scipy.linalg.svdvals(matrix.astype(complex)), rtol=1e-7
    )


def test_a_rotation_has_full_stable_rank() -> None:
    rotation = np.linalg.qr(draw(60, 60).astype(np.float64))[0]
    told = read_spectrum(singular_values(rotation), (60, 60), float(rotation.std()))
    assert told.stable_rank == pytest.approx(60)
    assert told.effective_rank == pytest.approx(60)
    assert told.rank == 60
    assert told.law is None  # all eigenvalues are equal


def test_an_outer_product_has_rank_one() -> None:
    u, v = draw(30).astype(np.float64), draw(50, seed=1).astype(np.float64)
    matrix = np.outer(u, v)
    told = read_spectrum(singular_values(matrix), matrix.shape, float(matrix.std()))
    assert told.values[0] == pytest.approx(np.linalg.norm(u) * np.linalg.norm(v))
    assert (told.rank, told.spikes) == (1, 1)
    assert told.stable_rank == pytest.approx(1)
    assert told.effective_rank == pytest.approx(1, abs=1e-4)


def test_a_diagonal_is_told_in_closed_form() -> None:
    values = np.array([4.0, 2.0, 1.0])
    told = read_spectrum(singular_values(np.diag(values)), (3, 3), 1.0)
    assert told.stable_rank == pytest.approx((16 + 4 + 1) / 16)
    shares = values / 7
    assert told.effective_rank == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))


def test_noise_ends_at_its_edge_and_a_planted_direction_lies_beyond() -> None:
    noise = draw(400, 300, seed=4)
    told = read_spectrum(singular_values(noise), noise.shape, float(noise.std()))
    assert told.values[0] == pytest.approx(told.edge, rel=0.03)
    planted = noise + np.outer(draw(400, seed=5), draw(300, seed=6)) * 0.3
    assert read_spectrum(singular_values(planted), planted.shape, float(noise.std())).spikes == 1


def test_all_zero_says_nothing() -> None:
    told = read_spectrum(np.zeros(4), (4, 6), 0.0)
    assert (told.stable_rank, told.effective_rank, told.rank, told.law) == (0, 0, 0, None)


def test_a_tensor_is_seen_as_outputs_against_all_else() -> None:
    seen = as_matrix(np.zeros((8, 3, 5, 5), np.float32))
    assert seen is not None
    assert seen.shape == (8, 75)
    for shape in ((7,), (), (1, 9), (9, 1)):
        assert as_matrix(np.zeros(shape, np.float32)) is None
    assert as_matrix(np.zeros((4, 4), np.int64)) is None


def test_the_largest_values_of_a_large_matrix_are_found_by_random_directions() -> None:
    u, v = np.linalg.qr(draw(900, 30))[0], np.linalg.qr(draw(700, 30, seed=1))[0]
    sigma = 2.0 ** -np.arange(30)
    matrix = (u * sigma) @ v.T
    found = largest_values(matrix.astype(np.float32), 20)
    np.testing.assert_allclose(found, sigma[:20], rtol=1e-3, atol=1e-6)
