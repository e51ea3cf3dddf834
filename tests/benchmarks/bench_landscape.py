"""Our landscapes beside loss-landscapes, loss-landscape-3d and bare forward passes, as ratios of one run.

    python tests/benchmarks/bench_landscape.py [--seconds 6] [--models mlp lenet resnet8 resnet20] [--verify]

Full data (all 1797 digits) at every point, two threads. All ways take turns; the peers and the bare passes in a
process of their own, because ours teaches the allocator to keep its memory, which would help them too. What is compared
is the time for a point: a whole scan divided by its points, with all that it does before the first one. Ratios are
medians over the rounds. ``lenet`` is that of the curvature notes (16 and 32 channels of 3 × 3). The first picture
is measured in a process of its own, whose time starts after the imports. ``--verify`` compares every picture with its
exact grid, which takes minutes for residual networks. ``--processor`` counts processor time on one thread, which a busy
machine disturbs less. A row says ``must`` and ``aim``; nothing here fails a build.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from table import Goal, head, row, times
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import load
from dltui.instruments.directions import plane
from dltui.instruments.landscape import choose, scan
from dltui.models import build
from dltui.objective import Objective

THREADS = 2
STEPS = {"mlp": 65, "lenet": 17, "resnet8": 11, "resnet20": 9}  # points along a side, by model
PICTURE = 65
Way = tuple[Callable[[], object], int]  # what is timed, and how many points that is


def _goals(*bars: tuple[float, float]) -> dict[str, Goal]:
    return {name: Goal(*pair) for name, pair in zip(STEPS, bars, strict=True)}


# What was set out to be reached, by model: how many times faster we are to be.
PEER = _goals((5, 7.5), (5, 7.5), (2.2, 4), (2, 3))
WHOLE = _goals((4, 6.5), (4, 7.5), (2.5, 4), (1.7, 2.5))
BLOCKED = _goals((6, 12), (3.5, 5.5), (1.2, 1.5), (1.1, 1.25))
LOADER = _goals((40, 75), (8, 14), (3.5, 6), (3.5, 5))
WINDOW = _goals((50, 105), (50, 105), (30, 38), (30, 38))
PLAIN = {name: Goal(1.3, 2) for name in ("lenet", "resnet8", "resnet20")}
FIRST = {"lenet": Goal(0.3, 0.15, less=True), "resnet20": Goal(4, 2.7, less=True)}  # seconds
AGREE = Goal(1e-5, 3e-6, less=True)


def network(name: str) -> nn.Module:
    """Return a network of the curvature notes, its batch norms moved away from where they begin."""
    torch.manual_seed(0)
    if name == "lenet":
        return nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10),
        )  # fmt: skip
    return build(name, (1, 8, 8), 10)


def trained(name: str, x: Tensor, y: Tensor, epochs: int = 3) -> nn.Module:
    """Return the network after a little training, so that its surface is a bowl."""
    model = network(name).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            functional.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()
    return model.eval()


def digits() -> tuple[Tensor, Tensor]:
    """Return all digits, both parts."""
    found = load("digits", seed=0)
    x = torch.from_numpy(np.concatenate([found.x_train, found.x_test]))
    return x, torch.from_numpy(np.concatenate([found.y_train, found.y_test]))


def ours(objective: Objective, steps: int) -> Way:
    """Scan every point."""
    return lambda: scan(objective, steps=steps), steps**2


def fallback(objective: Objective, steps: int) -> Way:
    """Scan every point as a network is scanned that can't be traced."""

    def run() -> None:
        fast, choose.FAST = choose.FAST, ()
        try:
            scan(objective, steps=steps)
        finally:
            choose.FAST = fast

    return run, steps**2


def loss_landscapes(model: nn.Module, x: Tensor, y: Tensor, steps: int) -> Way:
    """PyPI ``loss-landscapes``, as its documentation calls it."""
    import loss_landscapes
    from loss_landscapes.metrics import Loss

    metric = Loss(nn.CrossEntropyLoss(), x, y)

    def run() -> None:
        with torch.no_grad():
            loss_landscapes.random_plane(
                model, metric, 1.0, steps, normalization="filter", deepcopy_model=True
            )

    return run, steps**2


