"""What is made once and walked through again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dltui.lab.remembered import Remembered


def test_entries_are_made_once_as_they_are_asked_for() -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number

    found = Remembered(source)
    assert made == []
    assert next(iter(found)) == 0
    assert made == [0]
    assert list(found) == list(found) == [0, 1, 2]
    assert found.last() == 2
    assert made == [0, 1, 2]


def test_two_who_walk_see_the_same() -> None:
    found = Remembered(lambda: iter("abc"))
    one, other = iter(found), iter(found)
    assert [next(one), next(other), next(other), next(one)] == ["a", "a", "b", "b"]


def test_an_error_is_told_again_and_nothing_half_made_is_kept() -> None:
    tries: list[int] = []

    def source() -> Iterator[int]:
        tries.append(1)
        yield 1
        if len(tries) < 2:
            raise ValueError("once")
        yield 2

    found = Remembered(source)
    with pytest.raises(ValueError, match="once"):
        list(found)
    assert list(found) == [1, 2]
