"""Kills a training at random moments and looks at what is left; run by test_survival.py in a process of its own.

    python tests/training/striker.py STRIKES SEED

Every training is a forked child, so that torch is imported once. After each kill -9 every line that a reader had seen
is still there, every checkpoint can be read, and the next child goes on. When a child ends by itself, its weights and
rows are those of a training that was never killed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from dltui.checkpoints import read_weights
from dltui.runs import Run, find_run, read_metrics
from dltui.training import Recipe, resume, train_recipe
from dltui.training.checkpoint import read_state

RECIPE = Recipe(model="mlp:width=16", data="moons:n=200", epochs=40, batch_size=16).set(
    "optimizer=adamw",
    "ema=0.9",
    "schedule.warmup=20",
    "save_every=17",
    "keep_every=5",
    "seed=3",
    "patience=35",
)


def child(work: Callable[[], object]) -> int:
    """Start ``work`` in a fork and return its number."""
    pid = os.fork()
    if pid:
        return pid
    try:
        torch.set_num_threads(1)
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a fork must never come back
        traceback.print_exc()
        os._exit(1)


def rows(run: Run) -> list[dict[str, Any]]:
    """The rows that count, without what the clock and the machine say."""
    kept: list[dict[str, Any]] = []
    for row in read_metrics(run):
        if row["kind"] == "start" and row["resumed_from"] is not None:
            kept = [old for old in kept if old["step"] <= row["resumed_from"]]
        elif row["kind"] in {"step", "eval"}:
            kept.append({k: v for k, v in row.items() if k not in {"seconds", "rate", "memory"}})
    return kept


def weights(run: Run) -> dict[str, torch.Tensor]:
    return read_weights(run.checkpoint(run.steps()[-1])).state


def check_what_is_left(run: Run, seen: bytes) -> None:
    """Refuse a lost line, a line torn in the middle, or a checkpoint that can't be read."""
    data = run.metrics.read_bytes()
    assert data.startswith(seen), "a line that was there is gone"
    for line in data.split(b"\n")[:-1]:
        assert not line or json.loads(line), "a line is torn in the middle"
    told = {row["step"] for row in read_metrics(run) if row["kind"] == "step"}
    for step in run.steps():
        assert read_weights(run.checkpoint(step)).state
    for step in run.resumable():
        assert read_state(run, step)["seconds"] >= 0
        assert told >= set(range(1, step + 1)), "a checkpoint knows more than the rows"


def strike(pid: int, name: str, after: float) -> bool:
    """Kill a child after a while, or let it end; return whether it was killed."""
    until, seen = time.monotonic() + after, b""
    while time.monotonic() < until:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return False
        time.sleep(0.001)
    try:
        whole = find_run(name).metrics.read_bytes()
        seen = whole[: whole.rfind(b"\n") + 1]
    except Exception:  # noqa: BLE001 - it has not begun
        seen = b""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if seen:
        check_what_is_left(find_run(name), seen)
    return True


def main(strikes: int, seed: int) -> None:
    draw = random.Random(seed)
    torch.set_num_threads(1)
    train_recipe(RECIPE.set("steps=1"), name="first")  # what it imports on its way is imported for all
    started = time.monotonic()
    train_recipe(RECIPE, name="whole")
    lasts = time.monotonic() - started
    whole, made, finished = find_run("whole"), 0, 0
    while made < strikes or finished == 0:
        name, first = f"struck-{finished}", True
        while True:
            begun = not first and _exists(name)
            pid = child(partial(resume, f"run:{name}") if begun else partial(train_recipe, RECIPE, name=name))
            if made < strikes and strike(pid, name, draw.uniform(0, 0.6 * lasts)):
                made, first = made + 1, False
                continue
            if made >= strikes and _alive(pid):
                os.waitpid(pid, 0)
            break
        run = find_run(name)
        assert run.state == "done", (run.state, run.reason)
        one, two = weights(whole), weights(run)
        assert all(torch.equal(one[key], two[key]) for key in one), "the weights differ"
        assert rows(whole) == rows(run), "the rows differ"
        assert not list(run.folder.rglob("*.tmp-*")), "something half written is left"
        finished += 1
    print(json.dumps({"strikes": made, "finished": finished, "attempts": find_run(name).attempt}))


def _exists(name: str) -> bool:
    try:
        find_run(name)
    except Exception:  # noqa: BLE001 - killed before there was a card
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
