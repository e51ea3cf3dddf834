"""Radiance fields on ``csg-table`` at equal processor time: grid and hash beside a small classic network.

Run by hand: ``python tests/benchmarks/bench_nerf.py [SECONDS]``. Slices of a second are interleaved in one process, so
that a busy machine is as busy for all of them.
"""

from __future__ import annotations

import sys
import time

import torch

from dltui.scene.nerf.fit import Fit, judged
from dltui.scene.nerf.scenes import own_scene


def main(seconds: float) -> None:
    torch.set_num_threads(1)
    capture = own_scene("csg-table")
    kinds = ("grid", "hash", "mlp")
    fits = {kind: Fit(capture, kind, seconds=seconds, clock=time.process_time) for kind in kinds}  # type: ignore[arg-type]
    while any(fit.done < 1 for fit in fits.values()):
        for fit in fits.values():
            until = fit.progress.seconds + 1
            while fit.done < 1 and fit.progress.seconds < until:
                began = time.process_time()
                fit.step()
                fit.progress.seconds += time.process_time() - began
    for kind, fit in fits.items():
        began = time.process_time()
        found = judged(fit.fitted, capture, capture.held_out)
        view = (time.process_time() - began) / len(capture.held_out)
        print(
            f"{kind}: {found:.2f} dB after {seconds:g} CPU-s, {fit.progress.step} steps, {view * 1e3:.0f} ms a view"
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 15.0)
