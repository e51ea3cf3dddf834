"""What ``dltui.watch`` costs a training, and what watching costs a reader.

    python tests/benchmarks/bench_watching.py [--rounds 8] [--models mlp lenet resnet8] [--rows 1000000]

A plain loop and the same loop recorded take turns, a few hundred steps each, in one process with one thread; a figure
is the least processor time over the rounds, which is that of the quietest one. Then a
run of many rows is opened with and without its index, and followed while it grows. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

import dltui
from dltui.data import load
from dltui.models import build

AIM = {"mlp": 1.2, "lenet": 1.06, "resnet8": 1.02}  # recorded / bare


def once(name: str, steps: int, *, watched: bool) -> float:
    """Processor seconds of some steps, without those in which everything begins."""
    told = load("digits")
    torch.manual_seed(0)
    model = build(name, told.input_shape, 10)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x, y, loss_of = torch.tensor(told.x_train), torch.tensor(told.y_train), nn.CrossEntropyLoss()
    draw = torch.Generator().manual_seed(0)
    recorder = dltui.watch(model, optimizer, classes=10) if watched else None
    began = 0.0
    for step in range(steps + 20):
        if step == 20:
            began = time.process_time()
        rows = torch.randint(len(x), (32,), generator=draw)
        optimizer.zero_grad()
        loss = loss_of(model(x[rows]), y[rows])
        loss.backward()
        optimizer.step()
        loss.item()  # as a loop that prints its loss does
        if recorder:
            recorder.step(loss)
    took = time.process_time() - began
    if recorder:
        recorder.close()
    return took


def recording(models: list[str], rounds: int) -> None:
    """Print what recording costs."""
    for name in models:
        steps = {"mlp": 600, "lenet": 200}.get(name, 40)
        pairs = [(once(name, steps, watched=False), once(name, steps, watched=True)) for _ in range(rounds)]
        bare, seen = (1e6 * min(times) / steps for times in zip(*pairs, strict=True))
        told = (
            f"{bare:8.0f} µs a step, recorded {seen:8.0f}, ratio {seen / bare:.3f}, aim {AIM.get(name, 1.05)}"
        )
        print(f"{name:10} {told}")


def reading(rows: int) -> None:
    """Print what opening and following a long run costs."""
    from dltui.runs import find_run, new_run
    from dltui.watching.board import Board, Wish
    from dltui.watching.source import RunSource

    run = new_run(model="gpt", data="hamlet", settings={}, name="long")
    noise = np.random.default_rng(0).random(rows)
    line = '{{"kind":"step","step":{n},"seconds":{s},"loss":{x},"learning_rate":0.001,"grad_norm":1.0,"rate":900.0}}\n'

    def write(first: int, count: int) -> None:
        with run.metrics.open("a") as file:
            file.writelines(
                line.format(n=n, s=n / 1000, x=1 + noise[n % rows]) for n in range(first, first + count)
            )

    write(1, rows)
    for what in ("without an index", "with its index"):
        began = time.process_time()
        board = Board([RunSource(find_run("long").folder)])
        board.look(Wish(count=6))
        print(f"opening {rows:,} rows {what}: {time.process_time() - began:.3f} s of processor time")
    looks = []
    for tick in range(40):
        write(rows + 50 * tick, 50)
        began = time.process_time()
        assert board.changed
        board.look(Wish(count=6))
        looks.append(time.process_time() - began)
    print(f"a look at 50 new rows: {1e3 * statistics.median(looks):.1f} ms")
    began = time.process_time()
    for _ in range(2000):
        _ = board.changed
    print(f"a look at whether there are new ones: {1e6 * (time.process_time() - began) / 2000:.0f} µs")


def main() -> None:
    """Measure what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rounds", type=int, default=8)
    asked.add_argument("--models", nargs="*", default=["mlp", "lenet", "resnet8"])
    asked.add_argument("--rows", type=int, default=1_000_000)
    told = asked.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"DLTUI_HOME": home, "XDG_CACHE_HOME": str(Path(home) / "cache")}
        recording(told.models, told.rounds)
        if told.rows:
            reading(told.rows)


if __name__ == "__main__":
    main()
