"""The sheet itself: lines, digits, gradients, scripts, inputs."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltui.byhand import OPERATIONS, Refused, load, work
from dltui.byhand.backward import backward
from dltui.byhand.differences import differences
from dltui.byhand.document import document
from dltui.byhand.functions import exp, group, largest, log, number, sqrt, total
from dltui.byhand.inputs import read_setting, read_tensor
from dltui.byhand.latex import in_latex, in_markdown
from dltui.byhand.npy import read_npy
from dltui.byhand.printing import ASCII, LATEX, UNICODE
from dltui.byhand.rounding import Rounding, shown
from dltui.byhand.rules import RULES
from dltui.byhand.sheet import Sheet
from dltui.byhand.told import Fold, folded, tell
from dltui.byhand.value import EVALUATE, Value

from .agree import check_lines  # noqa: TID252 - the tests of this folder share it


def lines(sheet: Sheet, script: Any = UNICODE) -> list[str]:
    return [told.text() for told in tell(sheet.lines, script)]


def one(expression: Value, script: Any = UNICODE) -> str:
    sheet = Sheet()
    sheet.let("y", expression)
    return lines(sheet, script)[0]


@pytest.fixture
def xs() -> list[Value]:
    return Sheet().input("x", "x", (3,), [2.0, -3.0, 0.5]).cells


def test_an_assignment_is_a_line(xs: list[Value]) -> None:
    assert one(xs[0] * xs[1] + xs[2]) == "y = x₁·x₂ + x₃ = 2·(−3) + 0.5 = −6 + 0.5 = −5.5"
    assert (
        one(group(xs[:2]) + group(xs[1:]))
        == "y = (x₁ + x₂) + (x₂ + x₃) = (2 − 3) + (−3 + 0.5) = −1 − 2.5 = −3.5"
    )
    assert one(xs[0] - (xs[1] - xs[2])) == "y = x₁ − (x₂ − x₃) = 2 − (−3 − 0.5) = 2 + 3.5 = 5.5"
    assert one(-(xs[1] ** 2)) == "y = −x₂² = −(−3)² = −9"
    assert one(xs[0] / (xs[1] * xs[2])) == "y = x₁/(x₂·x₃) = 2/((−3)·0.5) = 2/(−1.5) ≈ −1.3333"
    assert (
        one(1 / (1 + exp(-xs[0])))
        == "y = 1/(1 + e^(−x₁)) = 1/(1 + e^(−2)) ≈ 1/(1 + 0.1353) = 1/1.1353 ≈ 0.8808"
    )
    assert one(largest(number(0), xs[1])) == "y = max(0, x₂) = max(0, −3) = 0"


def test_scripts(xs: list[Value]) -> None:
    wave = sqrt(xs[0]) * exp(-xs[1]) / 2
    assert one(wave, ASCII).startswith("y = sqrt(x[1])*e^(-x[2])/2 = sqrt(2)*e^3/2 ~ 1.41")
    assert one(wave, ASCII).isascii()
    assert one(wave, LATEX).startswith(r"y = \frac{\sqrt{x_{1}} \cdot e^{-x_{2}}}{2}")


def test_digits_grow_until_a_line_can_be_redone() -> None:
    sheet = Sheet()
    x, y = sheet.input("x", "x", (2,), [1.23456789, 1.2345]).cells
    sheet.let("d", x - y)
    assert lines(sheet) == ["d = x₁ − x₂ = 1.23456789 − 1.2345 = 6.789e−5"]
    check_lines(sheet.lines)


def test_equal_only_where_it_is() -> None:
    sheet = Sheet()
    third = sheet.let("t", number(1) / number(3))
    sheet.let("s", third * 3)
    assert lines(sheet) == ["t = 1/3 ≈ 0.33333", "s = t·3 ≈ 0.33333·3 ≈ 1"]
    for told in tell(sheet.lines):
        assert ("≈" in told.text()) is ("0.33" in told.text())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (3.0, "3"), (29.5, "29.5"), (0.1 + 0.2, "0.3"), (1 / 3, "0.3333"), (0.006648056, "0.006648"),
        (1e-5, "1e-5"), (1.2345678e-9, "1.235e-9"), (123456.789, "123456.789"), (2e12, "2e12"),
        (math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: float, text: str) -> None:
    assert shown(value, 4) == text


def test_noise_is_zero() -> None:
    sheet = Sheet()
    cells = sheet.input("x", "x", (3,), [0.1, 0.2, -0.3]).cells
    sheet.let("s", total(cells))
    assert sheet.tensors["s"].numbers() != 0
    assert lines(sheet) == ["s = x₁ + x₂ + x₃ = 0.1 + 0.2 − 0.3 = 0"]


def test_chain_rule_of_the_catalogue() -> None:
    sheet = Sheet()
    x, y, z = (sheet.input(name, name, (), [value])[()] for name, value in (("x", -2), ("y", 5), ("z", -4)))
    q = sheet.let("q", x + y)
    f = sheet.let("f", q * z)
    found = backward(sheet, {"f": [1.0]})
    assert f.value == -12
    assert {name: one.numbers() for name, one in found.of.items()} == {"x": -4, "y": -4, "z": 3}
    assert lines(found.sheet) == [
        "∂q = ∂f·z = 1·(−4) = −4",
        "∂x = ∂q = −4",
        "∂y = ∂q = −4",
        "∂z = ∂f·q = 1·3 = 3",
    ]


@pytest.mark.parametrize(
    "op", [name for name in EVALUATE if name not in {"sum", "group", "prod", "max", "min"}]
)
def test_every_rule_is_the_slope(op: str) -> None:
    points = [(0.7, 1.3), (1.9, -0.4)] if op in {"div", "pow"} else [(0.7,), (1.9,), (2.5,)]
    for point in points:
        sheet = Sheet()
        cells = sheet.input("x", "x", (len(point),), [*point]).cells
        parts = (cells[0], number(point[1])) if op == "pow" else tuple(cells)
        sheet.let("y", Value(op, parts, EVALUATE[op](*(part.value for part in parts))))
        slopes = backward(sheet, {"y": [1.0]}).of["x"].numbers()
        for place in range(1 if op == "pow" else len(point)):
            ends = []
            for side in (1e-6, -1e-6):
                moved = [value + side * (i == place) for i, value in enumerate(point)]
                ends.append(EVALUATE[op](*moved))
            assert slopes[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-7)
    assert set(RULES) == set(EVALUATE)


def test_floats_overflow_as_torch_does() -> None:
    assert one(exp(number(1000))).endswith("∞")
    assert log(number(0)).value == -math.inf
    assert math.isnan((number(0) / number(0)).value)
    assert (number(-1) / number(0)).value == -math.inf
    assert math.isnan((number(-1) ** 0.5).value)


def test_long_tensors_fold() -> None:
    worked = work("linear", example="w6")
    parts = folded(worked.sheet.lines)
    assert [type(part).__name__ for part in parts] == ["Line", "Line", "Fold", "Line"]
    assert isinstance(parts[2], Fold)
    assert len(parts[2].lines) == 21
    assert len(folded(worked.sheet.lines, whole=True)) == 24


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_and_every_script(name: str) -> None:
    """Every example works, can be redone, is one JSON document, and sets as mathematics."""
    from matplotlib.mathtext import MathTextParser

    parser: MathTextParser[Any] = MathTextParser("agg")
    operation = load(name)
    parsed: set[frozenset[str]] = set()
    assert operation.summary.endswith(".")
    assert all(operation.told(one) for one in (*operation.tensors, *operation.settings))
    for example in operation.examples:
        worked = work(name, example=example)
        check_lines(worked.sheet.lines)
        check_lines(worked.gradients.sheet.lines)
    worked = work(name)
    assert json.loads(json.dumps(document(worked, backward=True)))["lines"]
    text = in_latex(worked, backward=True)
    formulas = [line for line in text if " &" in line and "bmatrix" not in line and r"\vdots" not in line]
    for line in formulas[:6]:
        commands = frozenset(re.findall(r"\\\w+", line))
        if commands in parsed:  # the parser takes most of the time
            continue
        parsed.add(commands)
        parser.parse(f"${line.replace('&', '').removesuffix(chr(92) * 2).strip()}$")
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}")
    assert in_markdown(worked).count("$$") % 2 == 0
    for told in tell(worked.sheet.lines, ASCII):
        assert told.text().isascii()


@pytest.mark.parametrize("name", ["conv2d", "layernorm", "attention", "lstm"])
def test_finite_differences_are_a_witness(name: str) -> None:
    worked = work(name)
    for parameter, slopes in differences(worked).items():
        found = np.array(worked.gradients.of[parameter].numbers())
        np.testing.assert_allclose(found, np.array(slopes), atol=1e-7)


def test_document_carries_every_intermediate() -> None:
    line = document(work("conv2d"))["lines"][0]
    assert line["value"] == 29.5
    assert line["running_sums"] == pytest.approx([1.4, 9.1, 28.5, 29.5])
    assert {"formula": "x₁₁·w₁₁", "value": 0.1} in line["parts"]
    assert line["reads"]["x"] == list(range(9))
    assert line["sides"][-1] == "= 29.5"


def test_inputs_are_read(tmp_path: Path) -> None:
    linear = load("linear")
    assert read_tensor(linear, "x", "[[1, 2.], [.5, -3]]") == [[1, 2.0], [0.5, -3]]
    assert read_tensor(linear, "x", "((1, 2), (3, 4),)") == [[1, 2], [3, 4]]
    assert read_tensor(linear, "x", "1, 2, −3") == [1, 2, -3]
    assert read_tensor(linear, "x", "7") == 7
    assert read_tensor(linear, "bias", "none") is None
    drawn = read_tensor(linear, "x", "random:2,3", seed=1)
    assert np.array(drawn).shape == (2, 3)
    assert drawn == read_tensor(linear, "x", "random:2,3", seed=1)
    assert drawn != read_tensor(linear, "x", "random:2,3", seed=2)
    assert read_tensor(linear, "x", "ones:2") == [1, 1]
    (tmp_path / "x.csv").write_text("1, 2\n3; 4\n")
    assert read_tensor(linear, "x", str(tmp_path / "x.csv")) == [[1, 2], [3, 4]]
    (tmp_path / "x.json").write_text("[[1], [2]]")
    assert read_tensor(linear, "x", str(tmp_path / "x.json")) == [[1], [2]]
    assert read_setting(load("conv2d"), "stride", "2,3") == (2, 3)
    assert read_setting(load("gru"), "reset", "before") == "before"
    for text in ("foo", "[1, [", "random:0", "random:a"):
        with pytest.raises(Refused):
            read_tensor(linear, "x", text)


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "i2", "u1", ">f8", "?"])
def test_npy_files_without_numpy(tmp_path: Path, dtype: str) -> None:
    for array in (np.arange(24).reshape(2, 3, 4), np.arange(6).reshape(2, 3), np.array(1)):
        for order in "CF":
            np.save(tmp_path / "a.npy", np.array(array.astype(dtype), order=order))
            assert np.array_equal(read_npy(tmp_path / "a.npy"), array.astype(dtype))


def test_npy_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"not an array")
    with pytest.raises(Refused, match=r"no \.npy file"):
        read_tensor(load("linear"), "x", str(tmp_path / "a.npy"))


def test_what_is_not_given_comes_from_the_example() -> None:
    worked = work("conv2d", {"x": [[1, 2], [3, 4]], "weight": [[1]]})
    assert "bias" not in worked.inputs
    assert worked.example == ""
    worked = work("linear", {"x": [[1, 2, 3]]})
    assert worked.taken == ("weight",)
    assert re.fullmatch("w5", worked.example)


def test_rounding_shows_each_number_in_one_way() -> None:
    worked = work("softmax")
    rounding = Rounding([line.target for line in worked.sheet.lines])
    texts = [told.text() for told in tell(worked.sheet.lines, rounding=rounding)]
    summed = texts[-4].split(" = ")[1].split(" ≈ ")[1]
    for term in summed.split(" + ")[:2]:
        assert sum(text.endswith(f"≈ {term}") for text in texts) == 1


def test_the_table_and_the_operations_are_one() -> None:
    from dltui.byhand.names import ALIASES
    from dltui.byhand.operation import REGISTERED
    from dltui.instruments.byhand.answer import WITNESSES, _body

    for name in OPERATIONS:
        operation = load(name)
        assert operation.name == name
        assert _body(operation) is WITNESSES[name]
        assert len(OPERATIONS[name].summary) <= 80
    assert set(REGISTERED) == set(OPERATIONS)
    assert set(ALIASES.values()) <= set(OPERATIONS)
    assert load("nn.Conv2d") is load("conv2d")
    assert load("scaled_dot_product_attention") is load("attention")
