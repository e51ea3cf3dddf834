"""Layers by name, and catching what they give."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dltui.errors import DltuiError, UsageError
from dltui.instruments.features.layers import capture, default_layer, find_layer, named_layers
from dltui.models import build


class Residual(nn.Module):
    """A block as torchvision's are: one ReLU that overwrites, used twice, and an input that is added in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)
        self.relu, self.same = nn.ReLU(inplace=True), nn.Identity()
        self.spare = nn.Linear(1, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.same(x + 0)
        h = self.conv2(self.relu(self.conv1(x)))
        kept += h
        return self.relu(kept)


def test_layers_that_overwrite_do_not_change_what_was_caught() -> None:
    torch.manual_seed(0)
    net, x = Residual().eval(), torch.randn(1, 2, 6, 6)
    with torch.no_grad():
        found = capture(net, ["conv1", "relu", "relu#1", "same", ""], x)
        first = net.conv1(x)
    assert torch.equal(found["conv1"], first)
    assert (found["conv1"] < 0).any()
    assert torch.equal(found["relu#1"], first.clamp(min=0))
    assert torch.equal(found["same"], x)
    assert torch.equal(found["relu"], (x + net.conv2(first.clamp(min=0))).clamp(min=0))
    assert torch.equal(found[""], found["relu"])
    assert not any(part._forward_hooks for part in net.modules())


def test_gradients_of_the_output_reach_what_was_caught() -> None:
    torch.manual_seed(0)
    net, x = Residual().eval(), torch.randn(1, 2, 6, 6)
    found = capture(net, ["conv1", "conv2", ""], x)
    assert torch.equal(found[""], net(x))
    found[""].sum().backward()
    got = torch.autograd.grad(capture(net, ["conv2", ""], x)[""].sum(), net.conv2.bias)[0]
    late = capture(net, ["conv2", ""], x)
    by_layer = torch.autograd.grad(late[""].sum(), late["conv2"])[0]
    assert torch.allclose(by_layer.sum((0, 2, 3)), got)
    assert by_layer.abs().max() == 1


class Several(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.attention = (
            nn.LSTM(3, 4, batch_first=True),
            nn.MultiheadAttention(4, 2, batch_first=True),
        )

    def forward(self, x: Tensor) -> Any:
        h, (last, _) = self.lstm(x)
        return self.attention(h, h, h)[0] + last[0][:, None]


def test_of_several_tensors_the_first_is_taken() -> None:
    net, x = Several().eval(), torch.randn(2, 5, 3)
    found = capture(net, ["lstm", "attention"], x)
    assert torch.equal(found["lstm"], net.lstm(x)[0])
    assert found["attention"].shape == (2, 5, 4)
    assert torch.allclose(capture(net, ["lstm", "attention", ""], x)[""], net(x))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("conv3", "unknown layer 'conv3': did you mean conv"),
        ("relu#0", "can't read 'relu#0'"),
        ("relu#x", "can't read"),
        ("q", "its layers are conv1"),
    ],
)
def test_a_wrong_name_is_told_with_the_nearest(name: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        find_layer(Residual(), name)


def test_layers_that_do_not_run_and_inputs_that_do_not_fit_are_told_and_leave_no_hook() -> None:
    net = Residual()
    for names, x, kind, sentence in (
        (["spare"], torch.randn(1, 2, 6, 6), DltuiError, "the layer spare gives no tensor"),
        (["relu#3"], torch.randn(1, 2, 6, 6), DltuiError, "isn't run so often"),
        (["conv1"], torch.randn(1, 3, 6, 6), UsageError, r"can't take an input of shape \(1, 3, 6, 6\)"),
    ):
        with pytest.raises(kind, match=sentence):
            capture(net, names, x)
        assert not any(part._forward_hooks for part in net.modules())


@pytest.mark.parametrize(
    ("spec", "shape", "outputs", "kind", "layer"),
    [
        ("lenet", (1, 8, 8), 10, "image", "conv2"),
        ("resnet8", (1, 8, 8), 10, "image", "stage3.0.conv2"),
        ("gpt:layers=3", (16,), 9, "tokens", "blocks.2"),
        ("mlp:depth=2", (4,), 3, "array", "hidden.1"),
        ("mlp:depth=2", (1, 8, 8), 3, "image", "hidden.1"),
        ("lstm", (16,), 9, "tokens", "lstm"),
    ],
)
def test_the_layer_when_nothing_is_said(
    spec: str, shape: tuple[int, ...], outputs: int, kind: Any, layer: str
) -> None:
    assert default_layer(build(spec, shape, outputs), kind) == layer


def test_lists_of_layers_are_no_layers() -> None:
    net = build("gpt:layers=2", (8,), 5)
    names = named_layers(net)
    assert "blocks" not in names
    assert {"blocks.0", "blocks.1.attention.qkv", "head"} <= names.keys()
