"""Losses against torch: values, gradients, and lines that can be redone; the notes' numbers; what is refused."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from dltui.byhand import Refused, load, work
from dltui.byhand.tensor import nested
from dltui.instruments.byhand import says, torch_answer

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers, sizes  # noqa: TID252

ways = st.sampled_from(["mean", "sum", "none"])
chances = st.integers(1, 99).map(lambda n: n / 100)
yes_no = st.integers(0, 1)


def _pair(
    data: st.DataObject, cell: st.SearchStrategy[Any] | None = None
) -> tuple[dict[str, Any], tuple[int, ...]]:
    shape = data.draw(sizes(1, 2))
    drawn = numbers(*shape) if cell is None else numbers(*shape, cell=cell)
    return {"x": data.draw(drawn)}, shape


def _upstream(data: st.DataObject, shape: tuple[int, ...]) -> dict[str, Any]:
    way = data.draw(ways)
    return {
        "reduction": way,
        "upstream": data.draw(numbers(*shape)) if way == "none" else data.draw(numbers()),
    }


def _apart(case: dict[str, Any], edge: float) -> bool:
    """Whether no residual lies so near to where a loss bends that rounding decides."""
    flat = _flat(case["x"]), _flat(case["target"])
    return all(abs(abs(a - b) - edge) > 1e-9 for a, b in zip(*flat, strict=True))


def _flat(value: Any) -> list[float]:
    return [n for part in value for n in _flat(part)] if isinstance(value, list) else [value]


@many
@given(st.data())
def test_losses_of_numbers(data: st.DataObject) -> None:
    case, shape = _pair(data)
    case |= {"target": data.draw(numbers(*shape))} | _upstream(data, shape)
    agree("mseloss", case)
    agree("l1loss", case)
    for name, setting in (("huberloss", "delta"), ("smoothl1loss", "beta")):
        edge = data.draw(st.sampled_from([0.2, 1.0, 2.5]))
        if _apart(case, edge):
            agree(name, case | {setting: edge})


@many
@given(st.data())
def test_losses_of_yes_and_no(data: st.DataObject) -> None:
    case, shape = _pair(data)
    case |= _upstream(data, shape)
    soft = data.draw(numbers(*shape, cell=chances))
    weight = data.draw(st.none() | numbers(*shape, cell=chances))
    agree("bcewithlogitsloss", case | {
        "target": soft, "weight": weight, "pos_weight": data.draw(st.none() | numbers(shape[-1], cell=chances)),
    })  # fmt: skip
    agree("bceloss", case | {"x": data.draw(numbers(*shape, cell=chances)), "target": soft, "weight": weight})
    target = data.draw(numbers(*shape, cell=yes_no))
    agree("focalloss", case | {"target": target, "gamma": data.draw(st.sampled_from([0.0, 1.0, 2.0]))})


@many
@given(st.data())
def test_losses_of_classes(data: st.DataObject) -> None:
    rows, classes = data.draw(st.integers(1, 3)), data.draw(st.integers(2, 4))
    target = data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    if rows > 1 and data.draw(st.booleans()):
        target[0] = -100
    weight = data.draw(st.none() | numbers(classes, cell=chances))
    case = {"x": data.draw(numbers(rows, classes)), "target": target, "weight": weight} | _upstream(
        data, (rows,)
    )
    agree("crossentropyloss", case | {"label_smoothing": data.draw(st.sampled_from([0.0, 0.1, 0.5]))})
    agree("nllloss", case)
    case = {"x": case["x"][0], "target": data.draw(st.integers(0, classes - 1))} | _upstream(data, ())
    agree("crossentropyloss", case)


@many
@given(st.data())
def test_hinge_and_divergence(data: st.DataObject) -> None:
    rows, classes = data.draw(st.integers(1, 3)), data.draw(st.integers(2, 4))
    step = data.draw(numbers(rows, classes, cell=st.integers(-40, 40)))
    x = [[n / 7 for n in row] for row in step]  # no sum of such is at the margin by rounding alone
    target = data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    agree("hingeloss", {"x": x, "target": target, "margin": 0.9371} | _upstream(data, (rows,)))
    case = {"x": data.draw(numbers(rows, classes)), "target": data.draw(numbers(rows, classes, cell=chances))}
    way = data.draw(st.sampled_from(["batchmean", "sum"]))
    agree("kldivloss", case | {"reduction": way, "log_target": data.draw(st.booleans())})


@many
@given(st.data())
def test_losses_of_pairs(data: st.DataObject) -> None:
    rows, wide = data.draw(st.integers(1, 3)), data.draw(st.integers(2, 3))
    cell = st.integers(1, 300).map(lambda n: n / 97)
    vectors = numbers(rows, wide, cell=st.one_of(cell, cell.map(lambda n: -n)))
    one, other, third = (data.draw(vectors) for _ in range(3))
    signs = data.draw(st.lists(st.sampled_from([1, -1]), min_size=rows, max_size=rows))
    case = {"x1": one, "x2": other, "target": signs, "margin": 0.2137} | _upstream(data, (rows,))
    agree("cosineembeddingloss", case)
    far = [[n + 7.013 for n in row] for row in third]  # where two points are one, the root has no slope
    near = [[n - 7.013 for n in row] for row in other]
    case = {"anchor": one, "positive": near, "negative": far, "margin": 1.0371} | _upstream(data, (rows,))
    agree("tripletmarginloss", case)
    agree("infonceloss", {"query": one, "key": other, "temperature": 0.5} | _upstream(data, (rows,)))


NOTES = [
    ("mseloss", "w11", {}, 0.0925),
    ("mseloss", "w11", {"reduction": "sum"}, 0.37),
    ("mseloss", "w11", {"reduction": "none"}, [[0.01, 0.04], [0.16, 0.16]]),
    ("l1loss", "w12", {}, 0.275),
    ("l1loss", "w12", {"reduction": "sum"}, 1.1),
    ("huberloss", "w13", {}, 0.04625),
    ("huberloss", "small", {}, 0.03625),
    ("huberloss", "small", {"reduction": "none"}, [[0.005, 0.02], [0.06, 0.06]]),
    ("crossentropyloss", "w14", {}, 0.5769535),
    ("crossentropyloss", "w14", {"reduction": "none"}, [0.4952, 0.5147, 0.7210]),
    ("crossentropyloss", "w20", {}, 0.9729189784937841),
    ("bcewithlogitsloss", "w16", {}, 0.6112863421440125),
    ("bcewithlogitsloss", "w17", {}, 0.7692961),
    ("bceloss", "w18", {}, 0.6113162636756897),
    ("bceloss", "as printed", {}, 0.6107816696166992),
    ("hingeloss", "cat", {"reduction": "none"}, [2.9, 0.0, 12.9]),
]


@pytest.mark.parametrize(("name", "example", "settings", "wanted"), NOTES)
def test_the_notes_numbers(name: str, example: str, settings: dict[str, Any], wanted: Any) -> None:
    found = work(name, settings, example=example).output.numbers()
    close = 5e-5 if isinstance(wanted, list) else 2e-7
    assert _flat(found) == pytest.approx(_flat(wanted), abs=close)


def test_a_guess_costs_ln_c_and_the_logit_form_never_overflows() -> None:
    import math

    for classes in range(2, 11):
        found = work("crossentropyloss", {"x": [[0.0] * classes], "target": [0]}).output.numbers()
        assert found == pytest.approx(math.log(classes), abs=1e-12)
    assert work("bcewithlogitsloss", {"x": [800.0, -800.0], "target": [0.0, 1.0]}).output.numbers() == 800
    assert work("crossentropyloss", {"x": [[1000.0, 0, 0]], "target": [0]}).output.numbers() == 0


def test_the_focal_loss_of_far_logits_is_finite() -> None:
    agree("focalloss", {"x": [800.0, -800.0], "target": [0, 1]})
    agree("focalloss", {"x": [800.0, -800.0], "target": [1, 0], "gamma": 0.0})


def test_at_the_edge_of_the_margin_the_hinge_is_flat_as_in_torch() -> None:
    agree("hingeloss", {"x": [[1.0, 0.0, 2.0]], "target": [0]})


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("crossentropyloss", functional.cross_entropy),
        ("nllloss", functional.nll_loss),
        ("hingeloss", functional.multi_margin_loss),
    ],
)
def test_fractions_are_no_classes(name: str, loss: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(Refused, match="whole numbers") as refused:
        work(name, {"x": [[1.0, 2.0]], "target": [0.5]})
    with pytest.raises(RuntimeError) as said:
        loss(torch.tensor([[1.0, 2.0]]), torch.tensor([0.5]))
    assert refused.value.torch == str(said.value)


@pytest.mark.parametrize("target", [1, -1])
@pytest.mark.parametrize("zero", ["x1", "x2"])
def test_a_vector_of_zeros_has_the_slope_that_torch_gives_it(zero: str, target: int) -> None:
    """It hangs on the ε below the root, which torch keeps in float32: 1e-12 itself is 2e-9 of the slope off."""
    case = {"x1": [[1.0, 2.0]], "x2": [[1.0, 2.0]], "target": [target], "margin": -0.5}
    worked = work("cosineembeddingloss", case | {zero: [[0.0, 0.0]]})
    answer = torch_answer(worked, backward=True)
    np.testing.assert_allclose(worked.gradients.of[zero].numbers(), answer.gradients[zero], rtol=1e-14)
    assert np.abs(answer.gradients[zero]).max() > 8e5


def test_gradients_that_teach() -> None:
    right = work("crossentropyloss", {"x": [[1.0, 2.0, 3.0]], "target": [1]})
    shares = work("softmax", {"x": [1.0, 2.0, 3.0]}).output.numbers()
    wanted = [p - (i == 1) for i, p in enumerate(shares)]
    assert right.gradients.of["x"].numbers()[0] == pytest.approx(wanted, abs=1e-12)
    past = work("hingeloss", {"x": [[9.0, 1.0, 2.0]], "target": [0]})
    assert past.gradients.of["x"].numbers() == [[0, 0, 0]]


ONE = [[1.0, 2.0], [3.0, 4.0]]
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("mseloss", {"x": ONE, "target": [1.0]}, "target"),
    ("huberloss", {"x": ONE, "target": ONE, "delta": 0.0}, "delta"),
    ("smoothl1loss", {"x": ONE, "target": ONE, "beta": -1.0}, "beta"),
    ("bceloss", {"x": ONE, "target": ONE}, "x"),
    ("bcewithlogitsloss", {"x": ONE, "target": [1.0, 0.0]}, "target"),
    ("crossentropyloss", {"x": ONE, "target": [[0, 1], [1, 0]]}, "target"),
    ("crossentropyloss", {"x": ONE, "target": [0, 5]}, "target"),
    ("crossentropyloss", {"x": ONE, "target": [0]}, "target"),
    ("crossentropyloss", {"x": ONE, "target": [0, 1], "weight": [1.0]}, "weight"),
    ("crossentropyloss", {"x": ONE, "target": [0, 1], "label_smoothing": 2.5}, "label_smoothing"),
    ("hingeloss", {"x": ONE, "target": [0, 2]}, "target"),
    ("kldivloss", {"x": ONE, "target": ONE, "reduction": "best"}, "reduction"),
    ("focalloss", {"x": ONE, "target": [[2, 0], [0, 1]]}, "target"),
    ("cosineembeddingloss", {"x1": ONE, "x2": ONE, "target": [1, 0]}, "target"),
    ("cosineembeddingloss", {"x1": ONE, "x2": [1.0], "target": [1, 1]}, "x2"),
    ("tripletmarginloss", {"anchor": ONE, "positive": ONE, "negative": ONE, "margin": 0.0}, "margin"),
    ("infonceloss", {"query": ONE, "key": [[0.0, 0.0], [1.0, 1.0]]}, "key"),
    ("infonceloss", {"query": ONE, "key": ONE, "temperature": 0.0}, "temperature"),
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


def test_shapes_of_what_comes_out() -> None:
    assert (
        work("mseloss", {"x": nested([0.0] * 6, (2, 3)), "target": nested([1.0] * 6, (2, 3))}).output.shape
        == ()
    )
    kept = work("crossentropyloss", {"x": ONE, "target": [0, 1], "reduction": "none"}).output
    assert prod(kept.shape) == 2
