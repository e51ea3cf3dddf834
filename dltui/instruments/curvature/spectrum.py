"""Eigenvalues, trace and spectral density of the Hessian of a model's loss.

Small Hessians are diagonalised. Of large ones, Lanczos finds both ends with error bounds; they are taken out, and
stochastic Lanczos quadrature estimates the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic

import numpy as np
import torch

from dltui.errors import UsageError
from dltui.instruments.curvature.density import density
from dltui.instruments.curvature.exact import EXACT, dense, described, diagonalized
from dltui.instruments.curvature.extremes import Ends, Glimpse, Look, ends
from dltui.instruments.curvature.hvp import hessian
from dltui.instruments.curvature.masses import masses
from dltui.instruments.curvature.operator import Counted, Operator
from dltui.instruments.curvature.slq import Atoms, Estimate, guessed, quadrature
from dltui.instruments.limits import below_one
from dltui.instruments.place import moved
from dltui.objective import Objective, Slot, same_randomness
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.spectrum import Spectrum

SLQ_STEPS = 30  # steps of a run that only has to find the shape of the bulk
TRACE_PROBES = 25  # extra probes of one product each; with few, the standard error itself is uncertain
BASIS_BYTES = 1 << 30  # a Krylov basis is no larger than this
FLAT = 1e-3  # share of the largest |λ| below which an eigenvalue counts as flat
PICTURES_EACH = 0.1  # seconds between two partial results


@dataclass(frozen=True)
class Plan:
    """How much work is put into a spectrum; see ``spectrum``."""

    top: int
    bottom: int
    probes: int
    steps: int
    tolerance: float
    seed: int


@dataclass(frozen=True)
class Subject:
    """What is looked at.

    Attributes:
        blank: A spectrum that says what that is, and nothing about it.
        slots: Where each parameter tensor lies in θ.
    """

    blank: Spectrum
    slots: tuple[Slot, ...]

    def known(self, found: Ends, estimate: Estimate | None, products: int) -> Spectrum:
        """Return the blank with everything that is known by now."""
        told = replace(
            self.blank,
            top_eigenvalues=found.top,
            top_residuals=found.top_residuals,
            bottom_eigenvalues=found.bottom,
            bottom_residuals=found.bottom_residuals,
            top_masses=masses(found.top_vectors, self.slots),
            bottom_masses=masses(found.bottom_vectors, self.slots),
            converged=found.converged,
            products=products,
        )
        return told if estimate is None else _estimated(told, estimate)


def spectrum(
    objective: Objective,
    *,
    at: Sequence[float] = (),
    normalize: str = "filter",
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
        at: Where to look instead of θ*: α on the line, or α and β in the plane, that a landscape of this ``seed``
            scans.
        normalize: How the directions of that plane are scaled.
        top: How many of the largest eigenvalues.
        bottom: How many of the smallest.
        probes: Random vectors for the density; more make density and trace less noisy.
        steps: Lanczos steps of one run at most; all runs together take at most four times as many.
        tolerance: Residual allowed for each eigenvalue, relative to its size.
        seed: Seed of all random vectors.
        exact: Write the matrix out in float64 and diagonalise it; by default where it has at most 512 rows.
        report: Called after every product with the products done and expected; about ten times a second, and after
            each probe, with a ``Spectrum`` of what is known by then.

    Returns:
        The spectrum, with error bounds.

    Raises:
        UsageError: If a number makes no sense.
        DltuiError: If the loss is not finite.
    """
    plan = Plan(top, bottom, probes, steps, tolerance, seed)
    _check(plan)
    objective = moved(objective, at, normalize, seed)
    loss, slots = objective.center().loss, objective.twin().slots
    size = slots[-1].stop
    small = size <= EXACT if exact is None else exact
    if small:
        objective = objective.doubled()
    blank = replace(_blank(objective, loss, slots, plan), at=list(at), normalize=normalize if at else "")
    expected = size if small else 2 * steps + probes * SLQ_STEPS + TRACE_PROBES
    report(0, expected)
    with same_randomness(), hessian(objective) as operator:
        counted = Counted(operator, lambda products: report(products, max(expected, products + 1)))
        subject = Subject(blank, slots)
        result = _exact(counted, subject, plan) if small else _sampled(counted, subject, plan, report)
    result = replace(result, complete=True)
    report(result.products, result.products, result)
    return result


