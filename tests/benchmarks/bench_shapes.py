"""The shape toolbox: one question in a fresh process, inverse questions inside, batches; ratios from one run."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from dltui.shapes import chain, solve
from dltui.shapes.batch import answers

ROUNDS = 11
# compiled modules are kept between runs, as those of an installed package are
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
CONV = ["shapes", "conv2d", "-i", "1,3,224,224", "-o", "64", "-k", "7", "-s", "2", "-p", "3"]
SHAPE = "torch.empty(1, 3, 224, 224, device='meta')"
TORCH = f"import torch; print(torch.nn.Conv2d(3, 64, 7, 2, 3, device='meta')({SHAPE}).shape)"
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "shapes conv2d --json": [sys.executable, "-m", "dltui", *CONV, "--json"],
    "shapes conv2d, drawn": [sys.executable, "-m", "dltui", *CONV],
    "shapes chain resnet18": [sys.executable, "-m", "dltui", "shapes", "chain", "resnet18"],
    "shapes memory params=7e9": [sys.executable, "-m", "dltui", "shapes", "memory", "params=7e9"],
    "torch on meta": [sys.executable, "-c", TORCH],
}
QUESTIONS = [
    {"layer": "conv2d", "input": [1, 3, 32, 32], "out_channels": 8, "kernel_size": 3},
    {"layer": "MaxPool2d", "input": [1, 8, 30, 30], "kernel_size": 2},
    {"layer": "linear", "input": [4, 128], "out_features": 10},
    {"layer": "batchnorm2d", "input": [2, 8, 15, 15]},
    {"layer": "lstm", "input": [5, 2, 10], "hidden_size": 20},
    {"layer": "multiheadattention", "inputs": [[10, 2, 64]], "num_heads": 4},
    {"layer": "convtranspose2d", "input": [1, 8, 7, 7], "out_channels": 4, "kernel_size": 4, "stride": 2},
    {"layer": "conv2d", "input": [1, 3, 4, 4], "out_channels": 8, "kernel_size": 9},
]


def main() -> None:
    """Print fresh processes against a bare interpreter and torch, inverse questions, and answers a second."""
    wall: dict[str, list[float]] = {name: [] for name in COMMANDS}
    work: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            started, worked = time.perf_counter(), _children()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
            wall[name].append(time.perf_counter() - started)
            work[name].append(_children() - worked)
    for name in COMMANDS:
        for kind, taken in (("wall", wall), ("work", work)):
            bare, torch = (_ratio(taken[name], taken[other]) for other in ("python -c pass", "torch on meta"))
            middle = 1000 * statistics.median(taken[name])
            print(f"{name:<26} {kind} {middle:7.0f} ms  {bare:6.1f} × bare, 1/{1 / torch:.1f} of torch")
    for name, question in {
        "solve 32 → 16": lambda: solve("conv2d", 32, 16),
        "solve transposed 16 → 32": lambda: solve("convtranspose2d", 16, 32),
        "solve with channels": lambda: solve("conv2d", 32, 16, channels=(3, 64)),
        "walk resnet50": lambda: chain("resnet50", (1, 3, 224, 224)),
    }.items():
        print(f"{name:<26} {1000 * _best(question):7.2f} ms inside")
    lines = [json.dumps(question) for question in QUESTIONS] * 2500
    took = _best(lambda: sum(1 for _ in answers(lines)))
    print(f"batch of {len(lines):,} mixed      {len(lines) / took:9,.0f} answers a second of one core's work")


def _children() -> float:
    """Return the seconds of work of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ratio(taken: list[float], other: list[float]) -> float:
    """Return the median ratio within a round."""
    return statistics.median(one / against for one, against in zip(taken, other, strict=True))


def _best(question: Callable[[], object], rounds: int = 5) -> float:
    """Return the least seconds of work of some rounds."""
    found = []
    for _ in range(rounds):
        started = time.process_time()
        question()
        found.append(time.process_time() - started)
    return min(found)


if __name__ == "__main__":
    main()
