"""How the cells of a scan are shared among workers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.instruments.landscape.window import SHORT, pieces

CELLS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), unique=True)


@given(CELLS, st.integers(1, 30), st.integers(1, 5))
def test_each_cell_is_in_one_piece_of_one_row(cells: list[tuple[int, int]], most: int, workers: int) -> None:
    found = pieces(cells, most, workers)
    assert sorted(cell for piece in found for cell in piece) == sorted(cells)
    assert all(0 < len(piece) <= most * 1.5 and len({row for row, _ in piece}) == 1 for piece in found)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_last_piece_is_short(workers: int) -> None:
    sizes = [len(piece) for piece in pieces([(0, column) for column in range(60)], 20, workers)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] <= SHORT


def test_one_worker_is_given_whole_rows() -> None:
    assert [len(piece) for piece in pieces([(row, column) for row in (1, 0) for column in range(7)], 9)] == [
        7,
        7,
    ]


def test_a_short_rest_of_a_row_stays_with_it_but_for_the_last() -> None:
    sizes = [len(piece) for piece in pieces([(row, column) for row in range(5) for column in range(5)], 9, 2)]
    assert sizes == [5, 5, 5, 5, 3, 2]
    assert [len(piece) for piece in pieces([(0, column) for column in range(17)], 16)] == [17]
