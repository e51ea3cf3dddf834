"""Spellings, signatures, batches, symbols and the doors of the library."""

from __future__ import annotations

import inspect
import json
import random

import pytest
import torch

import dltui.shapes as shapes
from dltui.shapes import ShapeError, conv2d, infer
from dltui.shapes.batch import answer, answers
from dltui.shapes.layers import LAYERS, layer_named
from dltui.shapes.spelled import read_layer
from dltui.shapes.symbol import Scope, Symbol
from dltui.shapes.values import read_shape


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_the_table_leads_to_the_layer(name: str) -> None:
    layer = layer_named(name)
    assert layer.name == LAYERS[name].family
    assert getattr(shapes, name) is layer
    assert LAYERS[name].summary.endswith(".")
    assert layer_named(layer.name) is layer


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_arguments_are_those_of_torch_in_its_order(name: str) -> None:
    layer = layer_named(name)
    known = getattr(torch.nn, layer.name, None)
    if known is None or name in {"transformerencoder", "transformerdecoder", "rnn", "lstm", "gru"}:
        pytest.skip("PyTorch has no class with a signature to compare with")
    theirs = [p for p in inspect.signature(known.__init__).parameters if p not in {"self", "args", "kwargs"}]
    shared = [key for key in theirs if key in layer.options]
    assert [key for key in layer.options if key in theirs] == sorted(shared, key=list(layer.options).index)
    positional = [
        p.name
        for p in inspect.signature(known.__init__).parameters.values()
        if p.kind is p.POSITIONAL_OR_KEYWORD and p.name in layer.options
    ]
    assert [key for key in layer.options if key in positional] == positional


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_argument_is_told(name: str) -> None:
    layer = layer_named(name)
    body = inspect.cleandoc(layer.__doc__ or "").partition("\nArgs:\n")[2]
    for key in layer.options:
        assert f"{key}: " in body


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (
            "Conv2d(3, 64, 7, stride=2, padding=3)",
            {"in_channels": 3, "out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3},
        ),
        (
            "torch.nn.Conv2d(3, 64, (3, 5), padding='same', bias=False)",
            {"in_channels": 3, "out_channels": 64, "kernel_size": (3, 5), "padding": "same", "bias": False},
        ),
        ("nn.LazyConv2d(64, 3)", {"out_channels": 64, "kernel_size": 3}),
        ("conv2d 64 7 2 3", {"out_channels": 64, "kernel_size": 7, "stride": 2, "padding": 3}),
        (
            "conv2d 64 k=7,5 s2 p=same",
            {"out_channels": 64, "kernel_size": (7, 5), "stride": 2, "padding": "same"},
        ),
        ("linear 10 bias=false", {"out_features": 10, "bias": False}),
        ("layernorm", {}),
        ("layernorm normalized_shape=3,4", {"normalized_shape": (3, 4)}),
        ("nn.Linear(64 * 7 * 7, -(-10))", {"in_features": 3136, "out_features": 10}),
        ("upsample scale_factor=1.5 mode=bilinear", {"scale_factor": 1.5, "mode": "bilinear"}),
        ("Flatten()", {}),
    ],
)
def test_spellings(text: str, settings: dict[str, object]) -> None:
    assert read_layer(text).settings == settings


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Conv2d(3, 64, k)", "no plain value"),
        ("Conv2d(3, 64, open('x'))", "no plain value"),
        ("Conv2d(3, 64, **options)", "can't be read"),
        ("Conv2d(3, 64, 3, 1, 1, 1, 1, True, 'zeros', 9)", "takes 9 values"),
        ("Conv2d(3, 64", "can't be parsed"),
        ("Conv9d(3, 64)", "unknown layer"),
        ("Conv2d(3, 64, 3, strides=2)", "unknown argument"),
        ("Conv2d(3, 64)", "needs kernel_size"),
        ("1 + 1", "layer"),
        ("conv2d 64 k=seven", "no size"),
    ],
)
def test_spellings_that_mean_nothing(text: str, told: str) -> None:
    with pytest.raises(ShapeError, match=told):
        read_layer(text)(*[(1, 3, 9, 9)])


def test_the_layer_is_spelled_as_torch_takes_it() -> None:
    report = conv2d((1, 3, 9, 9), out_channels=4, kernel_size=(3, 3), stride=2, groups=1, bias=True)
    assert report.layer == "Conv2d(3, 4, kernel_size=(3, 3), stride=2)"
    assert infer(report.layer, (1, 3, 9, 9)).output == report.output


