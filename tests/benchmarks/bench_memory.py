"""Memory that a landscape, eigenvalues and per-sample norms take, beside the peers: no more than they do.

    python tests/benchmarks/bench_memory.py [--models mlp lenet resnet8]

Every way runs in a process of its own: model and data are made, the libraries imported, then the peak of resident
memory is reset, and what it rises by is told. Linux only. One thread each, all 1797 digits.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bench_curvature as curvature
import bench_gradients as gradients
import bench_landscape as landscape
import torch
from table import Goal, head, row
from torch import nn

from dltui.instruments.curvature.extremes import ends
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.gradients.per_sample import sample_norms
from dltui.instruments.landscape import scan
from dltui.objective import Objective

ROUNDS, STEPS = 3, 5
NO_MORE = Goal(1, 1)
Way = Callable[[], object]


def subject(name: str) -> Any:
    """Return a network and all digits; what the other benchmarks take for theirs."""
    x, y = landscape.digits()
    model = landscape.network(name).eval()
    for norm in (one for one in model.modules() if isinstance(one, nn.BatchNorm2d)):
        nn.init.normal_(norm.bias, 0, 0.1)  # loss-landscapes divides by its norm
    return SimpleNamespace(x=x, y=y, model=model, objective=Objective.bind(model, x, y))


def eigenvalues(s: Any) -> Way:
    """Return what finds the five largest eigenvalues."""

    def run() -> None:
        with hessian(s.objective) as operator:
            generator = torch.Generator().manual_seed(0)
            ends(operator, top=5, bottom=0, tolerance=1e-3, steps=100, generator=generator)

    return run


def surfaces(s: Any) -> dict[str, Way | None]:
    """Return the ways to a landscape, ours first."""
    return {
        "ours": lambda: scan(s.objective, steps=STEPS),
        "loss-landscapes": landscape.loss_landscapes(s.model, s.x, s.y, STEPS)[0],
        "loss-landscape-3d": landscape.loss_landscape_3d(s.model, s.x, s.y, STEPS)[0],
    }


def spectra(s: Any) -> dict[str, Way | None]:
    """Return the ways to eigenvalues, ours first."""
    peers = {name: peer for name, peer in curvature._top_peers(s).items() if peer is not None}
    return {"ours": eigenvalues(s)} | {name: lambda peer=peer: peer(0) for name, peer in peers.items()}


def norms(s: Any) -> dict[str, Way | None]:
    """Return the ways to per-sample norms, ours first."""
    return {
        "ours": lambda: sample_norms(s.objective),
        "vmap, 256 at once": gradients.by_vmap(s.model, s.x, s.y, 256),
        "BackPACK BatchL2Grad": gradients.backpack(s.model, s.x, s.y),
        "Opacus ghost norms": gradients.opacus(s.model, s.x, s.y, ghost=True),
    }


KINDS: dict[str, Callable[[Any], dict[str, Way | None]]] = {
    "landscape": surfaces,
    "top 5 eigenvalues": spectra,
    "per-sample norms": norms,
}


def resident(field: str) -> int:
    """Return a size that the system tells of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def measure(kind: str, model: str, way: str) -> None:
    """Print by how many bytes the peak of resident memory rises; the body of a process."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    run = KINDS[kind](subject(model))[way]
    if run is None:
        return
    with curvature.quiet():
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        run()
    print(resident("VmHWM") - before)


def taken(kind: str, model: str, way: str) -> float | None:
    """Return MiB that a way takes, or None where it can't follow the model."""
    command = [sys.executable, __file__, "--one", kind, model, way]
    found = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(ROUNDS)
    ]
    return statistics.median(int(one) for one in found) / 2**20 if all(found) else None


def main() -> None:
    """Run every way."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="*", default=["mlp", "lenet", "resnet8"])
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        measure(*chosen.one)
        return
    for name in chosen.models:
        head(f"peak of memory over that of model and data, {name}")
        for kind, ways in KINDS.items():
            first, *others = ways(subject(name))
            ours = taken(kind, name, first) or 0.0
            for other in others:
                theirs = taken(kind, name, other)
                if theirs is not None:
                    ratio = theirs / max(ours, 0.1)
                    row("", kind, other, f"{ours:.1f} MiB to {theirs:.1f} MiB", NO_MORE, ratio)


if __name__ == "__main__":
    main()
