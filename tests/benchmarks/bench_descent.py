"""Optimisers from their formulas beside those of torch.optim, step for step on the same gradients in a ravine.

    python tests/benchmarks/bench_descent.py [--rounds 7]

Both take turns in one process on one thread; ratios are medians over the rounds, so that a busy machine slows both
alike. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from table import Goal, head, row, times

from dltui.descent.adam import Adam, RAdam
from dltui.descent.adaptive import AdaDelta, AdaGrad, RmsProp
from dltui.descent.plain import Gradient, Momentum
from dltui.descent.rule import Rule
from dltui.descent.surfaces import ravine
from dltui.descent.walk import walk

STEPS = 500
PAIRS: tuple[tuple[Rule, str, dict[str, float]], ...] = (
    (Gradient(lr=0.01), "SGD", {"lr": 0.01}),
    (Momentum(lr=0.01), "SGD", {"lr": 0.01, "momentum": 0.9}),
    (AdaGrad(lr=0.1), "Adagrad", {"lr": 0.1}),
    (RmsProp(lr=0.01), "RMSprop", {"lr": 0.01}),
    (AdaDelta(), "Adadelta", {"lr": 1.0}),
    (Adam(lr=0.1), "Adam", {"lr": 0.1}),
    (RAdam(lr=0.01), "RAdam", {"lr": 0.01}),
)


def by_torch(name: str, settings: dict[str, float]) -> None:
    """Walk with an optimiser of torch; the gradient is given in closed form, too, and no graph is built."""
    surface = ravine()
    w = torch.tensor(surface.start, dtype=torch.float64, requires_grad=True)
    optimiser = getattr(torch.optim, name)([w], **settings)
    place = w.detach().numpy()  # the same memory
    for _ in range(STEPS):
        w.grad = torch.from_numpy(surface.gradient(place))
        optimiser.step()


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=7)
    rounds = options.parse_args().rounds
    head(f"{STEPS} steps in two weights, everything remembered, one thread")
    for rule, name, settings in PAIRS:
        ours, theirs = [], []
        for _ in range(rounds + 1):  # the first round warms up
            ours.append(seconds(lambda rule=rule: walk(ravine(), rule, steps=STEPS)))  # type: ignore[misc]
            theirs.append(seconds(lambda name=name, settings=settings: by_torch(name, settings)))  # type: ignore[misc]
        gain = statistics.median(b / a for a, b in zip(ours[1:], theirs[1:], strict=True))
        each = statistics.median(ours[1:]) / STEPS * 1e6
        row(
            "10.3",
            f"{rule.title}, {each:.1f} µs a step",
            f"torch.optim.{name}",
            times(gain),
            Goal(1, 2),
            gain,
        )


if __name__ == "__main__":
    main()
