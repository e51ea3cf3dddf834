"""Sheets that are changed: every edit is the operation worked anew, and what moved is told."""

from __future__ import annotations

import pytest

from dltui.byhand import work
from dltui.byhand.bench import Bench, read_number
from dltui.byhand.refusal import Refused

GRID = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


def bench(name: str, given: dict[str, object] | None = None, *, backward: bool = True) -> Bench:
    return Bench(work(name, given), backward=backward)


def test_an_edit_works_the_operation_anew() -> None:
    one = bench("conv2d", {"x": GRID, "weight": [[1, 0], [0, 1]]})
    other = one.edited(("x", 4), -2.5)
    known = work("conv2d", {"x": [[1, 2, 3], [4, -2.5, 6], [7, 8, 9]], "weight": [[1, 0], [0, 1]]})
    assert other.worked.output.numbers() == known.output.numbers()
    assert other.worked.gradients.of["weight"].numbers() == known.gradients.of["weight"].numbers()
    assert one.number(("x", 4)) == 5


def test_what_moved_is_what_read_the_number() -> None:
    one = bench("conv2d", {"x": GRID, "weight": [[1, 0], [0, 1]]}, backward=False)
    moved = one.edited(("x", 0), 9).moved(one)
    assert moved == {("x", 0), ("y", 0)}
    assert one.moved(one) == frozenset()
    assert one.with_backward(backward=True).moved(one) == frozenset()
    assert ("∂x", 0) in one.edited(("weight", 0), 9).with_backward(backward=True).moved(
        one.with_backward(backward=True)
    )


def test_what_comes_back_to_the_output_is_edited_too() -> None:
    one = bench("linear", {"x": [[1, 2]], "weight": [[3, 4], [5, 6]]})
    other = one.edited(("∂y", 1), 0)
    assert other.worked.gradients.of["x"].numbers() == [[3, 4]]
    assert ("∂y", 0) not in bench("linear", backward=False).editable


def test_a_step_is_1_among_whole_numbers_and_a_tenth_elsewhere() -> None:
    one = bench("linear", {"x": [[1, 2]], "weight": [[0.5, 4]]})
    assert one.turned(("x", 0), -1).number(("x", 0)) == 0
    assert one.turned(("weight", 0), 1).number(("weight", 0)) == 0.6


def test_a_number_that_torch_would_refuse_is_refused() -> None:
    one = bench("mlp", {"sizes": (2, 2), "loss": "crossentropy"})
    with pytest.raises(Refused, match="classes from 0 to 1"):
        one.edited(("target", 0), 2)
    with pytest.raises(Refused, match="whole numbers"):
        one.edited(("target", 0), 0.5)


def test_another_expression_keeps_the_numbers_of_variables_that_stay() -> None:
    one = bench("backprop").set("expression", "x*w")
    assert one.number(("x", 0)) == -2
    assert [name for name, _ in one.editable] == ["x", "w", "∂f"]


def test_other_sizes_keep_what_still_fits() -> None:
    one = bench("mlp")
    other = one.set("sizes", (2, 5, 1))
    assert other.worked.inputs["x"].numbers() == one.worked.inputs["x"].numbers()
    assert other.worked.inputs["weight1"].shape == (5, 2)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("backprop", {"expression": "-x*y", "x": 2, "y": -1.5}),
        ("conv2d", {"x": GRID, "weight": [[1, 0], [0, 1]], "padding": 1, "upstream": None}),
        ("mlp", {"sizes": (2, 1), "activation": "relu"}),
        ("softmax", {"x": [1, 2.5], "temperature": 2.0, "upstream": [1, 0]}),
        ("attention", {}),
    ],
)
def test_the_command_line_works_the_same(name: str, given: dict[str, object]) -> None:
    from dltui.commands.byhand_screen import bench_of, hand_item

    one = bench(name, {key: value for key, value in given.items() if value is not None})
    again = bench_of(hand_item(one.command).key)
    assert [line.target.value for line in again.lines] == [line.target.value for line in one.lines]


def test_numbers_are_read_as_they_are_shown() -> None:
    assert [read_number(text) for text in ("−1.5", " 2e3", "true", "∞")] == [-1.5, 2000, 1, float("inf")]
    with pytest.raises(ValueError, match="could not convert"):
        read_number("two")
