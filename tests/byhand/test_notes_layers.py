"""The worked examples of the notes that concern layers, number by number; and where the notes print a wrong one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from dltui.byhand import Worked, work
from dltui.byhand.told import tell
from dltui.shapes import linear as linear_shape

GRID = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
W6 = [
    [[3.4, 6.2, 9.0, 11.8], [5.2, 10.7, 16.2, 21.7]],
    [[7.0, 15.2, 23.4, 31.6], [8.8, 19.7, 30.6, 41.5]],
    [[10.6, 24.2, 37.8, 51.4], [12.4, 28.7, 45.0, 61.3]],
]
WEIGHT = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9], [1.0, 1.1, 1.2]]
PICTURE = [[1, 2, 3], [4, 5, 6]]


def near(found: Any, known: Any, tolerance: float = 1e-9) -> None:
    assert torch.tensor(found, dtype=torch.float64).shape == torch.tensor(known).shape
    torch.testing.assert_close(
        torch.tensor(found, dtype=torch.float64),
        torch.tensor(known, dtype=torch.float64),
        rtol=0,
        atol=tolerance,
    )


def told(worked: Worked) -> list[str]:
    return [line.text() for line in tell(worked.sheet.lines)]


def test_w1_shapes_of_the_table() -> None:
    assert work("flatten", {"x": [[[1.0] * 4] * 3] * 2}).output.shape == (2, 12)
    assert work("linear", {"x": [[[1.0] * 3] * 2] * 5, "weight": WEIGHT}).output.shape == (5, 2, 4)
    shape = work("conv2d", {"x": [[[1.0] * 5] * 6] * 2, "weight": [[[[1.0] * 3] * 3] * 2] * 4}).output.shape
    assert shape == (4, 4, 3)
    assert work("maxpool2d", {"x": [[[1.0] * 6] * 6], "kernel_size": 2}).output.shape == (1, 3, 3)
    assert work("batchnorm", {"x": [[[[1.0, 2.0]]] * 3] * 2}).output.shape == (2, 3, 1, 2)
    weights = {"weight_ih": [[0.1] * 2] * 3, "weight_hh": [[0.1] * 3] * 3}
    assert work("rnn", {"x": [[1.0, 2.0]] * 5, **weights}).output.shape == (5, 3)


def test_w4_flatten() -> None:
    near(work("flatten", example="w4").output.numbers(), [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])


def test_w5_linear() -> None:
    worked = work("linear", example="w5")
    near(worked.output.numbers(), [[3.4, 6.2, 9.0, 11.8], [5.2, 10.7, 16.2, 21.7]])
    near(
        work("linear", {"x": PICTURE, "weight": WEIGHT}).output.numbers(),
        [[1.4, 3.2, 5, 6.8], [3.2, 7.7, 12.2, 16.7]],
    )
    assert told(worked)[0].endswith("= 1·0.1 + 2·0.2 + 3·0.3 + 2 = 0.1 + 0.4 + 0.9 + 2 = 3.4")
    assert linear_shape((2, 3), out_features=4).output == worked.output.shape


def test_w6_linear_of_three_dimensions() -> None:
    near(work("linear", example="w6").output.numbers(), W6)


def test_w7_conv2d() -> None:
    worked = work("conv2d", example="w7")
    near(worked.output.numbers(), [[29.5]])
    assert "(0.1 + 0.4 + 0.9) + (1.6 + 2.5 + 3.6) + (4.9 + 6.4 + 8.1) + 1" in told(worked)[0]


def test_w8_conv1d() -> None:
    worked = work("conv1d", example="w8")
    near(worked.output.numbers(), [2.4, 3.0, 3.6])
    near(work("conv1d", {"x": [1, 2, 3, 4, 5], "weight": [0.1, 0.2, 0.3]}).output.numbers(), [1.4, 2.0, 2.6])


def test_w9_two_channels_out() -> None:
    worked = work("conv2d", example="w9")
    near(worked.output.numbers(), [[[29.5]], [[2.6]]])
    assert "0.2 + 1 + 2.4 − 1 = 2.6" in told(worked)[1]


def test_w10_two_channels_in_and_what_the_notes_decompose_wrongly() -> None:
    worked = work("conv2d", example="w10")
    near(worked.output.numbers(), [[[33.1]]])
    assert told(worked)[-1] == "y = s₁ + s₂ + b = 28.5 + 3.6 + 1 = 33.1"
    assert pytest.approx(34.1) == (29.5 - 1) + (3.6 + 1) + 1
    assert "34.1" in worked.operation.remarks["w10"]


def test_w14_softmax() -> None:
    known = [
        [0.6095, 0.2242, 0.1360, 0.0303],
        [0.2199, 0.5977, 0.0491, 0.1334],
        [0.0399, 0.1789, 0.2949, 0.4863],
    ]
    near(work("softmax", example="w14").output.numbers(), known, 6e-5)


def test_w28_depthwise_separable_convolution() -> None:
    depthwise = work("conv2d", {"x": [GRID, GRID], "weight": [[GRID], [GRID]], "groups": 2})
    near(depthwise.output.numbers(), [[[285.0]], [[285.0]]])
    pointwise = work("conv2d", {"x": depthwise.output.numbers(), "weight": [[[[1]], [[2]]]] * 4})
    near(pointwise.output.numbers(), [[[855.0]]] * 4)
    separable = sum(len(one.inputs["weight"].cells) for one in (depthwise, pointwise))
    standard = len(work("conv2d", {"x": [GRID, GRID], "weight": [[GRID, GRID]] * 4}).inputs["weight"].cells)
    assert (separable, standard) == (26, 72)
    assert separable / standard == pytest.approx(1 / 4 + 1 / 9)


def test_w31_shapes_of_a_transformer() -> None:
    worked = work("attention", example="w31")
    assert worked.sheet.tensors["a"].shape == (4, 4)
    assert worked.output.shape == (4, 6)
    known = {name: worked.operation.examples["w31"][name] for name in ("key", "value")}
    cross = work("attention", known | {"query": [[1, 0, 0, 0, 0, 1]]})
    assert cross.sheet.tensors["a"].shape == (1, 4)
    assert cross.output.shape == (1, 6)


def test_d1_shapes_of_a_recurrent_network() -> None:
    x = [[0.1] * 10] * 5
    weights = {"weight_ih": [[0.1] * 10] * 20, "weight_hh": [[0.1] * 20] * 20}
    worked = work("rnn", {"x": x, **weights})
    assert worked.output.shape == tuple(torch.nn.RNN(10, 20)(torch.tensor(x))[0].shape) == (5, 20)


def test_d2_pooling_strides_by_its_kernel() -> None:
    assert work("maxpool2d", example="d2").output.shape == (2, 2)
    assert work("maxpool2d", example="d2-stride").output.shape == (5, 5)


def test_d4_the_reset_gate_of_torch_is_not_that_of_the_notes() -> None:
    known = work("gru").operation.examples["two"]
    after, before = (work("gru", {**known, "reset": word}).output.numbers() for word in ("after", "before"))
    assert abs(after[0][0] - before[0][0]) > 1e-3


def test_d5_nadaraya_watson() -> None:
    worked = work("nadarayawatson", example="d5")
    near(worked.output.numbers(), [1.548137], 1e-6)
    near(worked.sheet.tensors["a"].numbers(), [[0.274069, 0.451863, 0.274069]], 1e-6)
    narrow = work("nadarayawatson", example="d5-narrow")
    near(narrow.output.numbers(), [1.021735], 1e-6)
    near(narrow.sheet.tensors["a"].numbers(), [[0.010868, 0.978265, 0.010868]], 1e-6)


def test_d6_attention() -> None:
    worked = work("attention", example="d6")
    near(worked.sheet.tensors["a"].numbers(), [[0.669762, 0.330238]], 1e-6)
    near(worked.output.numbers(), [[6.697616, 3.302385]], 1e-6)


def test_d7_positional_encoding() -> None:
    known = [
        [0, 1, 0, 1],
        [0.8415, 0.5403, 0.01, 1.0],
        [0.9093, -0.4161, 0.02, 0.9998],
        [0.1411, -0.99, 0.03, 0.9996],
    ]
    near(work("positionalencoding").output.numbers(), known, 6e-5)


@pytest.mark.parametrize(
    ("temperature", "known"),
    [
        (0.5, [0.866813, 0.117310, 0.015876]),
        (1, [0.665241, 0.244728, 0.090031]),
        (2, [0.506480, 0.307196, 0.186324]),
        (10, [0.367165, 0.332225, 0.300610]),
    ],
)
def test_d8_temperature(temperature: float, known: list[float]) -> None:
    near(work("softmax", {"x": [2, 1, 0], "temperature": temperature}).output.numbers(), known, 1e-6)


def test_masked_scores_are_minus_infinity_before_the_softmax() -> None:
    """E41 of the notes: 0 after the softmax would leave the rest not adding up to 1."""
    worked = work("attention", example="causal")
    assert worked.sheet.tensors["s"][0, 1].value == float("-inf")
    assert [sum(cell.value for cell in worked.sheet.tensors["a"].row(i)) for i in range(3)] == pytest.approx([
        1,
        1,
        1,
    ])


def test_softmax_of_the_catalogue() -> None:
    near(work("softmax").output.numbers(), [0.090031, 0.244728, 0.665241], 1e-6)
    shifted = work("softmax", {"x": [1001, 1002, 1003]}).output.numbers()
    near(shifted, work("softmax", {"x": [1, 2, 3]}).output.numbers(), 1e-12)
    near(work("logsoftmax", {"x": [1000, 0, 0]}).output.numbers()[0], 0.0)
    near(work("logsoftmax", example="large").output.numbers()[0], -0.407606, 1e-6)
