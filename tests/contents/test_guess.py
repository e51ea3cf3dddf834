"""Guesses of architectures from real models' names and shapes, and none where nothing tells."""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from dltui.checkpoints.listing import list_module
from dltui.contents import Entry
from dltui.contents.guess import guess
from dltui.errors import UsageError
from dltui.models import MODELS, build


def named(*tensors: tuple[str, tuple[int, ...]]) -> list[Entry]:
    return [Entry(name, shape, "float32", 4) for name, shape in tensors]


def layers(count: int, *tensors: tuple[str, tuple[int, ...]]) -> list[Entry]:
    return named(*((name.replace("#", str(i)), shape) for i in range(count) for name, shape in tensors))


LLAMA = [
    *named(("model.embed_tokens.weight", (32000, 64)), ("lm_head.weight", (32000, 64))),
    *layers(
        3,
        ("model.layers.#.self_attn.q_proj.weight", (64, 64)),
        ("model.layers.#.self_attn.k_proj.weight", (16, 64)),
        ("model.layers.#.mlp.gate_proj.weight", (172, 64)),
    ),
]
RESNET = [
    entry
    for stage, blocks in enumerate((3, 4, 6, 3), 1)
    for entry in layers(
        blocks,
        (f"layer{stage}.#.conv1.weight", (64, 64, 1, 1)),
        (f"layer{stage}.#.conv2.weight", (64, 64, 3, 3)),
        (f"layer{stage}.#.conv3.weight", (256, 64, 1, 1)),
    )
] + named(("fc.weight", (1000, 2048)))
CASES = {
    "Llama": (
        LLAMA,
        "decoder of the Llama kind: 3 layers, width 64, feed forward width 172, 32,000 words",
        "16 rows",
    ),
    "ResNet": (RESNET, "ResNet-50, 1,000 classes", "3, 4, 6, 3 bottleneck"),
    "BERT": (
        layers(2, ("bert.encoder.layer.#.attention.self.query.weight", (64, 64))),
        "encoder of the BERT kind: 2 layers, width 64",
        "attention.self.query",
    ),
    "GPT-2": (
        [
            *named(("wte.weight", (50257, 768)), ("wpe.weight", (1024, 768))),
            *layers(2, ("h.#.attn.c_attn.weight", (768, 2304))),
        ],
        "decoder of the GPT-2 kind: 2 layers, width 768, 50,257 words, 1,024 places",
        "c_attn",
    ),
    "ViT": (
        [
            *named(("patch_embed.proj.weight", (192, 3, 16, 16))),
            *layers(2, ("blocks.#.attn.qkv.weight", (576, 192))),
        ],
        "vision transformer: 2 layers, width 192, patch 16",
        "patches",
    ),
    "LoRA": (
        named(("base.q.lora_A.weight", (8, 64)), ("base.q.lora_B.weight", (64, 8))),
        "LoRA adapter of rank 8 on 1 matrix",
        "pairs",
    ),
    "LSTM": (
        named(("rnn.weight_ih_l0", (512, 32)), ("rnn.weight_hh_l0", (512, 128))),
        "LSTM: 1 layer, 32 inputs, hidden 128",
        "512 rows",
    ),
    "GRU": (named(("weight_ih_l0", (384, 32)), ("weight_hh_l0", (384, 128))), "GRU", "384 rows"),
    "MLP": (named(("0.weight", (5, 3)), ("2.weight", (7, 5))), "MLP 3-5-7", "each matrix"),
    "LPIPS": (
        named(*((f"lin{i}.model.1.weight", (1, n, 1, 1)) for i, n in enumerate((64, 192, 384, 256, 256)))),
        "linear heads of LPIPS over AlexNet",
        "one weight a channel",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_known_families(name: str) -> None:
    entries, wanted, reason = CASES[name]
    found = guess(entries, {}, {})
    assert found is not None
    assert found.guess.startswith(wanted)
    assert reason in found.because


def test_what_the_file_says_comes_first() -> None:
    told = guess(LLAMA, {"architectures": "[LlamaForCausalLM]", "num_attention_heads": 4}, {"files": "a"})
    assert told is not None
    assert told.guess.startswith("LlamaForCausalLM: decoder of the Llama kind")
    assert "4 heads" in told.guess
    kept = [*LLAMA, *named(("optimizer.state.0.exp_avg", (64, 64)))]
    told = guess(kept, {}, {})
    assert told is not None
    assert told.guess.endswith("with the state of an optimiser (exp_avg)")


def test_nothing_is_guessed_from_nothing() -> None:
    assert guess([], {}, {}) is None
    assert guess(named(("x", (3,))), {}, {}) is None


def test_layers_with_weight_norm_alone_are_no_deepsdf() -> None:
    layers = nn.ModuleList(weight_norm(nn.Linear(4, 8)) for _ in range(2))
    found = guess(list_module(nn.ModuleDict({"layers": layers})), {}, {})
    assert found is None or "DeepSDF" not in found.guess
    found = guess(list_module(nn.ModuleDict({"layers": layers, "codes": nn.Embedding(3, 2)})), {}, {})
    assert found is not None
    assert found.guess.startswith("DeepSDF")


SAMPLES = (
    (32,),
    (64, 3),
    (3, 32, 32),
    (3, 12, 12),
    (3, 24, 24),
    (3, 48, 48),
    (1024,),
    (576,),
    (4,),
    (6, 1, 24, 24),
)


@pytest.mark.parametrize("name", MODELS)
def test_every_network_of_dltui_is_guessed(name: str) -> None:
    for shape, outputs in product(SAMPLES, (10, 12, 1)):
        with suppress(UsageError), torch.device("meta"):
            found = guess(list_module(build(name, shape, outputs)), {}, {})
            assert found is not None, name
            return
    pytest.fail(f"{name} takes no sample of {SAMPLES}")
