"""Back-propagation through typed expressions and small networks against torch, and what can't be read."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.byhand import Worked, work
from dltui.byhand.differences import differences
from dltui.byhand.operations.backprop import read, variables
from dltui.byhand.refusal import Refused
from dltui.byhand.tensor import Tensor
from dltui.instruments.byhand import graph_of

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers  # noqa: TID252

LEAVES = st.sampled_from(["x", "y", "z", "2", "0.5", "pi", "-3"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
    one = st.tuples(st.sampled_from(["sigmoid", "tanh", "relu", "abs", "sin", "cos", "erf"]), inner)
    return st.one_of(
        two,
        one.map(lambda t: f"{t[0]}({t[1]})"),
        inner.map(lambda a: f"-({a})"),
        inner.map(lambda a: f"exp(tanh({a}))"),
        inner.map(lambda a: f"sqrt(({a})**2 + 1)"),
        inner.map(lambda a: f"ln(abs({a}) + 1)"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}/(({t[1]})**2 + 2)"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]}, 0.25)"),
        st.tuples(inner, inner).map(lambda t: f"min({t[0]}, {t[1]})"),
        inner.map(lambda a: f"(1 + abs({a}))**1.5"),
        inner.map(lambda a: f"(1 + abs({a}))**tanh(x)"),
    )


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=7)


@many
@given(st.data())
def test_expressions_equal_torch(data: st.DataObject) -> None:
    text = data.draw(EXPRESSIONS)
    number = st.integers(-20, 20).map(lambda n: n / 10 + 0.03)
    agree("backprop", {"expression": text} | {name: data.draw(number) for name in variables(read(text))})


@many
@given(st.data())
def test_networks_equal_torch(data: st.DataObject) -> None:
    sizes = tuple(data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=4)))
    loss = data.draw(st.sampled_from(["mse", "crossentropy"]))
    batch = data.draw(st.integers(1, 2))
    classes = numbers(batch, cell=st.integers(0, sizes[-1] - 1))
    case = {
        "sizes": sizes,
        "loss": loss,
        "activation": data.draw(st.sampled_from(["tanh", "relu", "sigmoid", "none"])),
        "x": data.draw(numbers(batch, sizes[0])),
        "target": data.draw(classes if loss == "crossentropy" else numbers(batch, sizes[-1])),
    }
    for layer in range(1, len(sizes)):
        case[f"weight{layer}"] = data.draw(numbers(sizes[layer], sizes[layer - 1]))
        case[f"bias{layer}"] = data.draw(numbers(sizes[layer]))
    agree("mlp", case)


def slopes(worked: Worked) -> dict[str, float]:
    return {name: one.cells[0].value for name, one in worked.gradients.of.items()}


def test_the_circuit_of_the_notes() -> None:
    worked = work("backprop")
    assert worked.output[()].value == -12
    assert slopes(worked) == {"x": -4, "y": -4, "z": 3}
    for name, slope in differences(worked).items():
        assert slope == pytest.approx(slopes(worked)[name], abs=1e-6)


def test_a_variable_that_is_read_twice_gathers_both_gradients() -> None:
    assert slopes(work("backprop", {"expression": "x*x + x", "x": 3})) == {"x": 7}


def test_a_bare_variable_or_number_is_an_expression() -> None:
    assert slopes(work("backprop", {"expression": "x", "x": 3})) == {"x": 1}
    assert work("backprop", {"expression": "-2"}).output[()].value == -2


def test_variables_called_like_gates_are_told_apart() -> None:
    worked = work("backprop", {"expression": "(f + q)*r*g", "f": 1, "q": 2, "r": 3, "g": 4})
    assert slopes(worked) == {"f": 12, "q": 12, "r": 12, "g": 9}


@pytest.mark.parametrize(
    ("expression", "x", "y"),
    [("x**y", 0, 2), ("x**y", 0, 0), ("x**y", 0, 0.5), ("x**y", 2, 0), ("x**y", 0, 1), ("x**0 + y", 0, 1)],
)
def test_powers_of_0_have_the_slopes_of_torch(expression: str, x: float, y: float) -> None:
    agree("backprop", {"expression": expression, "x": x, "y": y})


def test_many_gates_are_numbered() -> None:
    worked = work("backprop", {"expression": " + ".join(["x*y"] * 9), "x": 2, "y": 3})
    assert worked.output[()].value == 54
    assert slopes(worked) == {"x": 27, "y": 18}
    assert isinstance(worked.sheet.tensors["g"], Tensor)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x +", "expected something like (x + y)*z"),
        ("", "expected something like (x + y)*z"),
        ("x^2", "write ** for a power"),
        ("sigmod(x)", "did you mean sigmoid?"),
        ("exp(x, y)", "exp takes one number"),
        ("max()", "max takes one or more numbers"),
        ("max(*x)", "max takes one or more numbers"),
        ("x.real", "expected + - * / **"),
        ("x if y else z", "expected + - * / **"),
        ("__import__('os')", "there is no gate '__import__'"),
        ("'x'", "expected a number or a variable"),
        ("True*x", "expected a number or a variable"),
        ("2j*x", "expected a number or a variable"),
        ("seed*2", "seed can't be a variable"),
        ("exp + 1", "exp can't be a variable"),
        ("(" * 300 + "x" + ")" * 300, "can't read"),
        ("-" * 200 + "x", "nested more than"),
        ("x" * 5000, "4,000 at most"),
    ],
)
def test_what_can_not_be_read_is_told(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        work("backprop", {"expression": text})
    assert sentence in str(refusal.value)
    assert refusal.value.argument == "expression"


def test_a_variable_is_one_number() -> None:
    with pytest.raises(Refused, match="x must be one number"):
        work("backprop", {"x": [1, 2]})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"sizes": (2,)}, "--sizes must be 2 to 8 whole numbers"),
        ({"sizes": (2, 0, 1)}, "--sizes must be"),
        ({"x": [[1, 2, 3]]}, r"x must have shape \(batch, 2\)"),
        ({"weight1": [[1, 2]]}, r"weight1 must have shape \(3, 2\)"),
        ({"target": [1]}, r"target must have shape \(1, 1\)"),
        ({"sizes": (2, 3), "loss": "crossentropy", "target": [3]}, "classes from 0 to 2"),
    ],
)
def test_shapes_of_a_network_are_checked(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        work("mlp", given)


def test_the_graph_has_a_box_a_gate_with_value_and_gradient() -> None:
    graph = graph_of(work("backprop"))
    assert graph.nodes == ("x", "y", "z", "q = x + y", "f = q·z")
    assert graph.notes == ("−2 · ∂ −4", "5 · ∂ −4", "−4 · ∂ 3", "3 · ∂ −4", "−12 · ∂ 1")
    assert set(graph.edges) == {(0, 3), (1, 3), (3, 4), (2, 4)}
    assert "∂" not in graph_of(work("backprop"), backward=False).notes[0]


def test_the_graph_of_many_numbers_has_a_box_a_tensor() -> None:
    worked = work("mlp", {"sizes": (3, 6, 2)})
    graph = graph_of(worked)
    assert graph.nodes[:2] == ("x", "t")
    assert len(graph.nodes) == len(worked.sheet.tensors)
    norm = math.sqrt(sum(cell.value**2 for cell in worked.gradients.of["weight2"].cells))
    assert graph.notes[graph.nodes.index("w2")] == f"∂ {norm:.2g}"
    begun = graph_of(worked, lines=1)
    assert begun.notes[begun.nodes.index("z1")] == ""
    assert begun.notes[begun.nodes.index("L")] == "?"


def test_typed_on_a_command_line() -> None:
    from typer.testing import CliRunner

    from dltui.commands import byhand

    runner = CliRunner()
    found = runner.invoke(byhand.app, ["backprop", "-x*(y - 1)", "--x", "-2", "--json", "--y", "5"])
    told = json.loads(found.stdout)
    assert told["output"] == 8
    assert told["backward"]["gradients"] == {"x": -4.0, "y": 2.0}
    found = runner.invoke(
        byhand.app, ["mlp", "--sizes", "3,2", "--loss=crossentropy", "--json", "--seed", "4"]
    )
    assert (
        json.loads(found.stdout)["inputs"]["weight1"]
        != work("mlp", {"sizes": (3, 2)}).inputs["weight1"].numbers()
    )
