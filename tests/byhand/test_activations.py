"""Activations against torch: values, gradients, and lines that can be redone; the catalogue's numbers; refusals."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.byhand import Refused, load, work
from dltui.instruments.byhand import says, torch_answer

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers, sizes  # noqa: TID252

SMOOTH = ["sigmoid", "tanh", "logsigmoid", "softplus", "softsign", "tanhshrink", "silu", "mish"]
BENT = [
    "relu", "leakyrelu", "elu", "selu", "celu", "relu6", "hardtanh", "hardsigmoid", "hardswish", "softshrink",
    "hardshrink", "threshold",
]  # fmt: skip
# hundredths and a bit: never where two pieces meet
off_kinks = st.integers(-900, 900).map(lambda n: n / 100 + 0.0037)


def _case(data: st.DataObject) -> dict[str, Any]:
    shape = data.draw(sizes(1, 3))
    cell = data.draw(st.sampled_from([off_kinks, st.floats(-30, 30, width=32).map(lambda x: x + 0.0071)]))
    return {"x": data.draw(numbers(*shape, cell=cell)), "upstream": data.draw(numbers(*shape))}


@many
@given(st.data())
def test_smooth_ones(data: st.DataObject) -> None:
    case = _case(data)
    for name in SMOOTH:
        agree(name, case)
    agree("gelu", case)
    agree("gelu", case | {"approximate": "tanh"})
    agree("softplus", case | {"beta": data.draw(st.sampled_from([0.5, 2.0])), "threshold": 15.0})


@many
@given(st.data())
def test_bent_ones(data: st.DataObject) -> None:
    case = _case(data)
    for name in BENT:
        agree(name, case)
    share = data.draw(st.sampled_from([0.5, 1.0, 2.0]))  # torch rounds α of a CELU's slope to float32: no 0.2
    agree("leakyrelu", case | {"negative_slope": share})
    agree("elu", case | {"alpha": share})
    agree("celu", case | {"alpha": share})
    agree("softshrink", case | {"lambd": share})
    agree("hardshrink", case | {"lambd": share})
    agree("hardtanh", case | {"min_val": -share, "max_val": 2 * share})
    agree("threshold", case | {"threshold": share, "value": 20.0})


@many
@given(st.data())
def test_learned_slopes_and_halves(data: st.DataObject) -> None:
    shape = data.draw(sizes(2, 3))
    count = data.draw(st.sampled_from([1, shape[1]]))
    given_ = {"x": data.draw(numbers(*shape, cell=off_kinks)), "upstream": data.draw(numbers(*shape))}
    agree("prelu", given_ | {"weight": data.draw(numbers(count))})
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    double = list(shape)
    double[dim] *= 2
    agree("glu", {"x": data.draw(numbers(*double)), "upstream": given_["upstream"], "dim": dim})


@pytest.mark.parametrize("name", ["relu", "leakyrelu", "elu", "selu", "celu", "softsign", "prelu"])
def test_the_slope_at_0_is_the_one_of_torch(name: str) -> None:
    given_ = {"x": [0.0, -0.0]} | ({"weight": [0.3]} if name == "prelu" else {})
    assert torch_answer(work(name, given_), backward=True).gradient_difference == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("relu6", [0, 6]), ("hardtanh", [-1, 1]), ("hardsigmoid", [-3, 3]), ("hardswish", [-3, 3]),
        ("softshrink", [-0.5, 0.5]), ("hardshrink", [-0.5, 0.5]), ("threshold", [0]),
    ],
)  # fmt: skip
def test_the_slope_where_pieces_meet_is_the_one_of_torch(name: str, edges: list[float]) -> None:
    answer = torch_answer(work(name, {"x": edges}), backward=True)
    assert answer.difference == 0
    assert answer.gradient_difference == pytest.approx(0, abs=1e-12)


KNOWN = [
    ("sigmoid", 0, 0.5), ("sigmoid", 1, 0.731059), ("sigmoid", 2, 0.880797), ("sigmoid", 4, 0.982014),
    ("leakyrelu", -3, -0.03), ("elu", -1, -0.632121), ("elu", -3, -0.950213),
    ("gelu", 1, 0.841345), ("gelu", -1, -0.158655), ("gelu", -0.5, -0.154269), ("gelu", 3, 2.995950),
    ("silu", 1, 0.731059), ("silu", -1, -0.268941), ("silu", -1.2784645, -0.278465),
]  # fmt: skip
SLOPES = [
    ("sigmoid", 0, 0.25), ("sigmoid", 5, 0.00664806), ("sigmoid", 10, 4.54e-5), ("tanh", 0, 1), ("tanh", 5, 1.816e-4),
    ("leakyrelu", -3, 0.01), ("relu", -1, 0), ("relu", 0, 0), ("relu", 2, 1), ("silu", -1.2784645, 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "wanted"), KNOWN)
def test_known_values(name: str, x: float, wanted: float) -> None:
    assert work(name, {"x": [x]}).output.numbers() == pytest.approx([wanted], abs=1e-6)


@pytest.mark.parametrize(("name", "x", "wanted"), SLOPES)
def test_known_slopes(name: str, x: float, wanted: float) -> None:
    assert work(name, {"x": [x]}).gradients.of["x"].numbers() == pytest.approx([wanted], rel=1e-4, abs=1e-7)


def test_large_numbers_do_not_overflow() -> None:
    far = {"x": [-800.0, 800.0]}
    assert work("logsigmoid", far).output.numbers() == [-800, 0]
    assert work("softplus", far).output.numbers() == [0, 800]
    assert work("mish", far).output.numbers() == [0, 800]
    assert work("sigmoid", far).output.numbers() == [0, 1]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("softplus", {"x": [1.0], "beta": 0.0}, "beta"),
    ("celu", {"x": [1.0], "alpha": 0.0}, "alpha"),
    ("hardtanh", {"x": [1.0], "min_val": 2.0}, "min_val"),
    ("softshrink", {"x": [1.0], "lambd": -1.0}, "lambd"),
    ("prelu", {"x": [[1.0, 2.0, 3.0]], "weight": [0.1, 0.2]}, "weight"),
    ("prelu", {"x": [[1.0, 2.0]], "weight": [[0.1, 0.2]]}, "weight"),
    ("glu", {"x": [1.0, 2.0, 3.0]}, "x"),
    ("glu", {"x": 1.0}, "x"),
    ("glu", {"x": [1.0, 2.0], "dim": 1}, "dim"),
    ("gelu", {"x": [1.0], "approximate": "best"}, "approximate"),
]


@pytest.mark.parametrize(("name", "given_", "argument"), REFUSED, ids=[f"{n}-{a}" for n, _, a in REFUSED])
def test_what_is_refused_and_what_torch_says(name: str, given_: dict[str, Any], argument: str) -> None:
    with pytest.raises(Refused) as refused:
        work(name, given_)
    assert refused.value.argument == argument
    if refused.value.torch:
        operation = load(name)
        tensors = {key: value for key, value in given_.items() if key in operation.tensors}
        settings = {key: value for key, value in given_.items() if key not in operation.tensors}
        assert refused.value.torch in says(operation, tensors, **settings)