def test_a_batch_answers_in_order_and_nothing_stops_it() -> None:
    lines = [
        '{"layer":"conv2d","input":[1,3,32,32],"out_channels":8,"kernel_size":3}',
        "no JSON",
        "",
        '{"layer":"LSTM","inputs":[[5,2,10]],"hidden_size":20,"bidirectional":true}',
        '{"layer":"conv2d","input":[1,3,32,32],"out_channels":8,"kernel_size":3,"padding":-1}',
        '{"layer":"conv2d","input":["N",3,"H","H"],"out_channels":8,"kernel_size":3,"stride":2,"padding":1}',
        "[1]",
        '{"layer":"conv2d","input":[1,3,32,32],"kernel_size":3}',
        '{"layer":"conv2d","input":{"a":1},"out_channels":8,"kernel_size":3}',
        '{"layer":["x"],"input":[1]}',
        '{"layer":"multimarginloss","input":[2,3],"p":[1]}',
        '{"layer":"multiheadattention","inputs":[[10,2,64]],"num_heads":4,"attn_mask":[10,10]}',
    ]
    found = [json.loads(line) for line in answers(lines)]
    assert found[0] == {"output": [1, 8, 30, 30], "parameters": 224, "macs": 194400}
    assert found[1]["argument"] == ""
    assert found[2]["output"] == [[5, 2, 40], [2, 2, 20], [2, 2, 20]]
    assert found[3]["argument"] == "padding"
    assert found[4]["output"] == ["N", 8, "⌊(H−1)/2⌋+1", "⌊(H−1)/2⌋+1"]
    assert found[6]["argument"] == "out_channels"
    assert found[-1]["output"] == [[10, 2, 64], [2, 10, 10]]
    assert all("error" in found[i] for i in (1, 3, 5, 6, 7, 8, 9))
    assert len(found) == 11


ODD = [True, False, 1.5, "3", None, [3], [], {}, -3, 0, 10**30, [[1]], [1, 2, 3, 4, 5, 6, 7]]


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_no_value_breaks_a_layer(name: str) -> None:
    layer = layer_named(name)
    for value in ODD:
        for key in layer.options:
            found = answer({
                "layer": name,
                "input": [2, 4, 8, 8],
                **dict.fromkeys(layer.required, 2),
                key: value,
            })
            assert "output" in found or isinstance(found["error"], str)
        found = answer({"layer": name, "input": value})
        assert "error" in found or isinstance(value, list)


def letters(text: str) -> tuple[int, ...]:
    return read_shape(text, Scope())


def test_letters_stay_letters() -> None:
    report = conv2d(letters("N,3,H,W"), out_channels=64, kernel_size=7, stride=2, padding=3)
    assert [str(n) for n in report.output] == ["N", "64", "⌊(H−1)/2⌋+1", "⌊(W−1)/2⌋+1"]
    assert str(report.macs) == "9408·N·(⌊(H−1)/2⌋+1)·(⌊(W−1)/2⌋+1)"
    assert report.document()["output"] == ["N", 64, "⌊(H−1)/2⌋+1", "⌊(W−1)/2⌋+1"]
    assert json.dumps(report.document())


def test_conditions_are_told() -> None:
    report = infer("conv2d", letters("N,C,H,W"), out_channels=8, kernel_size=5, groups=4)
    assert report.assumes == ["C divisible by 4", "H ≥ 5", "W ≥ 5"]
    assert infer("pixelshuffle", letters("N,C,H,W"), upscale_factor=2).assumes == ["C divisible by 4"]


def test_arithmetic_of_letters_equals_numbers() -> None:
    rng = random.Random(0)
    for _ in range(400):
        scope = Scope()
        h, w = scope.letter("H"), scope.letter("W")
        ops = [(rng.choice("+-*/r"), rng.randint(1, 5)) for _ in range(rng.randint(1, 7))]
        symbol, number = h, {"H": rng.randint(50, 400), "W": rng.randint(50, 400)}
        value = number["H"]
        for op, n in ops:
            if op == "+":
                symbol, value = symbol + n * w, value + n * number["W"]
            elif op == "-":
                symbol, value = symbol - n, value - n
            elif op == "*":
                symbol, value = n * symbol, n * value
            elif op == "/":
                symbol, value = symbol // n, value // n
            else:
                symbol, value = n - symbol, n - value
        if isinstance(symbol, Symbol):
            assert symbol.at(**number) == value, str(symbol)
        else:
            assert symbol == value


def test_the_public_names() -> None:
    for name in shapes.__all__:  # a file of the same name would come instead
        assert callable(getattr(shapes, name)), name
    with pytest.raises(AttributeError):
        _ = shapes.conv9d
