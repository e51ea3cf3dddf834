"""Looking into a network beside running it, torch.fx, torch.export, and CKA pair by pair as its papers write it.

    python tests/benchmarks/bench_features.py [--rounds 7]

All take turns in one process on one thread; figures are medians of ratios over the rounds, so that a busy machine slows
all of them alike. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(ROOT / "tests" / "instruments"))


def looking(rounds: int) -> None:
    """Compare ways to look into a network like ResNet-50 on one picture."""
    import torch
    from table import Goal, head, row
    from torch import fx
    from zoo import resnet50

    from dltui.checkpoints.live import LiveModel, Takes
    from dltui.data.inputs import Given
    from dltui.instruments.features.observe import observe
    from dltui.instruments.modelgraph import graph_of

    net, x = resnet50().eval(), torch.randn(1, 3, 224, 224)
    live = LiveModel(net, "net", "fresh", Takes("image", (3, 224, 224)))
    given = Given("x", x.numpy())

    def plain() -> None:
        with torch.no_grad():
            net(x)

    ways: dict[str, Callable[[], object]] = {
        "plain": plain,
        "graph": lambda: graph_of(net, x),
        "fx": lambda: fx.symbolic_trace(net),
        "export": lambda: torch.export.export(net, (x,)),
        "observe": lambda: observe(live, given),
    }
    ratios = _race(ways, rounds, "plain")
    head(f"Looking into a network like ResNet-50 on one picture of 224 × 224 (load {os.getloadavg()[0]:.1f})")
    row(
        "f1",
        "graph, one pass included",
        "a plain pass",
        f"{ratios['graph']:.2f} × as long",
        Goal(3, 2, less=True),
        ratios["graph"],
    )
    row(
        "f2",
        "graph with shapes",
        "torch.fx, without shapes",
        f"{ratios['graph'] / ratios['fx']:.2f} × as long",
        None,
        0,
    )
    row(
        "f3",
        "graph with shapes",
        "torch.export",
        f"{ratios['graph'] / ratios['export']:.3f} × as long",
        None,
        0,
    )
    row(
        "f4",
        "every output in numbers, and kept",
        "a plain pass",
        f"{ratios['observe']:.1f} × as long",
        Goal(20, 10, less=True),
        ratios["observe"],
    )


def comparing(rounds: int) -> None:
    """Compare CKA of every two of 40 layers over 256 samples with the formula of the paper, pair by pair."""
    import numpy as np
    from table import Goal, head, row

    from dltui.instruments.features.similarity import products, ratio

    draw = np.random.default_rng(0)
    kernels = np.stack([x @ x.T for x in draw.normal(size=(40, 256, 64))])
    one = np.ones(256)

    def hsic(k: np.ndarray, m: np.ndarray) -> float:
        n = len(k)
        k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
        whole = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
        return float((whole - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3)))

    def pairs() -> object:
        return [[hsic(k, m) for m in kernels] for k in kernels]

    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: ratio(*products(kernels, kernels, unbiased=True)),
        "pairs": pairs,
    }
    ratios = _race(ways, max(1, rounds // 3), "ours")
    head("CKA of every two of 40 layers over 256 samples, from their kernels")
    row(
        "f5",
        "unbiased CKA",
        "equation 5 of Song et al., pairwise",
        f"{ratios['pairs']:.0f} × faster",
        Goal(5, 20),
        ratios["pairs"],
    )


def _race(ways: dict[str, Callable[[], object]], rounds: int, base: str) -> dict[str, float]:
    """Return how long each takes relative to one of them, median over rounds in which they take turns."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - started)
    return {
        name: statistics.median(a / b for a, b in zip(times, taken[base], strict=True))
        for name, times in taken.items()
    }


def main() -> None:
    """Run all."""
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    looking(chosen.rounds)
    comparing(chosen.rounds)


if __name__ == "__main__":
    main()
