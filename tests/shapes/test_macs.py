"""Multiply-accumulates: hand-derived cases, and PyTorch's counter on the meta device."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from dltui.shapes import infer

# Batch 2, matrix products only, worked by hand: what goes in, the layer, the product written out.
CASES: list[tuple[str, list[tuple[int, ...]], int]] = [
    ("Conv2d(3, 8, 3, padding=1)", [(2, 3, 32, 32)], 2 * 8 * 32 * 32 * 27),
    ("Conv2d(8, 8, 3, groups=8, padding=1)", [(2, 8, 32, 32)], 2 * 8 * 32 * 32 * 9),
    ("Conv2d(8, 16, 1)", [(2, 8, 7, 7)], 2 * 16 * 49 * 8),
    ("Conv2d(6, 8, (3, 5), stride=2, padding=1, groups=2)", [(3, 6, 17, 19)], 3 * 8 * 9 * 9 * 45),
    ("Conv2d(3, 4, 3, dilation=2)", [(2, 3, 9, 9)], 2 * 4 * 25 * 27),
    ("Conv2d(3, 4, 3, bias=False)", [(3, 9, 9)], 4 * 49 * 27),
    ("Conv1d(4, 6, 5, stride=2)", [(2, 4, 21)], 2 * 6 * 9 * 20),
    ("Conv3d(2, 4, 3)", [(2, 2, 5, 5, 5)], 2 * 4 * 27 * 54),
    ("Conv2d(3, 8, 2, padding='same')", [(2, 3, 4, 4)], 2 * 8 * 16 * 12),
    ("ConvTranspose2d(8, 4, 4, stride=2, padding=1)", [(2, 8, 16, 16)], 2 * 8 * 256 * 64),
    ("ConvTranspose2d(8, 4, 4, stride=2, padding=1, groups=4)", [(2, 8, 16, 16)], 2 * 8 * 256 * 16),
    ("ConvTranspose1d(3, 5, 3)", [(2, 3, 7)], 2 * 3 * 7 * 15),
    ("ConvTranspose3d(2, 2, 2, stride=2)", [(1, 2, 3, 3, 3)], 2 * 27 * 16),
    ("Linear(64, 64)", [(2, 10, 64)], 2 * 10 * 64 * 64),
    ("Linear(20, 30, bias=False)", [(20,)], 600),
    ("Bilinear(3, 4, 5)", [(2, 3), (2, 4)], 2 * 5 * (12 + 3)),
    ("Embedding(100, 16)", [(2, 7)], 0),
    ("AvgPool2d(2)", [(2, 3, 8, 8)], 0),
    ("MaxPool2d(2)", [(2, 3, 8, 8)], 0),
    ("LayerNorm(64)", [(2, 10, 64)], 0),
    ("BatchNorm2d(3)", [(2, 3, 8, 8)], 0),
    ("ReLU()", [(2, 3, 8, 8)], 0),
    ("Upsample(scale_factor=2)", [(2, 3, 8, 8)], 0),
    ("RNN(10, 20)", [(5, 2, 10)], 5 * 2 * 20 * 30),
    ("RNN(10, 20, 2)", [(5, 2, 10)], 5 * 2 * 20 * (30 + 40)),
    ("LSTM(10, 20)", [(5, 2, 10)], 5 * 2 * 80 * 30),
    ("LSTM(10, 20, bidirectional=True)", [(5, 2, 10)], 2 * 5 * 2 * 80 * 30),
    ("LSTM(10, 20, proj_size=5)", [(5, 2, 10)], 5 * 2 * (80 * 15 + 5 * 20)),
    ("GRU(10, 20, 2, bidirectional=True)", [(5, 2, 10)], 5 * 2 * 2 * (60 * 30 + 60 * 60)),
    ("LSTM(10, 20, batch_first=True)", [(2, 5, 10)], 5 * 2 * 80 * 30),
    ("GRUCell(10, 20)", [(2, 10)], 2 * 60 * 30),
    ("MultiheadAttention(64, 4)", [(10, 2, 64)], 2 * (4 * 10 * 64 * 64 + 2 * 10 * 10 * 64)),
    (
        "MultiheadAttention(64, 4)",
        [(10, 2, 64), (7, 2, 64)],
        2 * (2 * 10 * 4096 + 2 * 7 * 4096 + 2 * 70 * 64),
    ),
    (
        "MultiheadAttention(64, 4, kdim=32, vdim=16, add_zero_attn=True)",
        [(10, 2, 64), (7, 2, 32), (7, 2, 16)],
        2 * (2 * 10 * 4096 + 7 * 64 * 48 + 2 * 10 * 8 * 64),
    ),
    ("scaled_dot_product_attention()", [(2, 4, 10, 16)], 2 * 4 * 2 * 10 * 10 * 16),
    (
        "scaled_dot_product_attention(enable_gqa=True)",
        [(2, 8, 10, 16), (2, 2, 12, 16), (2, 2, 12, 16)],
        2 * 8 * 2 * 120 * 16,
    ),
    ("TransformerEncoderLayer(64, 4, 128)", [(10, 2, 64)], 353_280 + 2 * 2 * 10 * 64 * 128),
    (
        "TransformerDecoderLayer(64, 4, 128)",
        [(10, 2, 64), (7, 2, 64)],
        353_280 + 2 * (2 * 10 * 4096 + 2 * 7 * 4096 + 2 * 70 * 64) + 2 * 2 * 10 * 64 * 128,
    ),
    ("PatchEmbedding(3, 768, 16)", [(1, 3, 224, 224)], 196 * 768 * 768),
    ("SwiGLU(64, 128)", [(2, 10, 64)], 3 * 20 * 64 * 128),
    ("MixtureOfExperts(64, 8, 2, 128)", [(2, 10, 64)], 20 * (8 * 64 + 2 * 3 * 64 * 128)),
    ("GroupedQueryAttention(64, 8, 2, past=6)", [(1, 4, 64)], 4 * (2 * 4096 + 2 * 1024) + 2 * 8 * 4 * 10 * 8),
    ("matmul()", [(2, 8, 16), (16, 32)], 2 * 8 * 16 * 32),
    ("Flatten()", [(2, 3, 8, 8)], 0),
]


@pytest.mark.parametrize(("layer", "inputs", "macs"), CASES, ids=[case[0] for case in CASES])
def test_hand_derived(layer: str, inputs: list[tuple[int, ...]], macs: int) -> None:
    report = infer(layer, *inputs)
    assert report.macs == macs
    assert report.operations("matmul") == 2 * report.operations("mac") == 2 * macs
    assert report.operations("all") >= report.flops >= 2 * macs


def test_there_are_forty_cases() -> None:
    assert len(CASES) >= 40


def counted(name: str, settings: dict[str, Any], inputs: list[tuple[int, ...]]) -> int:
    """Return the multiply-accumulates that PyTorch counts on meta, where no fused kernel hides any."""
    module = getattr(torch.nn, name)(**settings, device="meta")
    with FlopCounterMode(display=False) as counter:
        module(*(torch.zeros(shape, device="meta") for shape in inputs))
    assert counter.get_total_flops() % 2 == 0
    return counter.get_total_flops() // 2


def drawn(name: str, rng: random.Random) -> tuple[dict[str, Any], list[tuple[int, ...]]]:
    batch, size = rng.randint(1, 3), rng.randint(6, 12)
    if name.startswith("Conv"):
        axes, groups = int(name[-2]), rng.randint(1, 2)
        channels = groups * rng.randint(1, 3)
        settings = {
            "in_channels": channels,
            "out_channels": groups * rng.randint(1, 3),
            "kernel_size": rng.randint(1, 4),
            "stride": rng.randint(1, 3),
            "padding": rng.randint(0, 1),
            "groups": groups,
            "bias": rng.random() < 0.5,
        }
        return settings, [(batch, channels, *(size,) * axes)]
    if name == "Linear":
        return {"in_features": size, "out_features": 5}, [(batch, 3, size)]
    if name in {"RNN", "LSTM", "GRU"}:
        settings = {
            "input_size": 3,
            "hidden_size": rng.randint(4, 6),
            "num_layers": rng.randint(1, 3),
            "bidirectional": rng.random() < 0.5,
        }
        if name == "LSTM":
            settings["proj_size"] = rng.randint(0, 3)
        return settings, [(size, batch, 3)]
    heads = rng.randint(1, 3)
    width = heads * rng.randint(1, 4)
    if name == "MultiheadAttention":
        settings = {
            "embed_dim": width,
            "num_heads": heads,
            "kdim": rng.randint(1, 5),
            "vdim": rng.randint(1, 5),
        }
        keys = rng.randint(1, 5)
        return settings, [
            (size, batch, width),
            (keys, batch, settings["kdim"]),
            (keys, batch, settings["vdim"]),
        ]
    settings = {"d_model": width, "nhead": heads, "dim_feedforward": 7}
    inputs = [(size, batch, width)]
    if name != "TransformerEncoderLayer":
        inputs.append((rng.randint(1, 5), batch, width))
    return settings, inputs


NAMES = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose2d",
    "Linear",
    "LSTM",
    "GRU",
    "RNN",
    "MultiheadAttention",
]


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize(
    "name", [*NAMES, "TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer"]
)
def test_equals_torch_counter(name: str) -> None:
    rng = random.Random(name)
    for _ in range(5 if name == "Transformer" else 25):
        settings, inputs = drawn(name, rng)
        if name == "Transformer":
            settings |= {"num_encoder_layers": 1, "num_decoder_layers": 2}
        assert infer(name, *inputs, **settings).macs == counted(name, settings, inputs), (settings, inputs)
