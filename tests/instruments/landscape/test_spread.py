"""Convolutions over small maps as matrices, beside torch's own, and when they are taken for that."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from dltui.instruments.landscape.network import traced
from dltui.instruments.landscape.spread import small_map, spread_out, spread_small

PAIR = st.tuples(st.integers(1, 2), st.integers(1, 2))


@settings(deadline=None)  # the first trace loads more of torch
@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=PAIR,
    padding=st.tuples(st.integers(1, 2), st.integers(1, 2)),
    dilation=PAIR,
    bias=st.booleans(),
)
def test_the_matrix_gives_what_the_convolution_gives(
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    bias: bool,
) -> None:
    torch.manual_seed(0)
    reach = [s + 2 * p - 2 * d for s, p, d in zip(size, padding, dilation, strict=True)]
    if min(reach) < 1:
        return
    later = nn.Conv2d(2, 3, 3, stride, padding, dilation, bias=bias)
    net = traced(
        nn.Sequential(nn.Tanh(), later).double().eval(), torch.zeros(2, 2, *size, dtype=torch.float64)
    )
    spread_small(net)
    node = next(node for node in net.graph.nodes if node.target in {small_map, torch.conv2d})
    assert (node.target is small_map) == (size[0] * size[1] <= 0.7 * 9)
    if node.target is not small_map:
        return
    larger = {
        name.name: spread_out(later.get_parameter(name.name[2:]), places)
        for name, places in net.spread.items()
    }
    x = torch.randn(4, 2, *size, dtype=torch.float64)
    found = small_map(x, larger["1.weight"], larger.get("1.bias"), node.args[3])
    torch.testing.assert_close(found, later(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "layer",
    [nn.Conv2d(4, 4, 3, padding=1, groups=2), nn.Conv2d(4, 4, 3, padding="same"), nn.Conv2d(4, 4, 1)],
    ids=["groups", "same", "1 × 1"],
)
def test_what_does_not_gain_is_left_as_it_is(layer: nn.Module) -> None:
    net = traced(nn.Sequential(nn.Tanh(), layer).eval(), torch.zeros(2, 4, 2, 2))
    spread_small(net)
    assert not net.spread
    assert any(node.target is torch.conv2d for node in net.graph.nodes)
