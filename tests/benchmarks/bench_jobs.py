"""How soon a job answers: ``python tests/benchmarks/bench_jobs.py [repeats]`` prints medians and ratios.

Cold is the command line in a new process, warm is the engine with its server warm; both are timed from the wish to the
first sign of progress, by turns. Turns of a knob are timed until the first moment and until the last, in a thread of
this process and in a process of the exhibit's own.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from dltui.jobs import Engine, LiveExhibit

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("landscape", "lenet", "--steps", "25")
TURNS = 30


def cold() -> float:
    """Seconds from a new process to its first sign of progress on a terminal."""
    main, child = pty.openpty()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "dltui", *WORDS],
        stdout=subprocess.DEVNULL,
        stderr=child,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    written = b""
    while b"%" not in written:
        written += os.read(main, 4096)
    seconds = time.perf_counter() - started
    process.kill()
    process.wait()
    os.close(main)
    os.close(child)
    return seconds


def warm(engine: Engine) -> tuple[float, float]:
    """Seconds from the wish to the job's first sign of progress, and from cancelling to its end."""
    started = time.perf_counter()
    job = engine.run(WORDS)
    while job.progress is None and not job.over:
        time.sleep(0.0005)
    seconds = time.perf_counter() - started
    asked = time.perf_counter()
    job.cancel()
    job.wait()
    return seconds, time.perf_counter() - asked


def turns(exhibit: LiveExhibit) -> tuple[float, float]:
    """Median seconds from a turn of a knob to the first and to the last moment."""
    first, last = [], []
    exhibit.wait(exhibit.set(), settled=True)
    for turn in range(TURNS):
        started = time.perf_counter()
        setting = exhibit.set(w1=turn / TURNS)
        exhibit.wait(setting)
        first.append(time.perf_counter() - started)
        exhibit.wait(setting, settled=True)
        last.append(time.perf_counter() - started)
    return median(first), median(last)


def main(repeats: int, say: Callable[[str], object]) -> None:
    """Time everything and say it."""
    engine = Engine()
    started = time.perf_counter()
    engine.start()
    returned = time.perf_counter() - started
    engine.warm.wait()
    say(
        f"engine.start() returns after {returned * 1e3:.1f} ms; warm after {time.perf_counter() - started:.1f} s"
    )
    rows = [(cold(), *warm(engine)) for _ in range(repeats)]
    cold_s, warm_s, ended_s = (median(column) for column in zip(*rows, strict=True))
    say(f"first progress of `dltui {' '.join(WORDS)}`: cold {cold_s:.2f} s, warm {warm_s:.3f} s")
    say(f"cold / warm = {cold_s / warm_s:.1f}; ended {ended_s * 1e3:.0f} ms after cancel")
    for apart in (False, True):
        exhibit = engine.open_exhibit("two-weight-saddle")
        exhibit.apart = apart
        first, last = turns(exhibit)
        place = "process" if apart else "thread"
        say(f"a turned knob, {place}: first moment {first * 1e3:.1f} ms, last {last * 1e3:.1f} ms")
        exhibit.close()
    engine.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["DLTUI_HOME"] = home
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, lambda text: sys.stdout.write(text + "\n"))