def loss_landscape_3d(model: nn.Module, x: Tensor, y: Tensor, steps: int) -> Way:
    """PyPI ``loss-landscape-3d`` with batches of 128."""
    from loss_landscape_3d import LossLandscapeCalculator, generate_random_directions
    from torch.utils.data import DataLoader, TensorDataset

    loader = DataLoader(TensorDataset(x, y), batch_size=128)
    own = copy.deepcopy(model)
    first, second = generate_random_directions(own, normalize=True)
    center = {name: value.clone() for name, value in own.state_dict().items()}
    calculator = LossLandscapeCalculator(own, loader, nn.CrossEntropyLoss())
    ticks = np.linspace(-1, 1, steps)

    def run() -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            calculator.calculate(ticks, ticks, first, second, center)

    return run, steps**2


def whole(model: nn.Module, x: Tensor, y: Tensor) -> Way:
    """One bare forward pass of the whole batch."""

    def run() -> None:
        with torch.inference_mode():
            functional.cross_entropy(model(x), y).item()

    return run, 1


def blocked(model: nn.Module, x: Tensor, y: Tensor) -> Way:
    """Bare forward passes over blocks of 256, as many workers as threads, with one thread each."""
    parts = list(zip(x.split(256), y.split(256), strict=True))
    workers = torch.get_num_threads()
    free = [copy.deepcopy(model) for _ in range(workers)]
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))

    def loss(_: int) -> float:
        net = free.pop()
        with torch.inference_mode():
            total = sum(functional.cross_entropy(net(a), b).item() * len(a) for a, b in parts)
        free.append(net)
        return total

    return lambda: list(pool.map(loss, range(8))), 8


def peers(name: str, pipe: Any, threads: int) -> None:
    """Run peers when they are asked for, and answer with the seconds for a point; the body of a process."""
    torch.set_num_threads(threads)
    x, y = digits()
    model = trained(name, x, y)
    ways = {
        "peer": loss_landscapes(model, x, y, max(3, STEPS[name] // 3)),
        "loader": loss_landscape_3d(model, x, y, 3),
        "whole": whole(model, x, y),
        "blocked": blocked(model, x, y),
    }
    while (wanted := pipe.recv()) is not None:
        pipe.send(timed(ways[wanted]))


def timed(way: Way) -> float:
    """Return the seconds that a way takes for a point."""
    run, points = way
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    run()
    return (clock() - started) / points


def asked(pipe: Any, what: str) -> float:
    """Return the seconds that a peer takes for a point."""
    pipe.send(what)
    return float(pipe.recv())


def raced(name: str, ways: dict[str, Way], seconds: float) -> dict[str, list[float]]:
    """Return seconds for a point, by way, one for each round in which all take turns."""
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=peers, args=(name, there, torch.get_num_threads()))
    process.start()
    takes: dict[str, Callable[[], float]] = {one: lambda way=way: timed(way) for one, way in ways.items()}
    takes |= {one: lambda what=one: asked(here, what) for one in ("peer", "loader", "whole", "blocked")}
    for take in takes.values():
        take()
    times: dict[str, list[float]] = {one: [] for one in takes}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["ours"]) < 3:
        for one, take in takes.items():
            times[one].append(take())
    here.send(None)
    process.join()
    return times


def agreement(model: nn.Module, objective: Objective) -> float:
    """Return the largest relative difference to a plain loop in float64 sums over a 5 × 5 grid."""
    found = scan(objective, steps=5, seed=1)
    directions, _ = plane(objective.twin(), "filter", 1, 2)
    net = copy.deepcopy(model)
    theta = nn.utils.parameters_to_vector(net.parameters()).detach()
    worst = 0.0
    assert found.betas is not None
    for i, beta in enumerate(found.betas):
        for j, alpha in enumerate(found.alphas):
            nn.utils.vector_to_parameters(
                theta + alpha * directions[0] + beta * directions[1], net.parameters()
            )
            with torch.no_grad():
                losses = functional.cross_entropy(net(objective.inputs), objective.targets, reduction="none")
            worst = max(worst, abs(found.loss[i, j] / losses.double().mean().item() - 1))
    return worst


FIRST_PICTURE = """
import sys, time
sys.path.insert(0, {folder!r})
import bench_landscape as bench
from dltui.errors import Cancelled
from dltui.instruments.landscape import scan
from dltui.objective import Objective

x, y = bench.digits()
objective = Objective.bind(bench.network({name!r}).eval(), x, y)
started = time.perf_counter()

def report(done, total, partial=None):
    if done >= 81:
        print(time.perf_counter() - started)
        raise Cancelled("seen")

try:
    scan(objective, steps=65, report=report)
except Cancelled:
    pass
"""


