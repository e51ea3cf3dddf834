"""Lattices of a grid: nested, whole, and spread so that nothing is left open."""

from __future__ import annotations

import numpy as np
import pytest

from dltui.results.lattice import cells_by_lattice, finest, lattices, spread

SIZES = (1, 3, 5, 7, 11, 25, 51, 65)


@pytest.mark.parametrize("count", SIZES)
def test_every_lattice_holds_the_ends_the_middle_and_the_one_before(count: int) -> None:
    found = [rows.tolist() for rows, _ in lattices(count, count)]
    assert found[-1] == list(range(count))
    assert len(found[0]) == min(count, 5)
    before: set[int] = set()
    for rows in found:
        assert {0, count // 2, count - 1} <= set(rows)
        assert before <= set(rows)
        assert [count - 1 - row for row in reversed(rows)] == rows, "both sides alike"
        before = set(rows)


def test_the_sizes_of_twenty_five() -> None:
    assert [len(rows) for rows, _ in lattices(25, 25)] == [5, 9, 17, 25]
    assert lattices(25, 25)[0][0].tolist() == [0, 6, 12, 18, 24]
    assert [(len(rows), len(columns)) for rows, columns in lattices(1, 9)] == [(1, 5), (1, 9)]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 25), (11, 11), (25, 25), (9, 5)])
def test_every_cell_comes_once_from_the_middle_outwards(height: int, width: int) -> None:
    parts = cells_by_lattice(height, width)
    cells = [cell for part in parts for cell in part]
    assert sorted(cells) == [(i, j) for i in range(height) for j in range(width)]
    assert cells[0] == (height // 2, width // 2)
    for part, (rows, columns) in zip(parts, lattices(height, width), strict=True):
        assert {i for i, _ in part} <= set(rows.tolist())
        assert {j for _, j in part} <= set(columns.tolist())


def plane() -> np.ndarray:
    return 3.0 * np.arange(25)[:, None] - 2.0 * np.arange(25)[None, :]


def known_at(*lattice: np.ndarray) -> np.ndarray:
    known = np.zeros((25, 25), bool)
    known[np.ix_(*lattice)] = True
    return known


def test_a_plane_is_spread_exactly() -> None:
    for lattice in lattices(25, 25):
        known = known_at(*lattice)
        np.testing.assert_allclose(spread(np.where(known, plane(), np.nan), known), plane(), atol=1e-12)


def test_known_cells_stay_as_they_are() -> None:
    known = known_at(*lattices(25, 25)[0])
    known[3, 4] = True
    values = np.where(known, plane(), np.nan)
    values[3, 4] = 1000
    found = spread(values, known)
    assert np.array_equal(found[known], values[known])
    assert np.isfinite(found).all()
    assert found[3, 5] < 100


def test_before_the_first_lattice_the_nearest_cell_counts() -> None:
    known = np.zeros((25, 25), bool)
    known[12, 12] = known[0, 24] = True
    assert finest(known) is None
    found = spread(plane(), known)
    assert (found[13, 10], found[2, 20]) == (plane()[12, 12], plane()[0, 24])
    assert set(np.unique(found)) == {plane()[12, 12], plane()[0, 24]}


def test_a_hole_of_the_lattice_stays_as_large_as_its_cell() -> None:
    lattice = lattices(25, 25)[0]
    known = known_at(*lattice)
    values = np.where(known, plane(), np.nan)
    values[12, 12] = np.nan  # computed, and not finite
    found = spread(values, known)
    assert np.isnan(found[12, 12])
    assert np.isnan(found[13, 13])
    assert np.isfinite(found[:6]).all()
    assert np.isfinite(found[12, 18])
    assert np.isfinite(found[16, 16])
