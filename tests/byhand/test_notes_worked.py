"""The worked examples W1 to W35 and the derived checks D1 to D16 of the notes: which test holds each, and the rest."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from dltui.byhand import work
from dltui.instruments.weights.quantize import quantized
from dltui.instruments.weights.spectrum import singular_values
from dltui.lab.byhand.refusals import said_of
from dltui.shapes import chain, conv2d
from dltui.shapes import linear as linear_shape
from dltui.training.feed import bounds

HERE, PIPELINE = "tests/byhand/test_notes_worked.py", "tests/byhand/test_notes_pictures.py"
LAYERS, LOSSES = "tests/byhand/test_notes_layers.py", "tests/byhand/test_losses.py"
PLACES = {
    "W1": (LAYERS, "test_w1_shapes_of_the_table"), "W2": (HERE, "test_w2_and_w3_relu_and_sigmoid"),
    "W3": (HERE, "test_w2_and_w3_relu_and_sigmoid"), "W4": (LAYERS, "test_w4_flatten"),
    "W5": (LAYERS, "test_w5_linear"), "W6": (LAYERS, "test_w6_linear_of_three_dimensions"),
    "W7": (LAYERS, "test_w7_conv2d"), "W8": (LAYERS, "test_w8_conv1d"),
    "W9": (LAYERS, "test_w9_two_channels_out"),
    "W10": (LAYERS, "test_w10_two_channels_in_and_what_the_notes_decompose_wrongly"),
    "W11": (LOSSES, '"w11", {"reduction": "none"}'), "W12": (LOSSES, '"w12", {"reduction": "sum"}'),
    "W13": (LOSSES, '"huberloss", "small"'), "W14": (LAYERS, "test_w14_softmax"),
    "W15": (HERE, "test_w15_w19_and_w22_what_torch_says_of_types"), "W16": (HERE, "test_w16_to_w18_number_by_number"),
    "W17": (HERE, "test_w16_to_w18_number_by_number"), "W18": (HERE, "test_w16_to_w18_number_by_number"),
    "W19": (HERE, "test_w15_w19_and_w22_what_torch_says_of_types"), "W20": (LOSSES, '"w20", {}'),
    "W21": (HERE, "test_w21_what_a_guess_costs"),
    "W22": (HERE, "test_w15_w19_and_w22_what_torch_says_of_types"), "W23": ("dltui/lab/shapes/formats.py", "W23"),
    "W24": (HERE, "test_w24_warm_up_and_linear_decay"), "W25": (HERE, "test_w25_the_saddle"),
    "W27": (HERE, "test_w27_normalisation"), "W28": (LAYERS, "test_w28_depthwise_separable_convolution"),
    "W29": (HERE, "test_w29_a_white_box_attack_goes_against_the_gradient"),
    "W30": (HERE, "test_w30_a_black_box_gradient"), "W31": (LAYERS, "test_w31_shapes_of_a_transformer"),
    "W32": (HERE, "test_w32_and_d11_lifelong_learning"), "W33": (HERE, "test_w33_three_weights_add_up_to_1"),
    "W34": (HERE, "test_w34_and_d10_jensen_shannon"), "W35": (HERE, "test_w35_numbers_in_passing"),
    "D1": (LAYERS, "test_d1_shapes_of_a_recurrent_network"), "D2": (LAYERS, "test_d2_pooling_strides_by_its_kernel"),
    "D3": ("tests/shapes/test_notes.py", "D3"),
    "D4": (LAYERS, "test_d4_the_reset_gate_of_torch_is_not_that_of_the_notes"),
    "D5": (LAYERS, "test_d5_nadaraya_watson"), "D6": (LAYERS, "test_d6_attention"),
    "D7": (LAYERS, "test_d7_positional_encoding"), "D8": (LAYERS, "test_d8_temperature"),
    "D9": ("tests/byhand/test_metrics.py", "test_d9_bleu"), "D10": (HERE, "test_w34_and_d10_jensen_shannon"),
    "D11": (HERE, "test_w32_and_d11_lifelong_learning"), "D12": (HERE, "test_d12_a_projected_gradient"),
    "D13": (HERE, "test_d13_a_split_matrix"), "D14": ("tests/shapes/test_notes.py", "D14"),
    "D16": (HERE, "test_d16_descent_at_the_saddle"), "W26": (PIPELINE, "test_w26_the_pipeline_at_224"),
    "D15": (PIPELINE, "test_d15_a_spatial_transformer"),
}  # fmt: skip
# what of them is no number that anything computes: where it is told
TOLD = {
    "W26": "torchvision's words: Compose, RandomVerticalFlip, RandomRotation, RandomAffine, ColorJitter, GaussianBlur, "
    "download; the third argument of DataLoader in docs/byhand.md, held by test_e12_what_is_held_out_is_not_shuffled",
    "W35": "1000 diffusion steps, 300 <BOS>, z ~ Bernoulli(0.5) and 1e-6 below a threshold: choices of the notes",
}


def test_every_worked_example_has_a_test(root: Path) -> None:
    names = [*(f"W{i}" for i in range(1, 36)), *(f"D{i}" for i in range(1, 17))]
    assert set(PLACES) == set(names)
    assert set(TOLD) <= set(names)
    assert "third argument of DataLoader" in (root / "docs" / "byhand.md").read_text(encoding="utf-8")
    for file, text in PLACES.values():
        assert text in (root / file).read_text(encoding="utf-8"), (file, text)


def typed(expression: str, **numbers: float) -> float:
    """Return what a typed expression comes to by hand."""
    return float(work("backprop", {"expression": expression, **numbers}).output[()].value)


def slopes(expression: str, **numbers: float) -> dict[str, float]:
    """Return the gradients of a typed expression by hand."""
    worked = work("backprop", {"expression": expression, **numbers})
    return {name: one.cells[0].value for name, one in worked.gradients.of.items()}


def test_w2_and_w3_relu_and_sigmoid() -> None:
    x = [[1, 2, -3], [4, 5, -6]]
    assert work("relu", {"x": x}).output.numbers() == [[1, 2, 0], [4, 5, 0]]
    known = [[0.7311, 0.8808, 0.0474], [0.9820, 0.9933, 0.0025]]
    np.testing.assert_allclose(work("sigmoid", {"x": x}).output.numbers(), known, atol=5e-5)
    by_hand = [[typed("1/(1 + exp(-x))", x=one) for one in row] for row in x]
    np.testing.assert_allclose(by_hand, known, atol=5e-5)


def test_w15_w19_and_w22_what_torch_says_of_types() -> None:
    logits, classes = torch.tensor([[2.0, 1, 0.5, -1]]), torch.tensor([0])
    yes = torch.tensor([[1, 0, 0, 0]])
    double = logits.sigmoid().double()
    entropy, binary = functional.cross_entropy, functional.binary_cross_entropy_with_logits
    chance, wants = functional.binary_cross_entropy, "expected target dtype to be Long or Byte, but got"
    integers = {"Long": torch.int64, "Int": torch.int32, "Short": torch.int16, "Char": torch.int8}
    cast = "result type Float can't be cast to the desired output type"
    said = [
        (entropy, logits.int(), classes, "kernel_impl\" not implemented for 'Int'", "integer-logits"),
        (entropy, logits, classes.int(), f"{wants} Int", "int32-classes"),
        (entropy, logits, classes.short(), f"{wants} Short", "int32-classes"),
        (entropy, logits, classes.float(), f"{wants} Float", "float-classes"),
        (entropy, logits, yes, "type for target with class probabilities, got Long", "one-hot"),
        *((binary, logits, yes.to(kind), f"{cast} {name}", "long-target") for name, kind in integers.items()),
        (chance, double.float(), yes.double(), "Found dtype Double but expected Float", "bce-dtype"),
        (chance, double, yes.half(), "Found dtype Half but expected Double", "bce-dtype"),
        (chance, logits, yes.float(), "all elements of input should be between 0 and 1", "not-a-probability"),
    ]
    for loss, x, target, words, case in said:
        with pytest.raises(RuntimeError) as refused:
            loss(x, target)
        assert words in str(refused.value)
        assert said_of(str(refused.value)) == case
    for kind in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        assert torch.isfinite(entropy(logits.to(kind), classes))
        assert torch.isfinite(chance(logits.to(kind).sigmoid(), yes.to(kind)))
        assert torch.isfinite(binary(logits.to(kind), yes.float()))
    assert torch.isfinite(entropy(logits, classes.byte()))


LOGITS = [[2, 1, 0.5, -1], [1, 2, -0.5, 0.5], [-0.5, 1, 1.5, 2]]
YES = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]
EACH = [[0.1269, 1.3133, 0.9741, 0.3133], [1.3133, 0.1269, 0.4741, 0.9741], [0.4741, 1.3133, 1.7014, 0.1269]]


def test_w16_to_w18_number_by_number() -> None:
    """The notes' 1.3134 comes of a rounded 0.7311, their 0.3755 is a slip for 0.3775."""
    six: dict[str, Any] = {"x": [[2, 1], [1, 2], [-0.5, 1]], "target": [[1, 0], [0, 1], [0, 1]]}
    chances = [[0.8808, 0.7311], [0.7311, 0.8808], [0.3775, 0.7311]]
    np.testing.assert_allclose(work("sigmoid", {"x": six["x"]}).output.numbers(), chances, atol=5e-5)
    each = work("bcewithlogitsloss", six | {"reduction": "none"}).output.numbers()
    np.testing.assert_allclose(each, [[0.1269, 1.3133], [1.3133, 0.1269], [0.4741, 0.3133]], atol=5e-5)
    assert typed("-ln(1 - p)", p=0.7311) == pytest.approx(1.3134, abs=5e-5)
    twelve: dict[str, Any] = {"x": LOGITS, "target": YES}
    each = work("bcewithlogitsloss", twelve | {"reduction": "none"}).output.numbers()
    np.testing.assert_allclose(each, EACH, atol=6e-5)
    assert work("bcewithlogitsloss", twelve).output.numbers() == pytest.approx(0.7692961096763611, abs=2e-7)
    assert work("bceloss", six | {"x": chances}).output.numbers() == pytest.approx(
        0.6113162636756897, abs=1e-7
    )
    chances[2][0] = 0.3755
    assert work("bceloss", six | {"x": chances}).output.numbers() == pytest.approx(
        0.6107816696166992, abs=1e-7
    )
    assert "0.3775" in work("bceloss", example="as printed").operation.remarks["as printed"]


