"""Eigenvalues, density and trace beside PyHessian, hessian-eigenthings and curvlinops, as ratios of one run.

    python tests/benchmarks/bench_curvature.py [--rounds 3] [--rows 7 8 9 10 11 12]

All peers take turns in one process, round after round, on a trained MLP on digits (4,810 parameters) whose exact
spectrum is known; the ratios are medians over the rounds. ``must`` and ``aim`` are what was set out for each row. A
peer that is not installed is left out. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO

import numpy as np
import torch
from numpy.typing import NDArray
from table import Goal, head, row, times
from torch import Tensor, nn
from torch.nn import functional

from dltui.data import load
from dltui.instruments.curvature.exact import diagonalize
from dltui.instruments.curvature.extremes import ends
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.operator import Counted
from dltui.instruments.curvature.sharpness import sharpness
from dltui.instruments.curvature.slq import quadrature
from dltui.instruments.curvature.traces import trace
from dltui.objective import Objective

Values = NDArray[np.float64]
Found = tuple[Values, Values]  # places and weights of a density

OUTLIERS, SLQ_STEPS, PROBES = 20, 40, 3


class Subject:
    """The MLP, its data, and what is exactly known of it."""

    def __init__(self) -> None:
        digits = load("digits", seed=0)
        self.x = torch.from_numpy(digits.x_train).flatten(1)
        self.y = torch.from_numpy(digits.y_train)
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
        optimizer = torch.optim.SGD(self.model.parameters(), 0.05, 0.9, weight_decay=5e-4)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 15)
        for _ in range(15):
            for batch in torch.randperm(len(self.x)).split(64):
                optimizer.zero_grad()
                functional.cross_entropy(self.model(self.x[batch]), self.y[batch]).backward()
                optimizer.step()
            schedule.step()
        self.objective = Objective.bind(self.model, self.x, self.y)
        self.exact = np.empty(0)

    def measure(self) -> float:
        """Find every eigenvalue in float32, and return the seconds that took."""
        started = time.perf_counter()
        with hessian(self.objective) as operator:
            self.exact = diagonalize(operator, top=5, bottom=5, tolerance=1e-4).values
        return time.perf_counter() - started


def interleaved(
    variants: dict[str, Callable[[int], object]], rounds: int
) -> dict[str, tuple[float, list[object]]]:
    """Return median seconds and answers of each variant, called in turns with the number of the round as its seed."""
    spent: dict[str, list[float]] = {name: [] for name in variants}
    found: dict[str, list[object]] = {name: [] for name in variants}
    next(iter(variants.values()))(rounds)  # the first call of a process finds nothing warm
    for seed in range(rounds):
        for name, variant in variants.items():
            started = time.perf_counter()
            found[name].append(variant(seed))
            spent[name].append(time.perf_counter() - started)
    ours = spent[next(iter(spent))]
    return {
        name: (statistics.median(b / a for a, b in zip(ours, each, strict=True)), found[name])
        for name, each in spent.items()
    } | {"": (statistics.median(ours), [])}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what peers print and warn of to themselves."""
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        yield


def at_most(must: float, aim: float) -> Goal:
    return Goal(must, aim, less=True)


# row 7


def products(s: Subject, rounds: int) -> None:
    """An HVP in units of one gradient over the same blocks."""
    twin = s.objective.twin()
    with hessian(s.objective) as operator:
        v = torch.randn(operator.size)

        def gradient() -> None:
            for x, y, _ in s.objective.blocks:
                torch.autograd.grad(functional.cross_entropy(twin.module(x), y), twin.parameters)

        found = interleaved(
            {
                "gradient": lambda _: [gradient() for _ in range(20)],
                "product": lambda _: [operator(v) for _ in range(20)],
            },
            max(5, rounds),
        )
    ratio = found["product"][0]
    row(
        "7",
        "Hessian product / gradient",
        "one gradient over the same blocks",
        f"{ratio:.2f}",
        at_most(2.5, 2.1),
        ratio,
    )