def _exact(operator: Counted, subject: Subject, plan: Plan) -> Spectrum:
    """Return everything about a matrix that is small enough to be written out."""
    found = diagonalized(dense(operator), top=plan.top, bottom=plan.bottom)
    told = subject.known(found, described(found.values), operator.products)
    return replace(told, method="exact", probes=0)


def _sampled(operator: Counted, subject: Subject, plan: Plan, report: Report) -> Spectrum:
    """Return both ends by Lanczos, and the rest by probes in the space orthogonal to them."""
    generator = torch.Generator().manual_seed(plan.seed)
    steps = min(plan.steps, max(SLQ_STEPS, _rows_that_fit(operator)))
    todo = 2 * plan.steps + plan.probes * SLQ_STEPS + TRACE_PROBES
    found = ends(
        operator,
        top=plan.top,
        bottom=plan.bottom,
        tolerance=plan.tolerance,
        steps=steps,
        generator=generator,
        look=_glimpses(operator, subject, todo, report),
    )
    if len(found.values) == operator.size:
        whole = described(np.sort(found.values))
        return replace(subject.known(found, whole, operator.products), probes=0)
    todo = operator.products + plan.probes * SLQ_STEPS + TRACE_PROBES

    def look(estimate: Estimate) -> None:
        report(operator.products, todo, subject.known(found, estimate, operator.products))

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
    return subject.known(found, estimate, operator.products)


def _glimpses(operator: Counted, subject: Subject, todo: int, report: Report) -> Look:
    """Return what reports both ends, and a first guess at the density, while Lanczos runs.

    A run from a random start is a probe of its own: its Ritz values, weighted with the squares of the first entries
    of their vectors, are quadrature points of the whole spectrum.
    """
    shown, guess = float("-inf"), None

    def look(glimpse: Callable[[], Glimpse]) -> None:
        nonlocal shown, guess
        if monotonic() - shown < PICTURES_EACH:
            return
        found, whole = glimpse()
        if whole is not None:
            guess = guessed(whole, operator.size)
        done = operator.products
        report(done, max(todo, done + 1), subject.known(found, guess, done))
        shown = monotonic()

    return look


def _rows_that_fit(operator: Operator) -> int:
    """Return how many vectors of the operator's size fit into the memory for a basis."""
    return BASIS_BYTES // (operator.size * operator.like.element_size())


def _blank(objective: Objective, loss: float, slots: Sequence[Slot], plan: Plan) -> Spectrum:
    """Return a spectrum that says what is looked at, and nothing about it yet."""
    none = np.empty(0)
    return Spectrum(
        title=objective.title,
        made=Made(device=str(objective.device), seed=plan.seed),
        parameters=slots[-1].stop,
        top_eigenvalues=none,
        top_residuals=none,
        bottom_eigenvalues=none,
        bottom_residuals=none,
        layers=[slot.name for slot in slots],
        converged=False,
        complete=False,
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


def _estimated(told: Spectrum, estimate: Estimate) -> Spectrum:
    """Return a spectrum with trace, moments and density."""
    grid, curve, bandwidth = density(estimate.atoms)
    flat, negative = _shares(estimate.atoms)
    return replace(
        told,
        trace=estimate.trace,
        trace_stderr=estimate.trace_stderr,
        eigenvalues=grid,
        density=curve,
        bandwidth=bandwidth,
        moments=np.array(estimate.moments),
        flat_share=flat,
        negative_share=negative,
    )


def _shares(atoms: Atoms) -> tuple[float, float]:
    """Return the share of eigenvalues that are next to 0, and of those clearly below."""
    edge = FLAT * float(np.abs(atoms.places).max(initial=0.0))
    flat = atoms.weights[np.abs(atoms.places) <= edge].sum()
    return float(flat), float(atoms.weights[atoms.places < -edge].sum())


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