def test_w21_what_a_guess_costs() -> None:
    known = [0.6931, 1.0986, 1.3863, 1.6094, 1.7918, 1.9459, 2.0794, 2.1972, 2.3026]
    found = [
        work("crossentropyloss", {"x": [[0.5] * c], "target": [c - 1]}).output.numbers() for c in range(2, 11)
    ]
    assert found == pytest.approx(known, abs=5e-5)


@pytest.mark.parametrize(
    ("step", "rate"),
    [
        (0, 0), (1, 1e-6), (250, 2.5e-4), (500, 5e-4), (999, 9.99e-4), (1000, 1e-3), (1001, 9.998889e-4),
        (2000, 8.888889e-4), (5500, 5e-4), (9000, 1.111111e-4), (9999, 1.111111e-7), (10000, 0), (12000, 0),
    ],
)  # fmt: skip
def test_w24_warm_up_and_linear_decay(step: int, rate: float) -> None:
    factor = "a*min(t/max(1, w), max(0, (T - t)/max(1, T - w)))"
    assert typed(factor, a=0.001, t=step, w=1000, T=10000) == pytest.approx(rate, rel=1e-6, abs=1e-15)


SADDLE = "(y - w1*w2*x)**2"


def test_w25_the_saddle() -> None:
    at_rest = slopes(SADDLE, x=1, y=1, w1=0, w2=0)
    assert (at_rest["w1"], at_rest["w2"]) == (0, 0)
    for along, known in ((0, 1), (0.1, 0.990025), (1, 0.25), (math.sqrt(2), 0)):
        w = along / math.sqrt(2)
        assert typed(SADDLE, x=1, y=1, w1=w, w2=w) == pytest.approx(known, abs=1e-12)
    w = 1 / math.sqrt(2)
    assert typed(SADDLE, x=1, y=1, w1=w, w2=-w) == pytest.approx(2.25)


