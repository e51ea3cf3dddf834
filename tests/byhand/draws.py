"""Random inputs for operations."""

from __future__ import annotations

from math import prod
from typing import Any

from hypothesis import strategies as st

from dltui.byhand.tensor import nested

# whole numbers, such with a decimal or two, and such with all the digits of a float
one = st.one_of(
    st.integers(-5, 5).map(float),
    st.integers(-300, 300).map(lambda n: n / 100),
    st.floats(-3, 3, allow_nan=False, allow_subnormal=False, width=32).filter(
        lambda x: x == 0 or abs(x) > 1e-3
    ),
)


def numbers(*shape: int, cell: st.SearchStrategy[Any] = one) -> st.SearchStrategy[Any]:
    """Draw nested lists of a shape."""
    count = prod(shape)
    return st.lists(cell, min_size=count, max_size=count).map(lambda flat: nested(flat, shape))


def sizes(least: int, most: int, largest: int = 3) -> st.SearchStrategy[tuple[int, ...]]:
    """Draw a shape of so many dimensions."""
    return st.lists(st.integers(1, largest), min_size=least, max_size=most).map(tuple)
