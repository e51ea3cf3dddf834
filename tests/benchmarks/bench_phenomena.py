"""What is known of loss landscapes, reproduced on the digits in a few minutes, and told whether it shows or not.

    python tests/benchmarks/bench_phenomena.py [fork] [rescale] [batch] [skip] [--seeds 1] [--width 8]

fork     children of one early checkpoint are linearly connected, independent runs are not (Frankle et al. 2020)
rescale  ×10 and ÷10 in neighbouring layers leaves filter-normalised pictures as they are (Li et al. 2018)
batch    small batches find flatter minima than large ones (Keskar et al. 2017)
skip     resnet20 beside its twin without skips: barrier, share of cells that bend downwards, sharpness (Li et al. 2018)
"""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Iterator, Sequence

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from torch import nn

from dltui.data import load
from dltui.instruments.connectivity.connect import Wishes, connect
from dltui.instruments.curvature.pairs import eigenpairs
from dltui.instruments.landscape import scan
from dltui.instruments.sharpness import sharpness
from dltui.models import build
from dltui.objective import Objective
from dltui.training import Recipe, fit

DATA = load("digits")
Row = tuple[str, str, str]


def trained(spec: str, seed: int, recipe: Recipe, start: nn.Module | None = None) -> nn.Module:
    torch.manual_seed(seed)
    net = build(spec, DATA.input_shape, DATA.outputs) if start is None else copy.deepcopy(start)
    fit(net, DATA, recipe.set(f"seed={seed}"))
    return net


def bound(net: nn.Module, part: str = "train") -> Objective:
    return Objective.of(net, DATA, part=part)


def barrier(
    a: nn.Module, b: nn.Module, batch_norm: str = "interpolate", *, align: bool = False
) -> list[float]:
    wishes = Wishes(steps=13, beyond=0, batch_norm=batch_norm, align=align)
    found = connect(bound(a), b, wishes=wishes)
    return [found.barrier(path) for path in range(len(found.paths))]


def fork(seeds: int, width: int) -> Iterator[Row]:
    long = Recipe().set("epochs=12", "batch_size=32", "optimizer=adamw", "optimizer.lr=0.01")
    short = long.set("epochs=1", "schedule=constant")
    for spec in ("lenet", "mlp"):
        for seed in range(seeds):
            stem = trained(spec, seed, short)
            one, two = (trained(spec, 10 * (seed + 1) + i, long, stem) for i in (0, 1))
            other = trained(spec, 50 + seed, long)
            near, far = barrier(one, two), barrier(one, other, align=True)
            told = f"{near[0]:.4f} forked after 45 steps; {far[0]:.3f} independent, {far[1]:.3f} aligned"
            yield f"barrier of {spec}, seed {seed}", told, verdict(near[0] < far[0] / 10)


def rescale(seeds: int, width: int) -> Iterator[Row]:
    for seed in range(seeds):
        net = trained(
            "mlp", seed, Recipe().set("epochs=10", "batch_size=32", "optimizer=sgd", "optimizer.lr=0.2")
        )
        scaled = copy.deepcopy(net)
        with torch.no_grad():
            for parameter in scaled.hidden[0].parameters():  # type: ignore[index,union-attr]
                parameter.mul_(10)
            scaled.head.weight.div_(10)  # type: ignore[operator,union-attr]
        pictures = {
            way: [scan(bound(m), steps=9, normalize=way, seed=seed).loss for m in (net, scaled)]
            for way in ("filter", "none")
        }
        away = {way: float(np.abs(a / b - 1).max()) for way, (a, b) in pictures.items()}
        told = (
            f"{away['filter']:.1e} filter-normalised, {away['none']:.2g} plain (largest relative difference)"
        )
        yield f"rescaling, seed {seed}", told, verdict(away["filter"] < 1e-4 < away["none"])
        tops = [float(eigenpairs(bound(m), (1,), seed=seed).values[0]) for m in (net, scaled)]
        yield (
            f"λ_max, seed {seed}",
            f"{tops[0]:.3g}, and {tops[1]:.3g} of the same function",
            verdict(tops[1] > tops[0]),
        )


def batch(seeds: int, width: int) -> Iterator[Row]:
    for seed in range(seeds):
        found = {}
        for size, rate, epochs in ((1437, 0.2, 300), (16, 0.05, 30)):
            recipe = Recipe().set("optimizer=sgd", "schedule=constant", f"optimizer.lr={rate}")
            net = trained("mlp:activation=tanh", seed, recipe.set(f"epochs={epochs}", f"batch_size={size}"))
            top = float(eigenpairs(bound(net), (1,), seed=seed).values[0])
            found[size] = top, {one.name: one.value for one in sharpness(bound(net), seed=seed)}
        for name, (large, small) in {
            "λ_max": [found[size][0] for size in found],
            **{name: [found[size][1][name] for size in found] for name in found[16][1]},
        }.items():
            yield (
                f"{name}, seed {seed}",
                f"{large:.3g} batch 1437, {small:.3g} batch 16",
                verdict(small < large),
            )


def skip(seeds: int, width: int) -> Iterator[Row]:
    recipe = Recipe().set("epochs=6", "optimizer=sgd", "optimizer.lr=0.05", "optimizer.weight_decay=5e-4")
    for seed in range(seeds):
        found = {}
        for spec in ("resnet20", "resnet20-noskip"):
            one, two = (trained(f"{spec}:width={width}", 10 * seed + i, recipe) for i in (0, 1))
            picture = scan(bound(one), steps=13, seed=seed)
            assert picture.bends is not None
            average = next(m for m in sharpness(bound(one), seed=seed) if m.name == "average curvature")
            found[spec] = (
                *barrier(one, two, "recalibrate", align=True),
                picture.bends.share,
                average.value or 0.0,
            )
        named = ("barrier", "barrier, aligned", "share bending downwards", "average curvature")
        for name, with_skips, without in zip(named, *found.values(), strict=True):
            yield (
                f"{name}, seed {seed}",
                f"{with_skips:.3g} with skips, {without:.3g} without",
                verdict(with_skips < without),
            )


def verdict(shows: bool) -> str:
    return "shows" if shows else "does not show"


WHAT = {"fork": fork, "rescale": rescale, "batch": batch, "skip": skip}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=[[], *WHAT], default=list(WHAT))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--width", type=int, default=8, help="channels of the residual networks")
    asked = parser.parse_args(arguments)
    for name in asked.what:
        for row in WHAT[name](asked.seeds, asked.width):
            print("{:<36} {:<72} {}".format(*row), flush=True)


if __name__ == "__main__":
    main()
