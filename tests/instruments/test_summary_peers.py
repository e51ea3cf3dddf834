"""Parameters and MACs beside torchinfo and fvcore, over networks of many kinds: every difference is worked out."""

from __future__ import annotations

import logging
import sys
from math import prod
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))

from zoo import ZOO

from dltui.instruments.summary import summarize
from dltui.results.summary import Summary

MATRIX = ("conv", "linear", "matmul", "addmm", "bmm", "mm", "einsum")


def opened(name: str) -> tuple[nn.Module, tuple[Any, ...], Summary]:
    build, inputs = ZOO[name]
    torch.manual_seed(0)
    model, given = build(), inputs()
    return model, given, summarize(model, input_data=list(given))


def test_there_are_twenty_networks() -> None:
    assert len(ZOO) >= 20


def by_torchinfos_rules(model: nn.Module, found: Summary) -> int:
    """Work out torchinfo's total: parameters of each layer times sizes of its output, as ``calculate_macs`` does."""
    total = 0
    parents = {row["parent"] for row in found.rows}
    for row in found.rows:
        if row["number"] in parents:
            continue
        same = row["shared_with"]
        module = model.get_submodule(row["path"])
        sizes = row["outputs"][0]["shape"] if row["outputs"] else []
        for name, parameter in module.named_parameters():
            count = parameter.numel()
            if name in {"weight", "bias"} and sizes:
                places = prod([*sizes[:1], *sizes[2:]]) if "Conv" in row["kind"] else sizes[0]
            else:
                places = prod(sizes[:2]) if ("weight" in name or "bias" in name) and sizes else 0
            total += 0 if same else row["calls"] * count * places
    return total


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.filterwarnings("ignore")
def test_torchinfo(name: str) -> None:
    import torchinfo

    model, given, found = opened(name)
    theirs = torchinfo.summary(model, input_data=list(given), verbose=0, device="cpu")
    own = list(model.parameters())
    assert found.parameters == sum(p.numel() for p in own)
    twice = (
        sum(p.numel() for m in model.modules() for p in m._parameters.values() if p is not None)
        - found.parameters
    )
    assert (
        theirs.total_params == found.parameters + twice
    )  # it counts a tied table once for each layer that holds it
    assert (twice > 0) is (name == "gpt")
    assert theirs.trainable_params == found.trainable + twice
    assert theirs.total_mult_adds == by_torchinfos_rules(model, found)


# What fvcore has no formula for, worked out by hand: batch × heads × queries × keys × width, twice.
FUSED = {
    "transformer encoder": 2 * 2 * (2 * 4 * 10 * 10 * 8),
    "transformer": 2 * (2 * 4 * 8) * (10 * 10 + 2 * (7 * 7 + 7 * 10)),
    "vit": 2 * 2 * (2 * 4 * 17 * 17 * 8),
    "gpt": 3 * 2 * (2 * 4 * 16 * 16 * 8),
    "lstm": 2 * 7 * 4 * 16 * (12 + 16),
    "lstm, 2 layers, both ways": 2 * 7 * 2 * 4 * 16 * ((12 + 16) + (32 + 16)),
    "gru": 2 * 7 * 3 * 16 * (12 + 16),
    "rnn": 2 * 7 * 16 * (12 + 16),
}


@pytest.mark.parametrize("name", ZOO)
@pytest.mark.filterwarnings("ignore")
def test_fvcore(name: str, caplog: pytest.LogCaptureFixture) -> None:
    from fvcore.nn import FlopCountAnalysis, parameter_count

    caplog.set_level(logging.CRITICAL)
    model, given, found = opened(name)
    assert parameter_count(model)[""] == found.parameters
    analysis = FlopCountAnalysis(model.eval(), given)
    products = sum(count for op, count in analysis.by_operator().items() if op in MATRIX)
    assert found.macs == products + FUSED.get(name, 0)
    others = {op for op in analysis.by_operator() if op not in MATRIX}
    assert others <= {"batch_norm", "layer_norm", "adaptive_avg_pool2d"}  # no products: elementwise work
