"""Effective receptive fields against kernels that are convolved exactly."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import nn

from dltui.checkpoints.live import LiveModel, Takes, open_live
from dltui.errors import UsageError
from dltui.instruments.features.receptive import receptive_field
from dltui.results import load
from dltui.results.receptive import SHARE


def live_of(net: nn.Module, side: int) -> LiveModel:
    return LiveModel(net.eval(), "net", "planted", Takes("image", (1, side, side)))


def stack(count: int, kernels: list[np.ndarray] | None = None) -> nn.Sequential:
    """Linear convolutions of one channel without a bias."""
    layers = [nn.Conv2d(1, 1, 3, padding=1, bias=False).double() for _ in range(count)]
    for place, layer in enumerate(layers):
        with torch.no_grad():
            layer.weight[0, 0] = torch.ones(3, 3) if kernels is None else torch.from_numpy(kernels[place])
    return nn.Sequential(*layers)


def test_a_stack_of_linear_convolutions_has_its_kernels_convolved() -> None:
    draw = np.random.default_rng(0)
    kernels = [draw.normal(size=(3, 3)) for _ in range(4)]
    found = receptive_field(live_of(stack(4, kernels), 21), torch.randn(3, 1, 21, 21, dtype=torch.float64))
    whole = np.ones((1, 1))
    for place, kernel in enumerate(kernels):
        whole = convolve2d(whole, kernel)  # of correlations: the gradient is the kernel itself, not turned
        reach = place + 1
        middle = found.maps[place][10 - reach : 11 + reach, 10 - reach : 11 + reach]
        np.testing.assert_allclose(middle, np.abs(whole), rtol=1e-9, atol=1e-12)
        rest = found.maps[place].copy()
        rest[10 - reach : 11 + reach, 10 - reach : 11 + reach] = 0
        assert not rest.any()
        assert found.theory[place].tolist() == found.reached[place].tolist() == [2 * reach + 1] * 2


def test_alike_weights_spread_as_the_root_of_the_depth() -> None:
    found = receptive_field(live_of(stack(9), 41), torch.zeros(1, 1, 41, 41, dtype=torch.float64))
    depth = np.arange(1, 10)
    np.testing.assert_allclose(found.spreads, np.sqrt(depth * 2 / 3)[:, None] * np.ones(2), rtol=1e-9)
    row = np.array([1.0])
    for _ in depth:
        row = np.convolve(row, np.ones(3))
    bell = np.outer(row, row)
    assert found.sizes[-1] == np.sqrt((bell > SHARE * bell.max()).sum()) < found.theory[-1, 0]


def test_strides_move_the_middle_and_widen_the_step() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False), nn.Conv2d(1, 1, 3, padding=1, bias=False)
    )
    net = net.double()
    one, two = (layer.weight[0, 0].detach().numpy() for layer in net)  # type: ignore[operator, union-attr, index]
    found = receptive_field(live_of(net, 17), torch.zeros(1, 1, 17, 17, dtype=torch.float64))
    wide = np.zeros((5, 5))
    wide[::2, ::2] = two
    whole = convolve2d(wide, one)
    np.testing.assert_allclose(found.maps[1][5:12, 5:12], np.abs(whole), atol=1e-12)
    assert found.theory.tolist() == [[3, 3], [7, 7]]


def test_channels_are_added_as_squares() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1, bias=False)).double()
    found = receptive_field(live_of(net, 9), torch.zeros(4000, 1, 9, 9, dtype=torch.float64))
    weight = net[0].weight.detach().numpy()
    np.testing.assert_allclose(found.maps[0][3:6, 3:6], np.sqrt((weight**2).sum((0, 1))), rtol=0.05)


def test_a_real_network_reaches_no_further_than_its_windows_and_keeps(tmp_path: Path) -> None:
    live = open_live("resnet8", data="fashion")
    found = receptive_field(live, torch.rand(2, 1, 28, 28), layers=["conv", "stage1*conv?"], title="noise")
    assert found.layers == ["conv", "stage1.0.conv1", "stage1.0.conv2"]
    assert found.theory[:, 0].tolist() == [3, 5, 7]
    assert (found.reached <= found.theory).all()
    assert (found.sizes <= found.theory[:, 0]).all()
    found.save(tmp_path / "r.safetensors")
    assert load(tmp_path / "r.safetensors").summary() == found.summary()
    assert [figure.words() for figure in found.figures()]
    assert not any(p.grad is not None for p in live.module.parameters())


def test_what_has_no_field_is_told() -> None:
    live = open_live("gpt:layers=1")
    with pytest.raises(UsageError, match="lies in a picture"):
        receptive_field(live, torch.zeros(1, 64))
    with pytest.raises(UsageError, match="no layer named fc1 gives maps: conv1"):
        receptive_field(open_live("lenet"), torch.zeros(1, 1, 8, 8), layers=["fc1"])
    with pytest.raises(UsageError, match="no layer gives maps"):
        receptive_field(open_live("mlp"), torch.zeros(1, 1, 8, 8))
