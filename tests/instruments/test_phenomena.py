"""ResNet-20 beside its twin without skips (Li et al. 2018); the other phenomena are exhibits with checks of their own.

With DLTUI_SLOW=1 in the environment both are trained in earnest, and the barrier between two of each is measured too
(two minutes); ``tests/benchmarks/bench_phenomena.py`` does that for more seeds and phenomena.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
import torch
from torch import nn

from dltui.data import Dataset, load
from dltui.instruments.connectivity.connect import Wishes, connect
from dltui.instruments.landscape import scan
from dltui.instruments.sharpness import sharpness
from dltui.models import build
from dltui.objective import Objective
from dltui.training import Optimizer, Recipe, fit

TWINS = ("resnet20", "resnet20-noskip")
SLOW = bool(os.environ.get("DLTUI_SLOW"))


def trained(spec: str, data: Dataset, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    net = build(spec, data.input_shape, data.outputs)
    recipe = Recipe(epochs=6, batch_size=64, optimizer=Optimizer(name="sgd", lr=0.05, weight_decay=5e-4))
    fit(net, data, recipe.changed({"seed": seed}))
    return net


def bending(objective: Objective) -> float:
    found = scan(objective, steps=9, seed=0).bends
    assert found is not None
    return found.share


def test_without_skips_more_of_the_plane_bends_downwards() -> None:
    data = load("digits")
    few = replace(
        data,
        x_train=data.x_train[:512],
        y_train=data.y_train[:512],
        x_test=data.x_test[:64],
        y_test=data.y_test[:64],
    )
    nets = [trained(f"{spec}:width=4", few, 0) for spec in TWINS]
    sizes = [sum(parameter.numel() for parameter in net.parameters()) for net in nets]
    assert sizes[0] == sizes[1]
    with_skips, without = (bending(Objective.of(net, few)) for net in nets)
    assert with_skips < 0.7 * without


@pytest.mark.skipif(not SLOW, reason="takes two minutes; set DLTUI_SLOW=1")
def test_skips_lower_barrier_share_and_curvature() -> None:
    data = load("digits")
    told = {}
    for spec in TWINS:
        one, other = (trained(f"{spec}:width=8", data, seed) for seed in (0, 1))
        objective = Objective.of(one, data)
        wishes = Wishes(steps=13, beyond=0, batch_norm="recalibrate")
        average = next(found for found in sharpness(objective) if found.name == "average curvature")
        told[spec] = connect(objective, other, wishes=wishes).barrier(0), bending(objective), average.value
    for with_skips, without in zip(*told.values(), strict=True):
        assert with_skips < without, told
