"""Every registered network, in one table: sizes, forward, backward, and refusals."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest
import torch

import dltui.models
from dltui.errors import UsageError
from dltui.models import MODELS, build
from dltui.models._names import NAMES

DIGITS = (1, 8, 8)
OF_PICTURES = [name for name, entry in NAMES.items() if entry.family in {"perceptrons", "convolutional"}]


def residual(width: int, n: int, channels: int, outputs: int) -> int:
    """Parameters of a 6n + 2 network, counted from the paper's table."""
    stages, into, total = (width, 2 * width, 4 * width), width, 9 * channels * width + 2 * width
    for out in stages:
        for block in range(n):
            total += 9 * (into if block == 0 else out) * out + 9 * out * out + 4 * out
        into = out
    return total + 4 * width * outputs + outputs


PARAMETERS = [
    ("mlp", DIGITS, 4_810),
    ("mlp:width=128,depth=3", DIGITS, 65 * 128 + 2 * 129 * 128 + 129 * 10),
    ("mlp:depth=0", DIGITS, 650),
    ("lenet", DIGITS, 21_386),
    ("lenet", (1, 28, 28), 61_706),
    ("lenet:pool=average,activation=tanh", (3, 32, 32), 61_706 + 2 * 6 * 25),
    ("cnn", DIGITS, 6_090),
    ("cnn", (1, 28, 28), 20_490),
    ("cnn:width=4,depth=3", (3, 8, 8), 3 * 36 + 4 + 4 * 72 + 8 + 8 * 144 + 16 + 16 * 10 + 10),
    ("resnet8", DIGITS, residual(16, 1, 1, 10)),
    ("resnet8", (3, 32, 32), 75_290),
    ("resnet20", DIGITS, residual(16, 3, 1, 10)),
    ("resnet20", (3, 32, 32), 269_722),
    ("resnet20-noskip", (3, 32, 32), 269_722),
    ("resnet20:width=8", DIGITS, residual(8, 3, 1, 10)),
    ("vit", DIGITS, 64 * 2 + 64 + 65 * 64 + 4 * (12 * 64**2 + 13 * 64) + 2 * 64 + 65 * 10),
    ("vit:patch=16,layers=12,heads=12,width=768", (3, 224, 224), 85_806_346),
]


@pytest.mark.parametrize(("spec", "shape", "parameters"), PARAMETERS)
def test_parameter_count(spec: str, shape: tuple[int, ...], parameters: int) -> None:
    assert sum(p.numel() for p in build(spec, shape, 10).parameters()) == parameters


@pytest.mark.parametrize("name", OF_PICTURES)
@pytest.mark.parametrize("shape", [DIGITS, (3, 9, 12), (1, 28, 28)])
def test_forward_and_backward(name: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    module = build(name, shape, 7)
    outputs = module(torch.randn(4, *shape))
    assert outputs.shape == (4, 7)
    outputs.square().mean().backward()
    for parameter_name, parameter in module.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", OF_PICTURES)
def test_the_docstring_tells_the_count_on_digits(name: str) -> None:
    count = sum(p.numel() for p in build(name, DIGITS, 10).parameters())
    doc = MODELS.load(name).__doc__ or ""
    if name != "resnet20-noskip":  # told to be the twin of resnet20
        assert f"{count:,}" in doc
    assert doc.splitlines()[0] == NAMES[name].summary


def test_table_and_decorators_agree() -> None:
    for module in pkgutil.iter_modules(dltui.models.__path__):
        import_module(f"dltui.models.{module.name}")
    assert set(MODELS._found) == set(NAMES)
    for name, entry in NAMES.items():
        assert MODELS.load(name).__module__ == entry.module


def test_without_skips_the_weights_are_the_same_and_the_function_is_not() -> None:
    def seeded(name: str) -> torch.nn.Module:
        torch.manual_seed(3)
        return build(name, DIGITS, 10).eval()

    with_skips, without = seeded("resnet20"), seeded("resnet20-noskip")
    for (name, a), (other, b) in zip(
        with_skips.state_dict().items(), without.state_dict().items(), strict=True
    ):
        assert name == other
        assert torch.equal(a, b)
    x = torch.randn(2, *DIGITS)
    assert not torch.allclose(with_skips(x), without(x))


def test_a_block_with_zero_weights_is_its_shortcut() -> None:
    from dltui.models.resnet import Block

    block = Block(2, 5, stride=2, skip=True).eval()
    torch.nn.init.zeros_(block.conv2.weight)
    x = torch.rand(1, 2, 6, 6)
    y = block(x)
    assert y.shape == (1, 5, 3, 3)
    assert torch.equal(y[:, :2], x[:, :, ::2, ::2])
    assert not y[:, 2:].any()


def test_lenet_is_the_classic_one_on_mnist() -> None:
    classic = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 5, padding=2), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(6, 16, 5), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(400, 120), torch.nn.ReLU(), torch.nn.Linear(120, 84), torch.nn.ReLU(), torch.nn.Linear(84, 10),
    )  # fmt: skip
    lenet = build("lenet", (1, 28, 28), 10)
    with torch.no_grad():
        for mine, theirs in zip(lenet.parameters(), classic.parameters(), strict=True):
            mine.copy_(theirs)
    x = torch.randn(3, 1, 28, 28)
    assert torch.allclose(lenet(x), classic(x))


REFUSALS = [
    ("cnn:depth=4", DIGITS, "cnn needs pictures of at least 16 × 16 pixels, not 8 × 8: try mlp"),
    ("cnn:dropout=1", DIGITS, "dropout of cnn must be within 0 … 0.99, not 1"),
    ("lent", DIGITS, "unknown model 'lent': did you mean lenet"),
    ("lenet", (2,), "lenet needs pictures (C, H, W), but each sample here has 2 features: try mlp"),
    ("resnet20", (3, 8), "resnet20 needs pictures (C, H, W), but each sample here has shape (3, 8): try mlp"),
    ("lenet", (1, 3, 9), "lenet needs pictures of at least 4 × 4 pixels, not 3 × 9: try mlp"),
    ("mlp:widht=3", (2,), "unknown knob of mlp 'widht': did you mean width?"),
    ("mlp:width=wide", (2,), "width of mlp must be a whole number, not 'wide': try mlp:width=64"),
    ("mlp:width=0", (2,), "width of mlp must be within 1 … 1e+06, not 0"),
    (
        "mlp:activation=swish",
        (2,),
        "activation of mlp must be one of relu, tanh, sigmoid, gelu, silu, not 'swish'",
    ),
    ("mlp:128", (2,), "can't read '128' in the model 'mlp:128': expected mlp:knob=value,knob=value"),
    ("resnet8:width=0", DIGITS, "width of resnet8 must be within 1 … 4096, not 0"),
]


@pytest.mark.parametrize(("spec", "shape", "sentence"), REFUSALS)
def test_refusals(spec: str, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(spec, shape, 10)
    assert sentence in str(caught.value)