# row 8


def top_five(s: Subject, rounds: int) -> None:
    """The five largest eigenvalues."""

    def ours(seed: int) -> Values:
        with hessian(s.objective) as operator:
            found = ends(
                operator,
                top=5,
                bottom=0,
                tolerance=1e-3,
                steps=100,
                generator=torch.Generator().manual_seed(seed),
            )
        return found.top

    variants: dict[str, Callable[[int], object]] = {"ours": ours}
    variants |= {name: peer for name, peer in _top_peers(s).items() if peer is not None}
    with quiet():
        found = interleaved(variants, rounds)
    wanted = s.exact[::-1][:5]
    goals = {"PyHessian": Goal(3, 4), "eigenthings": Goal(3, 4), "curvlinops": Goal(2, 3)}
    worst = {
        name: max(float(np.abs(np.sort(np.asarray(a))[::-1][:5] / wanted - 1).max()) for a in answers)
        for name, (_, answers) in found.items()
        if name
    }
    for name, error in worst.items():
        if name == "ours":
            figure = f"{error:.0e} in {found[''][0]:.3f} s"
            row("8", "top 5: worst error", "the exact spectrum", figure, at_most(1e-4, 1e-4), error)
            continue
        ratio, key = found[name][0], name.split()[0].rstrip(",")
        row("8", "top 5", name, times(ratio), goals[key], ratio)
        goal = Goal(100, 100) if key == "PyHessian" else None
        row(
            "8",
            "top 5: worst error",
            name,
            f"{error / worst['ours']:.0f} × smaller",
            goal,
            error / worst["ours"],
        )


def _top_peers(s: Subject) -> dict[str, Callable[[int], object] | None]:
    return {
        "PyHessian": _pyhessian(s, lambda h: h.eigenvalues(top_n=5)[0]),
        "eigenthings, 40 steps": _eigenthings(s),
        "curvlinops + eigsh": _curvlinops(s),
    }


def _pyhessian(s: Subject, ask: Callable[[object], object]) -> Callable[[int], object] | None:
    try:
        from pyhessian import hessian as peer
    except ImportError:
        return None

    def run(seed: int) -> object:
        torch.manual_seed(seed)
        net = copy.deepcopy(s.model)
        return ask(peer(net, nn.CrossEntropyLoss(), data=(s.x, s.y), cuda=False))

    return run


def _eigenthings(s: Subject) -> Callable[[int], object] | None:
    try:
        from hessian_eigenthings.algorithms import lanczos
        from hessian_eigenthings.operators import HessianOperator
    except ImportError:
        return None

    def run(seed: int) -> object:
        operator = _eigenthings_operator(s, HessianOperator)
        return lanczos(operator, k=5, max_iter=40, which="LA", seed=seed).eigenvalues.numpy()

    return run


def _eigenthings_operator(s: Subject, kind: Callable[..., object]) -> object:
    net = copy.deepcopy(s.model)
    return kind(
        model=net, dataloader=[(s.x, s.y)], loss_fn=lambda m, b: functional.cross_entropy(m(b[0]), b[1])
    )


def _curvlinops(s: Subject) -> Callable[[int], object] | None:
    try:
        from curvlinops import HessianLinearOperator
        from scipy.sparse.linalg import eigsh
    except ImportError:
        return None

    def run(seed: int) -> object:
        operator = _curvlinops_operator(s, HessianLinearOperator)
        start = np.random.default_rng(seed).standard_normal(operator.shape[0]).astype(np.float32)
        return eigsh(operator.to_scipy(), k=5, which="LA", tol=1e-3, v0=start, return_eigenvectors=False)

    return run


def _curvlinops_operator(s: Subject, kind: Callable[..., object]) -> object:
    net = copy.deepcopy(s.model)
    return kind(net, nn.CrossEntropyLoss(), list(net.parameters()), [(s.x, s.y)], check_deterministic=False)