def first_picture(name: str) -> float:
    """Return seconds until the first 9 × 9 picture of a 65 × 65 scan, in a process that has just imported all."""
    folder = str(__file__).rpartition("/")[0]
    script = FIRST_PICTURE.format(folder=folder, name=name)
    told = [
        float(
            subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        )
        for _ in range(3)
    ]
    return statistics.median(told)


def race(name: str, seconds: float, *, verify: bool) -> None:
    """Print the rows of one model."""
    x, y = digits()
    model = trained(name, x, y)
    objective = Objective.bind(model, x, y)
    steps, before = STEPS[name], {key: value.clone() for key, value in model.state_dict().items()}
    ways = {
        "ours": ours(objective, steps),
        "plain": fallback(objective, min(steps, 9)),
    }
    spent = raced(name, ways, seconds)
    first = spent["ours"]
    ratio = {one: statistics.median(a / b for a, b in zip(t, first, strict=True)) for one, t in spent.items()}
    head(f"{name}: {statistics.median(first) * 1e3:.3f} ms a point, {len(first)} rounds")
    for number, peer, way, goals in (
        ("1", "loss-landscapes 3.0.6", "peer", PEER),
        ("2A", "bare forward of the whole batch", "whole", WHOLE),
        ("2B", "bare forward in blocks, two workers", "blocked", BLOCKED),
        ("3", "loss-landscape-3d", "loader", LOADER),
    ):
        row(number, "a point of the exact surface", peer, times(ratio[way]), goals[name], ratio[way])
    picture(name, objective, statistics.median(spent["peer"]), verify=verify)
    if name in FIRST:
        seconds = first_picture(name)
        row("5", "first 9 × 9 picture, after import", "", f"{seconds:.3f} s", FIRST[name], seconds)
    if name in PLAIN:
        slow = statistics.median(a / b for a, b in zip(spent["peer"], spent["plain"], strict=True))
        row(
            "6", "a point, for any module (no trace)", "loss-landscapes 3.0.6", times(slow), PLAIN[name], slow
        )
    off = agreement(model, objective)
    row("15", "largest relative difference", "a plain loop", f"{off:.1e}", AGREE, off)
    same = all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    row("15", "the model afterwards", "", "the same" if same else "changed", Goal(1, 1), float(same))


def picture(name: str, objective: Objective, peer: float, *, verify: bool) -> None:
    """Print the row of the 65 × 65 picture."""
    run: list[float] = []
    while len(run) < 3:
        started = time.perf_counter()
        found = scan(objective, steps=PICTURE, tolerance=0.01)
        run.append(time.perf_counter() - started)
    seconds = statistics.median(run)
    cells = int(found.known.sum()) if found.known is not None else PICTURE**2
    faster = peer * PICTURE**2 / seconds
    row("4", f"65 × 65 picture: {cells} points, {seconds:.2f} s", "loss-landscapes 3.0.6, all points", times(faster),
        WINDOW[name], faster)  # fmt: skip
    if not verify:
        return
    exact = scan(objective, steps=PICTURE).loss
    log = found._scale() == "log"
    whole, truth = (np.log(one) if log else one for one in (found.whole, exact))
    error = np.abs(whole - truth).max() / np.ptp(truth)
    range_of = "range of log L" if log else "range"
    told, percent = f"told: at most {100 * (found.bound or 0):.2f} %", 100 * error
    row("4", f"its true error, of the {range_of}", told, f"{percent:.2f} %", Goal(1, 1, less=True), percent)


def main() -> None:
    """Run the races."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="time for each model")
    parser.add_argument("--models", nargs="*", default=list(STEPS))
    parser.add_argument("--verify", action="store_true", help="compare the pictures with exact grids")
    parser.add_argument("--processor", action="store_true", help="processor time on one thread")
    chosen = parser.parse_args()
    torch.set_num_threads(1 if chosen.processor else THREADS)
    kind = "processor time, 1 thread" if chosen.processor else f"wall time, {THREADS} threads"
    print(f"1797 digits, {kind}")
    for name in chosen.models:
        race(name, chosen.seconds, verify=chosen.verify or name == "mlp")


if __name__ == "__main__":
    main()
