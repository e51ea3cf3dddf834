"""Our landscape, Hessian products and per-sample norms beside the straightforward ways, as ratios of one run.

    python tests/benchmarks/bench_instruments.py [--seconds 10]

Every variant is called in turn, round after round, in one process; the ratios are medians over the rounds, so that a
busy machine slows all of them alike. ``loss-landscapes`` (PyPI) is measured too where it is installed. Nothing here
fails a build.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import load
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.gradients.per_sample import sample_norms
from dltui.instruments.landscape import scan
from dltui.models import build
from dltui.objective import Objective

STEPS = 11


def plain_surface(model: nn.Module, x: Tensor, y: Tensor) -> Callable[[], object]:
    """Set every ``p.data``, run the whole batch forward: what most scripts do."""
    net = copy.deepcopy(model).eval()
    weights = [p.detach().clone() for p in net.parameters()]
    first, second = ([torch.randn_like(w) * w.norm() / w.numel() ** 0.5 for w in weights] for _ in range(2))

    def surface() -> None:
        for i in range(STEPS):
            for j in range(STEPS):
                a, b = (2 * i / (STEPS - 1) - 1, 2 * j / (STEPS - 1) - 1)
                for p, w, d, e in zip(net.parameters(), weights, first, second, strict=True):
                    p.data = w + a * d + b * e
                with torch.no_grad():
                    functional.cross_entropy(net(x), y).item()

    return surface


def peer_surface(model: nn.Module, x: Tensor, y: Tensor) -> Callable[[], object] | None:
    """Return ``loss_landscapes.random_plane``, or None where it is not installed."""
    try:
        import loss_landscapes
        from loss_landscapes.metrics import Loss
    except ImportError:
        return None
    metric = Loss(nn.CrossEntropyLoss(), x, y)
    return lambda: loss_landscapes.random_plane(
        copy.deepcopy(model).eval(), metric, 1.0, STEPS, normalization="layer", deepcopy_model=True
    )


def rebuilt_product(model: nn.Module, x: Tensor, y: Tensor) -> Callable[[], object]:
    """Build the gradient's graph anew for every product, over the whole batch."""
    net = copy.deepcopy(model).eval()
    parameters = list(net.parameters())
    v = [torch.randn_like(p) for p in parameters]

    def product() -> None:
        loss = functional.cross_entropy(net(x), y)
        grads = torch.autograd.grad(loss, parameters, create_graph=True)
        torch.autograd.grad(grads, parameters, grad_outputs=v)

    return product


def looped_norms(model: nn.Module, x: Tensor, y: Tensor) -> Callable[[], object]:
    """One backward pass for every sample."""
    net = copy.deepcopy(model).eval()
    parameters = list(net.parameters())

    def norms() -> None:
        for i in range(len(x)):
            grads = torch.autograd.grad(functional.cross_entropy(net(x[i : i + 1]), y[i : i + 1]), parameters)
            torch.cat([g.reshape(-1) for g in grads]).norm().item()

    return norms


def raced(variants: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """Return the median time of each variant relative to the first, over rounds in which all take turns."""
    times: dict[str, list[float]] = {name: [] for name in variants}
    for variant in variants.values():
        variant()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not times[next(iter(times))]:
        for name, variant in variants.items():
            started = time.perf_counter()
            variant()
            times[name].append(time.perf_counter() - started)
    ours = times[next(iter(times))]
    print(f"    ours: {statistics.median(ours) * 1e3:.2f} ms, {len(ours)} rounds")
    return {n: statistics.median(a / b for a, b in zip(t, ours, strict=True)) for n, t in times.items()}


def race(title: str, variants: dict[str, Callable[[], object] | None], seconds: float) -> None:
    """Print how much longer the other ways take than ours."""
    print(f"  {title}")
    there = {name: variant for name, variant in variants.items() if variant is not None}
    for name, ratio in list(raced(there, seconds).items())[1:]:
        print(f"    {name}: {ratio:.2f} × ours")


def main() -> None:
    """Run every race on every model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each race")
    parser.add_argument("--models", nargs="*", default=["mlp", "lenet", "resnet8"])
    chosen = parser.parse_args()
    digits = load("digits", seed=0)
    x, y = torch.from_numpy(digits.x_train), torch.from_numpy(digits.y_train)
    print(f"{len(x)} digits, {torch.get_num_threads()} threads")
    for name in chosen.models:
        torch.manual_seed(0)
        model = build(name, digits.input_shape, digits.outputs).eval()
        objective = Objective.of(model, digits)
        print(name)
        race(
            f"landscape, {STEPS} × {STEPS}",
            {
                "ours": lambda o=objective: scan(o, steps=STEPS),
                "set p.data, whole batch": plain_surface(model, x, y),
                "loss-landscapes": peer_surface(model, x, y),
            },
            chosen.seconds,
        )
        with hessian(objective) as operator:
            v = torch.randn(operator.size)
            race(
                "Hessian product",
                {
                    "ours": lambda h=operator, v=v: h(v),
                    "graph built anew, whole batch": rebuilt_product(model, x, y),
                },
                chosen.seconds,
            )
        race(
            "per-sample gradient norms",
            {"ours": lambda o=objective: sample_norms(o), "one backward each": looped_norms(model, x, y)},
            chosen.seconds,
        )


if __name__ == "__main__":
    main()
