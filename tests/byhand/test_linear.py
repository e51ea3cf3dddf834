"""Linear layers against torch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers, sizes  # noqa: TID252


@many
@given(st.data())
def test_linear(data: st.DataObject) -> None:
    lead = data.draw(sizes(0, 2))
    width, out = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    case = {
        "x": data.draw(numbers(*lead, width)),
        "weight": data.draw(numbers(out, width)),
        "bias": data.draw(st.none() | numbers(out)),
        "upstream": data.draw(numbers(*lead, out)),
    }
    agree("linear", case)
