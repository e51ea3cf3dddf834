"""What listing a file of weights costs: ``python tests/benchmarks/bench_inspect.py [part ...]``.

Parts: ``sparse`` (a file of 10 GB, beside safetensors' own reader and beside one of a thousandth of its size), ``many``
(100,000 tensors in one header), ``pickle`` (a checkpoint of torch, beside ``torch.load``), ``hostile`` (files that lie,
swell or call). Times are of the whole command ``dltui inspect``, its memory is the most that it held. All when none is
named.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

Say = Callable[[str], object]

TURNS = 5
LAYERS = 280
WIDTH = 2992  # 280 matrices of it are 10 GB
MEASURED = """
import os, sys, time
started = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, handle, os.devnull, os.O_WRONLY, 0) for handle in (1, 2)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, code, used = os.wait4(pid, 0)
seconds = time.perf_counter() - started
print(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(code))
"""


def sparse_file(path: Path, layers: int = LAYERS) -> None:
    """Write a header, and no numbers: the file has holes where they would be."""
    size = 4 * WIDTH * WIDTH
    told = {
        f"model.layers.{i}.mlp.weight": {
            "dtype": "F32",
            "shape": [WIDTH, WIDTH],
            "data_offsets": [i * size, (i + 1) * size],
        }
        for i in range(layers)
    }
    text = json.dumps(told).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + layers * size)


def measure(*words: str) -> tuple[float, float, float, int]:
    """Return seconds, seconds of the processor, megabytes at most, and the exit code of a command, in the middle."""
    turns = []
    for _ in range(TURNS):
        done = subprocess.run(
            [sys.executable, "-c", MEASURED, *words], capture_output=True, text=True, check=True
        )
        turns.append([float(word) for word in done.stdout.split()])
    seconds, processor, megabytes, code = (median(column) for column in zip(*turns, strict=True))
    return seconds, processor, megabytes, int(code)


def inspect(path: Path, *options: str) -> tuple[float, float, float, int]:
    """Measure ``dltui inspect``."""
    return measure(str(Path(sys.executable).with_name("dltui")), "inspect", str(path), *options)


def sparse(say: Say) -> None:
    """List a file of 10 GB."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.safetensors", Path(folder) / "small.safetensors"
        sparse_file(large)
        sparse_file(small, 1)
        program = (
            "from safetensors import safe_open\n"
            f"file = safe_open({str(large)!r}, 'pt')\n"
            "[file.get_slice(name).get_shape() for name in file.keys()]"
        )
        one, two = inspect(large), inspect(small)
        other = measure(sys.executable, "-c", program)
        say(
            f"{large.stat().st_size / 1e9:.1f} GB: {one[0]:.2f} s ({one[1]:.2f} s of the processor), {one[2]:.0f} MB"
        )
        say(
            f"a file of one tensor: {two[0]:.2f} s, {two[2]:.0f} MB ({LAYERS} tensors: {one[0] / two[0]:.1f} times)"
        )
        say(
            f"safe_open with torch: {other[0]:.2f} s, {other[2]:.0f} MB ({other[0] / one[0]:.1f} times as long)"
        )


def many(say: Say) -> None:
    """List 100,000 tensors."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many.safetensors"
        told = {
            f"model.layers.{i // 1000}.mlp.experts.{i // 4 % 250}.w{i % 4}.weight": {
                "dtype": "BF16", "shape": [8, 8], "data_offsets": [i * 128, (i + 1) * 128],
            }
            for i in range(100_000)
        }  # fmt: skip
        text = json.dumps(told).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text)
        os.truncate(path, 8 + len(text) + 100_000 * 128)
        for options in ((), ("--json",)):
            seconds, processor, megabytes, _ = inspect(path, *options)
            say(
                f"100,000 {' '.join(options)}: {seconds:.2f} s ({processor:.2f} s of the processor), {megabytes:.0f} MB"
            )


def pickle(say: Say) -> None:
    """List a checkpoint of torch."""
    import torch

    with tempfile.TemporaryDirectory() as folder:
        for name, new in (("zip", True), ("legacy", False)):
            path = Path(folder) / f"{name}.pt"
            state = {f"layers.{i}.weight": torch.zeros(512, 512) for i in range(100)}
            torch.save(state, path, _use_new_zipfile_serialization=new)
            one = inspect(path)
            other = measure(
                sys.executable, "-c", f"import torch; torch.load({str(path)!r}, weights_only=True)"
            )
            say(
                f"{name}, 105 MB: {one[0]:.2f} s, {one[2]:.0f} MB; torch.load: {other[0]:.2f} s, {other[2]:.0f} MB "
                f"({other[0] / one[0]:.1f} times as long)"
            )


def hostile(say: Say) -> None:
    """Refuse files that lie, swell or call."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.archives.test_hostile import HOSTILE

    worst = (0.0, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for name, write in HOSTILE.items():
            path = Path(folder) / name.replace(" ", "-")
            write(path)
            started = time.perf_counter()
            seconds, _, megabytes, code = inspect(path)
            assert code == 1 or name == "memo bomb", (name, code, started)
            worst = max(worst[0], seconds), max(worst[1], megabytes)
    say(f"{len(HOSTILE)} files: each in {worst[0]:.2f} s and {worst[1]:.0f} MB at most")


PARTS = {"sparse": sparse, "many": many, "pickle": pickle, "hostile": hostile}


def main(parts: Sequence[str], say: Say) -> None:
    """Measure some parts."""
    for part in parts or PARTS:
        PARTS[part](lambda text, part=part: say(f"{part}: {text}"))  # type: ignore[misc]


if __name__ == "__main__":
    main(sys.argv[1:], print)
