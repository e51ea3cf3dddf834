"""Chains: totals of classic networks, receptive fields, memory, refusals with repairs."""

from __future__ import annotations

import random
import re
from itertools import islice

import pytest
import torch
from torch import nn

from dltui.shapes import ShapeError, chain
from dltui.shapes.named import named_chains, read_named
from dltui.shapes.rows import read_rows
from dltui.shapes.symbol import Scope
from dltui.shapes.values import read_shape

# Parameters as torchvision and Hugging Face count them.
NETWORKS = {
    "lenet": (61_706, (1, 10)),
    "alexnet": (61_100_840, (1, 1000)),
    "vgg11": (132_863_336, (1, 1000)),
    "vgg16": (138_357_544, (1, 1000)),
    "resnet18": (11_689_512, (1, 1000)),
    "resnet50": (25_557_032, (1, 1000)),
    "mobilenet_v2": (3_504_872, (1, 1000)),
    "vit_b_16": (86_567_656, (1, 1000)),
    "bert_base": (109_482_240, (1, 768)),
    "gpt2": (124_439_808, (1, 1024, 50257)),
    "transformer_base": (44_140_544, (20, 32, 512)),
    "unet": (31_037_698, (1, 2, 256, 256)),
    "sd_text": (123_060_480, (1, 77, 768)),
    "sd_unet": (859_520_964, (1, 4, 64, 64)),
    "sd_decoder": (49_490_199, (1, 3, 512, 512)),
}


def test_every_network_that_ships_is_checked() -> None:
    assert set(NETWORKS) == set(named_chains())


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_networks_have_the_known_parameters(name: str) -> None:
    named = read_named(name)
    scope = Scope()
    walked = chain(name, *(read_shape(text, scope) for text in named.inputs))
    assert walked.refusal is None
    assert (walked.parameters, walked.output) == NETWORKS[name]


# Parameters of diffusers' UNet2DConditionModel with the settings of Stable Diffusion 1.5, a block each.
DENOISER = {
    "time": 2_050_560,
    "in": 11_840,
    "down 1": 10_524_480,
    "down 2": 36_818_560,
    "down 3": 139_992_320,
    "down 4": 62_277_120,
    "middle": 97_038_080,
    "up 1": 162_241_280,
    "up 2": 258_330_880,
    "up 3": 71_413_120,
    "up 4": 18_810_560,
    "out": 12_164,
}


def test_every_block_of_the_denoiser_has_the_known_parameters() -> None:
    named = read_named("sd_unet")
    steps = iter(chain("sd_unet", *(read_shape(text, Scope()) for text in named.inputs)).steps)
    found = {}
    for name, rows in re.findall(r"^# ([a-z]+(?: \d)?)\n((?:(?!# [a-z]).*\n)+)", named.text, re.MULTILINE):
        found[name] = sum(step.report.parameters for step in islice(steps, len(read_rows(rows))))
    assert found == DENOISER
    assert next(steps, None) is None


LAYERS = [
    ("conv2d 6 3 padding=1", lambda c: nn.Conv2d(c, 6, 3, padding=1)),
    ("conv2d 6 3 2", lambda c: nn.Conv2d(c, 6, 3, 2)),
    ("conv2d 6 3 padding=2 dilation=2", lambda c: nn.Conv2d(c, 6, 3, padding=2, dilation=2)),
    ("maxpool2d 3 2 1", lambda c: nn.MaxPool2d(3, 2, 1)),
    ("avgpool2d 2", lambda c: nn.AvgPool2d(2)),
    ("batchnorm2d", nn.BatchNorm2d),
    ("groupnorm 1", lambda c: nn.GroupNorm(1, c)),
    ("relu", lambda c: nn.ReLU()),
    ("relu inplace=true", lambda c: nn.ReLU(inplace=True)),
    ("leakyrelu", lambda c: nn.LeakyReLU()),
    ("gelu", lambda c: nn.GELU()),
    ("silu", lambda c: nn.SiLU()),
    ("elu", lambda c: nn.ELU()),
    ("relu6", lambda c: nn.ReLU6()),
    ("sigmoid", lambda c: nn.Sigmoid()),
    ("tanh", lambda c: nn.Tanh()),
    ("softmax dim=1", lambda c: nn.Softmax(1)),
    ("dropout", lambda c: nn.Dropout()),
    ("dropout2d", lambda c: nn.Dropout2d()),
    ("softplus", lambda c: nn.Softplus()),
    ("hardswish", lambda c: nn.Hardswish()),
    ("mish", lambda c: nn.Mish()),
]