# row 9


def densities(s: Subject, rounds: int) -> None:
    """The spectral density, as points."""
    from scipy.stats import wasserstein_distance

    spent: list[int] = []

    def ours(seed: int) -> Found:
        generator = torch.Generator().manual_seed(seed)
        with hessian(s.objective) as bound:
            operator = Counted(bound, lambda _: None)
            found = ends(
                operator, top=OUTLIERS, bottom=0, tolerance=1e-2, steps=60, generator=generator, sure=False
            )
            estimate = quadrature(
                operator, found.values, found.vectors, probes=PROBES, steps=SLQ_STEPS, generator=generator
            )
            spent.append(operator.products)
        return estimate.atoms.places, estimate.atoms.weights

    variants: dict[str, Callable[[int], object]] = {"ours": ours}
    variants |= {name: peer for name, peer in _density_peers(s).items() if peer is not None}
    with quiet():
        found = interleaved(variants, rounds)
    width = float(s.exact[-1] - s.exact[0])
    goals = {"plain": Goal(8, 13), "eigenthings": Goal(6, 11), "curvlinops": Goal(15, 25)}
    for name, (ratio, answers) in found.items():
        if not name:
            continue
        far = statistics.median(wasserstein_distance(p, s.exact, w) / width for p, w in answers)  # type: ignore[misc, has-type]
        if name == "ours":
            figure = f"{far:.1e}, {spent[-1]} HVP, {found[''][0]:.2f} s"
            row("9", "density: W1 / width", "the exact spectrum", figure, at_most(1.2e-4, 1e-4), far)
        else:
            figure = f"{times(ratio)}, W1 {far:.0e}"
            row("9", "density", name, figure, goals[name.split()[0]], ratio)


def _density_peers(s: Subject) -> dict[str, Callable[[int], object] | None]:
    return {
        "plain SLQ 100 x 10, PyHessian's products": _plain_slq(s),
        "eigenthings 80 x 10": _eigenthings_density(s),
        "curvlinops 100 x 10": _curvlinops_density(s),
    }


def _plain_slq(s: Subject) -> Callable[[int], object] | None:
    """PyHessian's own density() needs torch.eig, which torch no longer has: its products, and its 10 x 100 Lanczos."""
    try:
        from pyhessian import hessian as peer
        from pyhessian.utils import group_product, hessian_vector_product, orthnormal
    except ImportError:
        return None

    def run(seed: int) -> Found:
        torch.manual_seed(seed)
        h = peer(copy.deepcopy(s.model), nn.CrossEntropyLoss(), data=(s.x, s.y), cuda=False)
        places, weights = [], []
        for _ in range(10):
            v = [torch.randint_like(p, 2) * 2 - 1 for p in h.params]
            length = group_product(v, v).sqrt()
            basis, alphas, betas = [[each / length for each in v]], [], []
            w: list[Tensor] = []
            for step in range(100):
                if step:
                    beta = group_product(w, w).sqrt()
                    betas.append(float(beta))
                    basis.append(orthnormal(w, basis))
                w = [e.detach() for e in hessian_vector_product(h.gradsH, h.params, basis[-1])]
                alphas.append(float(group_product(w, basis[-1])))
                w = [a - alphas[-1] * b for a, b in zip(w, basis[-1], strict=True)]
                if step:
                    w = [a - betas[-1] * b for a, b in zip(w, basis[-2], strict=True)]
            t = np.diag(alphas) + np.diag(betas, 1) + np.diag(betas, -1)
            values, vectors = np.linalg.eigh(t)
            places.append(values)
            weights.append(vectors[0] ** 2 / 10)
        return np.concatenate(places), np.concatenate(weights)

    return run


