"""Spectral density by stochastic Lanczos quadrature, with the known ends taken out first.

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
from dltui.instruments.curvature.traces import Sample, Trace, outside, together

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
        each: What each probe alone would tell, for the standard error of whatever is read off ``atoms``; empty
            where chance has no part in it.
        trace: tr A and tr A².
        samples: wᵀAw and ‖Aw‖² of each probe.
    """

    atoms: Atoms
    each: tuple[Atoms, ...]
    trace: Trace
    samples: tuple[Sample, ...] = ()

    def read(self, off: Callable[[Atoms], float]) -> tuple[float, float]:
        """Return a number that is read off the spectrum, with its standard error.

        Args:
            off: From points to a number.

        Returns:
            The number, and the spread of what each probe alone would give over √probes: 0 where nothing is drawn at
            random, NaN for a single probe.
        """
        if not self.each:
            return off(self.atoms), 0.0
        alone = np.array([off(atoms) for atoms in self.each])
        spread = alone.std(ddof=1) / np.sqrt(len(alone)) if len(alone) > 1 else float("nan")
        return off(self.atoms), float(spread)


def quadrature(
    operator: Operator,
    values: Vector,
    vectors: Tensor,
    *,
    probes: int,
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
        steps: Lanczos steps of each run.
        generator: Source of the random vectors.
        look: Called after each probe but the last with the estimate so far; one probe has no standard error.

    Returns:
        Density and trace.
    """
    rest: list[Atoms] = []
    samples: list[Sample] = []  # wᵀAw and ‖PAw‖² of each probe
    for index in range(probes):
        probe = outside(signs(operator, generator), vectors)
        run = lanczos(operator, probe, steps, away=vectors)
        found = ritz(run.table, run.beyond)
        weights = found.vectors[0] ** 2
        size = float(probe.double().square().sum())
        rest.append(Atoms(found.values, weights / weights.sum()))
        below = run.table[1, 0] if len(run.table) > 1 else run.beyond
        samples.append((size * float(weights @ found.values), size * float(run.table[0, 0] ** 2 + below**2)))
        if index < probes - 1:
            look(_estimate(operator, values, rest, samples))
    return _estimate(operator, values, rest, samples)


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
    unknown = float("nan")
    atoms = Atoms(run.values, weights / weights.sum())
    told = Trace(size * first, unknown, size * second, unknown, "hutchinson", 1)
    return Estimate(atoms, (atoms,), told)


def known_sums(values: Vector) -> tuple[Sample, float]:
    """Return what known eigenvalues add to tr A and tr A², and the sum of their sizes."""
    return (float(values.sum()), float((values**2).sum())), float(np.abs(values).sum())


def _estimate(operator: Operator, values: Vector, rest: list[Atoms], samples: list[Sample]) -> Estimate:
    """Put the known part and the mean of the probes together."""
    sums, scale = known_sums(values)
    return Estimate(
        atoms=_whole(operator.size, values, rest),
        each=tuple(_whole(operator.size, values, [one]) for one in rest),
        trace=together(sums, samples, operator, "deflated", scale),
        samples=tuple(samples),
    )


def _whole(size: int, values: Vector, rest: list[Atoms]) -> Atoms:
    """Return the known eigenvalues and the mean of some probes as one spectrum."""
    share = (size - len(values)) / size / len(rest)
    places = np.concatenate([values, *(atoms.places for atoms in rest)])
    weights = np.concatenate([np.full(len(values), 1 / size), *(share * atoms.weights for atoms in rest)])
    order = np.argsort(places, kind="stable")
    return Atoms(places[order], weights[order])
