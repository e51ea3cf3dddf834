"""Operations worked by hand: one in a fresh process against a bare interpreter, sheets and gradients inside."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from dltui.byhand import work
from dltui.byhand.document import document
from dltui.byhand.told import tell

ROUNDS = 11
# compiled modules are kept between runs, as those of an installed package are
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "byhand conv2d": [sys.executable, "-m", "dltui", "byhand", "conv2d"],
    "byhand conv2d --json": [sys.executable, "-m", "dltui", "byhand", "conv2d", "--json"],
    "byhand softmax --backward": [sys.executable, "-m", "dltui", "byhand", "softmax", "--backward"],
    "shapes conv2d": [
        sys.executable,
        "-m",
        "dltui",
        "shapes",
        "conv2d",
        "-i",
        "1,3,8,8",
        "-o",
        "4",
        "-k",
        "3",
    ],
}


def main() -> None:
    """Print fresh processes against a bare interpreter, from one interleaved run, and work inside a process."""
    wall: dict[str, list[float]] = {name: [] for name in COMMANDS}
    used: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            started, before = time.perf_counter(), _children()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
            wall[name].append(time.perf_counter() - started)
            used[name].append(_children() - before)
    for name in COMMANDS:
        ratios = [_ratio(taken[name], taken["python -c pass"]) for taken in (wall, used)]
        middle = 1000 * statistics.median(wall[name])
        print(
            f"{name:<26} {middle:6.0f} ms   {ratios[0]:5.1f} × bare by the clock, {ratios[1]:5.1f} × by work"
        )
    for name in ("conv2d", "attention", "multiheadattention", "lstm"):
        worked = work(name)
        print(
            f"{name:<20} worked in {1000 * _best(lambda name=name: work(name)):6.2f} ms, "
            f"told in {1000 * _best(lambda one=worked: list(tell(one.sheet.lines))):6.2f} ms, "
            f"document with gradients {1000 * _best(lambda one=worked: document(one, backward=True)):6.2f} ms"
        )


def _children() -> float:
    """Return the seconds of work of all processes that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


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
