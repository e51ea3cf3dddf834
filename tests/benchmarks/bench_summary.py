"""``dltui summary`` beside torchinfo and fvcore on a network like ResNet-50, and on five billion parameters.

    python tests/benchmarks/bench_summary.py [--rounds 9]

All counters take turns in one process on one thread; ratios are medians over the rounds, so that a busy machine slows
all of them alike. The large model is built and told in a process of its own, whose time starts after the imports and
whose peak of memory is the kernel's. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "instruments"))
SHAPE = (1, 3, 224, 224)

LARGE = """
import json, resource, sys, time
import torch
from torch import nn
from dltui.instruments.summary import summarize

def encoder():
    layer = nn.TransformerEncoderLayer(4096, 32, 16384, batch_first=True)
    return nn.TransformerEncoder(layer, 25, enable_nested_tensor=False)

def lstm():
    return nn.LSTM(4096, 4096, 13, batch_first=True, bidirectional=True)

build = {"encoder": encoder, "LSTM": lstm}[sys.argv[1]]
before = resource.getrusage(resource.RUSAGE_SELF)
started = time.perf_counter()
found = summarize(build, (1, 2048, 4096))
found.lines(100)
seconds = time.perf_counter() - started
used = resource.getrusage(resource.RUSAGE_SELF)
# ru_maxrss also knows the process that forked this one; VmHWM does not
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({
    "parameters": found.parameters,
    "device": found.device,
    "seconds": seconds,
    "cpu_seconds": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime,
    "peak_mb": peak / 1024,
}))
"""


def counters() -> dict[str, Callable[[], object]]:
    """Return what is timed: one full answer each, as text where the tool prints one."""
    import torch
    import torchinfo
    from fvcore.nn import FlopCountAnalysis
    from torch.utils.flop_counter import FlopCounterMode
    from zoo import resnet50

    from dltui.instruments.summary import summarize

    model, x, far = resnet50().eval(), torch.zeros(SHAPE), resnet50().to("meta")

    def on_meta() -> int:
        with FlopCounterMode(display=False) as counter:
            far(x.to("meta"))
        return counter.get_total_flops()

    columns = ("output_size", "num_params", "mult_adds")
    return {
        "torchinfo": lambda: str(
            torchinfo.summary(model, SHAPE, col_names=columns, verbose=0, device="cpu", depth=3)
        ),
        "dltui": lambda: summarize(model, SHAPE).lines(120),
        "fvcore": lambda: FlopCountAnalysis(model, (x,)).total(),
        "FlopCounterMode on meta, counting only": on_meta,
    }


def race(rounds: int) -> None:
    """Print how long each takes relative to torchinfo."""
    logging.disable(logging.ERROR)
    warnings.simplefilter("ignore")
    variants = counters()
    times: dict[str, list[float]] = {name: [] for name in variants}
    for variant in variants.values():
        variant()
    for _ in range(rounds):
        for name, variant in variants.items():
            started = time.perf_counter()
            variant()
            times[name].append(time.perf_counter() - started)
    base = times["torchinfo"]
    print(f"a network like ResNet-50 at {SHAPE}, {rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for name, taken in times.items():
        ratio = statistics.median(a / b for a, b in zip(taken, base, strict=True))
        print(f"  {name}: {statistics.median(taken) * 1e3:.0f} ms, {ratio:.2f} of torchinfo")


def large(name: str) -> None:
    """Print what five billion parameters take, those of an encoder or of an LSTM."""
    done = subprocess.run(
        [sys.executable, "-c", LARGE, name],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    found = json.loads(done.stdout)
    print(
        f"{name}: {found['parameters']:,} parameters on {found['device']}, built and told after the imports"
    )
    print(f"  {found['seconds']:.2f} s, {found['cpu_seconds']:.2f} s of CPU, peak {found['peak_mb']:.0f} MB")


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    race(chosen.rounds)
    large("encoder")
    large("LSTM")


if __name__ == "__main__":
    main()