def test_d16_descent_at_the_saddle() -> None:
    for start, end in (((0, 0), (0, 0)), ((1e-3, 1e-3), (1, 1)), ((1, -1), (0, 0)), ((0.3, -0.3), (0, 0))):
        w1, w2 = map(float, start)
        for _ in range(200):
            slope = slopes("(1 - w1*w2)**2", w1=w1, w2=w2)
            w1, w2 = w1 - 0.1 * slope["w1"], w2 - 0.1 * slope["w2"]
        assert (w1, w2) == pytest.approx(end, abs=2e-2)


def test_w27_normalisation() -> None:
    for place, (mean, deviation) in enumerate(((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))):
        for x, known in ((0, (-2.1179, -2.0357, -1.8044)), (1, (2.2489, 2.4286, 2.64))):
            found = typed("(x - m)/s", x=x, m=mean, s=deviation)
            assert found == pytest.approx(known[place], abs=5e-5)


def test_w29_a_white_box_attack_goes_against_the_gradient() -> None:
    """The notes add lr·gradient; that raises what they want to lower."""
    loss, step = "(x*w - t)**2", "max(o - e, min(o + e, x + r*g))"
    ends = []
    for sign in (-1, 1):
        x = 1.0
        losses = [typed(loss, x=x, w=2, t=0)]
        for _ in range(5):
            x = typed(step, o=1, e=0.3, x=x, r=sign * 0.02, g=slopes(loss, x=x, w=2, t=0)["x"])
            losses.append(typed(loss, x=x, w=2, t=0))
        assert all(sign * (after - before) >= 0 for before, after in pairwise(losses))
        ends.append(x)
    assert ends == pytest.approx([0.7, 1.3])


