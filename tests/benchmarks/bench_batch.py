"""What a batch adds to its jobs: cheap jobs through ``dltui batch``, and the same processes from a bare pool; ratios.

The pool keeps nothing: no log, no table, no keys, so its time is a floor. Kept jobs are those of a batch that is done.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

JOBS, AT_ONCE, ROUNDS = 24, 2, 5
LINE = "shapes conv2d --input 1,3,32,32 -o {out} -k 3"
FILE = f"""
[limits]
jobs = {AT_ONCE}
[[job]]
run = "{LINE}"
matrix = {{ out = {list(range(1, JOBS + 1))} }}
"""


def main() -> None:
    """Time both in turn, and print medians of ratios within a round."""
    ratios, kept = [], []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "jobs.toml").write_text(FILE)
        for number in range(ROUNDS):
            pool = pooled(work / f"pool-{number}")
            batch = batched(work, f"batch-{number}")
            kept.append(batched(work, f"batch-{number}") / JOBS)
            ratios.append(batch / pool)
    print(f"{JOBS} jobs, {AT_ONCE} at once: {statistics.median(ratios):.2f} × the time of a bare pool")
    print(f"kept jobs: {1000 * statistics.median(kept):.0f} ms each, the start of dltui included")


def batched(work: Path, name: str) -> float:
    """Return the seconds of a batch."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "dltui", "batch", "jobs.toml", "--folder", name, "--quiet", "--json"],
        cwd=work, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - started


def pooled(work: Path) -> float:
    """Return the seconds that the same processes take."""
    work.mkdir()
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def run(number: int) -> None:
        words = LINE.format(out=number).split()
        kept = ["--json", "--save", str(work / f"{number}.safetensors")]
        with (work / f"{number}.json").open("wb") as out, (work / f"{number}.txt").open("wb") as err:
            command = [sys.executable, "-m", "dltui", *words, *kept]
            subprocess.run(
                command, check=True, stdout=out, stderr=err, env=environment, start_new_session=True
            )

    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, range(1, JOBS + 1)))
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
