"""Start-up against a bare interpreter and against torch's own answer, interleaved in one run; prints ratios."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

CONV = [
    "shapes",
    "conv2d",
    "--input",
    "1,3,224,224",
    "--out-channels",
    "64",
    "--kernel-size",
    "7",
    "--stride",
    "2",
    "--padding",
    "3",
    "--json",
]
SHAPE = "torch.empty(1, 3, 224, 224, device='meta')"
TORCH = f"import torch; print(torch.nn.Conv2d(3, 64, 7, 2, 3, device='meta')({SHAPE}).shape)"
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import typer": [sys.executable, "-c", "import typer, typer.main"],
    "dltui --help": [sys.executable, "-m", "dltui", "--help"],
    "dltui shapes conv2d": [sys.executable, "-m", "dltui", *CONV],
    "torch on meta": [sys.executable, "-c", TORCH],
}
ROUNDS = 11


def main() -> None:
    """Time every command in turn, and print medians of ratios within a round."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - started)
    bare = seconds["python -c pass"]
    for name, taken in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(taken, bare, strict=True))
        print(f"{name:<20} {1000 * statistics.median(taken):7.0f} ms   {ratio:6.1f} × bare Python")


if __name__ == "__main__":
    main()
