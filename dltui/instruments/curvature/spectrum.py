"""Eigenvalues, trace and spectral density of the Hessian of a model's loss.

Small Hessians are diagonalised. Of large ones, Lanczos finds both ends with error bounds; they are taken out, and
stochastic Lanczos quadrature estimates the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
import torch

from dltui.errors import UsageError
from dltui.instruments.curvature.density import density
from dltui.instruments.curvature.exact import dense, described, diagonalized
from dltui.instruments.curvature.extremes import Ends, ends
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.operator import Counted, Operator
from dltui.instruments.curvature.slq import Atoms, Estimate, quadrature
from dltui.instruments.limits import below_one
from dltui.objective import Objective, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.spectrum import Spectrum

EXACT = 512  # rows up to which the matrix is written out
SLQ_STEPS = 30  # steps of a run that only has to find the shape of the bulk
TRACE_PROBES = 25  # extra probes of one product each; with few, the standard error itself is uncertain
BASIS_BYTES = 1 << 30  # a Krylov basis is no larger than this
FLAT = 1e-3  # share of the largest |λ| below which an eigenvalue counts as flat
REPORTS_EACH = 0.1  # seconds between two reports


@dataclass(frozen=True)
class Plan:
    """How much work is put into a spectrum; see ``spectrum``."""

    top: int
    bottom: int
    probes: int
    steps: int
    tolerance: float
    seed: int


def spectrum(
    objective: Objective,
    *,
    top: int = 5,
    bottom: int = 5,
    probes: int = 3,
    steps: int = 100,
    tolerance: float = 1e-4,
    seed: int = 0,
    exact: bool | None = None,
    report: Report = silent,
) -> Spectrum:
    """Find what is known of the eigenvalues of H = ∇²L(θ*).

    Args:
        objective: The loss of a model on its data.
        top: How many of the largest eigenvalues.
        bottom: How many of the smallest.
        probes: Random vectors for the density; more make density and trace less noisy.
        steps: Lanczos steps of one run at most; all runs together take at most four times as many.
        tolerance: Residual allowed for each eigenvalue, relative to its size.
        seed: Seed of all random vectors.
        exact: Write the matrix out in float64 and diagonalise it; by default where it has at most 512 rows.
        report: Called about ten times a second with the products done and expected, and after each probe with a
            ``Spectrum`` of what is known by then.

    Returns:
        The spectrum, with error bounds.

    Raises:
        UsageError: If a number makes no sense.
        DltuiError: If the loss is not finite.
    """
    plan = Plan(top, bottom, probes, steps, tolerance, seed)
    _check(plan)
    loss, size = objective.center().loss, len(objective.twin().flat)
    small = size <= EXACT if exact is None else exact
    if small:
        objective = objective.doubled()
    blank = _blank(objective, loss, size, plan)
    expected = size if small else 2 * steps + probes * SLQ_STEPS + TRACE_PROBES
    with same_randomness(), hessian(objective) as operator:
        counted = Counted(operator, _ticker(report, expected))
        result = _exact(counted, blank, plan) if small else _sampled(counted, blank, plan, report)
    report(result.products, result.products, result)
    return result


def _exact(operator: Counted, blank: Spectrum, plan: Plan) -> Spectrum:
    """Return everything about a matrix that is small enough to be written out."""
    values, residuals = diagonalized(dense(operator))
    top, bottom = slice(None, -plan.top - 1, -1), slice(None, plan.bottom)
    found = Ends(
        top=values[top],
        top_residuals=residuals[top],
        bottom=values[bottom],
        bottom_residuals=residuals[bottom],
        converged=True,
        values=values,
        vectors=torch.empty(0, operator.size),
    )
    return _filled(replace(blank, method="exact", probes=0), found, described(values), operator.products)


def _sampled(operator: Counted, blank: Spectrum, plan: Plan, report: Report) -> Spectrum:
    """Return both ends by Lanczos, and the rest by probes in the space orthogonal to them."""
    generator = torch.Generator().manual_seed(plan.seed)
    steps = min(plan.steps, max(SLQ_STEPS, _rows_that_fit(operator)))
    found = ends(
        operator, top=plan.top, bottom=plan.bottom, tolerance=plan.tolerance, steps=steps, generator=generator
    )
    if len(found.values) == operator.size:
        return _filled(replace(blank, probes=0), found, described(np.sort(found.values)), operator.products)
    todo = operator.products + plan.probes * SLQ_STEPS + TRACE_PROBES

    def look(estimate: Estimate) -> None:
        report(operator.products, todo, _filled(blank, found, estimate, operator.products))

    estimate = quadrature(
        operator,
        found.values,
        found.vectors,
        probes=plan.probes,
        trace_probes=TRACE_PROBES,
        steps=SLQ_STEPS,
        generator=generator,
        look=look,
    )
    return _filled(blank, found, estimate, operator.products)


def _rows_that_fit(operator: Operator) -> int:
    """Return how many vectors of the operator's size fit into the memory for a basis."""
    return BASIS_BYTES // (operator.size * operator.like.element_size())


