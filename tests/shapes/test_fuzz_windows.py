"""Convolutions and pools against PyTorch, legal and illegal settings alike."""

from __future__ import annotations

import random

import pytest
from fuzz import Case, agree, batched, ints, some


def draw_conv(axes: int, transposed: bool):
    def draw(rng: random.Random) -> Case:
        groups = rng.choice([1, 1, 2, 3, 0]) if rng.random() < 0.3 else rng.choice([1, 2])
        channels = rng.randint(1, 3) * rng.choice([1, max(groups, 1)])
        low = -1 if rng.random() < 0.03 else 0 if rng.random() < 0.03 else 1
        settings = {
            "in_channels": channels if rng.random() < 0.97 else channels + 1,
            "out_channels": rng.randint(1, 3) * rng.choice([1, max(groups, 1)]),
            "kernel_size": ints(rng, axes, low, 4),
            **some(
                rng,
                stride=lambda: ints(rng, axes, low, 3),
                padding=lambda: ints(rng, axes, min(low, 0), 3),
                # oneDNN takes some transposed kernels with dilation 0, which means nothing: we refuse all of them
                dilation=lambda: ints(rng, axes, 1 if transposed else low, 3),
                groups=lambda: groups,
                bias=lambda: rng.random() < 0.5,
            ),
        }
        if transposed and rng.random() < 0.6:
            settings["output_padding"] = ints(rng, axes, min(low, 0), 3)
        if not transposed and rng.random() < 0.2:
            settings["padding"] = rng.choice(["same", "valid", "same", "valid", "full"])
        if rng.random() < 0.2:
            settings["padding_mode"] = rng.choice(["zeros", "reflect", "replicate", "circular", "wrap"])
        return {"inputs": [batched(rng, channels, axes, {1: 12, 2: 9, 3: 6}[axes])], "settings": settings}

    return draw


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
def test_convolutions(kind: str, axes: int) -> None:
    count = agree(f"{kind}{axes}d", draw_conv(axes, kind == "ConvTranspose"), usual=400)
    assert min(count.values()) > 0


def draw_pool(kind: str, axes: int):
    def draw(rng: random.Random) -> Case:
        low = -1 if rng.random() < 0.04 else 0 if rng.random() < 0.04 else 1
        options = {
            "stride": lambda: ints(rng, axes, low, 4),
            "ceil_mode": lambda: rng.random() < 0.6,
        }
        if kind != "LP":
            options["padding"] = lambda: ints(rng, axes, min(low, 0), 2)
        if kind == "Max":
            options["dilation"] = lambda: ints(rng, axes, low, 3)
            options["return_indices"] = lambda: rng.random() < 0.5
        if kind == "Avg":
            options["count_include_pad"] = lambda: rng.random() < 0.5
            if axes > 1:
                options["divisor_override"] = lambda: rng.choice([None, 0, 1, 2, -1])
        settings = {"kernel_size": ints(rng, axes, low, 5), **some(rng, **options)}
        if kind == "LP":
            settings["norm_type"] = rng.choice([1, 2, 2, 3, 1.5, 0])
        return {
            "inputs": [batched(rng, rng.randint(1, 2), axes, {1: 12, 2: 9, 3: 6}[axes])],
            "settings": settings,
        }

    return draw


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Max", "Avg", "LP"])
def test_pools(kind: str, axes: int) -> None:
    count = agree(f"{kind}Pool{axes}d", draw_pool(kind, axes), usual=400)
    assert min(count.values()) > 0
