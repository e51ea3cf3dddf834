"""PointNet: its layers against convolutions of width 1, its sizes, and the order of points that counts for nothing."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import nn

from dltui.errors import UsageError
from dltui.models import build
from dltui.models.pointnet import PointLayer

SHAPE = (64, 3)


def layers(*sizes: int) -> int:
    return sum(into * out + 3 * out for into, out in pairwise(sizes))


def plain(w: int, outputs: int) -> int:
    return layers(3, w, 2 * w, 16 * w) + layers(16 * w, 8 * w, 4 * w) + (4 * w + 1) * outputs


def turning(size: int, w: int) -> int:
    whole = layers(16 * w, 8 * w, 4 * w) + (4 * w + 1) * size**2
    return layers(size, w, 2 * w, 16 * w) + whole


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ("pointnet", 203_018),
        ("pointnet", plain(32, 10)),
        ("pointnet:width=64", plain(64, 10)),
        ("pointnet:width=8,tnet=true", plain(8, 10) + turning(3, 8) + turning(8, 8)),
    ],
)
def test_parameter_count(spec: str, count: int) -> None:
    assert sum(p.numel() for p in build(spec, SHAPE, 10).parameters()) == count


def test_a_layer_is_a_convolution_of_width_one() -> None:
    torch.manual_seed(0)
    mine = PointLayer(5, 7).double()
    theirs = nn.Sequential(nn.Conv1d(5, 7, 1), nn.BatchNorm1d(7), nn.ReLU()).double()
    with torch.no_grad():
        theirs[0].weight.copy_(mine.linear.weight[..., None])
        theirs[0].bias.copy_(mine.linear.bias)
    x = torch.randn(3, 11, 5, dtype=torch.float64)
    assert torch.allclose(mine(x), theirs(x.transpose(1, 2)).transpose(1, 2))
    assert torch.allclose(mine.norm.running_var, theirs[1].running_var)


@pytest.mark.parametrize("spec", ["pointnet:width=8", "pointnet:width=8,tnet=true"])
def test_order_and_repetition_of_points_count_for_nothing(spec: str) -> None:
    torch.manual_seed(0)
    module = build(spec, SHAPE, 10)
    module(torch.randn(8, *SHAPE))  # moves the running statistics
    module.eval()
    x = torch.randn(4, *SHAPE)
    with torch.no_grad():
        y = module(x)
        assert torch.allclose(module(x[:, torch.randperm(64)]), y, rtol=0, atol=1e-6)
        twice = module(torch.cat([x, x[:, :32]], dim=1))
    assert torch.allclose(twice, y, atol=1e-6)
    assert not torch.allclose(module(x[:, :32]), y)


@pytest.mark.parametrize("spec", ["pointnet:width=8", "pointnet:width=8,tnet=true"])
def test_gradients_reach_every_weight(spec: str) -> None:
    torch.manual_seed(0)
    module = build(spec, SHAPE, 10)
    module(torch.randn(4, *SHAPE)).square().mean().backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("spec", "shape", "sentence"),
    [
        (
            "pointnet",
            (1, 8, 8),
            "pointnet needs clouds of points (N, 3), but each sample here has shape (1, 8, 8)",
        ),
        ("pointnet:width=0", SHAPE, "width of pointnet must be within 1 … 4096, not 0"),
        ("pointnet:dropout=1", SHAPE, "dropout of pointnet must be within 0 … 0.99, not 1"),
    ],
)
def test_refusals(spec: str, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(spec, shape, 10)
    assert sentence in str(caught.value)