def test_w30_a_black_box_gradient() -> None:
    delta, square = 1e-5, "a**2 + b**2"
    at = typed(square, a=1, b=2)
    ahead = typed(square, a=1 + delta, b=2), typed(square, a=1, b=2 + delta)
    assert [(one - at) / delta for one in ahead] == pytest.approx([2.00001, 4.00001], abs=1e-6)
    slope = slopes(square, a=1, b=2)
    assert (slope["a"], slope["b"]) == (2, 4)
    for kind, known, room in ((np.float32, [2.0027, 4.0054], 5e-5), (np.float64, [2.00001, 4.00001], 5e-6)):
        x, small = np.array([1, 2], kind), kind(delta)
        ends = [np.sum((x + small * unit) ** 2, dtype=kind) for unit in np.eye(2, dtype=kind)]
        found = [(end - np.sum(x**2, dtype=kind)) / small for end in ends]
        assert found == pytest.approx(known, abs=room)
        wide = torch.tensor([1, 2], dtype=getattr(torch, np.dtype(kind).name))
        asked = [
            ((wide + delta * unit).square().sum() - wide.square().sum()) / delta
            for unit in torch.eye(2).to(wide)
        ]
        assert [float(one) for one in asked] == pytest.approx(known, abs=room)


def test_w32_and_d11_lifelong_learning() -> None:
    scores = [[0.1, 0.1, 0.1], [0.9, 0.2, 0.1], [0.7, 0.8, 0.2], [0.6, 0.7, 0.9]]
    last, tasks = scores[3], 3
    assert typed("(a + b + c)/n", a=last[0], b=last[1], c=last[2], n=tasks) == pytest.approx(
        0.733333, abs=1e-6
    )
    back = typed("((a - f) + (b - g))/(n - 1)", a=last[0], f=scores[1][0], b=last[1], g=scores[2][1], n=tasks)
    assert back == pytest.approx(-0.2)


def test_w33_three_weights_add_up_to_1() -> None:
    states = {"key": [[1, 0], [0, 1], [1, 1]], "value": [[1, 0], [0, 1], [1, 1]]}
    weights = work("attention", {"query": [[0.5, -2]], **states}).sheet.tensors["a"].numbers()
    assert len(weights[0]) == 3
    assert sum(weights[0]) == pytest.approx(1, abs=1e-15)


def shannon(p: list[float], q: list[float]) -> float:
    """Return the Jensen-Shannon divergence by two divergences worked by hand."""
    middle = [math.log((a + b) / 2) for a, b in zip(p, q, strict=True)]
    found = [
        work("kldivloss", {"x": [middle], "target": [one], "reduction": "sum"}).output.numbers()
        for one in (p, q)
    ]
    return float(sum(found)) / 2


