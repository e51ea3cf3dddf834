"""Gaussian splats on csg-table: likeness by seconds of one core; bench_nerf.py has fields on the same pictures.

    python tests/benchmarks/bench_splat.py [--seconds 60] [--splats 3000]

Seconds are those of the processor, judging left out. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent))
VIEWS, SIZE = 110, 64
BARS = {30.0: 29.5, 60.0: 31.0}  # seconds -> dB


def main() -> None:
    """Run all."""
    import numpy as np
    from table import Goal, head, row

    from dltui.scene.nerf.captured import captured
    from dltui.scene.nerf.score import psnr
    from dltui.scene.splats.fit import Progress, Sown, fit_splats
    from dltui.scene.splats.gaussians import Gaussians
    from dltui.scene.splats.view import view

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--splats", type=int, default=3000)
    chosen = parser.parse_args()
    capture = captured("csg-table", views=VIEWS, size=SIZE).capture
    marks = [mark for mark in (15.0, *BARS) if mark <= chosen.seconds]
    found: list[tuple[float, float]] = []

    def judged(splats: Gaussians) -> float:
        return float(np.mean([psnr(view(splats, one.camera).rgb, one.rgb) for one in capture.held_out]))

    def told(progress: Progress, splats: Gaussians) -> None:
        if len(found) < len(marks) and progress.seconds >= marks[len(found)]:
            found.append((marks[len(found)], judged(splats)))

    splats, progress = fit_splats(Sown(capture, count=chosen.splats, seconds=chosen.seconds), told)
    if len(found) < len(marks):  # the last hundred steps were not full
        found.append((marks[-1], judged(splats)))
    head(f"csg-table {SIZE} × {SIZE}, {chosen.splats:,} splats of degree 2 (load {os.getloadavg()[0]:.1f})")
    for mark, likeness in found:
        bar = BARS.get(mark)
        goal = None if bar is None else Goal(bar, bar + 0.5)
        row("P8", f"held-out PSNR after {mark:g} s", "", f"{likeness:.2f} dB", goal, likeness)
    each = 1000 * progress.seconds / progress.step
    row("P8", "one step", "", f"{each:.1f} ms", None, 0)
    taken = []
    for one in capture.held_out * 3:
        began = time.process_time()
        view(splats, one.camera)
        taken.append(1000 * (time.process_time() - began))
    median = float(np.median(taken))
    row("P8", "one picture", "", f"{median:.1f} ms", Goal(20, 10, less=True), median)


if __name__ == "__main__":
    main()
