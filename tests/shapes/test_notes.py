"""The shape, parameter and cost examples of the notes; where they are wrong, what is right."""

from __future__ import annotations

import pytest

from dltui.shapes import ShapeReport, chain, infer

# Notes row, layer, shapes that go in, shapes that come out.
SHAPES = [
    ("003 W1 ReLU", "ReLU()", [(4, 7)], [(4, 7)]),
    ("003 W1 Flatten", "Flatten()", [(5, 2, 3, 4)], [(5, 24)]),
    ("003 W4 Flatten", "Flatten()", [(2, 2, 3)], [(2, 6)]),
    ("003 W1 Linear", "Linear(10, 20)", [(4, 5, 10)], [(4, 5, 20)]),
    ("003 W5 Linear", "Linear(3, 4)", [(2, 3)], [(2, 4)]),
    ("003 W1 Conv2d", "Conv2d(3, 8, 3)", [(2, 3, 32, 32)], [(2, 8, 30, 30)]),
    ("003 conv-shape", "Conv2d(1, 1, 3)", [(1, 1, 3, 3)], [(1, 1, 1, 1)]),
    ("003 conv1d-shape", "Conv1d(1, 1, 3)", [(1, 1, 5)], [(1, 1, 3)]),
    ("003 W9 two kernels", "Conv2d(1, 2, 3)", [(1, 1, 3, 3)], [(1, 2, 1, 1)]),
    ("003 D2 pool", "MaxPool2d(3)", [(1, 1, 7, 7)], [(1, 1, 2, 2)]),
    ("003 D2 pool, stride 1", "MaxPool2d(3, stride=1)", [(1, 1, 7, 7)], [(1, 1, 5, 5)]),
    ("003 W1 BatchNorm2d", "BatchNorm2d(3)", [(2, 3, 8, 8)], [(2, 3, 8, 8)]),
    ("003 D1 one layer", "RNN(10, 20, 1)", [(5, 3, 10)], [(5, 3, 20), (1, 3, 20)]),
    # E1: h_t is (num_layers, N, hidden), not (num_layers, N, L)
    ("003 D1 two layers", "RNN(10, 20, 2)", [(5, 3, 10)], [(5, 3, 20), (2, 3, 20)]),
    ("003 D1 three layers", "RNN(10, 20, 3)", [(5, 3, 10)], [(5, 3, 20), (3, 3, 20)]),
    ("003 D1 both ways", "RNN(10, 20, 2, bidirectional=True)", [(5, 3, 10)], [(5, 3, 40), (4, 3, 20)]),
    ("003 Transformer", "Transformer(512, 8)", [(10, 32, 512), (20, 32, 512)], [(20, 32, 512)]),
    ("001 W6", "Conv2d(1, 1, (3, 5), padding=(0, 1), stride=(3, 4))", [(1, 1, 8, 8)], [(1, 1, 2, 2)]),
    ("001 W7", "RNN(28, 256)", [(35, 32, 28)], [(35, 32, 256), (1, 32, 256)]),
    ("002a 32, k5", "Conv2d(3, 6, 5)", [(1, 3, 32, 32)], [(1, 6, 28, 28)]),
    ("002a 224, k7", "Conv2d(3, 64, 7, 2, 3)", [(1, 3, 224, 224)], [(1, 64, 112, 112)]),
    ("002a 7, k3, s3", "Conv2d(1, 1, 3, 3)", [(1, 1, 7, 7)], [(1, 1, 2, 2)]),
]
# Notes row, layer, shape that goes in, parameters.
PARAMETERS = [
    ("000a dense", "Linear(30000, 1000, bias=False)", (1, 30_000), 30_000_000),
    ("000a dense with biases", "Linear(30000, 1000)", (1, 30_000), 30_001_000),
    ("000a conv", "Conv2d(3, 64, 3)", (1, 3, 100, 100), 1_728 + 64),
    ("000a two of 3 x 3, each", "Conv2d(64, 64, 3, bias=False)", (1, 64, 9, 9), 73_728 // 2),
    ("000a one of 7 x 7", "Conv2d(64, 64, 7, bias=False)", (1, 64, 9, 9), 200_704),
    ("004 dense", "Linear(784, 100)", (1, 784), 78_500),
    ("002a dense", "Linear(3072, 4704)", (1, 3072), 14_455_392),
    ("002a conv", "Conv2d(3, 6, 5)", (1, 3, 32, 32), 456),
    ("001 W2 lazy", "LazyLinear(256)", (2, 20), 5_376),
    # D3: PyTorch has two biases a gate; the notes' formula with one gives 72,960, 218,880 and 291,840
    ("003 D3 RNN", "RNN(28, 256)", (35, 32, 28), 73_216),
    ("003 D3 GRU", "GRU(28, 256)", (35, 32, 28), 219_648),
    ("003 D3 LSTM", "LSTM(28, 256)", (35, 32, 28), 292_864),
    ("003 W9 two kernels", "Conv2d(1, 2, 3, bias=False)", (1, 1, 3, 3), 2 * 9),
    ("003 W10 two channels", "Conv2d(2, 1, 3, bias=False)", (1, 2, 3, 3), 2 * 9),
]
# Channels in, channels out, kernel, standard and separable weights, ratio: notes 003, W28 and D14.
SEPARABLE = [
    (2, 4, 3, 72, 26, 0.3611),
    (64, 128, 3, 73_728, 8_768, 0.1189),
    (256, 256, 3, 589_824, 67_840, 0.1150),
    (3, 32, 5, 2_400, 171, 0.0713),
]


@pytest.mark.parametrize(("row", "layer", "inputs", "outputs"), SHAPES, ids=[case[0] for case in SHAPES])
def test_shapes(row: str, layer: str, inputs: list[tuple[int, ...]], outputs: list[tuple[int, ...]]) -> None:
    assert list(infer(layer, *inputs).outputs) == outputs, row


@pytest.mark.parametrize(("row", "layer", "shape", "count"), PARAMETERS, ids=[case[0] for case in PARAMETERS])
def test_parameters(row: str, layer: str, shape: tuple[int, ...], count: int) -> None:
    assert infer(layer, shape).parameters == count, row


@pytest.mark.parametrize(("inside", "out", "k", "standard", "separable", "ratio"), SEPARABLE)
def test_separable(inside: int, out: int, k: int, standard: int, separable: int, ratio: float) -> None:
    shape = (1, inside, 16, 16)
    whole = chain(f"conv2d {out} {k} bias=false", shape)
    parts = chain(f"conv2d {inside} {k} groups={inside} bias=false | conv2d {out} 1 bias=false", shape)
    assert (whole.parameters, parts.parameters) == (standard, separable)
    assert separable / standard == pytest.approx(ratio, abs=6e-5)
    assert separable / standard == pytest.approx(1 / out + 1 / k**2)  # E16: 1/9 is only the limit
    assert parts.macs / whole.macs == pytest.approx(separable / standard)


def test_the_size_of_attention() -> None:
    # notes 000b, dk-choice: W_Q, W_K, W_V, W_O hold 4·d² numbers whatever the number of heads: 1,048,576 for 512
    for heads in (1, 8, 16):
        found: ShapeReport = infer("multiheadattention", (10, 1, 512), num_heads=heads, bias=False)
        assert found.parameters == 1_048_576


def test_the_size_of_raw_video() -> None:
    # notes 002b, v-cost: 1920 × 1080 in three bytes, 30 frames a second: 6.2 MB, 186 MB, 11 GB a minute
    frame = infer("identity", (3, 1080, 1920)).bytes("int8")["output"]
    assert (frame, 30 * frame, 60 * 30 * frame) == (6_220_800, 186_624_000, 11_197_440_000)


def test_c3d() -> None:
    # notes 002b, W4 and errors: 38.5 G products, not 39.5; VGG-16 15.5 G, not 13.6; the ratio is 2.49
    conv = "conv3d {} 3 1 1 | relu | "
    rows = conv.format(64) + "maxpool3d 1,2,2 | " + conv.format(128) + "maxpool3d 2 | "
    for width in (256, 512, 512):
        rows += 2 * conv.format(width) + "maxpool3d 2 | "
    walked = chain(rows.rstrip("| "), (1, 3, 16, 112, 112))
    assert walked.refusal is None
    assert round(walked.macs / 1e9, 4) == 38.4966
    vgg = chain("vgg16", (1, 3, 224, 224))
    assert round(vgg.macs / 1e9, 4) == 15.4703
    assert round(walked.macs / vgg.macs, 2) == 2.49
