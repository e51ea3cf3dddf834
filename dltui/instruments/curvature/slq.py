"""Trace, moments and spectral density by stochastic Lanczos quadrature, with the known ends taken out first.

With orthonormal eigenvectors U of k eigenvalues λᵢ and P = I − UᵀU, the spectrum of A is the λᵢ and the spectrum of
P A P on the rest. For a random sign vector v and w = P v,

    E[wᵀ f(A) w] = tr(P f(A) P),        wᵀ f(A) w ≈ ‖w‖² Σⱼ s₁ⱼ² f(θⱼ),

the second by Gauss quadrature: θⱼ and s₁ⱼ are the eigenvalues, and first entries of the eigenvectors, of the
tridiagonal T that Lanczos builds from w (Golub & Meurant 2010; Ghorbani et al. 2019, arXiv:1901.10159). The large
eigenvalues carry nearly all of the variance of such estimates, so that taking them out saves most of the probes (the
idea of Hutch++, Meyer et al. 2021, arXiv:2010.09649).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.curvature.lanczos import Ritz, lanczos, ritz
from dltui.instruments.curvature.operator import Operator, signs

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Atoms:
    """A spectrum as weighted points.

    Attributes:
        places: Eigenvalues, or nodes that stand for many of them, shape (m,).
        weights: Shares of all eigenvalues; they add up to 1, shape (m,).
    """

    places: Vector
    weights: Vector


@dataclass(frozen=True)
class Estimate:
    """What the probes tell of a spectrum.

    Attributes:
        atoms: The spectrum as weighted points.
        trace: tr A.
        trace_stderr: Its standard error, never below what rounding does to it.
        moments: (1/n)·tr A and (1/n)·tr A².
    """

    atoms: Atoms
    trace: float
    trace_stderr: float
    moments: tuple[float, float]


def quadrature(
    operator: Operator,
    values: Vector,
    vectors: Tensor,
    *,
    probes: int,
    trace_probes: int,
    steps: int,
    generator: torch.Generator,
    look: Callable[[Estimate], None] = lambda _: None,
) -> Estimate:
    """Estimate the spectrum of a symmetric matrix of which some eigenpairs are known.

    Args:
        operator: A, shape (n, n).
        values: Known eigenvalues, shape (k,), k < n.
        vectors: Their vectors as orthonormal rows, shape (k, n).
        probes: Random vectors that get a Lanczos run each.
        trace_probes: Further random vectors, which cost one product each and sharpen the trace only.
        steps: Lanczos steps of each run.
        generator: Source of the random vectors.
        look: Called after each probe but the last with the estimate so far; one probe has no standard error.

    Returns:
        Density, trace with its standard error, and moments.
    """
    known = float(values.sum()), float((values**2).sum())
    rest: list[Atoms] = []
    seconds: list[tuple[float, float]] = []  # wᵀAw and ‖PAw‖² of each probe
    for index in range(probes):
        probe = _probe(operator, vectors, generator)
        run = lanczos(operator, probe, steps, away=vectors)
        found = ritz(run.diagonal, run.off)
        weights = found.vectors[0] ** 2
        size = float(probe.double().square().sum())
        rest.append(Atoms(found.values, weights / weights.sum()))
        seconds.append((
            size * float(weights @ found.values),
            size * float(run.diagonal[0] ** 2 + run.off[0] ** 2),
        ))
        if index < probes - 1:
            look(_estimate(operator, values, rest, known, seconds))
    for _ in range(trace_probes):
        probe = _probe(operator, vectors, generator)
        product = operator(probe)
        product = product - (vectors @ product) @ vectors
        seconds.append((float(probe.double() @ product.double()), float(product.double().square().sum())))
    return _estimate(operator, values, rest, known, seconds)


def guessed(run: Ritz, size: int) -> Estimate:
    """Return what one Lanczos run from a random start tells of a whole spectrum, without an error.

    Args:
        run: Ritz pairs of the run so far.
        size: Rows of the matrix.

    Returns:
        The estimate of a single probe.
    """
    weights = run.vectors[0] ** 2
    first, second = float(weights @ run.values), float(weights @ run.values**2)
    return Estimate(Atoms(run.values, weights / weights.sum()), size * first, float("nan"), (first, second))


def _probe(operator: Operator, vectors: Tensor, generator: torch.Generator) -> Tensor:
    """Return a random sign vector without its part along the known vectors."""
    probe = signs(operator, generator)
    return probe - (vectors @ probe) @ vectors


def _estimate(
    operator: Operator,
    values: Vector,
    rest: list[Atoms],
    known: tuple[float, float],
    seconds: list[tuple[float, float]],
) -> Estimate:
    """Put the known part and the mean of the probes together."""
    n, share = operator.size, (operator.size - len(values)) / operator.size / len(rest)
    places = np.concatenate([values, *(atoms.places for atoms in rest)])
    weights = np.concatenate([np.full(len(values), 1 / n), *(share * atoms.weights for atoms in rest)])
    firsts, squares = np.array(seconds).T
    trace, square = known[0] + firsts.mean(), known[1] + squares.mean()
    spread = firsts.std(ddof=1) / np.sqrt(len(firsts)) if len(firsts) > 1 else float("nan")
    rounding = float(torch.finfo(operator.like.dtype).eps) * (np.abs(values).sum() + abs(firsts.mean()))
    order = np.argsort(places, kind="stable")
    return Estimate(
        atoms=Atoms(places[order], weights[order]),
        trace=float(trace),
        trace_stderr=float(np.hypot(spread, rounding)),
        moments=(float(trace / n), float(square / n)),
    )
