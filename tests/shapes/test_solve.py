"""The question turned round, against a search through everything."""

from __future__ import annotations

import itertools
import time

import pytest
import torch

from dltui.shapes import ShapeError, solve
from dltui.shapes.inverse import Bounds, inputs_for
from dltui.shapes.symbol import Scope


@pytest.mark.parametrize("n", [1, 2, 7, 32, 33])
@pytest.mark.parametrize("m", [1, 4, 16, 32])
def test_convolutions_equal_brute_force(n: int, m: int) -> None:
    found = {(one.kernel_size, one.stride, one.padding, one.dilation) for one in solve("conv2d", n, m)}
    every = {
        (k, s, p, d)
        for k, s, d in itertools.product(range(1, 12), range(1, 5), range(1, 4))
        for p in range(d * (k - 1) // 2 + 1)
        if n + 2 * p >= d * (k - 1) + 1 and (n + 2 * p - d * (k - 1) - 1) // s + 1 == m
    }
    assert found == every


def test_thirty_nine_settings_lead_from_32_to_16() -> None:
    found = solve("conv2d", 32, 16)
    assert len(found) == 39
    assert found[0].settings() == {"kernel_size": 2, "stride": 2, "padding": 0}
    assert found[1].settings() == {"kernel_size": 4, "stride": 2, "padding": 1}
    assert next(one for one in found if one.conventional).settings() == {
        "kernel_size": 3,
        "stride": 2,
        "padding": 1,
    }


@pytest.mark.parametrize("layer", ["conv1d", "maxpool2d", "avgpool2d", "convtranspose2d", "convtranspose1d"])
@pytest.mark.parametrize(("n", "m"), [(32, 16), (7, 14), (8, 8), (5, 11)])
def test_torch_takes_every_answer(layer: str, n: int, m: int) -> None:
    names = {"conv1d": "Conv1d", "maxpool2d": "MaxPool2d", "avgpool2d": "AvgPool2d"}
    name = names.get(layer, layer.replace("convtranspose", "ConvTranspose"))
    axes = int(layer[-2])
    for one in solve(layer, n, m):
        channels = () if "pool" in layer else (1, 1)
        output = getattr(torch.nn, name)(*channels, **one.settings())(torch.zeros(1, 1, *(n,) * axes))
        assert tuple(output.shape[2:]) == (m,) * axes


@pytest.mark.parametrize("layer", ["maxpool2d", "convtranspose2d"])
def test_pools_and_transposed_equal_brute_force(layer: str) -> None:
    n, m = (32, 16) if layer == "maxpool2d" else (16, 32)
    found = {(o.kernel_size, o.stride, o.padding, o.dilation, o.output_padding) for o in solve(layer, n, m)}
    every = set()
    for k, s, d in itertools.product(range(1, 12), range(1, 5), range(1, 4)):
        span = d * (k - 1)
        if layer == "maxpool2d":
            every |= {
                (k, s, p, d, 0)
                for p in range(k // 2 + 1)
                if n + 2 * p > span and (n + 2 * p - span - 1) // s + 1 == m
            }
        else:
            every |= {
                (k, s, p, d, more)
                for p in range(span + 1)
                for more in range(max(s, d))
                if (n - 1) * s - 2 * p + span + more + 1 == m
            }
    assert found == every


def test_same_reach_and_budgets() -> None:
    assert all(one.stride == 1 for one in solve("conv2d", 32))
    reach = solve("conv2d", 64, bounds=Bounds(receptive_field=31, kernel_size=31))
    assert {one.dilation * (one.kernel_size - 1) + 1 for one in reach} == {31}
    assert {(one.kernel_size, one.dilation) for one in reach} == {(31, 1), (16, 2), (11, 3)}
    cheap = solve("conv2d", 32, 16, channels=(3, 64), bounds=Bounds(parameters=1000))
    assert cheap
    assert all(one.report and one.report.parameters <= 1000 for one in cheap)
    assert solve("conv2d", [32, 64], [16, 32])
    assert not solve("conv2d", [32, 64], [16, 64])


def test_answers_within_five_milliseconds() -> None:
    best = min(_seconds() for _ in range(5))
    assert best <= 0.005


def _seconds() -> float:
    start = time.perf_counter()
    solve("conv2d", 32, 16)
    return time.perf_counter() - start


def test_inputs_of_a_chain() -> None:
    size = Scope().letter("H")
    stem = "conv2d 64 7 2 3 | maxpool2d 3 2 1 | conv2d 4 3 2 1 | conv2d 4 3 2 1 | conv2d 4 3 2 1"
    assert inputs_for(stem, (1, 3, size, size), 7) == list(range(193, 225))
    assert inputs_for("conv2d 4 3 | maxpool2d 2", (1, 3, size, size), 2) == [6, 7]
    with pytest.raises(ShapeError, match="nothing is left to solve"):
        inputs_for("conv2d 4 3 | adaptiveavgpool2d 1", (1, 3, size, size), 1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("linear", 3, 4), "not Linear"),
        (("conv2d", 0, 4), "at least 1"),
        (("conv2d", [1, 2, 3], 4), "one size or 2"),
    ],
)
def test_refusals(arguments: tuple[object, ...], told: str) -> None:
    with pytest.raises(ShapeError, match=told):
        solve(*arguments)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="needs channels"):
        solve("conv2d", 3, 3, bounds=Bounds(macs=3))
