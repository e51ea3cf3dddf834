"""Adaptive and fractional pools, unpooling, folding, shuffles, borders and resampling against PyTorch."""

from __future__ import annotations

import random

import pytest
import torch
from fuzz import Case, agree, as_module, batched, ints, some, tensors


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Avg", "Max"])
def test_adaptive(kind: str, axes: int) -> None:
    def draw(rng: random.Random) -> Case:
        low = -1 if rng.random() < 0.1 else 0
        size = ints(rng, axes + (rng.random() < 0.05), low, 6)
        if rng.random() < 0.3:
            size = rng.choice([None, (None,) * axes, (3, *(None,) * (axes - 1))])
        settings = {"output_size": size}
        if kind == "Max":
            settings["return_indices"] = rng.random() < 0.5
        return {"inputs": [batched(rng, 2, axes)], "settings": settings}

    assert min(agree(f"Adaptive{kind}Pool{axes}d", draw).values()) > 0


@pytest.mark.parametrize("axes", [2, 3])
def test_fractional(axes: int) -> None:
    def draw(rng: random.Random) -> Case:
        ratio = tuple(rng.choice([0.1, 0.3, 0.5, 0.7, 0.99, 1.0]) for _ in range(axes))
        low = 0 if rng.random() < 0.1 else 1
        settings = {
            "kernel_size": ints(rng, axes, low, 3),
            **some(rng, return_indices=lambda: rng.random() < 0.5),
            **some(rng, output_size=lambda: ints(rng, axes, low, 5)),
        }
        if "output_size" not in settings or rng.random() < 0.05:
            settings["output_ratio"] = ratio if rng.random() < 0.9 else rng.choice([0.5, ratio[:-1], None])
        return {"inputs": [batched(rng, 2, axes)], "settings": settings}

    assert min(agree(f"FractionalMaxPool{axes}d", draw).values()) > 0


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_unpool(axes: int) -> None:
    def draw(rng: random.Random) -> Case:
        shape = batched(rng, 2, axes, 4)
        other = shape if rng.random() < 0.9 else tuple(n + 1 for n in shape)
        settings = {
            "kernel_size": ints(rng, axes, 1, 4),
            **some(rng, stride=lambda: ints(rng, axes, 1, 4), padding=lambda: ints(rng, axes, 0, 2)),
        }
        if rng.random() < 0.3:
            settings["output_size"] = tuple(
                rng.randint(1, 12) for _ in range(axes + 2 * (rng.random() < 0.2))
            )
        return {"inputs": [shape, other], "settings": settings}

    def call(case: Case):
        settings = dict(case["settings"])
        size = settings.pop("output_size", None)
        module = getattr(torch.nn, f"MaxUnpool{axes}d")(**settings)
        return module(*tensors(case["inputs"], (1,)), output_size=size), module

    assert min(agree(f"MaxUnpool{axes}d", draw, call).values()) > 0


def test_unfold() -> None:
    def draw(rng: random.Random) -> Case:
        low = 0 if rng.random() < 0.05 else 1
        settings = {
            "kernel_size": ints(rng, 2, low, 4),
            **some(
                rng,
                stride=lambda: ints(rng, 2, low, 3),
                padding=lambda: ints(rng, 2, low - 1, 2),
                dilation=lambda: ints(rng, 2, low, 3),
            ),
        }
        return {"inputs": [batched(rng, 2, 2)], "settings": settings}

    assert min(agree("Unfold", draw).values()) > 0


def test_fold() -> None:
    def draw(rng: random.Random) -> Case:
        settings = {
            "kernel_size": ints(rng, 2, 1, 3),
            **some(
                rng,
                stride=lambda: ints(rng, 2, 1, 3),
                padding=lambda: ints(rng, 2, 0, 2),
                dilation=lambda: ints(rng, 2, 1, 2),
            ),
        }
        size = (rng.randint(1, 8), rng.randint(1, 8))
        try:
            made = torch.nn.Unfold(**settings)(torch.zeros(1, 2, *size)).shape
        except RuntimeError:
            made = torch.Size([1, 4, 4])
        shape = tuple(made) if rng.random() < 0.7 else tuple(made[1:])
        if rng.random() < 0.2:
            shape = (*shape[:-2], shape[-2] + rng.randint(0, 1), shape[-1] + rng.randint(0, 1))
        return {"inputs": [shape], "settings": {"output_size": size, **settings}}

    assert min(agree("Fold", draw).values()) > 0


@pytest.mark.parametrize(
    ("name", "key", "low"),
    [
        ("PixelShuffle", "upscale_factor", 0),
        ("PixelUnshuffle", "downscale_factor", 0),
        ("ChannelShuffle", "groups", 0),
    ],
)
def test_shuffles(name: str, key: str, low: int) -> None:
    def draw(rng: random.Random) -> Case:
        factor = rng.randint(low, 3)
        shape = tuple(
            rng.randint(1, 3) * rng.choice([1, factor or 1, (factor or 1) ** 2])
            for _ in range(rng.randint(2, 5))
        )
        return {"inputs": [shape], "settings": {key: factor}}

    assert min(agree(name, draw).values()) > 0


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Zero", "Constant", "Reflection", "Replication", "Circular"])
def test_borders(kind: str, axes: int) -> None:
    def draw(rng: random.Random) -> Case:
        low = -2 if rng.random() < 0.3 else 0
        one_too_many = tuple(rng.randint(low, 4) for _ in range(2 * axes + 1))
        settings = {"padding": one_too_many if rng.random() < 0.2 else ints(rng, 2 * axes, low, 4)}
        if kind == "Constant":
            settings["value"] = 1.5
        return {"inputs": [batched(rng, 2, axes, 5)], "settings": settings}

    assert min(agree(f"{kind}Pad{axes}d", draw).values()) > 0


@pytest.mark.parametrize("name", ["Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"])
def test_resampling(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        axes = rng.randint(1, 3) if name == "Upsample" else 2
        settings = some(
            rng, size=lambda: ints(rng, axes + (rng.random() < 0.05), 0 if rng.random() < 0.1 else 1, 7)
        )
        if ("size" not in settings) == (rng.random() < 0.95):
            one = lambda: rng.choice([0.3, 0.5, 1, 1.7, 2, 2.5, 3, rng.uniform(0.05, 3)])  # noqa: E731
            settings["scale_factor"] = one() if rng.random() < 0.5 else tuple(one() for _ in range(axes))
        if name == "Upsample":
            usual = [
                "nearest",
                "nearest-exact",
                "area",
                *(["linear"], ["bilinear", "bicubic"], ["trilinear"])[axes - 1],
            ]
            if rng.random() < 0.8:
                settings["mode"] = (
                    rng.choice(usual) if rng.random() < 0.9 else rng.choice(["linear", "bilinear", "cubic"])
                )
            settings.update(
                some(
                    rng,
                    align_corners=lambda: rng.choice([None, None, True, False]),
                    recompute_scale_factor=lambda: rng.choice([None, None, True, False]),
                )
            )
        return {"inputs": [batched(rng, 2, axes, 6)], "settings": settings}

    assert min(agree(name, draw, as_module(name), usual=160).values()) > 0
