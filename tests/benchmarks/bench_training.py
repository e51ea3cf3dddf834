"""Our training loop beside one written by hand, as ratios of one run; and the start of two processes beside torchrun.

    python tests/benchmarks/bench_training.py overhead [--recipe digits-cnn] [--rounds 7] [--steps 450]
    python tests/benchmarks/bench_training.py writing
    python tests/benchmarks/bench_training.py launch [--rounds 3]
    python tests/benchmarks/bench_training.py gpu [--steps 200]

``overhead``: the loop by hand reads the loss and moves the step size at every step, judges after every epoch, and
writes nothing; ours also takes norms, keeps rows and checkpoints. Both make the same steps on the same batches, in
turn, round after round, in one process; the ratios are medians over the rounds. By hand once with torch's default
optimiser and once with its fused one, which is what ours picks. Told twice: wall time, in which a run that is kept also
waits for the disk, and the processor time of all threads, which is what one shared core has to give.

``writing``: what keeping rows costs, as a share of a step: processor time of the thread that trains.

``gpu``: tokens a second and model FLOPs utilisation of a GPT of 6 layers, 384 wide, block 256, batch 64, in bf16 and
compiled, ours beside a loop by hand. FLOPs are 6 a parameter and token, and 12·layers·width·context for attention
(Chowdhery et al. 2022, appendix B).

``launch``: seconds from a command line to the first step of two processes, ours and a plain script under torchrun.
Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from dltui.checkpoints import open_model
from dltui.data import Dataset, load
from dltui.runs import new_run
from dltui.training import Recipe, find_recipe, fit
from dltui.training.feed import batches

PLAIN = """
import os, sys, time, torch, torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
dist.init_process_group("gloo")
torch.manual_seed(0)
model = DistributedDataParallel(nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
x, y = torch.randn(32, 64), torch.randint(10, (32,))
nn.functional.cross_entropy(model(x), y).backward()
optimizer.step()
if dist.get_rank() == 0:
    print(time.time(), flush=True)
os._exit(0)
"""


def by_hand(module: nn.Module, data: Dataset, recipe: Recipe, *, fused: bool) -> None:
    """The loop as people write it."""
    x, y = torch.tensor(data.x_train), torch.tensor(data.y_train)
    x_test, y_test = torch.tensor(data.x_test), torch.tensor(data.y_test)
    rule = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[recipe.optimizer.name]
    options = {"weight_decay": recipe.optimizer.weight_decay, **recipe.optimizer.arguments}
    optimizer = rule(
        module.parameters(), lr=recipe.optimizer.lr, **options, **({"fused": True} if fused else {})
    )
    step, total, epoch = 0, recipe.steps or 0, 0
    module.train()
    while step < total:
        epoch += 1
        for rows in batches(len(x), recipe.batch_size, seed=0, epoch=epoch):
            for group in optimizer.param_groups:
                group["lr"] = recipe.optimizer.lr * (1 + math.cos(math.pi * step / total)) / 2
            chosen = torch.from_numpy(rows)
            optimizer.zero_grad()
            outputs = module(x[chosen])
            loss = functional.cross_entropy(outputs.flatten(0, -2), y[chosen].flatten())
            loss.backward()
            if recipe.clip:
                torch.nn.utils.clip_grad_norm_(module.parameters(), recipe.clip)
            optimizer.step()
            loss.item()
            step += 1
            if step == total:
                break
        module.eval()
        with torch.no_grad():
            for inputs, answers in zip(x_test.split(1024), y_test.split(1024), strict=True):
                outputs = module(inputs)
                functional.cross_entropy(outputs.flatten(0, -2), answers.flatten()).item()
        module.train()


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def overhead(name: str, rounds: int, steps: int) -> None:
    recipe = find_recipe(name).set(f"steps={steps}", "seed=0", "sample_every=0", "patience=0", "ema=0")
    data = load(recipe.data)
    fresh = open_model(recipe.model, data).module

    def kept() -> None:
        run = new_run(model=recipe.model, data=recipe.data, settings={}, recipe=recipe.plain())
        fit(copy.deepcopy(fresh), data, recipe, run=run)

    ways: dict[str, Callable[[], object]] = {
        "by hand": lambda: by_hand(copy.deepcopy(fresh), data, recipe, fused=False),
        "by hand, fused": lambda: by_hand(copy.deepcopy(fresh), data, recipe, fused=True),
        "ours, nothing kept": lambda: fit(copy.deepcopy(fresh), data, recipe),
        "ours, all kept": kept,
    }
    for way in ways.values():
        way()
    found: dict[str, list[float]] = {way: [] for way in ways}
    worked: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            began = time.process_time()
            found[way].append(seconds(work))
            worked[way].append(time.process_time() - began)
    _told(found, steps, "")
    _told(worked, steps, " of processor time")


def _told(found: dict[str, list[float]], steps: int, kind: str) -> None:
    """Print what each way takes, and its share of both loops by hand."""
    least = {way: min(times) for way, times in found.items()}
    for way, times in found.items():
        plain, fused = (
            statistics.median(t / base for t, base in zip(times, found[other], strict=True))
            for other in ("by hand", "by hand, fused")
        )
        told = f"{1e3 * statistics.median(times) / steps:8.3f} ms{kind} a step"
        best = f"{least[way] / least['by hand']:.3f}, {least[way] / least['by hand, fused']:.3f}"
        shares = f"of by hand {plain:.3f}, of fused {fused:.3f}"
        print(f"{way:20s} {told}; {shares}; of the fastest rounds {best}")


def writing() -> None:
    recipe = find_recipe("digits-cnn").set("epochs=2")
    run = new_run(model=recipe.model, data=recipe.data, settings={}, recipe=recipe.plain())
    from dltui.training.record import recording

    row = {
        "epoch": 0.022222,
        "loss": 2.3107411861419678,
        "learning_rate": 0.01,
        "grad_norm": 0.17600440979003906,
    }
    row |= {"nonfinite": 0, "weight_norm": 8.91, "update_ratio": 0.11, "rate": 991.2, "memory": 341921792}
    data = load(recipe.data)
    fresh = open_model(recipe.model, data).module
    one = (
        min(
            seconds(lambda: by_hand(copy.deepcopy(fresh), data, recipe.set("steps=90"), fused=True))
            for _ in range(5)
        )
        / 90
    )
    with recording(run) as recorder:
        each = []
        for _ in range(200):
            started = time.thread_time()
            for _ in range(10):
                recorder.row("step", **row)
            each.append((time.thread_time() - started) / 10)
            time.sleep(0.005)
    cost = statistics.median(each)
    print(f"a row costs {1e6 * cost:.1f} us, {100 * cost / one:.2f} % of a step of {1e3 * one:.3f} ms")


def gpu(steps: int) -> None:
    recipe = find_recipe("hamlet-gpt").set(
        "model=gpt:layers=6,heads=6,width=384",
        "data=hamlet:context=256",
        "batch_size=64",
        f"steps={steps}",
        "precision=bf16",
        "compile=true",
        "sample_every=0",
        f"eval_every={steps}",
    )
    data = load(recipe.data)
    fresh = open_model(recipe.model, data).module
    size = sum(p.numel() for p in fresh.parameters())
    tokens = 64 * 256
    work = (6 * size + 12 * 6 * 384 * 256) * tokens
    peak = float(os.environ.get("DLTUI_PEAK_TFLOPS", "989")) * 1e12
    ways = {"by hand": lambda: _gpu_by_hand(copy.deepcopy(fresh), data, recipe)}
    ways["ours"] = lambda: fit(copy.deepcopy(fresh), data, recipe, device="cuda")
    for way in ways.values():
        way()
    for _ in range(3):
        for name, way in ways.items():
            torch.cuda.synchronize()
            took = seconds(way) / steps
            share = 100 * work / took / peak
            print(f"{name:10s} {tokens / took:12.0f} tokens/s   {share:.1f} % of {peak / 1e12:.0f} TFLOP/s")


def _gpu_by_hand(module: nn.Module, data: Dataset, recipe: Recipe) -> None:
    module = module.cuda().train()
    compiled = torch.compile(module)
    x, y = torch.tensor(data.x_train).cuda(), torch.tensor(data.y_train).cuda()
    optimizer = torch.optim.AdamW(module.parameters(), lr=recipe.optimizer.lr, fused=True)
    for step in range(recipe.steps or 0):
        rows = torch.randint(len(x), (recipe.batch_size,), device="cuda")
        with torch.autocast("cuda", torch.bfloat16):
            outputs = compiled(x[rows])
        loss = functional.cross_entropy(outputs.float().flatten(0, -2), y[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        if step % 10 == 0:
            loss.item()
    torch.cuda.synchronize()


def launch(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "plain.py"
        script.write_text(PLAIN)
        told = dict(os.environ) | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "DLTUI_HOME": folder}
        plain, ours = [], []
        for place in range(rounds):
            line = [
                sys.executable,
                "-m",
                "torch.distributed.run",
                "--standalone",
                "--nproc-per-node",
                "2",
                str(script),
            ]
            started = time.time()
            out = subprocess.run(line, env=told, capture_output=True, text=True, check=False).stdout
            plain.append(float(out.split()[-1]) - started)
            ours.append(_first_step(f"launch-{place}", Path(folder), told))
            print(f"torchrun {plain[-1]:.2f} s   ours {ours[-1]:.2f} s")
        ratio = statistics.median(a / b for a, b in zip(ours, plain, strict=True))
        print(f"ours takes {ratio:.2f} of torchrun's time to the first step of two processes")


def _first_step(name: str, folder: Path, told: dict[str, str]) -> float:
    """Return the seconds until the row of the first step is there."""
    words = ["digits-mlp", "--set", "steps=1", "--devices", "2", "--name", name, "--quiet", "--json"]
    started = time.time()
    process = subprocess.Popen(
        [sys.executable, "-m", "dltui", "train", *words], env=told, stdout=subprocess.DEVNULL
    )
    metrics = folder / "runs" / name / "metrics.jsonl"
    while process.poll() is None:
        if metrics.exists() and '"kind":"step"' in metrics.read_text():
            break
        time.sleep(0.01)
    found = time.time() - started
    process.wait()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["overhead", "writing", "launch", "gpu"])
    parser.add_argument("--recipe", default="digits-cnn")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=450)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as home:
        os.environ["DLTUI_HOME"] = home
        if chosen.what == "overhead":
            overhead(chosen.recipe, chosen.rounds, chosen.steps)
        elif chosen.what == "writing":
            writing()
        elif chosen.what == "gpu":
            gpu(chosen.steps)
        else:
            launch(min(chosen.rounds, 3))


if __name__ == "__main__":
    main()
