"""Layers in a row that look back so far, against a search through everything, chains, and PyTorch."""

from __future__ import annotations

import itertools

import pytest
import torch

from dltui.shapes import ShapeError, chain, stacks
from dltui.shapes.inverse import Bounds
from dltui.shapes.stacked import Stack

SMALL = Bounds(kernel_size=5, stride=3, dilation=3, layers=6, doubling=16)


def rows(layer: str, one: Stack, channels: int | None = 1) -> str:
    """Return a stack as a chain."""
    wide = "" if channels is None else f"out_channels={channels} "
    return " | ".join(
        f"{layer} {wide}kernel_size={one.kernel_size} stride={one.stride} padding={p}"
        + (f" dilation={d}" if d > 1 else "")
        for d, p in zip(one.dilations, one.paddings, strict=True)
    )


@pytest.mark.parametrize("field", [1, 2, 3, 5, 7, 8, 13, 15, 31])
def test_all_are_found(field: int) -> None:
    found = {(one.kernel_size, one.stride, one.dilations) for one in stacks("conv1d", field, bounds=SMALL)}
    every = {(1, 1, (1,))} if field == 1 else set()
    for k, s, n in itertools.product(range(2, 6), range(1, 4), range(1, 7)):
        same = [(d,) * n for d in range(1, 4)]
        doubled = [tuple(2**i for i in range(n))] if s == 1 and 1 < n <= 5 else []
        for dilations in same + doubled:
            if 1 + sum((k - 1) * d * s**i for i, d in enumerate(dilations)) == field:
                every.add((k, s, dilations))
    assert found == every


@pytest.mark.parametrize("layer", ["conv2d", "maxpool2d", "avgpool2d"])
def test_chains_see_as_much_and_cost_as_much(layer: str) -> None:
    channels = (2, 3) if layer == "conv2d" else None
    found = stacks(layer, 13, (40, 33), bounds=SMALL, channels=channels)
    assert found
    for one in found:
        walked = chain(rows(layer, one, 3 if channels else None), (1, 2, 40, 33))
        axes = walked.steps[-1].field.axes
        assert [(axis.size, axis.jump) for axis in axes] == [(13, one.jump)] * 2
        assert walked.output[2:] == one.sizes
        if channels:
            assert (walked.parameters, walked.macs) == (one.parameters, one.macs)


def test_pytorch_looks_at_as_many_places() -> None:
    for one in (*stacks("conv1d", 13, bounds=SMALL), *stacks("conv1d", 9, bounds=SMALL)):
        field = one.receptive_field
        layers = [
            torch.nn.Conv1d(1, 1, one.kernel_size, one.stride, 0, dilation, bias=False)
            for dilation in one.dilations
        ]
        for layer in layers:
            torch.nn.init.ones_(layer.weight)
        x = torch.zeros(1, 1, field, requires_grad=True)
        out = torch.nn.Sequential(*layers)(x)
        assert out.shape == (1, 1, 1)
        out.sum().backward()
        assert x.grad is not None
        assert int((x.grad != 0).sum()) == one.touched


def test_simplest_first_within_budgets() -> None:
    found = stacks("conv2d", 31)
    assert (found[0].layers, found[0].kernel_size, found[0].dilations[-1]) == (15, 3, 1)
    assert all(one.layers <= 64 for one in stacks("conv2d", 301))
    cheap = stacks("conv2d", 31, 64, channels=(3, 8), bounds=Bounds(parameters=3000, macs=10**7))
    assert cheap
    assert all(one.parameters <= 3000 and one.macs <= 10**7 for one in cheap)
    assert all(one.sizes[0] > 0 for one in stacks("conv2d", 31, 3))  # those wider than the input are left out


@pytest.mark.parametrize(
    ("layer", "field", "asked", "argument"),
    [
        ("linear", 3, {}, "layer"),
        ("convtranspose2d", 3, {}, "layer"),
        ("conv2d", 0, {}, "receptive_field"),
        ("conv2d", 3, {"sizes": (4, 5, 6)}, "from"),
        ("conv2d", 3, {"bounds": Bounds(macs=5), "channels": (1, 1)}, "from"),
        ("conv2d", 3, {"bounds": Bounds(parameters=5)}, "channels"),
        ("avgpool2d", 3, {"channels": (1, 1)}, "channels"),
    ],
)
def test_refusals(layer: str, field: int, asked: dict, argument: str) -> None:
    with pytest.raises(ShapeError) as refusal:
        stacks(layer, field, **asked)
    assert refusal.value.argument == argument