def _blank(objective: Objective, loss: float, size: int, plan: Plan) -> Spectrum:
    """Return a spectrum that says what is looked at, and nothing about it yet."""
    none = np.empty(0)
    return Spectrum(
        title=objective.title,
        made=Made(device=str(objective.device), seed=plan.seed),
        parameters=size,
        top_eigenvalues=none,
        top_residuals=none,
        bottom_eigenvalues=none,
        bottom_residuals=none,
        converged=False,
        trace=float("nan"),
        trace_stderr=float("nan"),
        eigenvalues=none,
        density=none,
        moments=none,
        loss=loss,
        products=0,
        samples=objective.samples,
        tolerance=plan.tolerance,
        probes=plan.probes + TRACE_PROBES,
        seed=plan.seed,
        precision=str(objective.dtype).removeprefix("torch."),
    )


def _filled(blank: Spectrum, found: Ends, estimate: Estimate, products: int) -> Spectrum:
    """Return ``blank`` with everything that is known by now."""
    grid, curve, bandwidth = density(estimate.atoms)
    flat, negative = _shares(estimate.atoms)
    return replace(
        blank,
        top_eigenvalues=found.top,
        top_residuals=found.top_residuals,
        bottom_eigenvalues=found.bottom,
        bottom_residuals=found.bottom_residuals,
        converged=found.converged,
        trace=estimate.trace,
        trace_stderr=estimate.trace_stderr,
        eigenvalues=grid,
        density=curve,
        bandwidth=bandwidth,
        moments=np.array(estimate.moments),
        products=products,
        flat_share=flat,
        negative_share=negative,
    )


def _shares(atoms: Atoms) -> tuple[float, float]:
    """Return the share of eigenvalues that are next to 0, and of those clearly below."""
    edge = FLAT * float(np.abs(atoms.places).max(initial=0.0))
    flat = atoms.weights[np.abs(atoms.places) <= edge].sum()
    return float(flat), float(atoms.weights[atoms.places < -edge].sum())


def _ticker(report: Report, expected: int) -> Callable[[int], None]:
    """Return a function that reports the number of products, not more often than a person can see."""
    shown = monotonic()

    def tick(products: int) -> None:
        nonlocal shown
        if monotonic() - shown >= REPORTS_EACH:
            report(products, max(expected, products + 1))
            shown = monotonic()

    return tick


def _check(plan: Plan) -> None:
    """Refuse numbers that make no sense."""
    for name, value, least in (
        ("top", plan.top, 0),
        ("bottom", plan.bottom, 0),
        ("probes", plan.probes, 1),
        ("lanczos-steps", plan.steps, 2),
    ):
        if value < least:
            raise UsageError(f"can't use {name} = {value}: expected a whole number from {least}")
    below_one(plan.tolerance)