def test_w34_and_d10_jensen_shannon() -> None:
    """max_D V is 2·JS − log 4; the notes have the sign turned round."""
    found = shannon([0.5, 0.3, 0.2], [0.2, 0.3, 0.5])
    assert found == pytest.approx(0.066414, abs=1e-6)
    assert 2 * found - math.log(4) == pytest.approx(-1.253466, abs=1e-6)
    apart = shannon([0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75])
    assert apart == pytest.approx(math.log(2), abs=1e-12)
    assert 2 * apart - math.log(4) == pytest.approx(0, abs=1e-12)


def test_w35_numbers_in_passing() -> None:
    assert work("flatten", {"x": [[[0.0] * 64] * 64], "start_dim": 0}).output.shape == (4096,)
    assert linear_shape((1, 64 * 64), out_features=100).output == (1, 100)
    drawn = chain("linear 784 | unflatten dim=1 unflattened_size=1,28,28", (1, 100))
    assert drawn.output == (1, 1, 28, 28)
    kernel = conv2d((1, 1, 8, 8), out_channels=1, kernel_size=(3, 3), bias=False)
    assert kernel.parameters == 9
    layer = linear_shape((1, 30), out_features=20)
    whole, byte = (layer.bytes(kind)["parameters"] for kind in ("float32", "int8"))
    assert whole == 4 * byte
    weights = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    scale = float(np.abs(weights).max()) / 127
    assert np.abs(quantized(weights, "int8", "tensor") - weights).max() <= scale / 2 * (1 + 1e-6)
    assert bounds(1000, typed_whole("n/10", n=1000)) == [*range(0, 1001, 100)]
    left = [typed("n*(1 - p)**k", n=1000, p=0.1, k=rounds) for rounds in (0, 1, 2, 3)]
    assert left == pytest.approx([1000, 900, 810, 729])
    assert typed("p", p=0.5) == work("sigmoid", {"x": [0]}).output.numbers()[0]


def typed_whole(expression: str, **numbers: float) -> int:
    """Return what a typed expression comes to where it is a whole number."""
    found = typed(expression, **numbers)
    assert found == int(found)
    return int(found)


def test_d12_a_projected_gradient() -> None:
    g, old = (1, -1), (0, 1)
    dot = typed("a*c + b*d", a=g[0], b=g[1], c=old[0], d=old[1])
    assert dot == -1
    size = typed("c**2 + d**2", c=old[0], d=old[1])
    assert [typed("g - s/n*o", g=a, s=dot, n=size, o=b) for a, b in zip(g, old, strict=True)] == [1, 0]


def test_d13_a_split_matrix() -> None:
    whole = linear_shape((1, 1000), out_features=1000, bias=False).parameters
    halves = [
        linear_shape((1, inside), out_features=out, bias=False).parameters
        for inside, out in ((1000, 100), (100, 1000))
    ]
    assert (whole, sum(halves)) == (1_000_000, 200_000)
    assert typed("m*n/(m + n)", m=1000, n=1000) == 500


def test_d13_errors_of_a_matrix_of_rank_6() -> None:
    """The last of the notes' errors is that of float32; in float64 nothing is left of it."""
    torch.manual_seed(0)
    matrix = torch.randn(40, 6) @ torch.randn(6, 30)
    found = singular_values(matrix.numpy())
    errors = [
        typed("sqrt(l/a)", l=float((found[kept:] ** 2).sum()), a=float((found**2).sum()))
        for kept in (2, 4, 6)
    ]
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    split = [float((matrix - left[:, :k] * values[:k] @ right[:k]).norm() / matrix.norm()) for k in (2, 4, 6)]
    assert split[:2] == pytest.approx([0.554, 0.311], abs=5e-4)
    assert split[2] == pytest.approx(3.9e-7, abs=1e-7)  # rounding: it depends on the machine a little
    assert errors[:2] == pytest.approx([0.554, 0.311], abs=5e-4)
    assert errors[2] < split[2]
    exact = singular_values((left[:, :6].double() * values[:6] @ right[:6].double()).numpy())
    assert math.sqrt((exact[6:] ** 2).sum() / (exact**2).sum()) < 1e-14