def _eigenthings_density(s: Subject) -> Callable[[int], object] | None:
    try:
        from hessian_eigenthings.algorithms import spectral_density
        from hessian_eigenthings.operators import HessianOperator
    except ImportError:
        return None

    def run(seed: int) -> Found:
        operator = _eigenthings_operator(s, HessianOperator)
        found = spectral_density(operator, num_runs=10, lanczos_steps=80, seed=seed)
        grid, curve = np.asarray(found.grid), np.asarray(found.density)
        return grid, curve / curve.sum()

    return run


def _curvlinops_density(s: Subject) -> Callable[[int], object] | None:
    try:
        from curvlinops import HessianLinearOperator
        from curvlinops.papyan2020traces.spectrum import LanczosApproximateSpectrumCached
    except ImportError:
        return None

    def run(seed: int) -> Found:
        np.random.seed(seed)
        torch.manual_seed(seed)
        operator = _curvlinops_operator(s, HessianLinearOperator)
        ends_ = (float(s.exact[0]), float(s.exact[-1]))
        cache = LanczosApproximateSpectrumCached(operator, 100, boundaries=ends_)
        grid, curve = cache.approximate_spectrum(num_repeats=10, num_points=4096, kappa=3)
        return np.asarray(grid), np.asarray(curve) / np.asarray(curve).sum()

    return run


# rows 10 to 12


def traces(s: Subject, rounds: int) -> None:
    """The trace from 30 products."""
    with hessian(s.objective) as operator:
        for method in ("deflated", "hutch++", "hutchinson"):
            errors = []
            for seed in range(15):
                found = trace(
                    operator, method=method, products=30, generator=torch.Generator().manual_seed(seed)
                )
                errors.append(abs(found.trace / s.exact.sum() - 1))
            middle = 100 * statistics.median(errors)
            figure = f"{middle:.2f} %, worst {100 * max(errors):.1f} %"
            goal = at_most(1, 0.5) if method == "deflated" else None
            row("10", f"trace from 30 products: {method}", "the exact trace", figure, goal, middle)


def readings(s: Subject, rounds: int) -> None:
    """λ₁ while a network trains, from where it was."""
    model = copy.deepcopy(s.model)
    for parameter in model.modules():
        if isinstance(parameter, nn.Linear):
            parameter.reset_parameters()
    optimizer = torch.optim.SGD(model.parameters(), 0.05, 0.9)
    generator, start, warm, cold = torch.Generator().manual_seed(0), None, [], []
    for step in range(200):
        optimizer.zero_grad()
        functional.cross_entropy(model(s.x), s.y).backward()
        optimizer.step()
        if step % 10 == 9:
            with hessian(s.objective.at(model)) as operator:
                found = sharpness(operator, start=start, tolerance=1e-2, generator=generator)
                cold.append(sharpness(operator, tolerance=1e-2, generator=generator).products)
            if start is not None:
                warm.append(found.products)
            start = found.vector
    middle = statistics.median(warm)
    figure = f"{middle:g}, most {max(warm)}; cold {statistics.median(cold):g}"
    row("12", "products a reading of λ₁, residual ≤ 1 %", "", figure, at_most(3, 2), middle)


ROWS: dict[int, Callable[[Subject, int], None]] = {
    7: products,
    8: top_five,
    9: densities,
    10: traces,
    12: readings,
}


def main() -> None:
    """Run the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds in which all take turns")
    parser.add_argument("--rows", type=int, nargs="*", default=[7, 8, 9, 10, 11, 12])
    chosen = parser.parse_args()
    subject = Subject()
    seconds = subject.measure()
    head(f"curvature of an MLP on {len(subject.x)} digits, {torch.get_num_threads()} thread(s)")
    if 11 in chosen.rows:
        what = f"exact spectrum of {len(subject.exact)} eigenvalues, f32"
        row("11", what, "", f"{seconds:.1f} s", at_most(30, 15), seconds)
    for number in chosen.rows:
        if number in ROWS:
            ROWS[number](subject, chosen.rounds)


if __name__ == "__main__":
    main()
