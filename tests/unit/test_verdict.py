"""What eigenvalues say in a word, on spectra whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.results.smoothing import smooth
from dltui.results.verdict import condition, effective_rank, largest_gap, standing

POINTS = {
    "strict minimum": ((0.5, 1e-6), (3.0, 1e-6), 0.0),
    "minimum with flat directions": ((-1e-4, 1e-6), (3.0, 1e-6), 0.0),
    "saddle": ((-0.5, 1e-6), (3.0, 1e-6), 1e-4),
    "maximum, or flat": ((-3.0, 1e-6), (-1e-4, 1e-6), 0.0),
    "flat": ((0.0, 0.0), (0.0, 0.0), 0.0),
    "no critical point": ((-0.5, 1e-6), (3.0, 1e-6), 0.1),
    "not known": (None, (3.0, 1e-6), 0.0),
}


@pytest.mark.parametrize("word", POINTS)
def test_the_kind_of_a_point(word: str) -> None:
    assert standing(*POINTS[word]).word == word


def test_an_eigenvalue_within_its_error_of_0_decides_nothing() -> None:
    assert standing((-0.5, 0.6), (3.0, 1e-6), 0.0).word == "minimum with flat directions"


def test_outliers_end_at_the_widest_gap() -> None:
    gap = largest_gap(np.array([9.0, 8.0, 7.0, 2.0, 1.9, 1.8]))
    assert gap is not None
    assert (gap.outliers, gap.ratio) == (3, 3.5)
    assert largest_gap(np.array([2.0, 1.0, -1.0])) is None


@pytest.mark.parametrize(
    ("values", "rank"), [([1.0] * 7 + [0.0] * 3, 7), ([-5.0, 5.0], 2), ([0.0, 0.0], 0), ([4.0], 1)]
)
def test_effective_rank_counts_what_carries_the_matrix(values: list[float], rank: float) -> None:
    n = len(values)
    assert effective_rank(np.array(values), np.full(n, 1 / n), n) == pytest.approx(rank)


def test_a_condition_number_is_told_only_where_it_can_be_known() -> None:
    assert condition(np.array([-8.0, 2.0, 4.0]), 3, 1e-16, np.nan, np.nan)[0] == "4"
    assert condition(np.array([0.0, 4.0]), 2, 1e-16, np.nan, np.nan)[0] == "∞ to rounding"
    assert condition(None, 99, 1e-7, 0.1, 5.0)[0] == "at least 50"
    assert condition(None, 99, 1e-7, np.nan, np.nan)[0] == "not known"


@pytest.mark.parametrize("smoothing", [0.001, 0.03, 0.3])
def test_mass_stays_one_whatever_the_bandwidth(smoothing: float) -> None:
    grid, curve, width = smooth(np.array([-1.0, 0.0, 5.0]), np.full(3, 1 / 3), smoothing)
    assert np.trapezoid(curve, grid) == pytest.approx(1)
    assert width == pytest.approx(5 * smoothing / 30)
