"""How well PointNet tells shapes apart after a minute of one core.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_shapes3d.py [SEED ...] [--tasks 5-so3 10-y 10-so3]

Fresh clouds of 256 points for every batch of 32, noise 0.02, axes stretched by ±35 %; judged on 60 held-out clouds a
class. Time is processor time of everything, the making of the clouds included. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from table import Goal, head, row

from dltui.data.shapes3d import Rotation, clouds
from dltui.models import build

SECONDS, BATCH, POINTS, HELD = 60.0, 32, 256, 60
TASKS: tuple[tuple[int, Rotation, float], ...] = ((5, "so3", 97.0), (10, "y", 98.0), (10, "so3", 93.0))


def drawn(draw: np.random.Generator, labels: np.ndarray, rotation: Rotation) -> torch.Tensor:
    return torch.from_numpy(clouds(draw, labels, POINTS, noise=0.02, stretch=0.35, rotation=rotation))


def accuracy(classes: int, rotation: Rotation, seed: int, spec: str) -> tuple[float, int]:
    """Return the share of held-out clouds that are told right, in percent, and the steps that were made."""
    torch.manual_seed(seed)
    draw = np.random.default_rng([1, seed])
    module = build(spec, (POINTS, 3), classes)
    optimizer = torch.optim.Adam(module.parameters(), lr=2e-3)
    start, steps = time.process_time(), 0
    while (gone := (time.process_time() - start) / SECONDS) < 1:
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - gone)
        labels = draw.integers(classes, size=BATCH)
        loss = torch.nn.functional.cross_entropy(
            module(drawn(draw, labels, rotation)), torch.from_numpy(labels)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
    labels = np.repeat(np.arange(classes), HELD)
    held = drawn(np.random.default_rng([2, seed]), labels, rotation)
    with torch.no_grad():
        module.eval()
        told = torch.cat([module(part).argmax(1) for part in torch.split(held, BATCH)])
    return 100 * float((told.numpy() == labels).mean()), steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--tasks", nargs="*", default=[f"{classes}-{rotation}" for classes, rotation, _ in TASKS]
    )
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    head(f"PointNet after {SECONDS:.0f} s of one core, seeds {chosen.seeds}")
    for classes, rotation, goal in TASKS:
        if f"{classes}-{rotation}" not in chosen.tasks:
            continue
        found = []
        for seed in chosen.seeds:
            share, steps = accuracy(classes, rotation, seed, "pointnet")
            print(f"seed {seed}: {share:.1f} % in {steps} steps, {steps / SECONDS:.1f} batches/s", flush=True)
            found.append(share)
        mean = float(np.mean(found))
        row("P9", f"{classes} classes, rotation {rotation}", "", f"{mean:.2f} %", Goal(goal, goal), mean)


if __name__ == "__main__":
    main()
