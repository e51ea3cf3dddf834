"""The bench: what a key changes, and that everything after it follows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltui.shapes import chain
from dltui.shapes.bench import Bench
from dltui.shapes.report import ShapeError

TEXT = "conv2d 8 3 1 1 > a | relu | conv2d 8 3 1 1 | add < a _ | maxpool2d 2 | flatten | linear 10"


def bench() -> Bench:
    return Bench.of(TEXT, ("2,3,16,16",))


def test_a_turned_argument_changes_everything_after_it() -> None:
    wider = bench().turned(0, "out_channels", 1).turned(2, "out_channels", 1)
    assert wider.rows[0].text == "conv2d out_channels=16 kernel_size=3 stride=1 padding=1 > a"
    assert wider.walked().output == (2, 10)
    assert wider.walked().steps[5].report.output == (2, 16 * 8 * 8)


def test_a_refused_row_is_told_and_what_is_before_it_stays() -> None:
    broken = bench().turned(2, "padding", -1)
    walked = broken.walked()
    assert len(walked.steps) == 3
    assert walked.refusal is not None
    assert walked.refusal.row == 4
    assert broken.turned(2, "padding", 1).walked().output == (2, 10)


def test_values_at_their_default_are_not_spelled() -> None:
    assert bench().set(0, "padding", "0").rows[0].text == "conv2d out_channels=8 kernel_size=3 stride=1 > a"
    assert "stride" not in Bench.of("conv2d 8 3 2", ("1,1,8,8",)).turned(0, "stride", -1).text


def test_rows_are_put_in_taken_out_and_moved() -> None:
    grown = bench().inserted(2, "batchnorm2d | tanh")
    assert [row.spelled.layer.name for row in grown.rows][2:4] == ["BatchNorm2d", "Tanh"]
    assert grown.without(2).without(2).text == bench().text
    assert bench().swapped(1, 1).swapped(2, -1).text == bench().text
    assert bench().swapped(0, -1).text == bench().text
    alone = Bench.of("relu", ("3",))
    assert alone.without(0) is alone


def test_the_command_line_shows_the_same() -> None:
    from shlex import split

    turned = bench().turned(0, "kernel_size", 1)
    *_, text, option, given_ = split(turned.command)
    assert option == "--input"
    assert given_ == "2,3,16,16"
    assert chain(text, (2, 3, 16, 16)).document() == turned.walked().document()


@pytest.mark.parametrize("text", ["relu | tanh", "", "conv2d 8 k=3 nonsense=4"])
def test_what_is_no_row_is_refused(text: str) -> None:
    with pytest.raises(ShapeError):
        bench().replaced(0, text)


def test_what_is_no_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="no shape"):
        bench().fed(("1,?,3",))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5), st.sampled_from([1, -1])), max_size=12))
def test_any_row_of_keys_leaves_a_chain_that_its_own_text_makes_again(
    keys: list[tuple[int, int, int]],
) -> None:
    work = bench()
    for at, knob, by in keys:
        knobs = work.knobs(at)
        if knobs:
            work = work.turned(at, knobs[knob % len(knobs)].name, by)
    again = Bench.of(work.text, work.inputs)
    assert again.walked().document() == work.walked().document()
