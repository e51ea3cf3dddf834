"""Statistics of a 2 GB checkpoint beside reading the same file with ``cat``, both from the cache of the system.

    python tests/benchmarks/bench_weights.py [--rounds 7] [--gigabytes 2] [--folder /tmp]

Both take turns in one run, so that a busy machine slows them alike; the ratio is that of the medians, and beside it the
median of the ratios of neighbours. What is timed is one pass over every tensor in a process that has its modules; the
whole command, with the start of Python, is told as well. Memory is the kernel's peak of resident memory of a fresh
process that does nothing else, and for each process that it starts the peak of the largest, pages they share included.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from table import Goal, head, row

from dltui.archives import open_archive
from dltui.instruments.weights import difference, survey

HALF = Goal(0.5, 0.5)
ROOM = Goal(200, 100, less=True)
SHAPE = (4096, 1024)
MEMORY = """
import json, resource, sys, time
from pathlib import Path
from dltui.archives import open_archive
from dltui.instruments.weights import survey
from dltui.ranks import cores
with open_archive(Path(sys.argv[1])) as archive:
    survey(archive, "bench")
own = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print((own + min(4, cores()) * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024)
"""
TYPES = {"F32": np.dtype("float32"), "BF16": np.dtype("uint16"), "F16": np.dtype("float16")}


def write(path: Path, kind: str, size: int) -> int:
    """Write tensors of normal numbers, and return how many bytes the largest takes."""
    dtype = TYPES[kind]
    each = dtype.itemsize * SHAPE[0] * SHAPE[1]
    count = max(1, size // each)
    values = (0.02 * np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)).astype(np.float32)
    data = (values.view(np.uint32) >> 16).astype(np.uint16) if kind == "BF16" else values.astype(dtype)
    header = {
        f"layers.{i}.weight": {"dtype": kind, "shape": SHAPE, "data_offsets": [i * each, (i + 1) * each]}
        for i in range(count)
    }
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(count):
            file.write(data.tobytes())
    return each


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def cat(path: Path) -> None:
    """Read a file as ``cat FILE > /dev/null`` does."""
    with Path("/dev/null").open("wb") as nowhere:
        subprocess.run(["cat", str(path)], stdout=nowhere, check=True)


def ours(path: Path) -> None:
    """Read all statistics of a file."""
    with open_archive(path) as archive:
        survey(archive, "bench")


def same(path: Path) -> None:
    """Compare a file with itself."""
    with open_archive(path) as one, open_archive(path) as other:
        assert difference(one, other, ("a", "b")).same


def command(path: Path) -> None:
    """Run the whole command."""
    words = [sys.executable, "-m", "dltui", "weights", str(path), "--json"]
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)


def race(path: Path, rounds: int) -> dict[str, list[float]]:
    """Return how long each takes in every round, in turns."""
    ways = {"cat": cat, "survey": ours, "diff": same, "command": command}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in (cat, ours):
        way(path)  # into the cache
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(timed(lambda way=way: way(path)))
    return taken


def memory(path: Path) -> float:
    """Return the peak of resident memory of a fresh process in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def told(
    number: str, quantity: str, taken: dict[str, list[float]], name: str, size: int, goal: Goal | None
) -> None:
    """Print one row."""
    base, own = statistics.median(taken["cat"]), statistics.median(taken[name])
    pairs = statistics.median(a / b for a, b in zip(taken["cat"], taken[name], strict=True))
    figure = f"{size / own / 1e9:.1f} to {size / base / 1e9:.1f} GB/s ({pairs:.2f})"
    row(number, quantity, "cat", figure, goal, base / own)


def main() -> None:
    """Run all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--types", nargs="*", default=["F32", "BF16", "F16"])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        path = Path(folder) / "bench.safetensors"
        for kind in chosen.types:
            largest = write(path, kind, int(chosen.gigabytes * 1e9))
            size = path.stat().st_size
            head(f"{size / 1e9:.1f} GB of {kind}, {chosen.rounds} rounds")
            taken = race(path, chosen.rounds)
            told("", "statistics of every tensor", taken, "survey", size, HALF)
            told("", "diff with itself (reads it twice)", taken, "diff", size, None)
            told("", "dltui weights FILE --json, whole command", taken, "command", size, None)
            peak = memory(path)
            room = peak - largest / 2**20
            row("", "peak of memory beyond the largest tensor", "–", f"{peak:.0f} MiB in all", ROOM, room)


if __name__ == "__main__":
    main()
