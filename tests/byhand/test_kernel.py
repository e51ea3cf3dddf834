"""Kernel regression and positional encodings against torch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.byhand import Refused, work

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers  # noqa: TID252


@many
@given(st.data())
def test_nadaraya_watson(data: st.DataObject) -> None:
    length, known = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 3))
    near = st.integers(-15, 15).map(lambda n: n / 10)  # farther away all weights vanish
    case = {
        "query": data.draw(numbers(length, cell=near)),
        "width": data.draw(st.sampled_from([0.5, 1.0, 2.0])),
    }
    case |= {"key": data.draw(numbers(known, cell=near)), "value": data.draw(numbers(known))}
    agree("nadarayawatson", case | {"upstream": data.draw(numbers(length))})


def test_a_question_too_far_from_every_key_is_refused() -> None:
    with pytest.raises(Refused, match="make --width smaller"):
        work("nadarayawatson", {"query": [99], "key": [0, 1], "value": [1, 2]})


@many
@given(st.data())
def test_positional_encoding(data: st.DataObject) -> None:
    shape = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5))
    agree(
        "positionalencoding",
        {"x": data.draw(numbers(*shape)), "base": data.draw(st.sampled_from([100.0, 1e4]))},
    )