def drawn(rng: random.Random) -> tuple[str, nn.Sequential]:
    """Return a chain and the same as a module; the first layer has weights, in-place ones follow a convolution."""
    words, modules, channels = ["conv2d 6 3 padding=1"], [nn.Conv2d(3, 6, 3, padding=1)], 6
    for _ in range(rng.randint(1, 5)):
        text, build = rng.choice(LAYERS)
        if "inplace" in text and not words[-1].startswith(("conv2d", "batchnorm2d")):
            continue
        words.append(text)
        modules.append(build(channels))
    if rng.random() < 0.5:
        words += ["flatten", "linear 5"]
        modules += [nn.Flatten(), nn.LazyLinear(5)]
    return " | ".join(words), nn.Sequential(*modules)


def saved_bytes(model: nn.Module, x: torch.Tensor) -> int:
    """Return the bytes of distinct storages that the backward pass needs, weights left out."""
    model(x)  # lazy layers get their size
    weights = {p.untyped_storage().data_ptr() for p in [*model.parameters(), *model.buffers()]}
    seen: dict[int, int] = {}
    alive = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and storage.nbytes():
            seen[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        output = model(x)
    del output
    return sum(seen.values())


@pytest.mark.parametrize("seed", range(60))
def test_training_memory_equals_what_torch_saves(seed: int) -> None:
    rng = random.Random(seed)
    torch.manual_seed(seed)
    text, model = drawn(rng)
    walked = chain(text, (2, 3, 17, 16))
    if walked.refusal:
        pytest.skip("the drawn chain runs out of places")
    assert walked.memory().training == saved_bytes(model, torch.randn(2, 3, 17, 16)), text


def test_receptive_field_is_the_support_of_the_gradient() -> None:
    for seed in range(40):
        rng = random.Random(seed)
        words, modules = [], []
        for _ in range(rng.randint(1, 4)):
            k, s, p, d = rng.randint(1, 4), rng.randint(1, 2), rng.randint(0, 2), rng.choice([1, 1, 2])
            words.append(f"conv1d 1 {k} {s} {p} {d} bias=false")
            modules.append(nn.Conv1d(1, 1, k, s, p, d, bias=False))
        walked = chain(" | ".join(words), (1, 1, 301))
        assert walked.refusal is None
        assert walked.steps[-1].field is not None
        axis = walked.steps[-1].field.axes[0]
        for module in modules:
            nn.init.ones_(module.weight)
        x = torch.zeros(1, 1, 301, requires_grad=True)
        output = nn.Sequential(*modules)(x)
        place = output.shape[-1] // 2
        output[0, 0, place].backward()
        touched = x.grad[0, 0].nonzero().flatten().tolist()
        left = axis.left + place * axis.jump
        assert (touched[0], touched[-1]) == (left, left + axis.size - 1), words


@pytest.mark.parametrize(
    ("text", "shape", "row", "argument", "repair"),
    [
        (
            "conv2d 8 3 | conv2d 4 9",
            (1, 3, 8, 8),
            2,
            "kernel_size",
            "conv2d out_channels=4 kernel_size=9 padding=2",
        ),
        ("flatten | linear in_features=100 out_features=10", (2, 3, 8, 8), 2, "input", "in_features=192"),
        ("conv2d 8 3 groups=2", (1, 3, 8, 8), 1, "groups", "groups=1"),
        ("batchnorm2d", (1, 3, 1, 1), 1, "input", "training=false"),
        ("conv2d 8 3 2 same", (1, 3, 8, 8), 1, "padding", "padding=0"),
        ("multiheadattention 7", (4, 2, 64), 1, "num_heads", "num_heads=4"),
        ("maxpool2d 2 2 2", (1, 3, 8, 8), 1, "padding", "padding=1"),
    ],
)
def test_the_row_that_fails_is_named_with_the_nearest_repair(
    text: str, shape: tuple[int, ...], row: int, argument: str, repair: str
) -> None:
    refusal = chain(text, shape).refusal
    assert refusal is not None
    assert (refusal.row, refusal.argument) == (row, argument)
    assert repair in refusal.repair
    assert f"row {row}" in refusal.sentence()


def test_branches_meet() -> None:
    walked = chain(
        "conv2d 8 3 padding=1 > a | relu | conv2d 8 3 padding=1 | add < _ a | cat dim=1 < _ a", (1, 3, 9, 9)
    )
    assert [step.report.output[1] for step in walked.steps] == [8, 8, 8, 8, 16]
    assert [step.field.text() for step in walked.steps if step.field] == ["3", "3", "5", "5", "5"]
    assert chain("conv2d 8 3 padding=1 > a | maxpool2d 2 | add < _ a", (1, 3, 8, 8)).refusal is not None


def test_letters_agree_with_numbers() -> None:
    rng = random.Random(3)
    for _ in range(60):
        parts = []
        for _ in range(rng.randint(1, 5)):
            k, s = rng.randint(1, 4), rng.randint(1, 3)
            kind = rng.choice([
                "conv2d 4 {k} {s} {p}",
                "maxpool2d {k} {s} {h} ceil_mode={c}",
                "avgpool2d {k} {s} {h}",
            ])
            parts.append(
                kind.format(
                    k=k, s=s, p=rng.randint(0, 3), h=rng.randint(0, k // 2), c=rng.choice(["true", "false"])
                )
            )
        text = " | ".join(parts)
        scope = Scope()
        symbolic = chain(text, (scope.letter("N"), 3, scope.letter("H"), scope.letter("W")))
        assert symbolic.refusal is None
        for _ in range(5):
            n, h, w = rng.randint(1, 3), rng.randint(90, 300), rng.randint(90, 300)
            numbers = chain(text, (n, 3, h, w))
            told = [size.at(N=n, H=h, W=w) if hasattr(size, "at") else size for size in symbolic.output]
            assert tuple(told) == numbers.output, text
            assert symbolic.macs == 0 or symbolic.macs.at(N=n, H=h, W=w) == numbers.macs  # type: ignore[attr-defined]


SOURCE = """
import torch.nn as nn
WIDTH = 16
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, WIDTH, kernel_size=3, padding=1), nn.BatchNorm2d(WIDTH), nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
        )
        self.flat = nn.Flatten()
        self.head = nn.Linear(WIDTH * 4 * 4, 10, device="cpu")
    def forward(self, x):
        return self.head(self.flat(self.features(x)))
"""


def test_source_is_read_and_never_run() -> None:
    walked = chain(SOURCE, (2, 3, 8, 8))
    assert walked.refusal is None
    assert (walked.output, walked.parameters) == ((2, 10), 3 * 16 * 9 + 16 + 32 + 2570)
    with pytest.raises(ShapeError, match="no plain value"):
        chain("nn.Sequential(nn.Linear(3, __import__('os').getpid()))", (2, 3))
    with pytest.raises(ShapeError, match="can't be parsed"):
        chain("nn.Sequential(nn.Linear(3,", (2, 3))


def test_rows_repeat_and_say_what_is_wrong() -> None:
    assert len(read_rows("2x[ conv2d 4 1 | 3x[ relu ] ]")) == 8
    for text, told in (
        ("conv2d 4 1 | con2d 4", "row 2"),
        ("conv2d 4 1 1 1 1 1 true zeros 9", "too many"),
        ("2x[ relu", "closing bracket"),
        ("relu < nowhere", "nothing before it"),
        ("conv2d four 3", "no size"),
        ("", "empty"),
        ("conv2d 4 3 strides=2", "unknown argument"),
    ):
        with pytest.raises(ShapeError, match=told):
            chain(text, (1, 3, 8, 8))
